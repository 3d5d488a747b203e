"""The command ``nndl data``: the pictures that the notebooks use, and what ``nndl doctor`` says of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from .checks.course import Course
from .errors import DataError
from .workspace.doctor import Finding


def data(
    offline: Annotated[
        bool, typer.Option("--offline", help="Download nothing; say how to work with the drawn pictures.")
    ] = False,
    folder: Annotated[Path | None, typer.Option(help="Where to put it; the cache of this user by default.")] = None,
) -> None:
    """Download CIFAR-10, the photographs that the notebooks use (163 MiB), unless it is there.

    Stop it at any time: the next call goes on with what has arrived. Without it, the notebooks use drawn pictures that
    are about as hard to learn. Exits with 2 when it cannot be downloaded.
    """
    if offline:
        typer.echo(_about_offline())
        return
    try:
        place = _find()
        if place is None or folder is not None:
            from .download import download_CIFAR10  # requests and pooch, which the other commands need not load

            place = download_CIFAR10(folder)
        typer.echo(f"CIFAR-10 is in {place}.")
    except DataError as error:
        typer.echo(f"{error}\n{_about_offline()}", err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        typer.echo("\nStopped; nndl data goes on with what has arrived.", err=True)
        raise typer.Exit(2) from None
    if folder is not None:
        typer.echo(f"To have the notebooks find it, set the environment variable NNDL_DATA to {folder}.")


def examine_data(course: Course) -> Iterator[Finding]:
    """Say which pictures the notebooks will use."""
    try:
        place = _find()
    except DataError as error:
        yield Finding("✗", str(error))
        return
    if place:
        yield Finding("✓", f"CIFAR-10 is in {place}.")
    elif os.environ.get("NNDL_DATA") == "offline":
        yield Finding("✓", "The notebooks use the drawn pictures, as NNDL_DATA says.")
    else:
        yield Finding("○", "CIFAR-10 is not here, so the notebooks use drawn pictures. To download it: nndl data")


def _find() -> Path | None:
    from .cifar10 import find_cifar10

    return find_cifar10()


def _about_offline() -> str:
    return (
        "Where CIFAR-10 is absent, the notebooks draw pictures of the same shapes, which are about as hard to learn; "
        "nothing has to be downloaded, and all of the work can be done with them. To use them although CIFAR-10 is "
        "there, set the environment variable NNDL_DATA to offline."
    )
