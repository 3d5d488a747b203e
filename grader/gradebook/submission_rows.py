"""Read nbgrader's rows of submissions, make those that are missing, and write what has changed.

nbgrader's own API does so with objects, each read and written by a statement of its own. Here it takes a few statements
for all rows of several submissions; the rows are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from nbgrader import api
from nbgrader.utils import parse_utc
from sqlalchemy import Connection, Row, bindparam, insert, select, update

_STUDENTS: Final = api.Student.__table__
_SUBMISSIONS: Final = api.SubmittedAssignment.__table__
_SUBMITTED: Final = api.SubmittedNotebook.__table__
_GRADES: Final = api.Grade.__table__
_COMMENTS: Final = api.Comment.__table__
_ASSIGNMENTS: Final = api.Assignment.__table__
_NOTEBOOKS: Final = api.Notebook.__table__
_CELLS: Final = api.BaseCell.__table__
_GRADED: Final = ("GradeCell", "TaskCell")  # nbgrader's kinds of cells that get a grade
_COMMENTED: Final = ("SolutionCell", "TaskCell")  # those that get a comment
_IN_ORDER: Final = (_STUDENTS, _SUBMISSIONS, _SUBMITTED, _GRADES, _COMMENTS)  # the latter refer to the former
_WRITTEN: Final = ((_GRADES, ("auto_score", "needs_manual_grade")), (_COMMENTS, ("auto_comment",)))


@dataclass
class GradeRow:
    """The scores of a cell; the names are nbgrader's."""

    id: str
    auto_score: float | None = None
    manual_score: float | None = None
    needs_manual_grade: bool = True


@dataclass
class CommentRow:
    """The comment on a cell, without the one that people write; the names are nbgrader's."""

    id: str
    auto_comment: str | None = None


@dataclass
class NotebookRows:
    """The rows of a submitted notebook, by the names of their cells."""

    grades: dict[str, GradeRow] = field(default_factory=dict)
    comments: dict[str, CommentRow] = field(default_factory=dict)


@dataclass(frozen=True)
class AssignmentRows:
    """The rows of an assignment, which are the same for all of its submissions.

    Attributes
    ----------
    name, id : str
        Its name, and its row.
    cells : sequence of Row
        The cells of its notebooks; of a notebook without cells, there is one row without a cell.
    """

    name: str
    id: str
    cells: Sequence[Row[Any]]

    @classmethod
    def read(cls, connection: Connection, name: str) -> AssignmentRows:
        """Read them; raise `nbgrader.api.MissingEntry` where the database does not have the assignment."""
        found = connection.execute(_ONE_ASSIGNMENT, {"assignment": name}).scalar_one_or_none()
        if found is None:
            raise api.MissingEntry(f"No such assignment: {name}")
        return cls(name, found, connection.execute(_CELLS_OF, {"task": found}).all())


class SubmissionRows:
    """The rows of a submission. They may be changed; `write` writes what has changed, but for ``manual_score``.

    Where there are no rows of the student, of the submission or of its notebooks, `write` makes them, too.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    assignment : AssignmentRows
    student : str
    timestamp : datetime or None
        When the submission was handed in; in UTC where it has no time zone. With None, the time that is there stays.

    Attributes
    ----------
    notebooks : dict of str to NotebookRows
        By the names of the notebooks.
    """

    def __init__(
        self, connection: Connection, assignment: AssignmentRows, student: str, timestamp: datetime | None
    ) -> None:
        self._connection, self._assignment = connection, assignment
        self.notebooks: dict[str, NotebookRows] = {}
        self._made: dict[Any, list[dict[str, Any]]] = {}  # rows to be made before those of the cells, by table
        self._new: dict[str, dict[str, str]] = {}  # the other columns of rows that are to be made, by their ids
        self._before: dict[str, dict[str, object]] = {}  # what the database has, likewise
        names = {"assignment": assignment.name, "student": student}
        time = {} if timestamp is None else {"timestamp": parse_utc(timestamp)}
        found = connection.execute(_ONE_SUBMISSION, names).scalar_one_or_none()
        if found is None:
            if connection.execute(_ONE_STUDENT, names).first() is None:
                self._made[_STUDENTS] = [{"id": student}]
            self._add({"id": api.new_uuid(), "assignment_id": assignment.id, "student_id": student, **time})
        else:
            if time:
                connection.execute(_NEW_TIME, {"row": found, **time})
            self._read(found)

    def of(self, notebook: str) -> NotebookRows:
        """Return the rows of a notebook; raise `nbgrader.api.MissingEntry` where there are none."""
        if notebook not in self.notebooks:
            raise api.MissingEntry(f"No such notebook: {notebook}")
        return self.notebooks[notebook]

    def _add(self, submission: dict[str, Any]) -> None:
        """Note the rows of a submission, of its notebooks and of its cells, which `write` makes."""
        self._made[_SUBMISSIONS] = [submission]
        added: dict[str, dict[str, str]] = {}
        for cell in self._assignment.cells:
            if cell.notebook not in added:
                key = {"notebook_id": cell.notebook_id, "assignment_id": submission["id"]}
                added[cell.notebook] = {"id": api.new_uuid(), **key}
                self.notebooks[cell.notebook] = NotebookRows()
            self._add_cell(cell, added[cell.notebook]["id"])
        self._made[_SUBMITTED] = list(added.values())

    def _add_cell(self, cell: Row[Any], notebook: str) -> None:
        rows = self.notebooks[cell.notebook]
        if cell.type in _GRADED:
            rows.grades[cell.name] = GradeRow(self._new_row(cell, notebook))
        if cell.type in _COMMENTED:
            rows.comments[cell.name] = CommentRow(self._new_row(cell, notebook))

    def _new_row(self, cell: Row[Any], notebook: str) -> str:
        row: str = api.new_uuid()
        self._new[row] = {"id": row, "cell_id": cell.id, "notebook_id": notebook}
        return row

    def _read(self, submission: str) -> None:
        """Read the rows of a submission."""
        key = {"submission": submission}
        names = {row.id: row.name for row in self._connection.execute(_NOTEBOOKS_OF, key)}
        self.notebooks = {name: NotebookRows() for name in names.values()}
        for row in self._connection.execute(_GRADES_OF, key):
            grade = GradeRow(row.id, row.auto_score, row.manual_score, row.needs_manual_grade)
            self.notebooks[names[row.notebook_id]].grades[row.name] = grade
        for row in self._connection.execute(_COMMENTS_OF, key):
            comment = CommentRow(row.id, row.auto_comment)
            self.notebooks[names[row.notebook_id]].comments[row.name] = comment
        for _, values in self._values():
            self._before |= values

    def _values(self) -> list[tuple[Any, dict[str, dict[str, object]]]]:
        """Return both tables, each with the values of its rows by their ids."""
        rows = self.notebooks.values()
        grades: list[GradeRow | CommentRow] = [row for one in rows for row in one.grades.values()]
        comments: list[GradeRow | CommentRow] = [row for one in rows for row in one.comments.values()]
        return [
            (table, {row.id: {name: getattr(row, name) for name in columns} for row in found})
            for (table, columns), found in zip(_WRITTEN, (grades, comments), strict=True)
        ]

    def new_rows(self) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        """Yield tables with the rows to be made in them."""
        yield from self._made.items()
        for table, rows in self._values():
            yield table, [self._new[row] | values for row, values in rows.items() if row in self._new]

    def changed_rows(self) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        """Yield tables with what has changed in them."""
        for table, rows in self._values():
            known = [(row, values) for row, values in rows.items() if row not in self._new]
            yield table, [{"row": row, **values} for row, values in known if self._before[row] != values]


def write(connection: Connection, submissions: Iterable[SubmissionRows]) -> None:
    """Make the rows of submissions that are new, and write those that have changed.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    submissions : iterable of SubmissionRows
        Of different students.
    """
    new: dict[Any, list[dict[str, Any]]] = {table: [] for table in _IN_ORDER}
    changed: dict[Any, list[dict[str, Any]]] = {table: [] for table, _ in _WRITTEN}
    for submission in submissions:
        for table, rows in submission.new_rows():
            new[table] += rows
        for table, rows in submission.changed_rows():
            changed[table] += rows
    for table, rows in new.items():
        # Rows of one statement have the same columns; a submission without a time has one less.
        for columns in {frozenset(row) for row in rows}:
            connection.execute(insert(table), [row for row in rows if row.keys() == columns])
    for table, rows in changed.items():
        if rows:
            connection.execute(update(table).where(table.c.id == bindparam("row")), rows)


_ONE_ASSIGNMENT: Final = select(_ASSIGNMENTS.c.id).where(_ASSIGNMENTS.c.name == bindparam("assignment"))
_ONE_STUDENT: Final = select(_STUDENTS.c.id).where(_STUDENTS.c.id == bindparam("student"))
_ONE_SUBMISSION: Final = (
    select(_SUBMISSIONS.c.id)
    .join(_ASSIGNMENTS, _SUBMISSIONS.c.assignment_id == _ASSIGNMENTS.c.id)
    .where(_SUBMISSIONS.c.student_id == bindparam("student"), _ASSIGNMENTS.c.name == bindparam("assignment"))
)
_NEW_TIME: Final = update(_SUBMISSIONS).where(_SUBMISSIONS.c.id == bindparam("row"))
_CELLS_OF: Final = (  # with a row for a notebook that has none
    select(_NOTEBOOKS.c.id.label("notebook_id"), _NOTEBOOKS.c.name.label("notebook"), *_CELLS.c["id", "name", "type"])
    .outerjoin(_CELLS, _CELLS.c.notebook_id == _NOTEBOOKS.c.id)
    .where(_NOTEBOOKS.c.assignment_id == bindparam("task"))
)
_NOTEBOOKS_OF: Final = (
    select(_SUBMITTED.c.id, _NOTEBOOKS.c.name)
    .join(_NOTEBOOKS, _SUBMITTED.c.notebook_id == _NOTEBOOKS.c.id)
    .where(_SUBMITTED.c.assignment_id == bindparam("submission"))
)
_GRADES_OF: Final = (
    select(*_GRADES.c["id", "notebook_id", "auto_score", "manual_score", "needs_manual_grade"], _CELLS.c.name)
    .join(_SUBMITTED, _GRADES.c.notebook_id == _SUBMITTED.c.id)
    .join(_CELLS, _GRADES.c.cell_id == _CELLS.c.id)
    .where(_SUBMITTED.c.assignment_id == bindparam("submission"))
)
_COMMENTS_OF: Final = (
    select(*_COMMENTS.c["id", "notebook_id", "auto_comment"], _CELLS.c.name)
    .join(_SUBMITTED, _COMMENTS.c.notebook_id == _SUBMITTED.c.id)
    .join(_CELLS, _COMMENTS.c.cell_id == _CELLS.c.id)
    .where(_SUBMITTED.c.assignment_id == bindparam("submission"))
)
