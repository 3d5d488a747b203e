"""Bring nbgrader's database in line with the totals, so that formgrader and nbgrader's exports show the same.

nbgrader has a place for everything that `totals` computes, and its own sum of a submission is then the total:

- An extension, with the late days that were spent, is the submission's ``extension``.
- What lateness takes off is the ``late_submission_penalty`` of each notebook.
- Every other difference between what was entered and what counts is ``extra_credit`` of the grade. nbgrader ignores it
  where a grade has no score yet; so that of such a grade, and a bonus, go to the first one that has a score.

What people have written there stays; see `total_sources`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from nbgrader import api
from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    insert,
    update,
)

from ..course import Assignment, Course
from .grades import Grade
from .total_sources import (
    WRITTEN,
    OwnEntries,
    Rows,
    ShownTotal,
    in_groups,
    own_extension,
    own_extra,
    questions_of,
    read_rows_of,
)
from .totals import Total, total


@dataclass(frozen=True)
class Written:
    """A total that was written into nbgrader's rows.

    Attributes
    ----------
    total : Total
    before : ShownTotal or None
        What was shown about it the last time.
    now : ShownTotal
        What there is to tell now.
    touched : bool
        Whether any of nbgrader's rows was changed.
    """

    total: Total
    before: ShownTotal | None
    now: ShownTotal
    touched: bool


def read_totals(
    connection: Connection, course: Course, assignment: Assignment, students: Collection[str] | None = None
) -> list[Total]:
    """Compute the totals of all submissions of an assignment, or of some students; sorted by student."""
    return [
        total(course, assignment, student, questions_of(assignment, rows), rows.times)
        for some in in_groups(connection, assignment, students)
        for student, rows in sorted(read_rows_of(connection, assignment, some).items())
    ]


def apply(
    connection: Connection,
    course: Course,
    assignment: Assignment,
    students: Collection[str] | None = None,
    *,
    tell: bool = True,
) -> list[Written]:
    """Write the totals of an assignment into nbgrader's rows. To do so twice is the same as once.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    course : Course
    assignment : Assignment
    students : collection of str, optional
        All by default.
    tell : bool, default True
        Whether to remember that what has changed was shown.

    Returns
    -------
    list of Written
        Sorted by student.
    """
    results = []
    for some in in_groups(connection, assignment, students):
        results += _apply(connection, course, assignment, some, tell)
    return results


def _apply(
    connection: Connection, course: Course, assignment: Assignment, students: Collection[str], tell: bool
) -> list[Written]:
    """Write the totals of some students; see `apply`."""
    changes = _Changes()
    results = []
    for student, rows in sorted(read_rows_of(connection, assignment, students).items()):
        questions = questions_of(assignment, rows)
        result = total(course, assignment, student, questions, rows.times)
        earned = {question.name: (question.score, question.by_person) for question in questions}
        now = ShownTotal(result.score, result.notes, earned, result.handed_in)
        already = changes.count
        extras, extension = changes.collect(rows, result)
        touched = changes.count > already
        changes.state(assignment, student, rows.state, OwnEntries(extras, extension, now if tell else rows.state.shown))
        results.append(Written(result, rows.state.shown, now, touched))
    changes.write(connection)
    return results


class _Changes:
    """Collects what has to be written, and writes it with a few statements for the whole class."""

    def __init__(self) -> None:
        self._extras: list[dict[str, Any]] = []
        self._penalties: list[dict[str, Any]] = []
        self._extensions: list[dict[str, Any]] = []
        self._states: list[dict[str, Any]] = []

    @property
    def count(self) -> int:
        """How many of nbgrader's rows are to be changed."""
        return len(self._extras) + len(self._penalties) + len(self._extensions)

    def collect(
        self, rows: Rows, result: Total
    ) -> tuple[dict[str, tuple[float | None, float | None]], tuple[float | None, float | None]]:
        """Note what differs between a submission's rows and its total; return the state's extras and extension."""
        names = {question.name.replace(".", "-"): question for question in result.questions}
        grades = {grade.cell.name: grade for grade in rows.grades}
        ordered = [grades[name] for name in names]  # as in course.toml, where exercises come first
        unscored = [grade for grade in ordered if grade.entered is None]
        rest = result.bonus + sum(names[grade.cell.name].score for grade in unscored)
        extras: dict[str, tuple[float | None, float | None]] = {}
        for grade in ordered:
            if (entered := grade.entered) is None:
                continue
            own = own_extra(rows, grade)
            wanted = names[grade.cell.name].score - entered + rest
            rest = 0.0
            # What a person has written stays as it is: None is not 0 in the column.
            written = own if abs(wanted - (own or 0.0)) < 1e-9 else wanted
            self._extra(grade, written)
            if written != own:
                extras[grade.id] = (own, written)
        for grade in unscored:
            self._extra(grade, own_extra(rows, grade))
        for grade in rows.grades:
            # Without any grade that has a score, what is left over goes to the first notebook.
            self._penalty(rows, grade, result.penalties.get(grade.cell.notebook, 0.0) - rest)
            rest = 0.0
        return extras, self._extension(rows, result)

    def _extra(self, grade: Grade, wanted: float | None) -> None:
        if grade.extra_credit != wanted:
            self._extras.append({"row": grade.id, "value": wanted})

    def _penalty(self, rows: Rows, grade: Grade, penalty: float) -> None:
        if grade.submitted_notebook in rows.penalties:
            wanted = penalty or None
            if rows.penalties.pop(grade.submitted_notebook) != wanted:
                self._penalties.append({"row": grade.submitted_notebook, "value": wanted})

    def _extension(self, rows: Rows, result: Total) -> tuple[float | None, float | None]:
        own = own_extension(rows.extension, rows.state)
        wanted = result.extension.total_seconds()
        written = own if wanted == (own or 0.0) else wanted
        if rows.extension != written:
            value = None if written is None else timedelta(seconds=written)
            self._extensions.append({"row": rows.id, "value": value})
        return own, written

    def state(self, assignment: Assignment, student: str, before: OwnEntries, after: OwnEntries) -> None:
        """Note a state that has changed."""
        if after != before:
            text = msgspec.json.encode(after).decode()
            self._states.append({"one": assignment.name, "who": student, "state": text})

    def write(self, connection: Connection) -> None:
        """Write everything."""
        for kind, column, values in (
            (api.Grade, "extra_credit", self._extras),
            (api.SubmittedNotebook, "late_submission_penalty", self._penalties),
            (api.SubmittedAssignment, "extension", self._extensions),
        ):
            if values:
                table = kind.__table__
                change = update(table).where(table.c.id == bindparam("row")).values({column: bindparam("value")})
                connection.execute(change, values)
        if self._states:
            keys = (WRITTEN.c.assignment == bindparam("one"), WRITTEN.c.student == bindparam("who"))
            connection.execute(delete(WRITTEN).where(*keys), self._states)
            rows = [{"assignment": row["one"], "student": row["who"], "state": row["state"]} for row in self._states]
            connection.execute(insert(WRITTEN), rows)
