"""Collecting from Moodle, Gradescope, nbgrader's exchange and a folder of repositories."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exchange.downloads import METADATA, WORKSHEET, submission, write
from gradebook import small_course

from grader.classrun.collect import read_submission
from grader.course import Course
from grader.errors import UnusableInput
from grader.exchange import record
from grader.exchange.collecting import Collected, collect
from grader.exchange.roster import Roster
from grader.exchange.times import Times, zone_of
from grader.gradebook.lateness import hand_in_time

LAYERS, NOTEBOOK = "nndl/layers.py", "warmup.ipynb"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "course").mkdir()
    return small_course.make(tmp_path / "course")


def gather(course: Course, *paths: Path, roster: Path | None = None, times: Times | None = None) -> Collected:
    known = Roster.read([roster]) if roster else None
    return collect(course["a1"], paths, course.root / "submitted", roster=known, times=times)


def files_of(course: Course, student: str) -> dict[str, bytes]:
    return read_submission(course, course["a1"], course.root / "submitted" / student / "a1.zip").files


@pytest.mark.parametrize("end", ["", "_"], ids=["since 4.1", "before"])
def test_moodles_folders_with_times_of_its_worksheet(course: Course, tmp_path: Path, end: str) -> None:
    sheet = tmp_path / "Grades-a1.csv"
    sheet.write_text(WORKSHEET)
    files = {
        f"Ada Lovelace_801_assignsubmission_file{end}/hw.zip": submission("ada = 1\n"),
        f"Group B-Jörg Müller_802_assignsubmission_file{end}/{LAYERS}": b"joerg = 1\n",
        f"Group B-Jörg Müller_802_assignsubmission_file{end}/{NOTEBOOK}": b"{}",
        f"Jörg Müller_802_assignsubmission_onlinetext{end}/onlinetext.html": b"<p>",
    }
    times = Times.read([sheet], zone_of("Europe/Berlin"))
    done = gather(course, write(tmp_path / "s.zip", files), roster=sheet, times=times)
    assert (done.new, done.missing) == (["ada@x.edu", "joerg@x.edu"], ["grace@x.edu"])
    assert files_of(course, "ada@x.edu")[LAYERS] == b"ada = 1\n"
    assert files_of(course, "joerg@x.edu") == {LAYERS: b"joerg = 1\n", NOTEBOOK: b"{}"}
    assert done.taken["joerg@x.edu"].notes == ("a text was handed in, which holds no files",)
    assert record.lateness(done.taken["ada@x.edu"], course["a1"]) == "0 d 10:30 late"
    assert hand_in_time(course.root / "submitted" / "joerg@x.edu" / "a1.zip") == datetime(2027, 2, 7, 8, tzinfo=UTC)


def test_moodles_files_without_folders(course: Course, tmp_path: Path) -> None:
    files = {
        "Ada Lovelace_801_assignsubmission_file_layers.py": b"ada = 1\n",
        "Ada Lovelace_801_assignsubmission_file_warmup.ipynb": b"{}",
    }
    assert gather(course, write(tmp_path / "s.zip", files)).new == ["Ada Lovelace"]
    assert files_of(course, "Ada Lovelace") == {LAYERS: b"ada = 1\n", NOTEBOOK: b"{}"}


@pytest.mark.parametrize("top", ["", "assignment_77_export/"])
def test_gradescopes_export_with_exact_times_and_pairs(course: Course, tmp_path: Path, top: str) -> None:
    files = {
        f"{top}submission_metadata.yml": METADATA.encode(),
        f"{top}submission_1001/layers.py": b"both = 1\n",
        f"{top}submission_1002/{LAYERS}": b"eve = 1\n",
    }
    (tmp_path / "r.csv").write_text("student,email\nada,ADA@x.edu\njoerg,joerg@x.edu\n")
    done = gather(course, write(tmp_path / "s.zip", files), roster=tmp_path / "r.csv")
    assert done.new == ["ada", "joerg"]
    assert files_of(course, "ada") == files_of(course, "joerg") == {LAYERS: b"both = 1\n"}
    assert done.taken["ada"].time == datetime(2027, 2, 5, 12, 30, 0, 842379, tzinfo=UTC)
    assert [unknown.name for unknown in done.unknown] == ["Eve Evil"]


def test_gradescopes_times_in_other_zones(course: Course, tmp_path: Path) -> None:
    files = {"submission_metadata.yml": METADATA.encode(), f"submission_1002/{LAYERS}": b"eve = 1\n"}
    done = gather(course, write(tmp_path / "s.zip", files))
    assert done.taken["eve@x.edu"].time == datetime(2027, 2, 7, 12, tzinfo=UTC)


def test_a_newer_export_of_gradescope_replaces_and_an_older_one_does_not(course: Course, tmp_path: Path) -> None:
    def export(name: str, time: str, text: bytes) -> Path:
        about = f"submission_1:\n  :submitters:\n  - :email: ada@x.edu\n  :created_at: {time}\n".encode()
        return write(tmp_path / name, {"submission_metadata.yml": about, f"submission_1/{LAYERS}": text})

    early = export("1.zip", "2027-02-01 12:00:00 Z", b"early = 1\n")
    late = export("2.zip", "2027-02-06 12:00:00 Z", b"late = 1\n")
    gather(course, early)
    assert gather(course, late).replaced == ["ada@x.edu"]
    assert gather(course, early).older == ["ada@x.edu"]
    assert files_of(course, "ada@x.edu") == {LAYERS: b"late = 1\n"}
    assert len(list(course.root.glob("submitted/.earlier/a1/ada@x.edu/2027-02-01T12-00-00Z-1/a1.zip"))) == 1


def test_the_newest_attempt_in_nbgraders_exchange_counts(course: Course, tmp_path: Path) -> None:
    inbound = tmp_path / "inbound"
    for folder, text in {
        "ada+a1+2027-02-03 10:00:00.000000 UTC+abc": "first",
        "ada+a1+2027-02-04 10:00:00.000000 UTC+xyz": "second",
        "ada+a2+2027-02-05 10:00:00.000000 UTC": "another assignment",
    }.items():
        (inbound / folder / "nndl").mkdir(parents=True)
        (inbound / folder / LAYERS).write_text(text)
        (inbound / folder / "timestamp.txt").write_text("2020-01-01 00:00:00 UTC")
    done = gather(course, inbound)
    assert files_of(course, "ada") == {LAYERS: b"second"}
    assert done.taken["ada"].time == datetime(2027, 2, 4, 10, tzinfo=UTC)
    assert done.taken["ada"].why == "the newest of 2 attempts, by time"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_nobody_hands_in_for_somebody_else(course: Course, tmp_path: Path) -> None:
    for student in ("ada", "nobody"):
        folder = tmp_path / "inbound" / f"{student}+a1+2027-02-03 10:00:00.000000 UTC+abc"
        (folder / "nndl").mkdir(parents=True)
        (folder / LAYERS).write_text(student)
        os.chown(folder, 65534, 65534)  # nobody
    done = gather(course, tmp_path / "inbound")
    assert done.new == ["nobody"]
    assert [(each.name, each.why) for each in done.unknown] == [
        ("ada", "did not hand this in: the folder belongs to nobody")
    ]


@pytest.mark.parametrize("prefix", ["a1-", "first-homework-"])
def test_a_folder_of_repositories(course: Course, tmp_path: Path, prefix: str) -> None:
    for account in ("ada-l", "joerg"):
        repository = tmp_path / "repos" / f"{prefix}{account}"
        (repository / "nndl").mkdir(parents=True)
        (repository / LAYERS).write_text(account)
        (repository / ".git" / "objects").mkdir(parents=True)
        (repository / ".git" / "objects" / "blob").write_text("x")
        (repository / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "r.csv").write_text(
        "identifier,github_username,github_id,name\nada@x.edu,ada-l,1,\njoerg@x.edu,Joerg,2,\n"
    )
    (tmp_path / "t.csv").write_text(
        '"github_username","student_repository_name","submission_timestamp"\n"ada-l","x","2027-02-05 14:45:14 UTC"\n'
    )
    times = Times.read([tmp_path / "t.csv"], None)
    done = gather(course, tmp_path / "repos", roster=tmp_path / "r.csv", times=times)
    assert done.new == ["ada@x.edu", "joerg@x.edu"]
    assert files_of(course, "ada@x.edu") == {LAYERS: b"ada-l"}
    assert done.taken["ada@x.edu"].time == datetime(2027, 2, 5, 14, 45, 14, tzinfo=UTC)
    assert done.taken["joerg@x.edu"].time is None


def test_a_bomb_costs_only_its_student(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.exchange.packing.LARGEST", 1 << 20)
    files = {"Ada L_1_assignsubmission_file/big.py": b"0" * (2 << 20), "Bo M_2_assignsubmission_file/layers.py": b""}
    done = gather(course, write(tmp_path / "s.zip", files))
    assert done.new == ["Bo M"]
    assert "big.py is larger than 1 MiB" in done.troubles[0]


def test_a_link_in_a_folder_is_not_followed(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "s" / "Ada L_1_assignsubmission_file"
    folder.mkdir(parents=True)
    (folder / "layers.py").symlink_to("/etc/passwd")
    (folder / "warmup.ipynb").write_text("{}")
    gather(course, tmp_path / "s")
    assert files_of(course, "Ada L") == {NOTEBOOK: b"{}"}


@pytest.mark.parametrize(
    "students", ["student\n../up\n", "student\n.hidden\n", "student\nada\nada\n", "shoe size\n44\n", ""]
)
def test_a_roster_that_cannot_be_used_is_refused(tmp_path: Path, students: str) -> None:
    (tmp_path / "r.csv").write_text(students)
    with pytest.raises(UnusableInput):
        Roster.read([tmp_path / "r.csv"])


def test_more_tables_add_what_they_know(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id,first_name,last_name,email\nada,Ada,Lovelace,ada@x.edu\n")
    (tmp_path / "c.csv").write_text('Student,ID,SIS User ID,SIS Login ID,Section\n"Lovelace, Ada",4711,u1,al1815,One\n')
    (person,) = Roster.read([tmp_path / "r.csv", tmp_path / "c.csv"]).people.values()
    assert (person.student, person.canvas, person.login, person.section) == ("ada", "4711", "al1815", "One")
