"""Remember which results the gradebook holds, so that an unchanged result is not entered again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import msgspec

from ..course import Assignment, Course
from ..gradebook import Gradebook
from ..gradebook.changes import Applied
from ..gradebook.lateness import hand_in_time
from ..gradebook.restore import VERSION as RESTORE_VERSION
from ..gradebook.rows import Row
from ..report import Report
from .cache import Cache
from .grading import Graded


@dataclass(frozen=True)
class _Receipt:
    """What was entered for a student, and what the gradebook had after that; digests.

    Attributes
    ----------
    result : bytes
        Of the report, and of everything else that is entered with it.
    row : bytes
        Of the student's row.
    notebooks : bytes
        Of the contents of the annotated notebooks.
    states : bytes
        What the file system says of these files (`submission.file_states`); empty if nothing can be said. While it
        stays the same, they need not be read.
    notes : tuple of str
        The sentences about decisions that the notebooks have.
    """

    result: bytes
    row: bytes
    notebooks: bytes
    states: bytes
    notes: tuple[str, ...] = ()


class Receipts:
    """Receipts for gradebook entries, kept in the cache.

    A receipt holds digests of the report, of everything else that is entered with it, and of the row and the notebooks
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
    noted : dict of str to tuple of str
        Students whose notebooks are known to be as they should, with the sentences about decisions that they have.
    """

    def __init__(self, course: Course, assignment: Assignment, gradebook: Gradebook, cache: Cache) -> None:
        self.course, self.assignment, self.gradebook, self._cache = course, assignment, gradebook, cache
        gradebook.prepare(assignment.name)
        self.rows = gradebook.scores(assignment.name)
        self._digests = {row.student: _digest(row) for row in self.rows}
        self._entered: dict[str, bytes] = {}  # what was entered, by student; a digest of it
        self._valid: dict[str, bytes] = {}  # what need not be entered again, likewise
        self.noted: dict[str, tuple[str, ...]] = {}
        self._restated: dict[str, bytes] = {}  # receipts that are valid, but have other states of files now

    def still_valid(self, graded: Graded) -> bool:
        """Return whether the gradebook still holds exactly what entering this result would write."""
        student = graded.hand_in.student
        row = self._digests.get(student)
        if row is None or (kept := self._kept(student)) is None:
            return False
        result = self._result(graded)
        if (kept.result, kept.row) != (result, row):
            return False
        states = self.gradebook.written_states(self.assignment.name, student)
        if not states or states != kept.states:
            if self._notebooks(student) != kept.notebooks:
                return False
            if states:
                self._restated[self._key(student)] = _encoded(replace(kept, states=states))
        self._valid[student], self.noted[student] = result, kept.notes
        return True

    def note(self, graded: Graded) -> None:
        """Remember that a result was entered; `write` makes the receipt."""
        self._entered[graded.hand_in.student] = self._result(graded)

    def write(self, applied: Applied) -> None:
        """Read the rows again if any has changed, and keep a receipt for each of these.

        Parameters
        ----------
        applied : Applied
            What decisions have changed since results were entered.
        """
        touched, notes = applied.touched, {total.student: total.notes for total in applied.totals}
        receipts = self._restated
        if self._entered or touched:
            self.rows = self.gradebook.scores(self.assignment.name)
            new = self._entered | {student: self._valid[student] for student in touched if student in self._valid}
            entered = [row for row in self.rows if row.student in new]
            for row in entered:
                receipt = self._receipt(new[row.student], row, notes.get(row.student, ()))
                receipts[self._key(row.student)] = _encoded(receipt)
        if receipts:
            self._cache.put(receipts)

    def _key(self, student: str) -> str:
        return f"receipt {self._place} {self.assignment.name} {student}"

    @cached_property
    def _place(self) -> str:
        return f"{self.gradebook.shown_url} {self.gradebook.autograded}"

    def _kept(self, student: str) -> _Receipt | None:
        """Return the receipt that an earlier run has written; None where there is none."""
        data = self._cache.get(self._key(student))
        try:
            return msgspec.msgpack.decode(data, type=_Receipt) if data else None
        except msgspec.DecodeError:  # another version of the grader has written it
            return None

    def _result(self, graded: Graded) -> bytes:
        """Return a digest of everything that is entered for a submission."""
        time = hand_in_time(graded.hand_in.path)
        return hashlib.sha256(
            self._same_for_all + msgspec.json.encode((_untimed(graded.report), time, graded.digest))
        ).digest()

    @cached_property
    def _same_for_all(self) -> bytes:
        return msgspec.json.encode((RESTORE_VERSION, self.assignment, self.course.late))

    def _receipt(self, result: bytes, row: Row, notes: tuple[str, ...]) -> _Receipt:
        # The states before the content: what changes in between is read again by the next run.
        states = self.gradebook.written_states(self.assignment.name, row.student)
        return _Receipt(result, _digest(row), self._notebooks(row.student), states, notes)

    def _notebooks(self, student: str) -> bytes:
        """Return a digest of the contents of a student's annotated notebooks."""
        summary = hashlib.sha256()
        for notebook in self.gradebook.written(self.assignment.name, student):
            summary.update(hashlib.sha256(notebook or b"").digest())
        return summary.digest()


def _untimed(report: Report) -> Report:
    """Return a report without how long judging took, which is entered nowhere.

    So the same result, judged again, is not entered again.
    """
    return replace(report, exercises=tuple(replace(verdict, seconds=0.0) for verdict in report.exercises))


def _digest(row: Row) -> bytes:
    return hashlib.sha256(msgspec.json.encode(row)).digest()


def _encoded(receipt: _Receipt) -> bytes:
    return msgspec.msgpack.encode(receipt)
