"""Bring nbgrader's database in line with the totals, so that formgrader and nbgrader's exports show the same.

nbgrader has a place for everything that `totals` computes, and its own sum of a submission is then the total:

- An extension, with the late days that were spent, is the submission's ``extension``.
- What lateness takes off is the ``late_submission_penalty`` of each notebook.
- Every other difference between what was entered and what counts is ``extra_credit`` of the grade. nbgrader ignores it
  where a grade has no score yet; so that of such a grade, and a bonus, go to the first one that has a score.

People may write extra credit and extensions into nbgrader themselves. So a table of the grader's own, in the same
database, says what it has written; whatever else is found there is a person's, and stays.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from nbgrader import api
from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from ..course import Assignment, Course
from .totals import HandedIn, Question, Total, total

_TABLES: Final = MetaData()
_WRITTEN: Final = Table(
    "grader_written",
    _TABLES,
    Column("assignment", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("state", Text, nullable=False),
)


class Told(msgspec.Struct, frozen=True):
    """What was last told about a student's total, so that the next run can tell what has changed since.

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


class _State(msgspec.Struct, frozen=True):
    """What the grader has written into a submission's rows.

    Attributes
    ----------
    extras : dict of str to (float or None, float or None)
        By the grade's id: a person's extra credit, and what was written in its place.
    extension : (float or None, float or None)
        In seconds: a person's extension, and what was written in its place.
    told : Told or None
    """

    extras: dict[str, tuple[float | None, float | None]] = {}
    extension: tuple[float | None, float | None] = (None, None)
    told: Told | None = None


@dataclass(frozen=True)
class Written:
    """A total that was written into nbgrader's rows.

    Attributes
    ----------
    total : Total
    before : Told or None
        What was told about it the last time.
    now : Told
        What there is to tell now.
    touched : bool
        Whether any of nbgrader's rows was changed.
    """

    total: Total
    before: Told | None
    now: Told
    touched: bool


@dataclass
class _Rows:
    """A submission as the database has it.

    Attributes
    ----------
    id : str
    grades : list of Row
        The grades, with the names of their cells and notebooks.
    times : dict of str to HandedIn
        Of all the student's submissions.
    penalties : dict of str to float or None
        Of the notebooks, by the id of the submitted notebook.
    extension : float or None
        In seconds.
    state : _State
    """

    id: str
    grades: list[Any] = field(default_factory=list)
    times: dict[str, HandedIn] = field(default_factory=dict)
    penalties: dict[str, float | None] = field(default_factory=dict)
    extension: float | None = None
    state: _State = field(default_factory=_State)


def create_tables(connection: Connection) -> None:
    """Make the grader's own tables, where there are none."""
    _TABLES.create_all(connection)


def read_totals(
    connection: Connection, course: Course, assignment: Assignment, students: Collection[str] | None = None
) -> list[Total]:
    """Compute the totals of all submissions of an assignment, or of some students; sorted by student."""
    found = _read(connection, course, assignment, students)
    return [_total(course, assignment, student, rows) for student, rows in sorted(found.items())]


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
        Whether to remember that what has changed was told.

    Returns
    -------
    list of Written
        Sorted by student.
    """
    found = _read(connection, course, assignment, students)
    changes = _Changes()
    results = []
    for student, rows in sorted(found.items()):
        result = _total(course, assignment, student, rows)
        now = _to_tell(rows, assignment, result)
        already = changes.count
        extras, extension = changes.collect(rows, result)
        touched = changes.count > already
        changes.state(assignment, student, rows.state, _State(extras, extension, now if tell else rows.state.told))
        results.append(Written(result, rows.state.told, now, touched))
    changes.write(connection)
    return results


def _total(course: Course, assignment: Assignment, student: str, rows: _Rows) -> Total:
    return total(course, assignment, student, _questions(assignment, rows), rows.times)


def _questions(assignment: Assignment, rows: _Rows) -> list[Question]:
    """Return the questions of a submission, in the order of course.toml, before decisions."""
    grades = {(grade.notebook, grade.cell): grade for grade in rows.grades}
    questions = []
    for notebook in assignment.notebook:
        for item in notebook.questions:
            if grade := grades.get((notebook.name, item.grade_id)):
                own, entered = _own_extra(rows, grade) or 0.0, _entered(grade)
                own = 0.0 if entered is None else own
                worth = grade.max_score
                score = (entered or 0.0) if worth else 0.0
                person = grade.manual_score is not None
                questions.append(
                    Question(item.name, notebook.name, score + own, worth, grade.needs_manual_grade, person, own)
                )
    return questions


def _entered(grade: Any) -> float | None:
    """Return the score of a grade without extra credit, as nbgrader does; None where there is none yet."""
    score: float | None = grade.auto_score if grade.manual_score is None else grade.manual_score
    return score


def _own_extra(rows: _Rows, grade: Any) -> float | None:
    """Return the extra credit that a person has given."""
    own, written = rows.state.extras.get(grade.id, (None, None))
    extra: float | None = grade.extra_credit
    return own if grade.id in rows.state.extras and extra == written else extra


def _own_extension(extension: float | None, state: _State) -> float | None:
    """Return the extension that a person has given in nbgrader, in seconds."""
    own, written = state.extension
    return own if extension == written else extension


def _to_tell(rows: _Rows, assignment: Assignment, result: Total) -> Told:
    before = {question.name: (question.score, question.by_person) for question in _questions(assignment, rows)}
    return Told(result.score, result.notes, before, result.handed_in)


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
        self, rows: _Rows, result: Total
    ) -> tuple[dict[str, tuple[float | None, float | None]], tuple[float | None, float | None]]:
        """Note what differs between a submission's rows and its total; return the state's extras and extension."""
        names = {question.name.replace(".", "-"): question for question in result.questions}
        grades = {grade.cell: grade for grade in rows.grades}
        ordered = [grades[name] for name in names]  # as in course.toml, where exercises come first
        scored = [grade for grade in ordered if _entered(grade) is not None]
        unscored = [grade for grade in ordered if _entered(grade) is None]
        rest = result.bonus + sum(names[grade.cell].score for grade in unscored)
        extras: dict[str, tuple[float | None, float | None]] = {}
        for grade in scored:
            own, entered = _own_extra(rows, grade), _entered(grade)
            assert entered is not None
            wanted = names[grade.cell].score - entered + rest
            rest = 0.0
            # What a person has written stays as it is: None is not 0 in the column.
            written = own if abs(wanted - (own or 0.0)) < 1e-9 else wanted
            self._extra(grade, written)
            if written != own:
                extras[grade.id] = (own, written)
        for grade in unscored:
            self._extra(grade, _own_extra(rows, grade))
        for grade in rows.grades:
            # Without any grade that has a score, what is left over goes to the first notebook.
            self._penalty(rows, grade, result.penalties.get(grade.notebook, 0.0) - rest)
            rest = 0.0
        return extras, self._extension(rows, result)

    def _extra(self, grade: Any, wanted: float | None) -> None:
        if grade.extra_credit != wanted:
            self._extras.append({"row": grade.id, "value": wanted})

    def _penalty(self, rows: _Rows, grade: Any, penalty: float) -> None:
        if grade.submitted_notebook in rows.penalties:
            wanted = penalty or None
            if rows.penalties.pop(grade.submitted_notebook) != wanted:
                self._penalties.append({"row": grade.submitted_notebook, "value": wanted})

    def _extension(self, rows: _Rows, result: Total) -> tuple[float | None, float | None]:
        own = _own_extension(rows.extension, rows.state)
        wanted = result.extension.total_seconds()
        written = own if wanted == (own or 0.0) else wanted
        if rows.extension != written:
            value = None if written is None else timedelta(seconds=written)
            self._extensions.append({"row": rows.id, "value": value})
        return own, written

    def state(self, assignment: Assignment, student: str, before: _State, after: _State) -> None:
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
            keys = (_WRITTEN.c.assignment == bindparam("one"), _WRITTEN.c.student == bindparam("who"))
            connection.execute(delete(_WRITTEN).where(*keys), self._states)
            rows = [{"assignment": row["one"], "student": row["who"], "state": row["state"]} for row in self._states]
            connection.execute(insert(_WRITTEN), rows)


def _read(
    connection: Connection, course: Course, assignment: Assignment, students: Collection[str] | None
) -> dict[str, _Rows]:
    """Read the submissions of an assignment with a few queries for the whole class."""
    found: dict[str, _Rows] = {}
    submissions = api.SubmittedAssignment.__table__
    chosen = () if students is None else (submissions.c.student_id.in_(students),)
    query = (
        select(
            submissions.c.id,
            submissions.c.student_id,
            submissions.c.timestamp,
            submissions.c.extension,
            api.Assignment.name,
        )
        .join(api.Assignment, submissions.c.assignment_id == api.Assignment.id)
        .where(*chosen)
    )
    others = list(connection.execute(query))
    for row in others:
        if row.name == assignment.name:
            found[row.student_id] = _Rows(row.id, extension=row.extension.total_seconds() if row.extension else None)
    states = _states(connection, students)
    for row in others:
        if row.student_id in found:
            _add_time(found[row.student_id], row, states.get((row.name, row.student_id), _State()))
    for name, rows in found.items():
        rows.state = states.get((assignment.name, name), _State())
    for grade in connection.execute(_grades(assignment.name).where(*chosen)):
        rows = found[grade.student_id]
        rows.grades.append(grade)
        rows.penalties[grade.submitted_notebook] = grade.penalty
    return found


def _add_time(rows: _Rows, row: Any, state: _State) -> None:
    """Note when one of a student's submissions was handed in, and the extension that a person has given."""
    at = row.timestamp.replace(tzinfo=UTC) if row.timestamp else None
    own = _own_extension(row.extension.total_seconds() if row.extension else None, state)
    rows.times[row.name] = HandedIn(at, timedelta(seconds=own or 0.0))


def _states(connection: Connection, students: Collection[str] | None) -> dict[tuple[str, str], _State]:
    query = select(_WRITTEN) if students is None else select(_WRITTEN).where(_WRITTEN.c.student.in_(students))
    return {
        (row.assignment, row.student): msgspec.json.decode(row.state, type=_State) for row in connection.execute(query)
    }


def _grades(assignment: str) -> Any:
    """Select all grades of an assignment, in the order of the notebooks' and cells' names."""
    graded, tasks = api.GradeCell.__table__, api.TaskCell.__table__
    submissions = api.SubmittedAssignment.__table__
    return (
        select(
            submissions.c.student_id,
            api.SubmittedNotebook.id.label("submitted_notebook"),
            api.SubmittedNotebook.late_submission_penalty.label("penalty"),
            api.Notebook.name.label("notebook"),
            api.BaseCell.name.label("cell"),
            api.Grade.id,
            api.Grade.auto_score,
            api.Grade.manual_score,
            api.Grade.extra_credit,
            api.Grade.needs_manual_grade,
            func.coalesce(graded.c.max_score, tasks.c.max_score, 0.0).label("max_score"),
        )
        .select_from(api.Grade)
        .join(api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
        .join(api.Notebook, api.SubmittedNotebook.notebook_id == api.Notebook.id)
        .join(submissions, api.SubmittedNotebook.assignment_id == submissions.c.id)
        .join(api.Assignment, submissions.c.assignment_id == api.Assignment.id)
        .join(api.BaseCell, api.Grade.cell_id == api.BaseCell.id)
        .outerjoin(graded, graded.c.id == api.Grade.cell_id)
        .outerjoin(tasks, tasks.c.id == api.Grade.cell_id)
        .where(api.Assignment.name == assignment)
        .order_by(submissions.c.student_id, api.Notebook.name, api.BaseCell.name)
    )
