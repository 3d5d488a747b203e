"""Find the submissions of a class in nbgrader's folder layout, and read a submission's files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from ..course import Assignment, Course
from ..errors import UnusableInput
from ..host.interruptions import interruption
from ..submission import ARCHIVES, NotASubmission, Submission
from ..submission.notebook import is_notebook
from ..wording import one_line

_MOST_NAMES: Final = 5  # of students in one sentence


@dataclass(frozen=True)
class HandIn:
    """The place of one submission, which has not been read yet.

    Attributes
    ----------
    student : str
        The student's name, which is the name of the folder that the submission lies in.
    path : Path
        A folder ``submitted/<student>/<assignment>``, or an archive with that name and an ending such as ``.zip``.
    ignored : tuple of Path, default ()
        Archives that are there, too, and do not count.
    """

    student: str
    path: Path
    ignored: tuple[Path, ...] = ()


def collect(submitted: Path, assignment: Assignment) -> list[HandIn]:
    """Find the submissions of an assignment in nbgrader's layout.

    Parameters
    ----------
    submitted : Path
        The folder that holds a folder for each student.
    assignment : Assignment

    Returns
    -------
    list of HandIn
        Sorted by student; one for each student who has handed in. If a student has both a folder and archives, the
        folder counts, whatever the dates of the files are, because copying changes these; see `several_forms`.

    Raises
    ------
    UnusableInput
        When there is no such folder, or no submission in it.
    """
    if not submitted.is_dir():
        raise UnusableInput(
            f"There is no folder {submitted}; put submissions into {submitted}/<student>/{assignment.name}/."
        )
    hand_ins = []
    for folder in sorted(p for p in submitted.iterdir() if p.is_dir() and not p.name.startswith(".")):
        candidates = [folder / assignment.name, *(folder / f"{assignment.name}{ending}" for ending in ARCHIVES)]
        if found := [path for path in candidates if path.exists()]:
            hand_ins.append(HandIn(folder.name, found[0], tuple(found[1:])))
    if not hand_ins:
        raise UnusableInput(f"No submissions in {submitted}; they are expected as <student>/{assignment.name}/.")
    return hand_ins


def several_forms(hand_ins: Iterable[HandIn]) -> str:
    """Name the students of whom more than one form is there; ``""`` if there are none. One sentence."""
    doubled = [hand_in for hand_in in hand_ins if hand_in.ignored]
    if not doubled:
        return ""
    named = [
        f"{one_line(one.student, 60)} ({one.path.name} counts and not {' or '.join(path.name for path in one.ignored)})"
        for one in doubled[:_MOST_NAMES]
    ]
    more = f" and {len(doubled) - _MOST_NAMES} more" if len(doubled) > _MOST_NAMES else ""
    return f"More than one submission is there of {', '.join(named)}{more}; move away the one that should not count."


def student_of(path: Path, assignment: Assignment) -> str:
    """Return the student whose submission a path is, for a submission that is graded by itself.

    The path is ``<student>/<assignment>`` or ``<student>``; its last part may be a folder or an archive.
    """
    place = path.resolve()
    name = place.name.split(".")[0]  # an archive's ending may have two dots, as .tar.gz
    return place.parent.name if name == assignment.name else name


def read_submission(course: Course, assignment: Assignment, path: Path) -> Submission:
    """Read those files of a submission that its assignment asks for.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    path : Path
        A folder or an archive.

    Returns
    -------
    Submission
        With a remark for each notebook that cannot be read.

    Raises
    ------
    NotASubmission
        When the path holds no submission, or one that cannot be read.
    Interrupted
        When the machine fails, such as with a full disk.
    """
    try:
        submission = Submission.read(path, *what_is_taken(course, assignment))
        notebooks = {name: data for name, data in submission.files.items() if name.endswith(".ipynb")}
        damaged = sorted(name for name, data in notebooks.items() if not is_notebook(data))
        remarks = (f"{name} cannot be read as a notebook; its answers in writing are missing" for name in damaged)
        return replace(submission, remarks=(*submission.remarks, *remarks))
    except NotASubmission:
        raise
    except Exception as error:  # a mistake in the code that reads: one submission must not stop the whole class
        if stopped := interruption(error, path):
            raise stopped from error
        raise NotASubmission(f"{path} cannot be read ({type(error).__name__}: {error})") from error


def what_is_taken(
    course: Course, assignment: Assignment
) -> tuple[Collection[str], Mapping[str, bytes | None], Collection[str]]:
    """Return the arguments `files`, `given` and `never` with which an assignment's submissions are read.

    They have the same ``repr`` as long as they are the same.
    """
    ungraded = {exercise.file for _, exercise in course.exercises(further=True) if not exercise.graded}
    return assignment.files, _given(course, assignment.name), sorted(ungraded)


@cache
def _given_files(folder: Path) -> dict[str, bytes]:
    """Read the files of the student's package as they were given out; once in the life of a process."""
    return {f"{folder.name}/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.py"))}


def _given(course: Course, name: str) -> dict[str, bytes | None]:
    """Return the files that students have besides those of an assignment, as `Submission.read` takes them.

    These are the files of the package as they were given out, with their bytes, and the files of exercises that belong
    to another assignment or are never graded, with None, because students may have written anything in them.
    """
    others = {
        exercise.file: None
        for assignment, exercise in course.exercises(further=True)
        if assignment.name != name or not exercise.graded
    }
    return {**_given_files(course.root / course.package), **others}
