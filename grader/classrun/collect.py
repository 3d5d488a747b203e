"""Find the submissions of a class, and read one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ..course import Assignment, Course
from ..errors import UnusableInput
from ..gradebook.restore import is_notebook
from ..host.interruptions import interruption
from ..submission import ARCHIVES, NotASubmission, Submission


@dataclass(frozen=True)
class HandIn:
    """One submission of a class.

    Attributes
    ----------
    student : str
        The name of the folder it lies in.
    path : Path
        A folder ``submitted/<student>/<assignment>`` or an archive of that name.
    """

    student: str
    path: Path


def collect(submitted: Path, assignment: Assignment) -> list[HandIn]:
    """The submissions of an assignment in nbgrader's layout, by student.

    Raises
    ------
    UnusableInput
        Where there is no such folder, or no submission in it.
    """
    if not submitted.is_dir():
        raise UnusableInput(
            f"There is no folder {submitted}; put submissions into {submitted}/<student>/{assignment.name}/."
        )
    hand_ins = []
    for folder in sorted(path for path in submitted.iterdir() if path.is_dir()):
        candidates = [folder / assignment.name, *(folder / f"{assignment.name}{ending}" for ending in ARCHIVES)]
        hand_ins += [HandIn(folder.name, path) for path in candidates if path.exists()][:1]
    if not hand_ins:
        raise UnusableInput(f"No submissions in {submitted}; they are expected as <student>/{assignment.name}/.")
    return hand_ins


def student_of(path: Path, assignment: Assignment) -> str:
    """Whose a single submission is, by its path: ``<student>/<assignment>`` or ``<student>``, folder or archive."""
    place = path.resolve()
    name = place.name.split(".")[0]
    return place.parent.name if name == assignment.name else name


def read_submission(course: Course, assignment: Assignment, path: Path) -> Submission:
    """Read the files that an assignment takes from a folder or an archive; raises NotASubmission."""
    try:
        submission = Submission.read(path, assignment.files, _given(course, assignment.name))
        damaged = [name for name, data in submission.files.items() if name.endswith(".ipynb") and not is_notebook(data)]
        said = (f"{name} cannot be read as a notebook; its answers in writing are missing" for name in sorted(damaged))
        return replace(submission, remarks=(*submission.remarks, *said))
    except NotASubmission:
        raise
    except Exception as error:  # a fault of the reader's own: a stranger's bytes must not stop the class
        if stopped := interruption(error, path):
            raise stopped from error
        raise NotASubmission(f"{path} cannot be read ({type(error).__name__}: {error})") from error


@cache
def _given_files(folder: Path) -> dict[str, bytes]:
    return {f"{folder.name}/{path.name}": path.read_bytes() for path in folder.glob("*.py")}


def _given(course: Course, name: str) -> dict[str, bytes | None]:
    """What students have besides the files of this assignment: the kit's own, and what is graded elsewhere or never."""
    others = {
        exercise.file: None
        for assignment, exercise in course.exercises(further=True)
        if assignment.name != name or not exercise.graded
    }
    return {**_given_files(course.root / course.package), **others}
