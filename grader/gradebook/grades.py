"""Read the grades of an assignment's submissions, each with what is the same for all students: its cell.

A class of a thousand has tens of thousands of grades. So the database joins as little as possible: a row of grades has
numbers and the id of its cell, and the cells, of which there are a few dozen, are read once.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from nbgrader import api
from sqlalchemy import Connection, bindparam, func, select


class Cell(NamedTuple):
    """A cell of a released notebook.

    Attributes
    ----------
    notebook, name : str
        The name of its notebook, and its own for nbgrader.
    max_score : float
        The points that it is worth.
    kind : str or None
        ``"code"`` or ``"markdown"``; None if it is not graded.
    """

    notebook: str
    name: str
    max_score: float
    kind: str | None


class Grade(NamedTuple):
    """A grade, by program and by people; the names of the scores are nbgrader's.

    Attributes
    ----------
    cell : Cell
    id : str
    submitted_notebook : str
        The id of the student's notebook.
    auto_score, manual_score, extra_credit : float or None
    needs_manual_grade : bool
    """

    cell: Cell
    id: str
    submitted_notebook: str
    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    needs_manual_grade: bool

    @property
    def entered(self) -> float | None:
        """The score without extra credit, as nbgrader computes it; None where there is none yet."""
        return self.auto_score if self.manual_score is None else self.manual_score

    @property
    def score(self) -> float:
        """The score with extra credit, as nbgrader computes it: 0 where there is no score yet."""
        entered = self.entered
        return 0.0 if entered is None else entered + (self.extra_credit or 0.0)


_GRADES: Final = api.Grade.__table__
_NOTEBOOKS: Final = api.SubmittedNotebook.__table__
_SUBMISSIONS: Final = api.SubmittedAssignment.__table__


def read_grades(
    connection: Connection, assignment: str, students: Collection[str] | None = None
) -> dict[str, list[Grade]]:
    """Read the grades of an assignment.

    Parameters
    ----------
    connection : Connection
    assignment : str
        Its name.
    students : collection of str, optional
        All by default.

    Returns
    -------
    dict of str to list of Grade
        By the id of the submission; sorted by the names of notebooks and cells.
    """
    cells = _cells(connection, assignment)
    query, wanted = (_ALL, {}) if students is None else (_OF_STUDENTS, {"students": list(students)})
    found: dict[str, list[Grade]] = {}
    for submission, cell, *rest in connection.execute(query, {"assignment": assignment, **wanted}).all():
        found.setdefault(submission, []).append(Grade(cells[cell], *rest))
    for grades in found.values():
        grades.sort(key=_place)
    return found


def _place(grade: Grade) -> tuple[str, str]:
    return grade.cell.notebook, grade.cell.name


def _cells(connection: Connection, assignment: str) -> dict[str, Cell]:
    """Read the cells of an assignment, by their ids."""
    return {row[0]: Cell(*row[1:]) for row in connection.execute(_CELLS, {"assignment": assignment})}


# Statements are built once, because building them takes longer than a small database needs to answer.
_OF_ASSIGNMENT: Final[Any] = api.Assignment.name == bindparam("assignment")
_ALL: Final = (
    select(
        _NOTEBOOKS.c.assignment_id,
        _GRADES.c.cell_id,
        _GRADES.c.id,
        _GRADES.c.notebook_id,
        _GRADES.c.auto_score,
        _GRADES.c.manual_score,
        _GRADES.c.extra_credit,
        _GRADES.c.needs_manual_grade,
    )
    .select_from(_GRADES)
    .join(_NOTEBOOKS, _GRADES.c.notebook_id == _NOTEBOOKS.c.id)
    .join(_SUBMISSIONS, _NOTEBOOKS.c.assignment_id == _SUBMISSIONS.c.id)
    .join(api.Assignment, _SUBMISSIONS.c.assignment_id == api.Assignment.id)
    .where(_OF_ASSIGNMENT)
)
_OF_STUDENTS: Final = _ALL.where(_SUBMISSIONS.c.student_id.in_(bindparam("students", expanding=True)))
_BASE, _GRADED, _TASKS = api.BaseCell.__table__, api.GradeCell.__table__, api.TaskCell.__table__
_CELLS: Final[Any] = (
    select(
        _BASE.c.id,
        api.Notebook.name,
        _BASE.c.name,
        func.coalesce(_GRADED.c.max_score, _TASKS.c.max_score, 0.0),
        func.coalesce(_GRADED.c.cell_type, _TASKS.c.cell_type),
    )
    .select_from(_BASE)
    .join(api.Notebook, _BASE.c.notebook_id == api.Notebook.id)
    .join(api.Assignment, api.Notebook.assignment_id == api.Assignment.id)
    .outerjoin(_GRADED, _GRADED.c.id == _BASE.c.id)
    .outerjoin(_TASKS, _TASKS.c.id == _BASE.c.id)
    .where(_OF_ASSIGNMENT)
)
