"""Remember which results the gradebook holds, so that an unchanged result is not entered again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace

import msgspec

from ..course import Assignment, Course
from ..gradebook import Gradebook
from ..gradebook.lateness import hand_in_time
from ..gradebook.restore import VERSION as RESTORE_VERSION
from ..gradebook.rows import Row
from .cache import Cache
from .grading import Graded


class Receipts:
    """Receipts for gradebook entries, kept in the cache.

    A receipt is a digest of the report, of everything else that is entered with it, and of the row and the notebooks
    that the gradebook had after the entry. If any of these is different now (because a backup was restored, somebody
    graded by hand, or nbgrader graded another version), the result is entered again. The same is true of results that a
    run entered before it was stopped, since receipts are written at its end.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    gradebook : Gradebook
    cache : Cache

    Attributes
    ----------
    rows : list of Row
        The rows that the gradebook had when they were last read.
    """

    def __init__(self, course: Course, assignment: Assignment, gradebook: Gradebook, cache: Cache) -> None:
        self.course, self.assignment, self.gradebook, self._cache = course, assignment, gradebook, cache
        gradebook.prepare(assignment.name)
        self.rows = gradebook.scores(assignment.name)
        self._digests = {row.student: _digest(row) for row in self.rows}
        self._entered: dict[str, bytes] = {}  # what was entered, by student; a digest of it
        self._valid: dict[str, bytes] = {}  # what need not be entered again, likewise

    def still_valid(self, graded: Graded) -> bool:
        """Return whether the gradebook still holds exactly what entering this result would write."""
        student = graded.hand_in.student
        row = self._digests.get(student)
        if row is None:
            return False
        result = self._result(graded)
        if self._cache.get(self._key(student)) != self._receipt(result, row, student):
            return False
        self._valid[student] = result
        return True

    def note(self, graded: Graded) -> None:
        """Remember that a result was entered; `write` makes the receipt."""
        self._entered[graded.hand_in.student] = self._result(graded)

    def write(self, touched: Collection[str] = ()) -> None:
        """Read the rows again if any has changed, and keep a receipt for each of these.

        Parameters
        ----------
        touched : collection of str, default ()
            Students whose rows or notebooks have been changed by decisions since their results were entered.
        """
        if not self._entered and not touched:
            return
        self.rows = self.gradebook.scores(self.assignment.name)
        new = self._entered | {student: self._valid[student] for student in touched if student in self._valid}
        entered = [(row.student, new[row.student], row) for row in self.rows if row.student in new]
        self._cache.put(
            {self._key(student): self._receipt(result, _digest(row), student) for student, result, row in entered}
        )

    def _key(self, student: str) -> str:
        book = self.gradebook
        return f"receipt {book.shown_url} {book.autograded} {self.assignment.name} {student}"

    def _result(self, graded: Graded) -> bytes:
        """Return a digest of everything that is entered for a submission."""
        time = hand_in_time(graded.hand_in.path)
        # How long judging took is entered nowhere. So the same result, judged again, is not entered again.
        verdicts = tuple(replace(verdict, seconds=0.0) for verdict in graded.report.exercises)
        report = replace(graded.report, exercises=verdicts)
        parts = (RESTORE_VERSION, report, self.assignment, self.course.late, time, graded.submission.digest)
        return hashlib.sha256(msgspec.json.encode(parts)).digest()

    def _receipt(self, result: bytes, row: bytes, student: str) -> bytes:
        receipt = hashlib.sha256(result + row)
        for notebook in self.gradebook.written(self.assignment.name, student):
            receipt.update(hashlib.sha256(notebook or b"").digest())
        return receipt.digest()


def _digest(row: Row) -> bytes:
    return hashlib.sha256(msgspec.json.encode(row)).digest()
