"""Enter the cells of released notebooks, with what they are worth now, into nbgrader's database."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from nbgrader import api
from nbgrader.preprocessors import SaveCells

from ..errors import GradebookError
from .database import one_at_a_time
from .rescaling import rescale


def enter_cells(book: Any, url: str, assignment: str, released: Mapping[str, Any]) -> None:
    """Enter the cells of an assignment that are new or have changed, and let grades follow changed points.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    url : str
        The URL of its database.
    assignment : str
        The assignment's name; the database has it.
    released : mapping of str to NotebookNode
        The released notebooks by their names.

    Raises
    ------
    GradebookError
        When submissions were recorded for an older release with other cells.
    """
    _rescale(book, assignment, released)
    for name, notebook in released.items():
        if not _has_cells_of(book, assignment, name, notebook):
            _save_cells(url, assignment, name, notebook)
    book.db.rollback()  # end the transaction that has read the cells
    _rescale(book, assignment, released)  # those that are new


def _has_cells_of(book: Any, assignment: str, name: str, notebook: Any) -> bool:
    """Whether the cells in the database have the points and checksums of those in the released notebook."""
    try:
        known = book.find_notebook(name, assignment)
    except api.MissingEntry:
        return False
    cells = [cell.metadata.nbgrader for cell in notebook.cells if cell.metadata.get("nbgrader")]
    max_scores = {cell.grade_id: float(cell.points) for cell in cells if cell.grade}
    checksums = {cell.grade_id: cell.get("checksum") for cell in cells}
    return bool(
        {cell.name: cell.max_score for cell in known.grade_cells} == max_scores
        and {cell.name: cell.checksum for cell in known.source_cells} == checksums
    )


def _rescale(book: Any, assignment: str, released: Mapping[str, Any]) -> None:
    """Give the cells in the database the points of the released ones."""
    worth = {
        (name, cell.metadata.nbgrader.grade_id): float(cell.metadata.nbgrader.points)
        for name, notebook in released.items()
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    with one_at_a_time(book.engine, "points") as connection:
        rescale(connection, assignment, worth)


def _save_cells(url: str, assignment: str, name: str, notebook: Any) -> None:
    """Enter a released notebook's cells, as nbgrader's command ``generate_assignment`` does."""
    names = {"assignment": assignment, "notebook": name, "db_url": url}
    try:
        SaveCells().preprocess(copy.deepcopy(notebook), {"nbgrader": names})
    except RuntimeError as error:  # nbgrader raises it where cells were added or removed
        raise GradebookError(
            f"{assignment} cannot be entered into the gradebook: {error}; "
            "move the old gradebook away, or restore the release it was made for."
        ) from error
