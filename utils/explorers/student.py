"""Running code that may be missing or broken: the explorer says so and stays alive."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from IPython.extensions.autoreload import superreload

from ..checks.program import describe_crash, seeded

PACKAGE = "nndl"  # whichever folder it is in: a lecture may run solutions/nndl


class Trouble(Exception):
    """What stands in the way, as HTML for the widget."""


@contextmanager
def running(seed: int) -> Iterator[None]:
    """Run a student's code from fixed random numbers; what it raises becomes a `Trouble`.

    Parameters
    ----------
    seed : int

    Raises
    ------
    Trouble
        Naming the exercise that is missing, or the student's line that raised and the shapes of its operands.
    """
    try:
        with seeded(seed), np.errstate(all="ignore"):  # an explosion is what some settings are there to show
            yield
    except Trouble:
        raise
    except Exception as error:
        raise Trouble(explain(error)) from error


class Sources:
    """The files of a student's package, to load anew what was saved since.

    Parameters
    ----------
    thing : object
        A module, or a class of one, of the package.
    """

    def __init__(self, thing: object) -> None:
        name = getattr(thing, "__module__", None) or getattr(thing, "__name__", "")
        self._package = str(name).rpartition(".")[0]
        self._seen = dict(self._times())

    def refresh(self) -> None:
        """Load changed files; classes and functions that somebody holds are brought up to date where they are.

        Raises
        ------
        Trouble
            When a file cannot be loaded.
        """
        for name, changed in list(self._times()):
            if self._seen.get(name) == changed:
                continue
            try:
                superreload(sys.modules[name], old_objects=_OLD)
            except Exception as error:  # anything can happen while a student's file is imported
                raise Trouble(explain(error)) from error
            self._seen[name] = changed

    def _times(self) -> Iterator[tuple[str, float]]:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if self._package and file and name.startswith(f"{self._package}."):
                with suppress(OSError):
                    yield name, Path(file).stat().st_mtime


_OLD: dict[Any, Any] = {}  # what superreload keeps of former versions


def explain(error: BaseException) -> str:
    """An exception of a student's code as HTML."""
    if isinstance(error, Trouble):
        return str(error)
    crash = describe_crash(error, PACKAGE)
    if crash.missing:
        return (
            f"<b>{html.escape(crash.entered or 'This')} is not written yet.</b> This explorer runs your own code: "
            "write it, save the file, and press <i>Run again</i>."
        )
    return f"<b>Your code raised an error.</b><br><code>{html.escape(str(crash))}</code>"


def beside(thing: type, name: str) -> Any:
    """What the module of a student's class calls `name`.

    Raises
    ------
    Trouble
        When it has no such name.
    """
    module = sys.modules[thing.__module__]
    try:
        return getattr(module, name)
    except AttributeError:
        raise Trouble(f"<b>{html.escape(thing.__module__)} has no {html.escape(name)}.</b> Import it there.") from None
