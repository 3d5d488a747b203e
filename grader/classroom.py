"""Grade a class from end to end: verdicts, the gradebook, the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import feedback
from .batch import Entry, Graded, grade_class, read_submission
from .course import Assignment, Course
from .errors import GraderError
from .gradebook import Gradebook
from .submission import NotASubmission, Submission


@dataclass(frozen=True)
class ClassRun:
    """What a run over a class came to.

    Attributes
    ----------
    graded : tuple of Graded
        In the order of the entries.
    page : Path
        The class page; the students' pages lie beside it.
    troubles : tuple of str
        One sentence for each submission whose result could not be entered into the gradebook. Its verdict is kept,
        and the next run tries again.
    """

    graded: tuple[Graded, ...]
    page: Path
    troubles: tuple[str, ...]


def run(
    course: Course,
    assignment: Assignment,
    entries: Sequence[Entry],
    gradebook: Gradebook,
    pages: Path,
    *,
    jobs: int | None = None,
    sandbox: str = "auto",
    again: bool = False,
    progress: Callable[[Graded], None] = lambda graded: None,
) -> ClassRun:
    """Grade the entries, enter each result into the gradebook as it comes, then write all pages.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    entries : sequence of Entry
    gradebook : Gradebook
    pages : Path
        The folder for feedback pages.
    jobs, sandbox, again
        As in `grader.batch.grade_class`.
    progress : callable
        Called with each result, after it was entered.

    Returns
    -------
    ClassRun

    Raises
    ------
    SandboxUnavailable
        Before anything is graded.
    """
    done: dict[Entry, Graded] = {}
    troubles = []
    for graded in grade_class(course, assignment, entries, jobs=jobs, sandbox=sandbox, again=again):
        done[graded.entry] = graded
        try:
            gradebook.record(graded.report, _submission(course, assignment, graded.entry), graded.entry.timestamp)
        except GraderError as error:
            troubles.append(f"{graded.entry.student}: {error}")
        progress(graded)
    ordered = tuple(done[entry] for entry in entries if entry in done)
    page = feedback.write([graded.report for graded in ordered], course, pages)
    return ClassRun(ordered, page, tuple(troubles))


def _submission(course: Course, assignment: Assignment, entry: Entry) -> Submission:
    try:
        return read_submission(course, assignment, entry.path)
    except NotASubmission as error:
        return Submission({}, (str(error),))
