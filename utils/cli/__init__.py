"""The student's command, called as the course's package: where one is, what is next, checks, and handing in."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import typer

from .check import check
from .doctor import doctor
from .here import look_after_folder, run_own_copy
from .lab import lab
from .next import next_exercise
from .pack import pack
from .status import status
from .update import update

HELP = "See where you are, check your solutions and pack them for handing in."

app = typer.Typer(add_completion=False, no_args_is_help=True, help=HELP)
app.callback()(look_after_folder)
app.command()(status)
app.command("next")(next_exercise)
app.command()(lab)
app.command()(check)
app.command()(pack)
app.command()(update)
app.command()(doctor)

if importlib.util.find_spec("utils.commands"):  # a course may have commands of its own
    for command in importlib.import_module("utils.commands").COMMANDS:
        app.command()(command)


def main() -> None:
    """Entry point of the command."""
    run_own_copy()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ✓ shows ? in its place, and goes on
    app()
