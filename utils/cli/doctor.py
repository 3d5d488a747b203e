"""The command ``doctor``: whether all is well where one works, and what to do about it."""

from __future__ import annotations

import typer
from rich.text import Text

from ..workspace.doctor import examine
from .here import this_course
from .screen import console

_COLOURS = {"✓": "green", "✗": "red", "○": "yellow"}


def doctor() -> None:
    """Look whether all is well: Python, packages, notebooks, files, disk, and what the course needs besides.

    Exits with 1 when something has to be mended.
    """
    out, bad = console(), 0
    for finding in examine(this_course()):
        out.print(Text(f"{finding.mark} ", _COLOURS[finding.mark]) + finding.text, soft_wrap=True)
        bad += finding.mark == "✗"
    if bad:
        typer.echo(f"\n{bad} {'thing has' if bad == 1 else 'things have'} to be mended.")
        raise typer.Exit(1)
