"""Say when an assignment is due, in the student's own time, and what handing it in late costs."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from utils.checks.assignments import Assignment, LateRule


def due_text(assignment: Assignment, late: LateRule, now: datetime | None = None) -> str:
    """Return the due date in local time, how long there is, or how late it is: ``"due Fri 5 Feb 2027, 23:59 (…)"``.

    Extensions that somebody has been given are not known here.
    """
    now = (now or datetime.now(UTC)).astimezone()
    due = assignment.due.astimezone()
    date = f"{due:%a} {due.day} {due:%b %Y}, {due:%H:%M}"
    return f"due {date} {due:%Z} ({_left(assignment.due, late, now)})".replace("  ", " ")


def is_over(assignment: Assignment, late: LateRule, now: datetime | None = None) -> bool:
    """Whether it is too late to hand anything in."""
    return _days_late(assignment.due, late, now or datetime.now(UTC)) > late.days


def _left(due: datetime, late: LateRule, now: datetime) -> str:
    seconds = (due - now).total_seconds()
    days = (due.astimezone().date() - now.astimezone().date()).days
    if seconds > 0:
        if days == 0 or seconds < 3600:
            hours, minutes = divmod(int(seconds) // 60, 60)
            return f"{hours} h {minutes:02} min left"
        return "tomorrow" if days == 1 else f"{days} days left"
    started = _days_late(due, late, now)
    if started == 0:
        return "the due date is past, but nothing is taken off yet"
    if started > late.days:
        return "too late: nothing is accepted any more"
    cost = min(1.0, late.per_day * started)
    return f"late, day {started} of {late.days}" + (f": {cost:.0%} is taken off" if cost else "")


def _days_late(due: datetime, late: LateRule, now: datetime) -> int:
    """How many days have begun since the due date and its grace."""
    return max(0, math.ceil(((now - due).total_seconds() - late.grace_seconds) / 86400))
