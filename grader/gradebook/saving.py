"""Set the scores and comments of a submitted notebook by nbgrader's own rules, and write its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from nbgrader import api
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import is_grade, is_solution

from .submission_rows import CommentRow, GradeRow, NotebookRows

R = TypeVar("R")


def save(rows: NotebookRows, names: tuple[str, str, str], node: Any, written: Path) -> None:
    """Set the scores and comments of one notebook.

    One rule is added to those of SaveAutoGrades: an answer that a person has graded does not have to be graded again,
    as long as neither its text nor its score by program has changed.

    Parameters
    ----------
    rows : NotebookRows
        What the database has; changed in place.
    names : tuple of str
        The names of the notebook, of its assignment and of the student.
    node : NotebookNode
        The annotated notebook; see `annotate`.
    written : Path
        Where the annotated notebook of the previous run is, if there was one.

    Raises
    ------
    nbgrader.api.MissingEntry
        When there is no row for a cell.
    """
    saver = _saver()
    saver.notebook_id, saver.assignment_id, saver.student_id = names
    saver.gradebook = found = _Rows(rows)
    before = _texts(written)
    marked = [cell for cell in node.cells if "nbgrader" in cell["metadata"]]
    for index, cell in enumerate(marked):
        if is_grade(cell):
            grade = found.find_grade(cell.metadata.nbgrader.grade_id, *names)
            score, needed_manual_grade = grade.auto_score, grade.needs_manual_grade
            saver.preprocess_cell(cell, {}, index)
            same = before.get(cell.metadata.nbgrader.grade_id) == cell.source and grade.auto_score == score
            grade.needs_manual_grade = needed_manual_grade if same else grade.needs_manual_grade
        elif is_solution(cell):
            saver.preprocess_cell(cell, {}, index)


@cache
def _saver() -> SaveAutoGrades:
    """Make nbgrader's own saver, once: that takes as long as saving a notebook."""
    return SaveAutoGrades()


def notebook_bytes(node: Any) -> bytes:
    """Return a notebook as the text of its file, in UTF-8.

    It is written as `nbformat.writes` does, with the lines of each cell apart, but without a copy and a comparison with
    the schema, since `restore` and `annotate` make no other cells than those of the schema; and by msgspec, which is
    ten times as fast as `json` is with an indent.
    """
    cells = [{**cell, "source": cell.source.splitlines(keepends=True)} for cell in node.cells]
    return document_bytes({**node, "cells": cells})


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """Return a notebook as the text of its file, in UTF-8; the lines of its cells are apart already."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1) + b"\n"


class _Rows:
    """The part of nbgrader's gradebook that SaveAutoGrades uses, for the rows of one notebook."""

    def __init__(self, rows: NotebookRows) -> None:
        self._rows = rows
        self.db = self

    def commit(self) -> None:
        """Do nothing: the rows are written at the end, in the transaction of the whole submission."""

    def find_grade(self, cell: str, *names: str) -> GradeRow:
        """Return the row with the scores of a cell."""
        return _row(self._rows.grades, cell, names)

    def find_comment(self, cell: str, *names: str) -> CommentRow:
        """Return the row with the comments on a cell."""
        return _row(self._rows.comments, cell, names)


def _row(rows: Mapping[str, R], cell: str, names: tuple[str, ...]) -> R:
    if cell not in rows:
        raise api.MissingEntry(f"No such cell: {'/'.join(names)}/{cell}")
    return rows[cell]


def _texts(path: Path) -> Mapping[str, str]:
    """Read the cells' sources from the previous run's notebook, by cell name; none where it cannot be read."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
        named = [(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"]) for cell in cells]
        return {name: source if isinstance(source, str) else "".join(source) for name, source in named if name}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
