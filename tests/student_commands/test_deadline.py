"""When an assignment is due, in the student's own time, and what handing it in late costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from grader.course import Late
from grader.gradebook.lateness import late_penalty
from utils.checks.assignments import Assignment, LateRule
from utils.workspace.deadline import due_text, is_over

DUE = datetime(2027, 2, 5, 23, 30, tzinfo=UTC)
A1 = Assignment("a1", "Layers", DUE, ())
RULE = LateRule(grace_seconds=7200, per_day=0.1, days=5)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of a student in Berlin, where the due date is half an hour past midnight."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("now", "left"),
    [
        (datetime(2027, 1, 31, 12, tzinfo=UTC), "6 days left"),
        (datetime(2027, 2, 4, 12, tzinfo=UTC), "2 days left"),
        (datetime(2027, 2, 5, 12, tzinfo=UTC), "tomorrow"),
        (datetime(2027, 2, 5, 22, 45, tzinfo=UTC), "0 h 45 min left"),
        (datetime(2027, 2, 5, 23, 29, 30, tzinfo=UTC), "0 h 00 min left"),
        (DUE + timedelta(hours=1), "the due date is past, but nothing is taken off yet"),
        (DUE + timedelta(hours=3), "late, day 1 of 5: 10% is taken off"),
        (DUE + timedelta(days=2), "late, day 2 of 5: 20% is taken off"),
        (DUE + timedelta(days=5, hours=1), "late, day 5 of 5: 50% is taken off"),
        (DUE + timedelta(days=6), "too late: nothing is accepted any more"),
    ],
)
def test_the_due_date_is_told_in_local_time(now: datetime, left: str) -> None:
    assert due_text(A1, RULE, now) == f"due Sat 6 Feb 2027, 00:30 CET ({left})"
    assert is_over(A1, RULE, now) == left.startswith("too late")


@pytest.mark.usefixtures("berlin")
def test_the_zone_is_that_of_the_day() -> None:
    summer = Assignment("a1", "", datetime(2027, 7, 1, 12, tzinfo=UTC), ())
    assert due_text(summer, RULE, DUE).startswith("due Thu 1 Jul 2027, 14:00 CEST")


@pytest.mark.parametrize("hours", [-1, 0, 1, 2, 2.5, 26, 26.5, 100, 122, 122.5, 500])
def test_the_cost_is_what_the_grader_takes_off(hours: float) -> None:
    """Both halves compute it for themselves, because students do not have the grader."""
    text = due_text(A1, RULE, DUE + timedelta(hours=hours))
    cost = late_penalty(Late(grace="2h", per_day=0.1, days=5), 1.0, hours * 3600)
    said = 1.0 if "nothing is accepted" in text else float(text.partition(": ")[2].partition("%")[0] or 0) / 100
    assert said == pytest.approx(cost)


def test_where_late_costs_nothing_no_cost_is_told() -> None:
    assert "(late, day 1 of 7)" in due_text(A1, LateRule(), DUE + timedelta(hours=1))
