"""Find out when a submission was handed in, and compute the penalty for handing in late."""

from __future__ import annotations

import math
import os
import re
import stat
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from nbgrader.utils import parse_utc

from ..course import Assignment, Course, Late
from ..submission import ARCHIVES
from ..wording import one_line

BESIDE: Final = ".timestamp.txt"
"""The ending of the file beside a submission that holds its hand-in time: ``hw1.timestamp.txt``."""

_MOST_NAMES: Final = 5  # of students in one sentence
# A space and an offset from UTC. The space has to go: nbgrader would read "12:00 +0200" as 200 seconds.
_OFFSET: Final = re.compile(r" ([+-]\d\d:?\d\d)$")


def hand_in_time(submission: Path) -> datetime | None:
    """Read when a submission was handed in, as written down when it was collected.

    The time stands in a file beside the submission, ``hw1.timestamp.txt``. Where there is none, it stands in the
    submitted folder, in ``timestamp.txt``, which is where nbgrader writes it. Times inside of an archive are not used,
    because students write them, nor are modification times, because copying a file changes them.

    Parameters
    ----------
    submission : Path
        ``submitted/<student>/hw1``, or an archive of that name; it need not exist.

    Returns
    -------
    datetime or None
        In UTC; None where no time is found. A link, a pipe or a file without a date is treated as missing.
    """
    name = next(
        (submission.name.removesuffix(end) for end in ARCHIVES if submission.name.endswith(end)), submission.name
    )
    beside = submission.with_name(f"{name}{BESIDE}")
    return _time_in(beside if os.path.lexists(beside) else submission / "timestamp.txt")


def _time_in(file: Path) -> datetime | None:
    """Read a time from a file, which may lie in a submitted folder and so be anything."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        text = os.read(handle, 100) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    finally:
        os.close(handle)
    return _time_of(text)


@lru_cache(maxsize=4096)
def _time_of(text: bytes) -> datetime | None:
    """Read a time from a text; None where there is none. Those of a class are often the same."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # about an unknown time zone, which is then read as UTC
            time: datetime = parse_utc(_OFFSET.sub(r"\1", text.decode("ascii").strip()))
    except (ValueError, OverflowError):
        return None
    return time.replace(tzinfo=UTC)


def not_charged(course: Course, assignment: Assignment, submissions: Mapping[str, Path]) -> str:
    """Name the students who get no penalty for lateness because their hand-in time is not known.

    Parameters
    ----------
    course : Course
        The course, whose table ``[late]`` says whether there are penalties.
    assignment : Assignment
        The assignment.
    submissions : mapping of str to Path
        Student → submitted folder or archive.

    Returns
    -------
    str
        One sentence; empty where every time is known, or where there are no penalties.
    """
    if not course.late.per_day:
        return ""
    students = [student for student, path in submissions.items() if hand_in_time(path) is None]
    if not students:
        return ""
    who = ", ".join(one_line(student, 60) for student in students[:_MOST_NAMES])
    more = f" and {len(students) - _MOST_NAMES} more" if len(students) > _MOST_NAMES else ""
    return (
        f"No hand-in time is known of {who}{more}, so nothing was taken off for lateness; "
        f"write it into <student>/{assignment.name}{BESIDE} beside what was handed in, as 2027-02-05 23:59:00 UTC."
    )


def late_penalty(late: Late, score: float, seconds_late: float) -> float:
    """Compute the points that are taken off for handing in late.

    Parameters
    ----------
    late : Late
        The table ``[late]`` of course.toml.
    score : float
        Points that were earned.
    seconds_late : float
        Seconds between the due date, with the student's extension, and the time of handing in.

    Returns
    -------
    float
        Points, from 0 to `score`. There is no penalty within `late.grace`. After that, the share `late.per_day` of the
        score is taken off for each day that has begun, and the whole score after `late.days` days.
    """
    days = days_late(late, seconds_late)
    return score if days > late.days else score * min(1.0, late.per_day * days)


def days_late(late: Late, seconds_late: float) -> int:
    """Return how many days have begun since the due date and `late.grace`; 0 for what is not late."""
    return max(0, math.ceil((seconds_late - late.grace_seconds) / 86400))
