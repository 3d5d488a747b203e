"""Make what students get from the instructor's sources: stubs, notebooks, golden packs and the student edition.

The sources are ``solutions/<package>`` (the reference, with solution regions) and ``solutions/<assignment>`` (notebooks
as percent scripts). The generated files are committed beside the sources; `release` with ``check=True`` refuses when
they are stale.
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
from .edition import given_files, student_edition
from .gate import inspect, rebuild, same
from .gate.released import Leak, listed
from .notebooks import generate, write_sources

__all__ = ["Leak", "Release", "build", "inspect", "release", "student_edition", "write_sources"]


@dataclass(frozen=True)
class Release:
    """The result of a release.

    Attributes
    ----------
    written, removed : tuple of str
        Paths of the files that the release wrote and deleted, relative to the course folder.
    unchanged : int
        How many files were up to date already.
    tree : mapping of str to bytes
        Every generated file, by its path relative to the course folder; `student_edition` takes it.
    remarks : tuple of Problem
        Parts of the course's files that are not used, because course.toml does not name them.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    tree: Mapping[str, bytes] = field(repr=False)
    remarks: tuple[Problem, ...] = ()


def release(course: Course, assignments: Sequence[str] = (), check: bool = False, db: str | None = None) -> Release:
    """Write the files that students get, or check that they are up to date.

    Parameters
    ----------
    course : Course
        The course.
    assignments : sequence of str, optional
        Names of the assignments to release; all by default. The student's package is always released as a whole.
    check : bool, default=False
        Write nothing, and refuse when a file in the course folder is not what a release would write.
    db : str, optional
        URL of the gradebook in which nbgrader registers the notebooks' cells; ``gradebook.db`` in the course folder
        by default.

    Returns
    -------
    Release
        The files that were written, removed and left alone. With `check`, nothing was written or removed.

    Raises
    ------
    ReleaseRefused
        When the gate finds leaks or, with `check`, when files are stale. No file has been written then.
    UnusableCourseFiles
        When course.toml or the sources are damaged or do not fit each other. The error names every problem.
    GradebookError
        When the gradebook cannot be opened.
    CourseError
        When `assignments` names an assignment that the course does not have, a package that is needed is missing, or
        nbgrader refuses an assignment. In the last case the notebook sources in ``build/source`` may have been written.
    """
    wanted = chosen(course, assignments)
    names = [assignment.name for assignment in wanted]
    remarks = consistency.require(course)
    reference = Reference.of(course)
    tree = build(course, names)
    leaks = inspect({**given_files(course), **tree}, course, reference)
    leaks += rebuild(tree, build(course, names))  # unequal builds would make every `release --check` fail at random
    if leaks:
        raise ReleaseRefused(listed("Nothing is released, because the gate found {}", leaks, "leak"))
    changed = [path for path in sorted(tree) if not same(path, content(course.root / path), tree[path])]
    left_over = [path for path in _generated(course, wanted) if path not in tree]
    if check and (changed or left_over):
        missing = {path for path in changed if content(course.root / path) is None}
        stale = [f"{path} is {'missing' if path in missing else 'not what the sources give'}" for path in changed]
        stale += [f"{path} comes from no source any more" for path in left_over]
        head = f"{{}} out of date; run `grader release {' '.join(names)}` and commit what it writes"
        raise ReleaseRefused(listed(head, stale, "file"))
    if not check:
        write_sources(course, wanted)
        for assignment in wanted:  # `build` makes the notebooks without a gradebook; this registers their cells there
            generate(course, assignment, db or f"sqlite:///{course.root / 'gradebook.db'}")
        for path in changed:
            write_if_changed(course.root / path, tree[path])
        for path in left_over:
            (course.root / path).unlink()
    return Release(tuple(changed), tuple(left_over), len(tree) - len(changed), tree, _kept(remarks, left_over))


def _kept(remarks: Sequence[Problem], left_over: Sequence[str]) -> tuple[Problem, ...]:
    """Drop the remarks about files that this release removes."""
    return tuple(remark for remark in remarks if remark.file not in left_over)


def _generated(course: Course, assignments: Sequence[Assignment]) -> list[str]:
    """List the generated files in the course folder, except those that belong to other assignments than these."""
    names = {assignment.name for assignment in assignments}
    others = {exercise.name for owner, exercise in course.exercises(further=True) if owner.name not in names}
    found = list((course.root / course.package).rglob("*.py"))
    for assignment in assignments:
        for ending in ("ipynb", "svg"):
            found += (course.root / "assignments" / assignment.name).glob(f"*.{ending}")
    known = {assignment.name for assignment in course.assignment}
    found += [path for path in (course.root / "assignments").glob("*/*.ipynb") if path.parent.name not in known]
    found += [path for path in (course.root / FOLDER).glob("*.npz") if path.stem not in others]
    return sorted(path.relative_to(course.root).as_posix() for path in found)
