"""Enter the scores and comments of a submitted notebook into the database, by nbgrader's own rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from nbgrader import api
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import is_grade, is_solution


def save(book: Any, names: tuple[str, str, str], node: Any, written: Path) -> None:
    """Enter the scores and comments of one notebook.

    One rule is added to those of SaveAutoGrades: an answer that a person has graded does not have to be graded again,
    as long as neither its text nor its score by program has changed.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
        Inside of a transaction.
    names : tuple of str
        The names of the notebook, of its assignment and of the student.
    node : NotebookNode
        The annotated notebook; see `annotate`.
    written : Path
        Where the annotated notebook of the previous run is, if there was one.
    """
    saver = SaveAutoGrades()
    saver.notebook_id, saver.assignment_id, saver.student_id = names
    saver.gradebook = rows = _Rows(book, names)
    before = _texts(written)
    for index, cell in enumerate(node.cells):
        if is_grade(cell):
            grade = rows.find_grade(cell.metadata.nbgrader.grade_id, *names)
            score, needed_manual_grade = grade.auto_score, grade.needs_manual_grade
            saver.preprocess_cell(cell, {}, index)
            same = before.get(cell.metadata.nbgrader.grade_id) == cell.source and grade.auto_score == score
            grade.needs_manual_grade = needed_manual_grade if same else grade.needs_manual_grade
        elif is_solution(cell):
            saver.preprocess_cell(cell, {}, index)
    book.db.flush()
    book.db.expire_all()  # the database computes a notebook's score from these rows


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
    """The part of nbgrader's gradebook that SaveAutoGrades uses, with the rows of one notebook read at once.

    nbgrader itself reads each row by a query of its own, and commits after each cell.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    names : tuple of str
        As for `save`.
    """

    def __init__(self, book: Any, names: tuple[str, str, str]) -> None:
        notebook = book.find_submission_notebook(*names)

        def by_cell(kind: Any) -> dict[str, Any]:
            query = book.db.query(kind, api.BaseCell.name).join(api.BaseCell, api.BaseCell.id == kind.cell_id)
            return {name: row for row, name in query.filter(kind.notebook_id == notebook.id)}

        self._grades, self._comments = by_cell(api.Grade), by_cell(api.Comment)
        self.db = self

    def commit(self) -> None:
        """Do nothing: the rows are written at the end, in the transaction of the whole submission."""

    def find_grade(self, cell: str, *names: str) -> Any:
        """Return the row with the scores of a cell."""
        return self._row(self._grades, cell, names)

    def find_comment(self, cell: str, *names: str) -> Any:
        """Return the row with the comments on a cell."""
        return self._row(self._comments, cell, names)

    def _row(self, rows: Mapping[str, Any], cell: str, names: tuple[str, ...]) -> Any:
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
