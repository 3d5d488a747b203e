"""The course that a command is run in, and what is done for its folder before each command."""

from __future__ import annotations

import sys

import typer

from ..checks.course import Course, find
from ..checks.pack import PackError
from ..workspace.imported import run_again_with
from ..workspace.updating.report import lines
from ..workspace.updating.update import CannotWrite, look_after


def this_course() -> Course:
    """The course that the command is run in; ends the command where there is none."""
    try:
        return find()
    except PackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def look_after_folder() -> None:
    """Finish an update that was interrupted, and bring back what a release was unpacked over."""
    try:
        course = find()
        done = look_after(course.root, course.package)
    except PackError:
        return  # the command says what is missing, if it needs a course
    except CannotWrite as error:
        typer.echo(str(error), err=True)
        return
    if done:
        typer.echo("\n".join(lines(done, course.package)), err=True)


def run_own_copy() -> None:
    """Run the command with the code of the course that it is run in, if the environment has that of another folder."""
    try:
        code = run_again_with(find().root)
    except PackError:
        return
    if code is not None:
        sys.exit(code)
