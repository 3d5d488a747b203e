"""Running code that may be missing or broken: the explorer says so and stays alive."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

from ..checks.course import find
from ..checks.pack import PackError
from ..checks.program import describe_crash, seeded
from .time_limit import WATCH, TimeUp

PACKAGE = "nndl"  # whichever folder it is in: a lecture may run solutions/nndl
SECONDS = 10.0  # the time limit where the course sets none


class Trouble(Exception):
    """What stands in the way, as HTML for the widget."""


@contextmanager
def running(seed: int) -> Iterator[None]:
    """Run a student's code from fixed random numbers and for a limited time; what it raises becomes a `Trouble`.

    Parameters
    ----------
    seed : int

    Raises
    ------
    Trouble
        Naming the exercise that is missing, or the student's line that raised or did not end, and the shapes of its
        operands.
    """
    try:
        with (
            WATCH.limited(time_limit()),
            seeded(seed),
            np.errstate(all="ignore"),  # an explosion is what some settings are there to show
        ):
            yield
    except (Trouble, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # SystemExit, too: `exit()` in a student's file ends no thread of ours
        raise Trouble(explain(error)) from error


@cache
def time_limit() -> float:
    """Seconds that a student's code may take for one picture or one step of training: those of the course's checks."""
    try:
        limits = getattr(find(), "limits", None)
    except PackError:  # an explorer needs no course
        limits = None
    return float(getattr(limits, "seconds", SECONDS))


def explain(error: BaseException) -> str:
    """An exception of a student's code as HTML."""
    if isinstance(error, Trouble):
        return str(error)
    crash = describe_crash(error, PACKAGE)
    if isinstance(error, TimeUp):
        there = f" (there: {crash.shapes})" if crash.shapes else ""
        return (
            f"<b>Your code did not end within {time_limit():g} seconds.</b> It was stopped "
            f"{html.escape(f'{crash.place}{there}')}. Is there a loop that never stops? "
            "Mend it, save the file, and press <i>Run again</i>."
        )
    if crash.missing:
        return (
            f"<b>{html.escape(crash.entered or 'This')} is not written yet.</b> This explorer runs your own code: "
            "write it, save the file, and press <i>Run again</i>."
        )
    return f"<b>Your code raised an error.</b><br><code>{html.escape(str(crash))}</code>"
