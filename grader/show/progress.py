"""Show how far a run over a class is: a bar in a terminal, and a line now and then in a pipe or a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from ..classrun.grading import Graded
from ..classrun.progress import Progress, duration

SECONDS_BETWEEN_LINES: Final = 30.0


class Shown:
    """Takes the results of a run, and shows the state after each.

    Parameters
    ----------
    progress : Progress
    console : Console
        What is written to.
    what : str
        What is being done: ``"grading hw1"``.
    bar : rich.progress.Progress, optional
        The bar; without one, lines are printed.
    """

    def __init__(self, progress: Progress, console: Console, what: str, bar: Bar | None) -> None:
        self._progress, self._console, self._what, self._bar = progress, console, what, bar
        self._task = bar.add_task(what, total=progress.total, state="") if bar else None
        self._printed, self._said = time.monotonic(), -1

    def add(self, graded: Graded, trouble: str) -> None:
        """Take a result, as `classrun.run.run` passes it."""
        self._progress.add(graded, trouble)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._progress.done, state=self._state())
        elif time.monotonic() - self._printed >= SECONDS_BETWEEN_LINES:
            self.line()

    def line(self) -> None:
        """Print a line about the state."""
        self._printed, self._said = time.monotonic(), self._progress.done
        text = f"{self._what}: {self._progress.in_words}."
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def last_line(self) -> None:
        """Print a line, unless the state has not changed since the last one."""
        if self._said != self._progress.done:
            self.line()

    def _state(self) -> str:
        left = self._progress.seconds_left
        end = "" if left is None else f", {duration(left)} left"
        return f"{self._progress.per_minute:,.0f} a minute{end}   {self._progress.counts}"


@contextmanager
def shown(progress: Progress, what: str) -> Iterator[Shown]:
    """Show a run while the ``with`` statement lasts, on the standard error stream."""
    console = Console(stderr=True)
    if not console.is_terminal:
        lines = Shown(progress, console, what, None)
        yield lines
        lines.last_line()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn())
    state = TextColumn("{task.fields[state]}", markup=False)
    with Bar(*columns, state, console=console) as bar:
        yield Shown(progress, console, what, bar)
