"""The student's command, called as the course's package: it checks solutions and packs them for handing in."""

from __future__ import annotations

import importlib
import importlib.util

import typer

from .check import check
from .here import look_after_folder, run_own_copy
from .pack import pack
from .update import update

HELP = "Check your solutions and pack them for handing in."

app = typer.Typer(add_completion=False, no_args_is_help=True, help=HELP)
app.callback()(look_after_folder)
app.command()(check)
app.command()(pack)
app.command()(update)

if importlib.util.find_spec("utils.commands"):  # a course may have commands of its own
    for command in importlib.import_module("utils.commands").COMMANDS:
        app.command()(command)


def main() -> None:
    """Entry point of the command."""
    run_own_copy()
    app()
