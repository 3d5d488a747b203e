"""Is lateness read safely and charged as course.toml says?"""

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Late
from grader.gradebook.lateness import handed_in, late_penalty

LATE = Late(grace="2h", per_day=0.1, days=5)
HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "penalty"),
    [
        (0, 0),
        (2 * HOUR, 0),
        (2 * HOUR + 1, 5),
        (2 * HOUR + DAY, 5),
        (2 * HOUR + DAY + 1, 10),
        (2 * HOUR + 5 * DAY, 25),
        (2 * HOUR + 5 * DAY + 1, 50),
        (1000 * DAY, 50),
    ],
)
def test_each_started_day_costs_its_share(seconds, penalty):
    assert late_penalty(LATE, 50.0, seconds) == pytest.approx(penalty)


@given(
    st.floats(0, 100),
    st.floats(0, 1e8),
    st.floats(0, 1e8),
    st.floats(0, 1),
    st.integers(0, 30),
    st.sampled_from(["0s", "15min", "1d"]),
)
def test_being_later_is_never_cheaper_and_never_costs_more_than_the_score(score, one, other, per_day, days, grace):
    late = Late(grace=grace, per_day=per_day, days=days)
    sooner, later = (late_penalty(late, score, seconds) for seconds in sorted((one, other)))
    assert 0 <= sooner <= later <= score


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-05 23:59:00.123 UTC\n",
        "2027-02-05T23:59:00.123",
        "2027-02-06 01:59:00.123 +0200",
        "2027-02-05 15:59:00.123-08:00",
    ],
)
def test_times_are_read_in_utc(tmp_path, text):
    (tmp_path / "timestamp.txt").write_text(text)
    time = handed_in(tmp_path)
    assert time is not None
    assert abs((time - datetime(2027, 2, 5, 23, 59, 0, 123000, tzinfo=UTC)).total_seconds()) == 0


@pytest.mark.parametrize("data", [b"", b"yesterday", b"\xff\xfe", b"9" * 10_000, b"2027-99-99 00:00:00 UTC", b"\0"])
def test_what_is_no_time_counts_for_nothing(tmp_path, data):
    (tmp_path / "timestamp.txt").write_bytes(data)
    assert handed_in(tmp_path) is None


@pytest.mark.parametrize(
    "make", [lambda p: os.mkfifo(p), lambda p: p.mkdir(), lambda p: p.symlink_to("other"), lambda p: None]
)
def test_what_is_no_file_counts_for_nothing(tmp_path, make):
    (tmp_path / "other").write_text("2027-02-05 23:59:00 UTC")
    make(tmp_path / "timestamp.txt")
    assert handed_in(tmp_path) is None
