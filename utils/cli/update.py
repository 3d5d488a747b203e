"""The command ``update``: bring a newer release of the course into this folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..workspace.updating import update as workspace
from ..workspace.updating.download import fetch, is_address
from ..workspace.updating.release import UnusableRelease, read_release
from ..workspace.updating.report import lines
from .here import this_course


def update(
    release: Annotated[
        str | None,
        typer.Argument(
            metavar="RELEASE", help="The new release: its zip, its address (https://…), or a folder it was unpacked to."
        ),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last update back.")] = False,
) -> None:
    """Bring a newer release of the course into this folder; what you wrote stays.

    New assignments and exercises come, given files are renewed, and your functions and answers stay as they are. What
    was there before is kept in backups/. Save and close your notebooks first.
    """
    course = this_course()
    if undo == (release is not None):
        typer.echo("Give the new release (a zip, an address or a folder), or --undo.", err=True)
        raise typer.Exit(2)
    try:
        if undo:
            done = workspace.undo(course.root, course.package)
        else:
            done = workspace.update(course.root, course.package, read_release(_source(str(release))))
    except (UnusableRelease, workspace.CannotWrite) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if done is None or not done.backup:
        typer.echo("There is no update to take back." if undo else "Nothing to do: this release is here already.")
        return
    typer.echo(f"Taken back: {done.backup.title}." if undo else "The release is in this folder.")
    typer.echo("\n".join(lines(done, course.package)))


def _source(release: str) -> Path | bytes:
    """Return the path of a release, or its bytes if it is given as an address."""
    if not is_address(release):
        return Path(release).expanduser()
    data = fetch(release, _progress if sys.stderr.isatty() else lambda done, size: None)
    if sys.stderr.isatty():
        typer.echo("", err=True)
    return data


def _progress(done: int, size: int | None) -> None:
    of = f" of {size / 1e6:.1f}" if size else ""
    typer.echo(f"\rDownloading: {done / 1e6:.1f}{of} MB", err=True, nl=False)
