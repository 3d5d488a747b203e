"""Grade a class from end to end: grade the submissions, enter the results into the gradebook, write the pages."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import diskcache
import msgspec

from .. import feedback
from ..course import Assignment, Course
from ..errors import GraderError, Interrupted
from ..gradebook import Gradebook
from ..gradebook.lateness import hand_in_time, not_charged
from ..gradebook.rows import Row
from ..judging.secret import course_secret
from ..submission import NotASubmission, Submission
from ..submission.similarity import FINGERPRINT_VERSION, Pair, similar_pairs, submission_fingerprints
from .cache import keep, open_cache
from .collect import HandIn, read_submission
from .grading import Graded
from .workers import grade_class


@dataclass(frozen=True)
class ClassRun:
    """The results of a run over a class.

    Attributes
    ----------
    graded : tuple of Graded
        The submissions with their reports, in the order in which they were given to `run`.
    page : Path
        The class page. The students' pages lie in the folder ``students`` beside its own.
    troubles : tuple of str
        One sentence for each submission whose result could not be entered into the gradebook. Its report is in the
        cache, and the next run tries again to enter it.
    not_charged : str, default ""
        One sentence about submissions whose hand-in time is not known; see `grader.gradebook.lateness.not_charged`.
    """

    graded: tuple[Graded, ...]
    page: Path
    troubles: tuple[str, ...]
    not_charged: str = ""


def run(
    course: Course,
    assignment: Assignment,
    hand_ins: Sequence[HandIn],
    gradebook: Gradebook,
    pages: Path,
    *,
    jobs: int | None = None,
    sandbox: str = "auto",
    again: bool = False,
    progress: Callable[[Graded], None] = lambda graded: None,
) -> ClassRun:
    """Grade submissions, enter each result into the gradebook as it comes, then write all pages.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_ins : sequence of HandIn
        The submissions to grade.
    gradebook : Gradebook
    pages : Path
        The folder that the feedback pages are written to.
    jobs, sandbox, again
        As for `grader.classrun.workers.grade_class`.
    progress : callable, optional
        Called with each result after it was entered, to show progress. Nothing is called by default.

    Returns
    -------
    ClassRun

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed; nothing has been graded then.
    SandboxUnavailable, SelfTestFailed
        When no submission can be graded on this machine; nothing has been graded then.
    GradebookError
        When the gradebook cannot be used at all.
    Interrupted
        When the machine fails, such as with a full disk. Reports that were made are in the cache, and results that were
        entered stay in the gradebook.
    """
    done: dict[HandIn, Graded] = {}
    troubles: dict[HandIn, str] = {}
    receipts = _Receipts(course, assignment, gradebook)
    # Closing the generator ends the grading processes even if a result cannot be entered.
    with closing(grade_class(course, assignment, hand_ins, jobs=jobs, sandbox=sandbox, again=again)) as results:
        for graded in results:
            done[graded.hand_in] = graded
            if not (graded.kept and receipts.still_valid(graded)):
                submission = _submission(course, assignment, graded.hand_in)
                try:
                    gradebook.record(graded.report, submission, hand_in_time(graded.hand_in.path))
                except Interrupted:
                    raise
                except GraderError as error:
                    troubles[graded.hand_in] = f"{graded.hand_in.student}: {error}"
            progress(graded)
    ordered = tuple(done[hand_in] for hand_in in hand_ins if hand_in in done)
    rows = gradebook.scores(assignment.name)
    receipts.write((graded for graded in ordered if graded.hand_in not in troubles), rows)
    page = feedback.write(
        (graded.report for graded in ordered),
        course,
        assignment,
        pages,
        secret=course_secret(course.root),
        rows=rows,
        pairs=_similar(course, assignment, hand_ins),
    )
    untimed = not_charged(course, assignment, {hand_in.student: hand_in.path for hand_in in hand_ins})
    return ClassRun(ordered, page, tuple(troubles.values()), untimed)


class _Receipts:
    """Receipts for gradebook entries, kept in the cache, so that an unchanged result is not entered again.

    A receipt is a digest of the report, of everything else that is entered with it, and of the row and the notebooks
    that the gradebook had after the entry. If any of these is different now (because a backup was restored, somebody
    graded by hand, or nbgrader graded another version), the result is entered again. The same is true of results that a
    run entered before it was stopped, since it writes its receipts at the end.
    """

    def __init__(self, course: Course, assignment: Assignment, gradebook: Gradebook) -> None:
        self.course, self.assignment, self.gradebook = course, assignment, gradebook
        gradebook.prepare(assignment.name)
        self.rows = {row.student: row for row in gradebook.scores(assignment.name)}

    def still_valid(self, graded: Graded) -> bool:
        """Return whether the gradebook still holds exactly what entering this result would write."""
        row = self.rows.get(graded.hand_in.student)
        try:
            with open_cache(self.course) as store:
                return row is not None and store.get(self._key(graded)) == self._receipt(graded, row)
        except (OSError, sqlite3.Error, diskcache.Timeout):
            return False  # then the result is entered again, which does no harm

    def write(self, graded: Iterable[Graded], rows: Iterable[Row]) -> None:
        """Keep a receipt for each result.

        Parameters
        ----------
        graded : iterable of Graded
            The results that were entered.
        rows : iterable of Row
            The rows that the gradebook has now.
        """
        now = {row.student: row for row in rows}
        entered = [result for result in graded if result.hand_in.student in now]
        keep(self.course, {self._key(result): self._receipt(result, now[result.hand_in.student]) for result in entered})

    def _key(self, graded: Graded) -> str:
        book = self.gradebook
        return f"receipt {book.shown_url} {book.autograded} {self.assignment.name} {graded.hand_in.student}"

    def _receipt(self, graded: Graded, row: Row) -> bytes:
        parts = (graded.report, row, self.assignment, self.course.late, hand_in_time(graded.hand_in.path))
        digest = hashlib.sha256(msgspec.json.encode(parts))
        for notebook in self.gradebook.written(graded.report):
            digest.update(hashlib.sha256(notebook or b"").digest())
        return digest.digest()


def _submission(course: Course, assignment: Assignment, hand_in: HandIn) -> Submission:
    """Read a submission; if that is impossible, return an empty one with a remark that says why."""
    try:
        return read_submission(course, assignment, hand_in.path)
    except NotASubmission as error:
        return Submission({}, (str(error),))


def _similar(course: Course, assignment: Assignment, hand_ins: Iterable[HandIn]) -> list[Pair]:
    """Find the pairs of submissions that have unusually much in common besides what all students were given."""
    stubs = {path.name: path.read_bytes() for path in sorted((course.root / course.package).glob("*.py"))}
    given = submission_fingerprints(stubs)
    own = {}
    with open_cache(course) as store:
        for hand_in in hand_ins:
            submission = _submission(course, assignment, hand_in)
            key = f"passages {FINGERPRINT_VERSION} {submission.digest}"
            fingerprints = store.get(key)
            if not isinstance(fingerprints, frozenset):
                fingerprints = submission_fingerprints(submission.files)
                store.set(key, fingerprints)
            own[hand_in.student] = fingerprints - given
    return similar_pairs(own)
