"""When something was handed in, and what it costs to be late."""

from __future__ import annotations

import math
import os
import re
import stat
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nbgrader.utils import parse_utc

from ..course import Assignment, Course, Late
from ..submission import ARCHIVES
from ..wording import one_line

BESIDE: Final = ".timestamp.txt"
_NAMED: Final = 5
_OFFSET: Final = re.compile(r" ([+-]\d\d:?\d\d)$")  # apart from the time, nbgrader takes +0200 for 200 seconds


def hand_in_time(submission: Path) -> datetime | None:
    """When something was handed in, as whoever collected it wrote down.

    That stands beside the submission, in ``hw1.timestamp.txt``; or else, as nbgrader collects, in ``timestamp.txt`` in
    a folder. Nothing that an archive holds is asked, nor when a file was last changed: students write the one, and
    copying changes the other.

    Parameters
    ----------
    submission : Path
        ``submitted/<student>/hw1`` or an archive of that name, which need not exist.

    Returns
    -------
    datetime or None
        In UTC; None where no time can be found. A link, a pipe or a file without a date in it counts for nothing.
    """
    name = next(
        (submission.name.removesuffix(end) for end in ARCHIVES if submission.name.endswith(end)), submission.name
    )
    beside = submission.with_name(f"{name}{BESIDE}")
    return _time_in(beside if os.path.lexists(beside) else submission / "timestamp.txt")


def _time_in(file: Path) -> datetime | None:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
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


def not_charged(course: Course, assignment: Assignment, submissions: Mapping[str, Path]) -> str:
    """Say whose lateness cannot be charged because nobody wrote down when they handed in.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    submissions : mapping of str to Path
        By student.

    Returns
    -------
    str
        One sentence; empty where every time is known, or where being late costs nothing.
    """
    if not course.late.per_day:
        return ""
    students = [student for student, path in submissions.items() if hand_in_time(path) is None]
    if not students:
        return ""
    who = ", ".join(one_line(student, 60) for student in students[:_NAMED])
    more = f" and {len(students) - _NAMED} more" if len(students) > _NAMED else ""
    return (
        f"No hand-in time is known of {who}{more}, so nothing was taken off for lateness; "
        f"write it into <student>/{assignment.name}{BESIDE} beside what was handed in, as 2027-02-05 23:59:00 UTC."
    )


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
