"""Print the report on one submission, and the script that explains an answer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..errors import UnusableInput
from ..report import Report
from ..wording import WORDING, one_line, points
from .roster import STYLES

if TYPE_CHECKING:
    pass


def report(graded: Report) -> Group:
    """Show the report of one submission: a row for each exercise, the remarks, and the total."""
    table = Table(box=None, pad_edge=False)
    table.add_column()
    table.add_column("exercise", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what was found")
    for verdict in graded.exercises:
        style = STYLES.get(verdict.verdict, "red")
        earned = f"{points(verdict.score)} / {points(verdict.max_score)}"
        hints = [
            f"{finding.aspect}: {finding.hint}" if finding.aspect else finding.hint
            for finding in verdict.findings
            if finding.hint
        ]
        hints += [verdict.loss_in_words] if verdict.lost else []
        table.add_row(Text(WORDING[verdict.verdict].symbol, style), verdict.name, earned, _listed(hints))
    total = Text(f"\n{points(graded.score)} of {points(graded.max_score)} points, run in: {graded.sandbox}", "bold")
    return Group(table, _listed(graded.remarks), total)


def _listed(sentences: Sequence[str]) -> Table:
    """List sentences that may quote a submission. They are indented, so that none can imitate a line of the grader."""
    table = Table.grid(padding=(0, 1))
    for sentence in sentences:
        table.add_row("·", Text(one_line(sentence)))
    return table


def explanation(script: str, out: Path | None) -> None:
    """Print a script, or write it to a file and say so.

    Raises
    ------
    UnusableInput
        When the file cannot be written.
    """
    if out is None:
        sys.stdout.write(script)
        return
    try:
        out.write_text(script, "utf-8")
    except OSError as error:
        raise UnusableInput(f"{out} cannot be written ({error.strerror}); choose another file.") from None
    Console().print(f"Written: {out}. It is for this student; it shows one hidden case.", markup=False, soft_wrap=True)
