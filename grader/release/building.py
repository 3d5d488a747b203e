"""Build everything that is generated for students, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from ..course import Assignment, Course
from ..reference import Reference
from . import goldens
from .notebooks import generate
from .strip import package


def build(course: Course, assignments: Sequence[str] = ()) -> dict[str, bytes]:
    """Build stubs, notebooks and golden packs.

    Parameters
    ----------
    course : Course
        The course.
    assignments : sequence of str, optional
        Names of the assignments whose notebooks and golden packs are wanted; all by default. The student's package
        is always built as a whole.

    Returns
    -------
    dict of str to bytes
        The contents of each file by its path relative to the course folder, sorted by path: ``<package>/…``,
        ``assignments/<assignment>/…`` and ``goldens/…``.

    Raises
    ------
    CourseError
        When course.toml or the sources are damaged or do not fit each other, or nbgrader refuses an assignment.
    """
    reference = Reference.of(course)
    tree = package(course)
    for assignment in chosen(course, assignments):
        tree |= generate(course, assignment)
        tree |= goldens.build(course, assignment, reference)
    return dict(sorted(tree.items()))


def chosen(course: Course, names: Sequence[str]) -> list[Assignment]:
    """Return the assignments with these names, or all assignments if no name is given."""
    return [course[name] for name in names] or list(course.assignment)
