"""Define the instructor's command ``grader``.

Each subcommand parses its options, calls a function, and prints the result. It holds no logic of its own, so that tests
can call the same functions. Modules are imported inside the subcommands: importing nbgrader alone takes a second, and
every process that grades imports this package again.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from .. import version
from ..errors import GraderError
from ..wording import visible
from . import course_files, decide, exchange, grading

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Release, grade and give feedback.")
console = Console(stderr=True)


def _print_version(wanted: bool) -> None:
    """Print the version and stop, if ``--version`` is given."""
    if wanted:
        Console().print(f"grader {version()}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Release, grade and give feedback."""


# In the order in which an instructor meets them.
app.command()(course_files.release)
app.command(name="new-course")(course_files.start_course)
app.command(name="new-exercise")(course_files.start_exercise)
app.command(name="check-course")(course_files.check_course)
app.command()(exchange.collect)
app.command()(grading.check)
app.command()(grading.grade)
app.command()(grading.desk)
app.add_typer(decide.app, name="decide")
app.command()(grading.explain)
app.command()(exchange.export)
app.command()(grading.doctor)
app.command()(course_files.prove)
app.command()(course_files.hints)
app.command()(course_files.book)
app.command(name="demo")(grading.make_demo)


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command; an error of the grader is printed as one line and gives its exit code."""
    command: Any = typer.main.get_command(app)
    try:
        sys.exit(command(args, standalone_mode=True))
    except GraderError as error:
        # The message may quote a stranger's file name: control characters are shown, and Rich's markup is off.
        console.print(f"grader: {visible(str(error))}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        console.print("\nStopped. What was graded is kept; run the same command again to go on.")
        sys.exit(130)
