"""Say under each heading of a notebook how long its section takes: to read, to write, and to run.

Reading follows from the number of words, writing from the points, and running from what was measured with the
reference, which ``solutions/running_times.json`` keeps (``python -m benchmarks.running_times`` writes it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from ..course import Course

RECORD = "running_times.json"
WORDS_PER_MINUTE = 100
"""Text with formulas is read at less than half the speed of a novel."""
MINUTES_PER_TASK = 10
"""For a cell that students fill in and that earns no points."""
SHORTEST = 2.0
"""Seconds; what runs for less is not mentioned."""

_SECTION = re.compile(r"^## +(.*?) *$", re.MULTILINE)
_TITLE = re.compile(r"^# +(.*?) *$", re.MULTILINE)


@dataclass
class Section:
    """What a section of a notebook asks for.

    Attributes
    ----------
    cell : NotebookNode
        The cell that holds its heading.
    words : int
        How many words there are to read.
    points, tasks : float, int
        What its exercises and questions are worth, and how many cells besides them are to be filled in.
    """

    cell: NotebookNode
    words: int = 0
    points: float = 0.0
    tasks: int = 0

    def minutes(self, per_point: float) -> tuple[int, int]:
        """Return how many minutes it takes to read, and to write."""
        reading = max(1, rounded(self.words / WORDS_PER_MINUTE))
        return reading, rounded(self.points * per_point + self.tasks * MINUTES_PER_TASK)


def rounded(minutes: float) -> int:
    """Round a duration as people say it: to the minute below ten, to five minutes above."""
    return round(minutes) if minutes < 10 else 5 * round(minutes / 5)


def running(seconds: float) -> str:
    """Say how long a computer needs: ``"5 s"``, ``"40 s"``, ``"2 min"``."""
    if seconds < 10:
        return f"{round(seconds)} s"
    return f"{10 * round(seconds / 10)} s" if seconds < 55 else f"{max(1, round(seconds / 60))} min"


def sections(cells: Iterable[NotebookNode]) -> dict[str, Section]:
    """Return the sections of a notebook by their headings; a section begins with a heading of the second level."""
    found: dict[str, Section] = {}
    here: Section | None = None
    for cell in cells:
        known = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and not known:
            if heading := _SECTION.search(cell.source):
                here = found[heading[1]] = Section(cell)
            if here:
                here.words += len(cell.source.split())
        if here:
            here.points += known.get("points", 0)
            here.tasks += bool(known.get("solution") and not known.get("grade"))
    return found


def add_times(notebook: NotebookNode, seconds: Mapping[str, float], per_point: float) -> None:
    """Write below each heading of the second level how long its section takes, and below the title how long all does.

    Parameters
    ----------
    notebook : NotebookNode
        The source notebook, which is changed.
    seconds : mapping of str to float
        How long the cells of each section run, by its heading.
    per_point : float
        Minutes that a point of an exercise or a question takes.
    """
    total = 0
    for heading, section in sections(notebook.cells).items():
        reading, writing = section.minutes(per_point)
        total += reading + writing
        parts = [f"{reading} min to read", *([f"{writing} min to write"] if writing else [])]
        if seconds.get(heading, 0.0) >= SHORTEST:
            parts.append(f"{running(seconds[heading])} to run")
        _below(section.cell, _SECTION, f"*Time: {', '.join(parts)}.*")
    if total:
        hours = max(0.5, round(total / 30) / 2)
        _below(notebook.cells[0], _TITLE, f"*Time for all of it: about {hours:g} hour{'' if hours == 1 else 's'}.*")


def measured(course: Course) -> dict[str, dict[str, float]]:
    """Return the seconds that were measured: by notebook, ``"hw1/intro"``, and by heading."""
    path = course.secret / RECORD
    if not path.is_file():
        return {}
    record: dict[str, dict[str, float]] = json.loads(path.read_text("utf-8"))
    return record


def _below(cell: NotebookNode, heading: re.Pattern[str], line: str) -> None:
    """Insert a line below the first heading of a cell."""
    cell.source = heading.sub(lambda match: f"{match[0]}\n\n{line}", cell.source, count=1)
