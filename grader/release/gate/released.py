"""Define the input and the output of the gate's clauses: a tree of released files, and a leak."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...course import Course, Exercise
from ...reference import Reference

_TEXT = (".py", ".pyx", ".c", ".h", ".md", ".toml", ".yml", ".svg")


@dataclass(frozen=True, order=True)
class Leak:
    """A reason not to release a file.

    Attributes
    ----------
    path : str
        The file, relative to the released tree.
    cell : int
        For a notebook, the number of the cell, from 1; 0 if the leak concerns the whole file.
    line : int
        The line in the file or the cell, from 1; 0 if the leak concerns all of it.
    sentence : str
        The sentence that says what is wrong.
    """

    path: str
    cell: int
    line: int
    sentence: str

    def __str__(self) -> str:
        cell = f", cell {self.cell}" if self.cell else ""
        line = f", line {self.line}" if self.line else ""
        return f"{self.path}{cell}{line}: {self.sentence}"


@dataclass(frozen=True)
class Text:
    """A text that students can read: a whole file, or one cell of a notebook.

    Attributes
    ----------
    path : str
        The file, as in `Leak`.
    cell : int
        The number of the cell, as in `Leak`.
    text : str
        The text.
    """

    path: str
    cell: int
    text: str


@dataclass(frozen=True)
class Released:
    """A tree of released files, with the sources that it was made from.

    Attributes
    ----------
    tree : mapping of str to bytes
        Contents by path.
    course, reference : Course, Reference
        The sources.
    """

    tree: Mapping[str, bytes]
    course: Course
    reference: Reference

    @cached_property
    def notebooks(self) -> dict[str, Any]:
        """The notebooks as parsed JSON, by path; None for a damaged one."""
        return {path: _notebook(data) for path, data in self.tree.items() if path.endswith(".ipynb")}

    @cached_property
    def texts(self) -> list[Text]:
        """Every text that students can read."""
        files = [
            Text(path, 0, data.decode("utf-8", "replace")) for path, data in self.tree.items() if path.endswith(_TEXT)
        ]
        cells = [
            Text(path, number, "".join(cell["source"]))
            for path, notebook in self.notebooks.items()
            if notebook
            for number, cell in enumerate(notebook["cells"], 1)
        ]
        return files + cells

    @property
    def exercises(self) -> list[Exercise]:
        """The exercises that students write as code, graded or not."""
        return [exercise for _, exercise in self.course.exercises(further=True) if exercise.score is None]


def _notebook(data: bytes) -> Any:
    """Parse a notebook; return None if it has no list of cells that each have a source."""
    try:
        notebook = json.loads(data)
        sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    except (ValueError, TypeError, KeyError):
        return None
    return notebook if isinstance(sources, list) else None


def listed(head: str, items: Sequence[object], noun: str) -> str:
    """Return a sentence with a list below it; ``{}`` in `head` is replaced by the number of items and the noun."""
    many = f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"
    return "\n".join([f"{head.format(many)}:", *(f"  - {item}" for item in items)])
