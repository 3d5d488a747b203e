"""How `benchmarks.profile_grading` divides a submission's time."""

from __future__ import annotations

import time

import pytest
from here import COURSE

from benchmarks.profile_grading import PARTS, Stopwatch, profile, table


def test_each_part_is_timed_without_those_inside_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    watch = Stopwatch()
    with watch.part(PARTS[0]):
        now += 1
        with watch.part(PARTS[1]):
            now += 10
            with watch.part(PARTS[2]):
                now += 100
        with watch.part(PARTS[1]):
            now += 1000
    assert [watch.seconds[part] for part in PARTS[:3]] == [1, 1010, 100]
    assert sum(watch.seconds.values()) == now


def test_the_table_has_all_parts_and_the_share_of_the_floor() -> None:
    lines = table({"right": dict.fromkeys(PARTS, 0.01)}).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:-2]] == [*PARTS]
    assert lines[-2].endswith(f"| {10 * len(PARTS)} |")
    assert lines[-1].endswith(f"| {200 / len(PARTS):.0f} % |")


@pytest.mark.slow
def test_the_time_of_real_submissions_is_divided_into_all_parts() -> None:
    found = profile(COURSE, COURSE["hw3"], 1)
    assert all(found["wrong"][part] > 0 for part in PARTS)
    assert found["stub"]["the student's code"] == 0
