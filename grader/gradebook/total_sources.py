"""Read from nbgrader's database what the totals are computed from, and what the grader has written there itself.

People may write extra credit and extensions into nbgrader's rows, where the grader writes, too (see `applied`). So a
table of the grader's own, in the same database, says what it has written; whatever else is found there is a person's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from nbgrader import api
from sqlalchemy import Column, Connection, MetaData, String, Table, Text, bindparam, select

from ..course import Assignment
from .grades import Grade, read_grades
from .totals import HandedIn, Question

_GROUP: Final = 500  # students whose rows are in memory at a time
_TABLES: Final = MetaData()
WRITTEN: Final = Table(
    "grader_written",
    _TABLES,
    Column("assignment", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("state", Text, nullable=False),
)


class ShownTotal(msgspec.Struct, frozen=True):
    """What was last shown about a student's total, so that the next run can tell what has changed since.

    Attributes
    ----------
    score : float
    notes : tuple of str
    questions : dict of str to (float, bool)
        What each question had earned before decisions, and whether a person gave it.
    handed_in : datetime or None
    """

    score: float
    notes: tuple[str, ...]
    questions: dict[str, tuple[float, bool]]
    handed_in: datetime | None


class OwnEntries(msgspec.Struct, frozen=True):
    """What the grader has written into a submission's rows.

    Attributes
    ----------
    extras : dict of str to (float or None, float or None)
        By the grade's id: a person's extra credit, and what was written in its place.
    extension : (float or None, float or None)
        In seconds: a person's extension, and what was written in its place.
    shown : ShownTotal or None
    """

    extras: dict[str, tuple[float | None, float | None]] = {}
    extension: tuple[float | None, float | None] = (None, None)
    shown: ShownTotal | None = None


@dataclass
class Rows:
    """A submission as the database has it.

    Attributes
    ----------
    id : str
    grades : list of Grade
        Sorted by the names of their notebooks and cells.
    times : dict of str to HandedIn
        Of all the student's submissions.
    penalties : dict of str to float or None
        Of the notebooks, by the id of the submitted notebook.
    extension : float or None
        In seconds.
    state : OwnEntries
    """

    id: str
    grades: list[Grade] = field(default_factory=list)
    times: dict[str, HandedIn] = field(default_factory=dict)
    penalties: dict[str, float | None] = field(default_factory=dict)
    extension: float | None = None
    state: OwnEntries = field(default_factory=OwnEntries)


def create_tables(connection: Connection) -> None:
    """Make the grader's own tables, where there are none."""
    _TABLES.create_all(connection)


def questions_of(assignment: Assignment, rows: Rows) -> list[Question]:
    """Return the questions of a submission, in the order of course.toml, before decisions.

    Their points are those that the course gives them now; scores that were entered out of others keep their share.
    """
    grades = {(grade.cell.notebook, grade.cell.name): grade for grade in rows.grades}
    questions = []
    for notebook in assignment.notebook:
        for item in notebook.questions:
            if grade := grades.get((notebook.name, item.grade_id)):
                entered = grade.entered
                own = 0.0 if entered is None else own_extra(rows, grade) or 0.0
                score = _rescaled(entered or 0.0, grade.cell.max_score, item.points) + own
                person = grade.manual_score is not None
                questions.append(
                    Question(item.name, notebook.name, score, item.points, grade.needs_manual_grade, person, own)
                )
    return questions


def _rescaled(score: float, before: float, now: float) -> float:
    """Return a score out of other points than it was entered out of; see `rescaling` for where one of them is 0."""
    if not now:
        return 0.0
    return score * (now / before) if before and before != now else score


def own_extra(rows: Rows, grade: Grade) -> float | None:
    """Return the extra credit that a person has given."""
    if grade.id not in rows.state.extras:
        return grade.extra_credit
    own, written = rows.state.extras[grade.id]
    return own if grade.extra_credit == written else grade.extra_credit


def own_extension(extension: float | None, state: OwnEntries) -> float | None:
    """Return the extension that a person has given in nbgrader, in seconds."""
    own, written = state.extension
    return own if extension == written else extension


def in_groups(
    connection: Connection, assignment: Assignment, students: Collection[str] | None
) -> Iterator[Collection[str]]:
    """Yield the students, or all who have handed in, sorted and a few at a time: rows take much memory."""
    if students is None:
        submissions = api.SubmittedAssignment.__table__
        query = select(submissions.c.student_id).join(api.Assignment, submissions.c.assignment_id == api.Assignment.id)
        students = connection.execute(query.where(api.Assignment.name == assignment.name)).scalars().all()
    ordered = sorted(students)
    yield from (ordered[start : start + _GROUP] for start in range(0, len(ordered), _GROUP))


def read_rows_of(connection: Connection, assignment: Assignment, students: Collection[str]) -> dict[str, Rows]:
    """Read the submissions of some students with a few queries."""
    found: dict[str, Rows] = {}
    wanted = {"students": list(students)}
    others = list(connection.execute(_SUBMISSIONS_OF, wanted))
    for row in others:
        if row.name == assignment.name:
            found[row.student_id] = Rows(row.id, extension=row.extension.total_seconds() if row.extension else None)
    states = _states(connection, students)
    for row in others:
        if row.student_id in found:
            _add_time(found[row.student_id], row, states.get((row.name, row.student_id), OwnEntries()))
    for name, rows in found.items():
        rows.state = states.get((assignment.name, name), OwnEntries())
    by_submission = {rows.id: rows for rows in found.values()}
    for submission, grades in read_grades(connection, assignment.name, students).items():
        by_submission[submission].grades = grades
    for submission, notebook, penalty in connection.execute(_PENALTIES_OF, wanted):
        if submission in by_submission:
            by_submission[submission].penalties[notebook] = penalty
    return found


def _add_time(rows: Rows, row: Any, state: OwnEntries) -> None:
    """Note when one of a student's submissions was handed in, and the extension that a person has given."""
    at = row.timestamp.replace(tzinfo=UTC) if row.timestamp else None
    own = own_extension(row.extension.total_seconds() if row.extension else None, state)
    rows.times[row.name] = HandedIn(at, timedelta(seconds=own or 0.0))


def _states(connection: Connection, students: Collection[str]) -> dict[tuple[str, str], OwnEntries]:
    return {
        (row.assignment, row.student): msgspec.json.decode(row.state, type=OwnEntries)
        for row in connection.execute(_STATES_OF, {"students": list(students)})
    }


# Statements are built once, because building them takes longer than a small database needs to answer.
_STUDENTS: Final[Any] = bindparam("students", expanding=True)
_SUBMITTED, _NOTEBOOKS = api.SubmittedAssignment.__table__, api.SubmittedNotebook.__table__
_SUBMISSIONS_OF: Final = (
    select(*_SUBMITTED.c["id", "student_id", "timestamp", "extension"], api.Assignment.name)
    .join(api.Assignment, _SUBMITTED.c.assignment_id == api.Assignment.id)
    .where(_SUBMITTED.c.student_id.in_(_STUDENTS))
)
_PENALTIES_OF: Final = (
    select(*_NOTEBOOKS.c["assignment_id", "id", "late_submission_penalty"])
    .join(_SUBMITTED, _NOTEBOOKS.c.assignment_id == _SUBMITTED.c.id)
    .where(_SUBMITTED.c.student_id.in_(_STUDENTS))
)
_STATES_OF: Final = select(WRITTEN).where(WRITTEN.c.student.in_(_STUDENTS))
