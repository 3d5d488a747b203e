"""Collect what a student has handed in for a question: the answer, and what the cells around it show."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import nbformat

from ..gradebook.outputs import LABEL, OutputBudget, reencoded
from ..gradebook.restore import MISSING
from .questions import grade_id

_MOST_SHOWN: Final = 40
"""The most outputs that a page shows of the cells around an answer."""


@dataclass(frozen=True)
class Shown:
    """What a cell shows; one of the fields is empty.

    Attributes
    ----------
    text : str
        Untrusted.
    picture : str
        A PNG picture in base64, encoded by the grader.
    """

    text: str = ""
    picture: str = ""


@dataclass(frozen=True)
class CodeCell:
    """A code cell near an answer, with what it shows."""

    source: str
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Answer:
    """What a student has handed in for a question.

    Attributes
    ----------
    text : str
        Markdown; untrusted.
    pictures : dict of str to str
        The attached pictures: name → PNG in base64, encoded by the grader.
    around : tuple of CodeCell
        The code cells of the same section that show something.
    trouble : str
        A sentence where the notebook cannot be shown; empty otherwise.
    """

    text: str = ""
    pictures: dict[str, str] | None = None
    around: tuple[CodeCell, ...] = ()
    trouble: str = ""


@lru_cache(maxsize=64)
def read_answer(notebook: bytes | None, question: str) -> Answer:
    """Read an answer from an annotated notebook.

    Parameters
    ----------
    notebook : bytes or None
        The file in the folder ``autograded``; None where there is none.
    question : str
        The name of the question's cell.

    Returns
    -------
    Answer
    """
    try:
        cells = nbformat.reads((notebook or b"").decode(), as_version=4).cells
        place = next(number for number, cell in enumerate(cells) if grade_id(cell) == question)
    except (ValueError, StopIteration, AttributeError):
        return Answer(trouble="The notebook in autograded/ cannot be read; run grader grade again.")
    budget = OutputBudget()
    trouble = MISSING if any(MISSING in cell.source for cell in cells[:3]) else ""
    around = tuple(_around(cells, place))
    return Answer(cells[place].source, _attached(cells[place], budget), around, trouble)


def _around(cells: Sequence[Any], place: int) -> Iterator[CodeCell]:
    """Yield the code cells that show something, from the heading before an answer to the next heading."""
    left = _MOST_SHOWN
    for cell in cells[_section_start(cells, place) : _section_end(cells, place)]:
        if cell.cell_type == "code" and not grade_id(cell):
            shown = tuple(_shown(cell))[:left]
            left -= len(shown)
            if shown:
                yield CodeCell(cell.source, shown)


def _section_start(cells: Sequence[Any], place: int) -> int:
    """Return where the section begins; the answer before it ends the one before, so that no plot is shown twice."""
    for number in range(place - 1, -1, -1):
        if _begins_section(cells[number]):
            return number
        between = cells[number + 1 : place]
        shows = any(cell.get("outputs") and not grade_id(cell) for cell in between)
        # What is shown between two answers belongs to the second; without any, both are about the same plots.
        if shows and cells[number].cell_type == "markdown" and grade_id(cells[number]):
            return number + 1
    return 0


def _section_end(cells: Sequence[Any], place: int) -> int:
    """Return where the released text goes on after an answer; cells that the student has added come before."""
    for number in range(place + 1, len(cells)):
        if grade_id(cells[number]) or cells[number].cell_type == "markdown":
            return number
    return len(cells)


def _begins_section(cell: Any) -> bool:
    return cell.cell_type == "markdown" and not grade_id(cell) and cell.source.startswith(("# ", "## "))


def _shown(cell: Any) -> Iterator[Shown]:
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            yield Shown(text=output.text)
        elif output.output_type == "display_data" and "image/png" in output.data:
            yield Shown(picture=output.data["image/png"])
        elif output.get("data", {}).get("text/plain", LABEL) != LABEL:
            yield Shown(text=output.data["text/plain"])


def _attached(cell: Any, budget: OutputBudget) -> dict[str, str]:
    """Encode an answer's attached pictures again."""
    found: dict[str, str] = {}
    for name, bundle in cell.get("attachments", {}).items():
        for data in bundle.values():
            try:
                made = reencoded(base64.b64decode(data), budget)
            except binascii.Error:
                made = None
            if made is not None:
                found[name] = base64.b64encode(made).decode()
    return found
