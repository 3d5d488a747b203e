"""From the instructor's source to what students get: stubs, notebooks, golden packs, the student edition.

The sources are ``solutions/<package>`` (the reference, with solution regions) and ``solutions/<assignment>`` (notebooks
as percent scripts). What is made from them is committed beside them, and `release` with ``check=True`` says when it is
stale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from utils.checks.course import FOLDER

from ..course import Assignment, Course
from ..errors import Problem, ReleaseRefused
from ..host.files import content, write_if_changed
from ..reference import Reference
from . import consistency
from .building import build, chosen
from .edition import given, student_edition
from .gate import inspect, rebuild, same
from .gate.released import Leak, listed
from .notebooks import generate, write_sources

__all__ = ["Leak", "Release", "build", "inspect", "release", "student_edition", "write_sources"]


@dataclass(frozen=True)
class Release:
    """What a release did.

    Attributes
    ----------
    written, removed : tuple of str
        Paths relative to the course folder.
    unchanged : int
        How many files were up to date already.
    tree : mapping of str to bytes
        All that was released, for `student_edition`.
    remarks : tuple of Problem
        What in the course's files is not used, because course.toml does not name it.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    tree: Mapping[str, bytes] = field(repr=False)
    remarks: tuple[Problem, ...] = ()


def release(course: Course, assignments: Sequence[str] = (), check: bool = False, db: str | None = None) -> Release:
    """Write what students get, or check that it is up to date.

    Parameters
    ----------
    course : Course
        The course.
    assignments : sequence of str, optional
        Their names; all by default.
    check : bool, default=False
        Write nothing, and refuse when a file in the course folder is not what a release would write.
    db : str, optional
        URL of the gradebook that learns the notebooks' cells; ``gradebook.db`` in the course folder by default.

    Returns
    -------
    Release
        What was written.

    Raises
    ------
    ReleaseRefused
        Where the gate finds leaks or, with `check`, files are stale. Nothing has been written then.
    UnusableCourseFiles
        Where course.toml and the sources are damaged or do not fit each other: all of that.
    """
    wanted = chosen(course, assignments)
    names = [assignment.name for assignment in wanted]
    remarks = consistency.require(course)
    reference = Reference.of(course)
    tree = build(course, names)
    leaks = inspect({**given(course), **tree}, course, reference)
    leaks += rebuild(tree, build(course, names))
    if leaks:
        raise ReleaseRefused(listed("Nothing is released, because the gate found {}", leaks, "leak"))
    changed = [path for path, data in tree.items() if not same(path, content(course.root / path), data)]
    left_over = [path for path in _generated(course, wanted) if path not in tree]
    if check and (changed or left_over):
        missing = {path for path in changed if content(course.root / path) is None}
        stale = [f"{path} is {'missing' if path in missing else 'not what the sources give'}" for path in changed]
        stale += [f"{path} comes from no source any more" for path in left_over]
        head = f"{{}} out of date; run `grader release {' '.join(names)}` and commit what it writes"
        raise ReleaseRefused(listed(head, stale, "file"))
    if not check:
        write_sources(course, wanted)
        for assignment in wanted:
            generate(course, assignment, db or f"sqlite:///{course.root / 'gradebook.db'}")
        for path in changed:
            write_if_changed(course.root / path, tree[path])
        for path in left_over:
            (course.root / path).unlink()
    return Release(tuple(changed), tuple(left_over), len(tree) - len(changed), tree, _kept(remarks, left_over))


def _kept(remarks: Sequence[Problem], left_over: Sequence[str]) -> tuple[Problem, ...]:
    """The remarks that are not about a file which this release removes."""
    return tuple(remark for remark in remarks if remark.file not in left_over)


def _generated(course: Course, assignments: Sequence[Assignment]) -> list[str]:
    """The files in the course folder that only a release writes, but for those of other assignments."""
    names = {assignment.name for assignment in assignments}
    others = {exercise.name for owner, exercise in course.exercises(further=True) if owner.name not in names}
    found = list((course.root / course.package).rglob("*.py"))
    for assignment in assignments:
        found += (course.root / "assignments" / assignment.name).glob("*.ipynb")
    known = {assignment.name for assignment in course.assignment}
    found += [path for path in (course.root / "assignments").glob("*/*.ipynb") if path.parent.name not in known]
    found += [path for path in (course.root / FOLDER).glob("*.npz") if path.stem not in others]
    return sorted(path.relative_to(course.root).as_posix() for path in found)
