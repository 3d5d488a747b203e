"""Divide notebooks into cells, and merge two versions: answers and cells of the student stay, new cells come.

Cells are the same in two versions if they have the same name in nbgrader's metadata, or else the same id. A release
gives a cell of text or code that it has changed a new id, so that the student's version, if it was changed, stays
beside the new one.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..syntax import parse
from .merge import CannotMerge, Merged, by_name, merge_pieces

Cell = dict[str, Any]


def merge_notebook(base: bytes, mine: bytes, new: bytes) -> Merged:
    """Merge two versions of a notebook.

    Parameters
    ----------
    base, mine, new : bytes
        The notebook in the release that the student began with, the student's, and that of the newer release. An
        empty `base` says that nothing is known of the earlier release.

    Raises
    ------
    CannotMerge
        When one of them is not a notebook.
    """
    notebooks = [_notebook(data) for data in (base or b'{"cells": []}', mine, new)]
    before, own, given = (list[Cell](notebook["cells"]) for notebook in notebooks)
    sources = {_source(cell): _key(cell) for cell in reversed(before)}

    def named(cells: Sequence[Cell]) -> dict[str, Cell]:
        return by_name(cells, lambda cell: _key(cell) or sources.get(_source(cell), ""))

    merge = _Merge()
    cells = merge_pieces(named(before), named(own), named(given), merge.one)
    if cells == own:
        return Merged(mine, gone=tuple(merge.gone))
    merged = {**notebooks[1], "cells": cells}
    for field in ("nbformat", "nbformat_minor"):
        merged[field] = max(notebook.get(field, 0) for notebook in notebooks)
    _give_ids(cells)
    text = json.dumps(merged, ensure_ascii=False, indent=1, sort_keys=True)  # as Jupyter writes them
    return Merged(f"{text}\n".encode(), tuple(merge.added), tuple(merge.both), tuple(merge.gone))


class _Merge:
    """Merges the cells of one notebook and notes what has happened to them."""

    def __init__(self) -> None:
        self.added: list[str] = []
        self.both: list[str] = []
        self.gone: list[str] = []

    def one(self, name: str, base: Cell | None, mine: Cell | None, new: Cell | None) -> Sequence[Cell]:
        """Merge one cell; see `utils.workspace.updating.merge.merge_pieces`."""
        if new is None:
            return self._without_new(base, mine)
        if mine is None:
            if base is not None and not _graded(new):  # the student has deleted it, and nothing is lost
                return []
            self.added += [name] if _graded(new) else []
            return [new]
        source = _source(mine)
        if source == _source(new) or (base is not None and _source(base) == _source(new)):
            return [_with_answer(new, mine)]
        if base is not None and source == _source(base):
            return [_with_outputs(new, mine)]
        self.both.append(_shown(new))
        if new.get("metadata", {}).get("nbgrader", {}).get("locked"):
            return [new, _plain(mine)]
        return [_with_answer(new, mine), _plain(new)]

    def _without_new(self, base: Cell | None, mine: Cell | None) -> Sequence[Cell]:
        """Merge a cell that the release does not have: it stays if the student has written in it."""
        if mine is None or base is None:
            return [mine] if mine is not None else []
        if _source(mine) == _source(base):
            return []
        self.gone.append(_shown(mine))
        return [_plain(mine)]


def _notebook(data: bytes) -> dict[str, Any]:
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CannotMerge(f"it is not a notebook ({error})") from None
    if not isinstance(notebook, dict) or not _has_cells(notebook):
        raise CannotMerge("it is not a notebook: it has no list of cells")
    return notebook


def _has_cells(notebook: Mapping[str, Any]) -> bool:
    cells = notebook.get("cells")
    return isinstance(cells, list) and all(
        isinstance(cell, dict)
        and isinstance(cell.get("source"), str | list)
        and isinstance(cell.get("metadata", {}), dict)
        and isinstance(cell.get("metadata", {}).get("nbgrader", {}), dict)
        for cell in cells
    )


def _source(cell: Cell) -> str:
    """Return what stands in a cell; on disk it may be one text or a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(map(str, source))


def _graded(cell: Cell) -> bool:
    return "grade_id" in cell.get("metadata", {}).get("nbgrader", {})


def _key(cell: Cell) -> str:
    """Return what a cell is found by in another version of its notebook; ``""`` if it has neither name nor id."""
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") or cell.get("id") or "")


def _shown(cell: Cell) -> str:
    """Return how a student finds a cell: by its name, or by its first line."""
    name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
    first = next((line.strip() for line in _source(cell).splitlines() if line.strip()), "an empty cell")
    return str(name) if name else f'"{first[:60]}"'


def _with_answer(new: Cell, mine: Cell) -> Cell:
    """Return the student's cell as it is, but for the metadata by which it is graded."""
    if mine.get("metadata", {}).get("nbgrader") == new.get("metadata", {}).get("nbgrader"):
        return mine
    metadata = {**mine.get("metadata", {}), **new.get("metadata", {})}
    return {**mine, "metadata": metadata}


def _with_outputs(new: Cell, mine: Cell) -> Cell:
    """Return the release's cell; what the student's has shown stays if the code does the same."""
    if "outputs" not in mine or _code(_source(new)) != _code(_source(mine)):
        return new
    merged = {**new, "metadata": {**mine.get("metadata", {}), **new.get("metadata", {})}}
    merged.update({name: mine[name] for name in ("outputs", "execution_count") if name in mine})
    return merged


def _code(source: str) -> str:
    """Return what code does; its text, where that is not plain Python."""
    try:
        return ast.dump(parse(source))
    except SyntaxError:
        return source


def _plain(cell: Cell) -> Cell:
    """Return a copy of a cell that nobody grades and everybody may change."""
    plain = copy.deepcopy(cell)
    for name in ("nbgrader", "deletable", "editable"):
        plain.get("metadata", {}).pop(name, None)
    plain.pop("id", None)
    return plain


def _give_ids(cells: Sequence[Cell]) -> None:
    """Give each cell an id of its own, as the format of notebooks asks for."""
    taken: set[str] = set()
    for number, cell in enumerate(cells):
        wanted = str(cell.get("id") or f"cell-{number}")
        unique, more = wanted, 1
        while unique in taken:
            more += 1
            unique = f"{wanted[:50]}-{more}"
        cell["id"] = unique
        taken.add(unique)
