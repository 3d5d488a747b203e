"""When something was handed in, and what it costs to be late."""

from __future__ import annotations

import math
import os
import re
import stat
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nbgrader.utils import parse_utc

from ..course import Late

_OFFSET: Final = re.compile(r" ([+-]\d\d:?\d\d)$")  # apart from the time, nbgrader takes +0200 for 200 seconds


def handed_in(folder: Path) -> datetime | None:
    """The time in nbgrader's ``timestamp.txt``.

    Parameters
    ----------
    folder : Path
        A submission. It is not trusted: a link, a pipe or a file without a date in it counts for nothing.

    Returns
    -------
    datetime or None
        In UTC; None where no time can be found.
    """
    try:
        handle = os.open(folder / "timestamp.txt", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        text = os.read(handle, 100) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    finally:
        os.close(handle)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of unknown letters behind a time: then it is UTC
            time: datetime = parse_utc(_OFFSET.sub(r"\1", text.decode("ascii").strip()))
    except (ValueError, OverflowError):
        return None
    return time.replace(tzinfo=UTC)


def late_penalty(late: Late, score: float, seconds_late: float) -> float:
    """Points taken off for handing in late.

    Parameters
    ----------
    late : Late
        course.toml's table ``[late]``.
    score : float
        Points that were earned.
    seconds_late : float
        Since the due date, extensions counted.

    Returns
    -------
    float
        In [0, score]: nothing up to `late.grace`; then `late.per_day` of the score for each started day, counted from
        the due date's end of grace; everything after `late.days` days.
    """
    beyond = seconds_late - late.grace_seconds
    if beyond <= 0:
        return 0.0
    days = math.ceil(beyond / 86400)
    return score if days > late.days else score * min(1.0, late.per_day * days)
