"""Give cells of the database other points, and let the grades of submissions keep their share of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nbgrader import api
from sqlalchemy import Column, Connection, Float, MetaData, String, Table, insert, select, update

_TABLES: Final = MetaData()
# nbgrader's own column is overwritten by every release; this table says which points the grades are out of.
_GRADED_OUT_OF: Final = Table(
    "grader_graded_out_of",
    _TABLES,
    Column("cell", String(32), primary_key=True),
    Column("points", Float, nullable=False),
)


def create_tables(connection: Connection) -> None:
    """Make the grader's own table, where there is none."""
    _TABLES.create_all(connection)


def rescale(connection: Connection, assignment: str, worth: Mapping[tuple[str, str], float]) -> None:
    """Give the cells of an assignment the points that they are worth now.

    A grade of 3 out of 4 is one of 4.5 out of 6 afterwards. Where a cell is worth nothing for a while, its grades stay
    as they are, and count as 0; see `totals`.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    assignment : str
    worth : dict of (str, str) to float
        Points by notebook and cell.
    """
    known = dict(connection.execute(select(_GRADED_OUT_OF.c.cell, _GRADED_OUT_OF.c.points)).all())
    cells, grades = api.GradeCell.__table__, api.Grade.__table__
    for cell in connection.execute(_cells(assignment)).all():
        now = worth.get((cell.notebook, cell.name))
        if now is None:
            continue
        if cell.max_score != now:
            connection.execute(update(cells).where(cells.c.id == cell.id).values(max_score=now))
        before = known.get(cell.id, cell.max_score)
        if before and now and before != now:
            scaled = {name: grades.c[name] * (now / before) for name in ("auto_score", "manual_score")}
            connection.execute(update(grades).where(grades.c.cell_id == cell.id).values(scaled))
        if cell.id not in known:
            connection.execute(insert(_GRADED_OUT_OF).values(cell=cell.id, points=now or before))
        elif now and now != before:
            connection.execute(update(_GRADED_OUT_OF).where(_GRADED_OUT_OF.c.cell == cell.id).values(points=now))


def _cells(assignment: str) -> Any:
    """Select the cells of an assignment that earn points."""
    cells, base = api.GradeCell.__table__, api.BaseCell.__table__
    return (
        select(cells.c.id, cells.c.max_score, base.c.name, api.Notebook.name.label("notebook"))
        .select_from(cells)
        .join(base, base.c.id == cells.c.id)
        .join(api.Notebook, base.c.notebook_id == api.Notebook.id)
        .join(api.Assignment, api.Notebook.assignment_id == api.Assignment.id)
        .where(api.Assignment.name == assignment)
    )
