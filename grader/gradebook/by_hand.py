"""Read and write the grades that people give, and share answers out among several graders.

Points and comments are in the columns of nbgrader's tables that formgrader uses, so that both show the same. Two tables
beside them hold what formgrader has no place for: which items of a rubric apply to an answer, and who is at it now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from nbgrader import api
from sqlalchemy import Column, Connection, Float, MetaData, String, Table, Text, delete, false, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..errors import GradebookError
from .book import Gradebook
from .database import errors_in_one_sentence, one_at_a_time
from .hand_grade import HandGrade, Key, Mark, State

__all__ = ["CLAIM_SECONDS", "HandGrade", "HandGrades", "Key", "Mark"]

CLAIM_SECONDS: Final = 600.0
"""How long an answer is kept for a grader who gives no sign of life."""

_METADATA: Final = MetaData()


def _key_columns() -> list[Column[Any]]:
    return [Column(name, String(128), primary_key=True) for name in ("assignment", "question", "student")]


_MARKS: Final = Table(
    "desk_mark",
    _METADATA,
    *_key_columns(),
    Column("items", Text, nullable=False),  # a JSON list of the items' names
    Column("adjustment", Float, nullable=False),
    Column("remark", Text, nullable=False),
    Column("grader", String(128), nullable=False),
    Column("points", Float, nullable=False),  # what was entered into nbgrader's tables
    Column("comment", Text, nullable=False),
)
_CLAIMS: Final = Table(
    "desk_claim",
    _METADATA,
    *_key_columns(),
    Column("holder", String(128), nullable=False),
    Column("grader", String(128), nullable=False),
    Column("until", Float, nullable=False),  # seconds since 1970
)


class HandGrades:
    """The grades that people give, in an open gradebook.

    Parameters
    ----------
    book : Gradebook
    clock : callable, default time.time
        Returns the seconds since 1970.

    Raises
    ------
    GradebookError
        When the database cannot be written.
    Interrupted
        When the machine fails: a full disk, a locked database. All other methods may raise these two as well.
    """

    def __init__(self, book: Gradebook, clock: Callable[[], float] = time.time) -> None:
        self._book, self._clock = book, clock
        with self._errors(), one_at_a_time(book.engine, "desk tables") as connection:
            _METADATA.create_all(connection)

    def answers(self, assignment: str, question: str = "", holder: str = "") -> dict[str, list[HandGrade]]:
        """Read what the gradebook holds about answers.

        Parameters
        ----------
        assignment : str
        question : str, default ""
            The question; all of the assignment by default.
        holder : str, default ""
            The grader's window that asks; what itself is at is not claimed by anybody.

        Returns
        -------
        dict of str to list of HandGrade
            By question, and sorted by student.
        """
        found: dict[str, list[HandGrade]] = {}
        with self._begin() as connection:
            marks = {_key(row): row for row in connection.execute(_of(_MARKS, assignment))}
            live = _of(_CLAIMS, assignment).where(_CLAIMS.c.until > self._clock(), _CLAIMS.c.holder != holder)
            claims = {_key(row): row.grader for row in connection.execute(live)}
            for row in connection.execute(_grades(assignment, question)):
                key = Key(assignment, row.question, row.student)
                found.setdefault(row.question, []).append(_hand_grade(row, marks.get(key), claims.get(key, "")))
        return found

    def answer(self, key: Key) -> HandGrade:
        """Read what the gradebook holds about one answer; raise GradebookError if it has no such answer."""
        for grade in self.answers(key.assignment, key.question).get(key.question, ()):
            if grade.student == key.student:
                return grade
        raise GradebookError(f"The gradebook has no answer of {key.student} to {key.question}; grade {key.assignment}.")

    def claim(self, key: Key, holder: str, grader: str, *, take_over: bool = False) -> str:
        """Keep an answer for a grader for some minutes, unless somebody else is at it.

        Parameters
        ----------
        key : Key
        holder : str
            What tells this grader's window from all others.
        grader : str
            The grader's name.
        take_over : bool, default False
            Whether to take it from somebody else, who then cannot enter a grade any more.

        Returns
        -------
        str
            The name of the grader who is at it already; empty where the answer is kept for this one.
        """
        now = self._clock()
        ours = _where(_CLAIMS, key)
        if not take_over:
            ours &= (_CLAIMS.c.holder == holder) | (_CLAIMS.c.until <= now)
        row = {**key._asdict(), "holder": holder, "grader": grader, "until": now + CLAIM_SECONDS}
        try:
            with self._begin() as connection:
                connection.execute(delete(_CLAIMS).where(ours))
                connection.execute(insert(_CLAIMS).values(row))
        except IntegrityError:
            with self._begin() as connection:
                other = connection.execute(select(_CLAIMS.c.grader).where(_where(_CLAIMS, key))).scalar()
            return other or "somebody else"
        return ""

    def let_go(self, holder: str, key: Key | None = None) -> None:
        """Let go of an answer, or of all that a grader's window holds."""
        which = _CLAIMS.c.holder == holder
        with self._begin() as connection:
            connection.execute(delete(_CLAIMS).where(which & _where(_CLAIMS, key) if key else which))

    def enter(self, key: Key, mark: Mark, points: float, comment: str, seen: str | None = None) -> bool:
        """Enter a grade, so that formgrader shows it, too.

        Parameters
        ----------
        key : Key
        mark : Mark
        points : float
            The points that the answer gets.
        comment : str
            What the student reads.
        seen : str, optional
            `HandGrade.seen` of the grade that the grader saw. Where another one is there by now, nothing is entered.

        Returns
        -------
        bool
            Whether it was entered.
        """
        with self._begin(f"answer {key}") as connection:
            if seen is not None and self._now(connection, key).seen != seen:
                return False
            self._write(connection, key, points, comment, needs_manual_grade=False)
            row = {
                **key._asdict(),
                "items": msgspec.json.encode(mark.items).decode(),
                "adjustment": mark.adjustment,
                "remark": mark.remark,
                "grader": mark.grader,
                "points": points,
                "comment": comment,
            }
            connection.execute(delete(_MARKS).where(_where(_MARKS, key)))
            connection.execute(insert(_MARKS).values(row))
        return True

    def take_back(self, key: Key) -> None:
        """Take a grade back, so that the answer waits for one again."""
        with self._begin(f"answer {key}") as connection:
            self._write(connection, key, None, None, needs_manual_grade=True)
            connection.execute(delete(_MARKS).where(_where(_MARKS, key)))

    def _now(self, connection: Connection, key: Key) -> HandGrade:
        row = connection.execute(_grades(key.assignment, key.question, key.student)).one()
        mark = connection.execute(select(_MARKS).where(_where(_MARKS, key))).one_or_none()
        return _hand_grade(row, mark, "")

    def _write(
        self, connection: Connection, key: Key, points: float | None, comment: str | None, *, needs_manual_grade: bool
    ) -> None:
        """Write into nbgrader's tables what formgrader would write."""
        row = connection.execute(_grades(key.assignment, key.question, key.student)).one()
        grades, comments = api.Grade.__table__, api.Comment.__table__
        values = {"manual_score": points, "needs_manual_grade": needs_manual_grade}
        connection.execute(update(grades).where(grades.c.id == row.grade_id).values(values))
        connection.execute(
            update(comments).where(comments.c.id == row.comment_id).values(manual_comment=comment or None)
        )

    @contextmanager
    def _begin(self, what: str = "") -> Iterator[Connection]:
        """Begin a transaction; with `what`, one that waits for others that write the same."""
        engine = self._book.engine
        with self._errors(), one_at_a_time(engine, what) if what else engine.begin() as connection:
            if what:  # SQLite would let two graders read before one of them writes; a change of nothing takes its lock
                connection.execute(delete(_CLAIMS).where(false()))
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with errors_in_one_sentence("The grades cannot be read or entered", self._book.shown_url):
                yield
        except GradebookError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise error.__cause__ from None  # two graders at the same answer, which `claim` sorts out
            raise


def _hand_grade(row: Any, mark: Any, claimed_by: str) -> HandGrade:
    """Make a value of a row of `_grades` and of the desk's own row, if there is one."""
    comment = row.manual_comment or ""
    if row.needs_manual_grade:
        state: State = "waiting" if row.manual_score is None else "changed"
    else:
        state = "empty" if row.manual_score is None else "graded"
    kept = None
    if mark:
        items = tuple(msgspec.json.decode(mark.items, type=list[str]))
        kept = Mark(items, mark.adjustment, mark.remark, mark.grader)
    elsewhere = bool(mark) and (row.manual_score != mark.points or comment != mark.comment)
    return HandGrade(
        row.student, state, row.manual_score, row.max_score or 0.0, comment, kept, elsewhere, claimed_by=claimed_by
    )


def _key(row: Any) -> Key:
    return Key(row.assignment, row.question, row.student)


def _of(table: Table, assignment: str) -> Any:
    return select(table).where(table.c.assignment == assignment)


def _where(table: Table, key: Key) -> Any:
    columns: Sequence[Any] = (table.c.assignment, table.c.question, table.c.student)
    found = columns[0] == key.assignment
    for column, value in zip(columns[1:], key[1:], strict=True):
        found &= column == value
    return found


def _grades(assignment: str, question: str = "", student: str = "") -> Any:
    """Select the grades of answers in writing, with the comments on them."""
    other = api.BaseCell.__table__.alias()
    same_notebook = other.c.notebook_id == api.BaseCell.notebook_id
    wanted = (
        select(
            api.Grade.id.label("grade_id"),
            api.BaseCell.name.label("question"),
            api.SubmittedAssignment.student_id.label("student"),
            api.Grade.manual_score,
            api.Grade.needs_manual_grade,
            api.GradeCell.__table__.c.max_score,
            api.Comment.id.label("comment_id"),
            api.Comment.manual_comment,
        )
        .select_from(api.Grade)
        .join(api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
        .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .join(api.BaseCell, api.Grade.cell_id == api.BaseCell.id)
        .join(api.GradeCell.__table__, api.GradeCell.__table__.c.id == api.Grade.cell_id)
        # nbgrader has two rows for the cell of an answer: one for its grades, one of the same name for its comments.
        .outerjoin(other, (other.c.name == api.BaseCell.name) & (other.c.type == "SolutionCell") & same_notebook)
        .outerjoin(
            api.Comment, (api.Comment.notebook_id == api.Grade.notebook_id) & (api.Comment.cell_id == other.c.id)
        )
        .where(api.Assignment.name == assignment, api.GradeCell.__table__.c.cell_type == "markdown")
        .order_by(api.SubmittedAssignment.student_id)
    )
    if question:
        wanted = wanted.where(api.BaseCell.name == question)
    return wanted.where(api.SubmittedAssignment.student_id == student) if student else wanted
