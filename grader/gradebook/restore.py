"""Rebuild a submitted notebook from the released one and the student's text.

From a submitted notebook, only the source, type and name of each cell, attached pictures, and what cells without points
show are taken. Metadata comes from the released notebook, named cells that are missing are put back, and outputs of
cells with points are dropped; `outputs` makes the others harmless. So a submission cannot change the points of a cell,
hide one, or bring HTML into an instructor's browser. Whatever was handed in, the result is a notebook that nbgrader and
formgrader can open.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
from nbgrader.utils import compute_checksum, is_grade, is_locked

from ..course import Assignment, Course, Notebook
from ..errors import CourseError
from ..submission.notebook import Cell, cells
from .outputs import OutputBudget, as_handed_in

VERSION: Final = 2
"""Changes whenever the same submission would become another notebook, so that it is entered again after an update."""

MISSING: Final = "This notebook was not handed in; what you see is the released one."
DAMAGED: Final = "What was handed in cannot be read as a notebook; what you see is the released one."


def read_released(course: Course, assignment: Assignment) -> dict[str, Any]:
    """Read the released notebooks of an assignment; each cell is worth what course.toml says now.

    Returns
    -------
    dict of str to NotebookNode
        By their names.

    Raises
    ------
    CourseError
        When one is missing or damaged.
    """
    folder = _folder(course, assignment)
    released = {notebook.name: _read(folder / f"{notebook.name}.ipynb") for notebook in assignment.notebook}
    for notebook in assignment.notebook:
        _give_points(released[notebook.name], notebook)
    return released


def _give_points(released: Any, notebook: Notebook) -> None:
    """Give the cells the points that course.toml has now, which may have changed after the release."""
    worth = {each.grade_id: each.points for each in notebook.exercises}
    worth |= {each.name: each.points for each in notebook.written}
    for cell in released.cells:
        known = cell.metadata.get("nbgrader", {})
        points = worth.get(known.get("grade_id"))
        if known.get("grade") and points is not None and known.points != points:
            known.points = points
            known.checksum = compute_checksum(cell)  # by which nbgrader sees that nothing was answered


def pictures(course: Course, assignment: Assignment) -> list[Path]:
    """Return the files that were released beside the notebooks: the pictures that these show."""
    beside = sorted(_folder(course, assignment).iterdir())
    return [path for path in beside if path.is_file() and path.suffix != ".ipynb"]


def read_pictures(course: Course, assignment: Assignment) -> dict[str, bytes]:
    """Read the files that `pictures` returns. Name → content."""
    return {path.name: path.read_bytes() for path in pictures(course, assignment)}


def restore(submitted: bytes | None, released: Any) -> Any:
    """Rebuild a submitted notebook from the released one and the student's text.

    A cell that has a name in the release gets the release's metadata. Its source is the release's where the cell is
    locked, and the student's otherwise. A named cell that the student has deleted is put back after the one that comes
    before it in the release. Of copies of a named cell, the last one counts, as in nbgrader. Cells that the student has
    added stay where they are, without metadata.

    Parameters
    ----------
    submitted : bytes or None
        The submitted file; None where none was handed in.
    released : NotebookNode
        The released notebook; not changed.

    Returns
    -------
    NotebookNode
        A notebook whose cells with points have no output. Where the submitted file is missing or cannot be read, it is
        the released notebook without outputs, with a first cell that says so.
    """
    restored = nbformat.NotebookNode({**released, "cells": []})
    try:
        if submitted is None:
            raise ValueError(MISSING)
        restored.cells = list(_merge(list(cells(submitted)), released))
        _insert_missing(restored.cells, released)
    except (ValueError, RecursionError) as error:
        reason = MISSING if str(error) == MISSING else DAMAGED
        restored.cells = [nbformat.v4.new_markdown_cell(f"**{reason}**", id="not-readable")]
        restored.cells += [_clean(cell) for cell in released.cells]
    return restored


def _folder(course: Course, assignment: Assignment) -> Path:
    return course.root / "assignments" / assignment.name


def _read(path: Path) -> Any:
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"The released notebook {path} cannot be read ({error}); run `grader release {path.parent.name}` first."
        ) from None


def _merge(submitted: list[Cell], released: Any) -> Iterator[Any]:
    """Yield the submitted cells in their order, each with the release's metadata or as a new cell without any."""
    known = _named(released)
    last = {cell.grade_id: index for index, cell in enumerate(submitted)}
    budget = OutputBudget()
    for index, cell in enumerate(submitted):
        if cell.grade_id in known and last[cell.grade_id] == index:
            node = _clean(known[cell.grade_id])
            if not is_locked(node):
                node.source = cell.source
        else:
            node = _own_cell(cell, f"own-{index}")
        if cell.attachments and node.cell_type == "markdown":
            node.attachments = nbformat.from_dict(cell.attachments)
        if node.cell_type == "code" and not is_grade(node):  # nbgrader reads points from the outputs of the others
            node.outputs = as_handed_in(cell.outputs, budget)
        yield node


def _own_cell(cell: Cell, name: str) -> Any:
    """Make a cell of one that the student has added.

    nbformat's own functions compare each new cell with a schema, which takes longer than all the rest.
    """
    empty: dict[str, Any] = {"outputs": [], "execution_count": None} if cell.kind == "code" else {}
    made = {"cell_type": cell.kind, "id": name, "metadata": nbformat.NotebookNode(), "source": cell.source}
    return nbformat.NotebookNode({**made, **empty})


def _clean(cell: Any) -> Any:
    """Copy a released cell without its outputs. The copy has the same metadata, which nobody changes."""
    empty: dict[str, Any] = {"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}
    return nbformat.NotebookNode({**cell, **empty})


def _named(notebook: Any) -> dict[str | None, Any]:
    """Collect the cells that have a name for nbgrader, by that name."""
    cells = {_name(cell): cell for cell in notebook.cells}
    return {grade_id: cell for grade_id, cell in cells.items() if grade_id}


def _name(cell: Any) -> str | None:
    """Return nbgrader's name of a cell; None where it has none."""
    name: str | None = cell["metadata"].get("nbgrader", {}).get("grade_id")
    return name


def _insert_missing(cells: list[Any], released: Any) -> None:
    """Insert each named cell that is missing after the named cell that comes before it in the release."""
    position = 0
    names = [_name(cell) for cell in cells]
    for grade_id, cell in _named(released).items():
        if grade_id in names:
            position = names.index(grade_id) + 1
        else:
            cells.insert(position, _clean(cell))
            names.insert(position, grade_id)
            position += 1
