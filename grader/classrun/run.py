"""Grade a class from end to end: verdicts, the gradebook, the pages."""

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
from ..host.interruptions import as_interruption
from ..submission import NotASubmission, Submission
from ..submission.similarity import FINGERPRINT_VERSION, Pair, similar_pairs, submission_fingerprints
from .cache import keep, kept_results
from .collect import HandIn, read_submission
from .grading import Graded
from .workers import grade_class


@dataclass(frozen=True)
class ClassRun:
    """What a run over a class came to.

    Attributes
    ----------
    graded : tuple of Graded
        In the order they were asked for.
    page : Path
        The class page; the students' pages lie beside it.
    troubles : tuple of str
        One sentence for each submission whose result could not be entered into the gradebook. Its verdict is kept,
        and the next run tries again.
    not_charged : str
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
    gradebook : Gradebook
    pages : Path
        The folder for feedback pages.
    jobs, sandbox, again
        As in `grader.classrun.workers.grade_class`.
    progress : callable
        Called with each result, after it was entered.

    Returns
    -------
    ClassRun

    Raises
    ------
    SandboxUnavailable, SelfTestFailed
        Before anything is graded.
    Interrupted
        When the machine gets in the way. What was graded is kept, what was entered is in the gradebook.
    """
    done: dict[HandIn, Graded] = {}
    troubles: dict[HandIn, str] = {}
    receipts = _Receipts(course, assignment, gradebook)
    with closing(grade_class(course, assignment, hand_ins, jobs=jobs, sandbox=sandbox, again=again)) as results:
        for graded in results:
            done[graded.hand_in] = graded
            if not (graded.kept and receipts.hold(graded)):
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
    with as_interruption(pages):
        reports = [graded.report for graded in ordered]
    page = feedback.write(reports, course, pages, rows, _similar(course, assignment, hand_ins))
    untimed = not_charged(course, assignment, {hand_in.student: hand_in.path for hand_in in hand_ins})
    return ClassRun(ordered, page, tuple(troubles.values()), untimed)


class _Receipts:
    """What was entered into a gradebook and is still there, so that a run over an unchanged class is quick.

    A receipt is a digest of the report, of what else is entered with it, and of the row and the notebooks that the
    gradebook had afterwards: where any of these differs now (a backup was put back, somebody graded by hand, nbgrader
    graded another version), it is entered again. So is what was entered in a run that ended before its receipts.
    """

    def __init__(self, course: Course, assignment: Assignment, gradebook: Gradebook) -> None:
        self.course, self.assignment, self.gradebook = course, assignment, gradebook
        gradebook.prepare(assignment.name)
        self.rows = {row.student: row for row in gradebook.scores(assignment.name)}

    def hold(self, graded: Graded) -> bool:
        """Whether this very result is in the gradebook."""
        row = self.rows.get(graded.hand_in.student)
        try:
            with kept_results(self.course) as store:
                return row is not None and store.get(self._key(graded)) == self._receipt(graded, row)
        except (OSError, sqlite3.Error, diskcache.Timeout):
            return False

    def write(self, graded: Iterable[Graded], rows: Iterable[Row]) -> None:
        """Note what the gradebook holds now."""
        now = {row.student: row for row in rows}
        known = [one for one in graded if one.hand_in.student in now]
        keep(self.course, {self._key(one): self._receipt(one, now[one.hand_in.student]) for one in known})

    def _key(self, graded: Graded) -> str:
        return (
            f"receipt {self.gradebook.url} {self.gradebook.autograded} {self.assignment.name} {graded.hand_in.student}"
        )

    def _receipt(self, graded: Graded, row: Row) -> bytes:
        parts = (graded.report, row, self.assignment, self.course.late, hand_in_time(graded.hand_in.path))
        digest = hashlib.sha256(msgspec.json.encode(parts))
        for notebook in self.gradebook.written(graded.report):
            digest.update(hashlib.sha256(notebook or b"").digest())
        return digest.digest()


def _submission(course: Course, assignment: Assignment, hand_in: HandIn) -> Submission:
    try:
        return read_submission(course, assignment, hand_in.path)
    except NotASubmission as error:
        return Submission({}, (str(error),))


def _similar(course: Course, assignment: Assignment, hand_ins: Iterable[HandIn]) -> list[Pair]:
    """The submissions that have oddly much in common besides what everybody was given."""
    stubs = {path.name: path.read_bytes() for path in sorted((course.root / course.package).glob("*.py"))}
    given = submission_fingerprints(stubs)
    own = {}
    with kept_results(course) as store:
        for hand_in in hand_ins:
            submission = _submission(course, assignment, hand_in)
            key = f"passages {FINGERPRINT_VERSION} {submission.digest}"
            found = store.get(key)
            if not isinstance(found, frozenset):
                found = submission_fingerprints(submission.files)
                store.set(key, found)
            own[hand_in.student] = found - given
    return similar_pairs(own)
