"""Is lateness read safely and charged as course.toml says?"""

import io
import os
import tarfile
import zipfile
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_course import make

from grader.classrun.collect import collect
from grader.course import Late
from grader.gradebook.lateness import hand_in_time, late_penalty, not_charged

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
    time = hand_in_time(tmp_path)
    assert time is not None
    assert abs((time - datetime(2027, 2, 5, 23, 59, 0, 123000, tzinfo=UTC)).total_seconds()) == 0


@pytest.mark.parametrize("data", [b"", b"yesterday", b"\xff\xfe", b"9" * 10_000, b"2027-99-99 00:00:00 UTC", b"\0"])
def test_a_file_without_a_time_is_ignored(tmp_path, data):
    (tmp_path / "timestamp.txt").write_bytes(data)
    assert hand_in_time(tmp_path) is None


@pytest.mark.parametrize(
    "make", [lambda p: os.mkfifo(p), lambda p: p.mkdir(), lambda p: p.symlink_to("other"), lambda p: None]
)
def test_a_timestamp_that_is_no_regular_file_is_ignored(tmp_path, make):
    (tmp_path / "other").write_text("2027-02-05 23:59:00 UTC")
    make(tmp_path / "timestamp.txt")
    assert hand_in_time(tmp_path) is None


EARLY, ON_TIME, LATER = "2020-01-01 00:00:00 UTC", "2027-02-05 11:00:00 UTC", "2027-02-07 12:00:00 UTC"
INSIDE = {"timestamp.txt": EARLY, "a1/timestamp.txt": EARLY, "a1.timestamp.txt": EARLY, "nndl/layers.py": "x = 1\n"}


def a_zip(place):
    """As a learning management system exports it: one archive of each student, with whatever they put in."""
    with zipfile.ZipFile(place / "a1.zip", "w") as archive:
        for name, text in INSIDE.items():
            archive.writestr(zipfile.ZipInfo(name, (1999, 1, 1, 0, 0, 0)), text)
    os.utime(place / "a1.zip", (0, 0))


def a_tar(place):
    with tarfile.open(place / "a1.tar.gz", "w:gz") as archive:
        for name, text in INSIDE.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


def an_exported_folder(place):
    """What a student handed in, unpacked by the system into a folder of its own within the submission."""
    for name, text in INSIDE.items():
        path = place / "a1" / "ada_12345_assignsubmission_file" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (0, 0))


@pytest.fixture
def small(tmp_path):
    course = make(tmp_path)
    (tmp_path / "submitted" / "ada").mkdir(parents=True)
    return course


def entry_of(course):
    (entry,) = collect(course.root / "submitted", course["a1"])
    return entry


@pytest.mark.parametrize("hand_in", [a_zip, a_tar, an_exported_folder])
def test_no_time_that_a_student_wrote_counts_and_the_one_beside_does(small, hand_in):
    place = small.root / "submitted" / "ada"
    hand_in(place)
    path = entry_of(small).path
    assert hand_in_time(path) is None
    assert "ada" in not_charged(small, small["a1"], {"ada": path})
    (place / "a1.timestamp.txt").write_text(LATER)
    assert hand_in_time(path) == hand_in_time(place / "a1") == datetime(2027, 2, 7, 12, tzinfo=UTC)
    assert not_charged(small, small["a1"], {"ada": path}) == ""


def test_in_a_folder_nbgraders_time_counts_unless_there_is_one_beside_it(small):
    place = small.root / "submitted" / "ada"
    (place / "a1").mkdir()
    (place / "a1" / "timestamp.txt").write_text(ON_TIME)
    assert hand_in_time(place / "a1") == datetime(2027, 2, 5, 11, tzinfo=UTC)
    (place / "a1.timestamp.txt").write_text(LATER)
    assert hand_in_time(place / "a1") == datetime(2027, 2, 7, 12, tzinfo=UTC)
    (place / "a1.timestamp.txt").write_text("")  # whoever collects knows no time: then the student's does not count
    assert hand_in_time(place / "a1") is None


def test_students_without_a_hand_in_time_are_named_only_where_there_are_penalties(small, tmp_path):
    task, class_ = small["a1"], {f"student{k}": tmp_path / f"{k}" / "a1.zip" for k in range(7)}
    said = not_charged(small, task, class_)
    assert "student4 and 2 more" in said
    assert "a1.timestamp.txt" in said
    free = msgspec.structs.replace(small, late=Late())
    assert not_charged(free, task, class_) == ""
