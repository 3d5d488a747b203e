"""Read the cells of a submitted notebook, which may hold anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

_KINDS: Final = ("code", "markdown", "raw")
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MOST_CELLS: Final = 2000
"""The most cells of a submitted notebook: nbformat checks each against a schema, which takes time."""
_MOST_VALUES: Final = 2_000_000
"""The most JSON values in the file: an empty list has two bytes there, but takes forty times as many in memory."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]*+={0,2}\s*+")  # possessive quantifiers, so that the time is linear


class Output(NamedTuple):
    """A part of what a submitted cell shows below its code; exactly one of the fields is not empty.

    Attributes
    ----------
    text : str
        Text, or what an error says.
    picture : str
        A picture in base64, which may be anything that base64 can hold.
    left_out : str
        The kind of an output that is neither, as in ``"text/html"``.
    """

    text: str = ""
    picture: str = ""
    left_out: str = ""


class Cell(NamedTuple):
    """The parts of a submitted cell that are used."""

    kind: str
    source: str
    grade_id: str | None
    attachments: dict[str, dict[str, str]]
    outputs: tuple[Output, ...] = ()


def is_notebook(data: bytes) -> bool:
    """Whether the content of a file can be read as a notebook with at least one cell."""
    try:
        return _is_plain_notebook(data) or next(cells(data), None) is not None
    except (ValueError, RecursionError):
        return False


class _PlainCell(msgspec.Struct):
    cell_type: str


class _PlainNotebook(msgspec.Struct):
    cells: list[_PlainCell]


def _is_plain_notebook(data: bytes) -> bool:
    """Whether a quick look is enough to say that a file can be read as a notebook, as it is for nearly all."""
    if _too_many_values(data):
        return False
    try:
        found = msgspec.json.decode(data, type=_PlainNotebook).cells
    except (msgspec.DecodeError, RecursionError):
        return False
    return len(found) <= MOST_CELLS and any(cell.cell_type in _KINDS for cell in found)


def cells(data: bytes) -> Iterator[Cell]:
    """Yield the valid cells of a notebook file; raise ValueError where the file is no notebook or is too large."""
    if _too_many_values(data):
        raise ValueError("too many values")
    notebook = json.loads(data.decode("utf-8-sig"))
    found = notebook.get("cells") if isinstance(notebook, dict) else None
    if not found or not isinstance(found, list):
        raise ValueError("no cells")
    if len(found) > MOST_CELLS:
        raise ValueError("too many cells")
    for cell in found:
        if isinstance(cell, dict) and cell.get("cell_type") in _KINDS:
            yield Cell(
                cell["cell_type"], _text(cell.get("source")), _grade_id(cell), _pictures(cell), tuple(_outputs(cell))
            )


def _too_many_values(data: bytes) -> bool:
    """Whether an upper bound for the number of JSON values is too high, before a parser takes memory for them."""
    # A file with fewer bytes than that need not be searched.
    return len(data) > _MOST_VALUES and sum(map(data.count, (b"[", b"{", b","))) > _MOST_VALUES


def _text(source: object) -> str:
    """Join a cell's source to one string, with surrogates escaped so that it can be encoded as UTF-8."""
    lines: list[Any] = source if isinstance(source, list) else [source]
    try:
        text = "".join(lines)
    except TypeError:
        text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "backslashreplace").decode()


def _grade_id(cell: Any) -> str | None:
    """Read nbgrader's name of a submitted cell, whose metadata may be anything; None where there is none."""
    metadata: Any = cell.get("metadata")
    for key in ("nbgrader", "grade_id"):
        metadata = metadata.get(key) if isinstance(metadata, dict) else None
    return metadata if isinstance(metadata, str) else None


def _pictures(cell: Any) -> dict[str, dict[str, str]]:
    """Take those of a submitted cell's attachments that are pictures."""
    attachments = cell.get("attachments")
    found: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            if kind in PICTURES and isinstance(data, str) and _BASE64.fullmatch(data):
                found.setdefault(_text(name), {})[kind] = data
    return found


def _outputs(cell: Any) -> Iterator[Output]:
    """Take text and pictures from a submitted cell's outputs, each at most once, and name what is neither."""
    outputs = cell.get("outputs") if cell["cell_type"] == "code" else None
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        if "data" in output:
            yield from _displayed(output["data"])
        elif text := _text(output.get("text")) or _error(output):
            yield Output(text)


def _displayed(data: object) -> Iterator[Output]:
    """Take the picture from what an object offers to be shown as, or else its text; never its HTML."""
    kinds = {kind: _text(value) for kind, value in data.items() if value} if isinstance(data, dict) else {}
    picture = next((kinds[kind] for kind in kinds if kind in PICTURES and _BASE64.fullmatch(kinds[kind])), "")
    if picture or kinds.get("text/plain"):
        yield Output(picture=picture) if picture else Output(f"{kinds['text/plain']}\n")
    elif kinds:
        yield Output(left_out=_text(next(iter(kinds))))


def _error(output: Any) -> str:
    """Return what an error's output says: its traceback, or else its name and message."""
    lines = output.get("traceback")
    traceback = "\n".join(map(_text, lines)) if isinstance(lines, list) else ""
    return traceback or ": ".join(filter(None, (_text(output.get("ename")), _text(output.get("evalue")))))
