"""Print to the terminal: with colours where it has them, and readable without."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..workspace.progress import Mark

COLOURS = {Mark.RIGHT: "green", Mark.WRONG: "red", Mark.OPEN: "", Mark.UNCHECKED: "yellow", Mark.PARTLY: "yellow"}


def console() -> Console:
    """A console for standard output as it is now; where that is a file, there are no colours."""
    return Console(highlight=False, markup=False, emoji=False)


def marked(mark: Mark) -> Text:
    """A mark in its colour."""
    return Text(mark.value, COLOURS[mark])


def points(number: float) -> str:
    """A number of points without needless digits: ``"7.5"``, ``"3"``."""
    return f"{number:.1f}".removesuffix(".0")


def table(rows: Iterable[tuple[Text, str, str, str]], indent: int = 2) -> Table:
    """A table of a mark, a name, points and a note; in a narrow terminal names and notes are folded."""
    made = Table.grid(padding=(0, 1), pad_edge=False)
    made.add_column(width=indent)
    made.add_column(width=1)
    made.add_column(overflow="fold")
    made.add_column(justify="right", no_wrap=True, style="dim")
    made.add_column(overflow="fold", ratio=1)
    for mark, name, worth, note in rows:
        made.add_row("", mark, name, worth, Text(note, "dim"))
    return made
