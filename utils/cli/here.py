"""The course that a command is run in."""

from __future__ import annotations

import typer

from ..checks.course import Course, find
from ..checks.pack import PackError


def this_course() -> Course:
    """The course that the command is run in; ends the command where there is none."""
    try:
        return find()
    except PackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
