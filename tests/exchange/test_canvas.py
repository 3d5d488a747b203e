"""Collecting from Canvas's download: names, flags, attempts, and who is missing."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from exchange import downloads
from exchange.downloads import submission, write, zipped
from gradebook import small_course

from grader.classrun import collect as class_collect
from grader.classrun.collect import read_submission
from grader.course import Course
from grader.errors import UnusableInput
from grader.exchange import record
from grader.exchange.collecting import Collected, collect
from grader.exchange.packing import pack
from grader.exchange.roster import Roster
from grader.exchange.times import Times
from grader.gradebook.lateness import hand_in_time
from grader.submission.tree import Entry

ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section,A1 (77)
    Points Possible,,,,,15.5
"Lovelace, Ada",4711,u1,ada,One,
"Müller, Jörg",4712,u2,joerg,One,
"Hopper, Grace",4799,u9,grace,Two,
"""
DUE = datetime(2027, 2, 5, 12, tzinfo=UTC)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "course").mkdir()
    return small_course.make(tmp_path / "course")


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    (tmp_path / "roster.csv").write_text(ROSTER)
    return Roster.read([tmp_path / "roster.csv"])


class Names:
    """A tree of these files."""

    remarks: ClassVar[list[str]] = []

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.entries = files, [Entry(name, "file") for name in files]

    def read(self, name: str, cap: int) -> bytes:
        return self.files[name]

    def close(self) -> None:
        pass


def gather(course: Course, *paths: Path, roster: Roster | None = None, times: Times | None = None) -> Collected:
    return collect(course["a1"], paths, course.root / "submitted", roster=roster, times=times)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """All files below a folder, with their modification times."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_names_flags_and_ids_reach_the_right_students(course: Course, roster: Roster, tmp_path: Path) -> None:
    path = tmp_path / "submissions.zip"
    files = {
        f"{downloads.ADA}_90001_hw.zip": submission("ada = 1\n"),
        "müllerjörg_LATE_4712_90002_hw-2.zip": submission("joerg = 1\n"),
        f"{downloads.EVE}_90003_hw.zip": submission(),
    }
    path.write_bytes(zipped(files, utf8_flag=False))
    done = gather(course, path, roster=roster)
    assert done.new == ["ada", "joerg"]
    assert done.missing == ["grace"]
    assert [(unknown.name, unknown.why) for unknown in done.unknown] == [("eveevil", "is not in the roster")]
    submitted = course.root / "submitted"
    assert [hand_in.student for hand_in in class_collect.collect(submitted, course["a1"])] == ["ada", "joerg"]
    read = read_submission(course, course["a1"], submitted / "joerg" / "a1.zip")
    assert read.files["nndl/layers.py"] == b"joerg = 1\n"
    assert hand_in_time(submitted / "ada" / "a1.zip") == DUE  # on time, Canvas says
    assert hand_in_time(submitted / "joerg" / "a1.zip") is None
    table = {row["student"]: row for row in csv.DictReader(io.StringIO(done.table.read_text()))}
    assert table["joerg"]["late"] == "late, time not known"
    assert table["grace"]["what"] == "missing"


def test_names_alone_are_enough(course: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada Lovelace\njoerg,Jörg Müller\n")
    path = write(
        tmp_path / "s.zip", {f"{downloads.JOERG}_1_a.zip": submission(), f"{downloads.ADA}_2_a.zip": submission()}
    )
    assert gather(course, path, roster=Roster.read([tmp_path / "roster.csv"])).new == ["ada", "joerg"]


def test_two_of_the_same_name_are_not_mixed_up(course: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text('student,name\nada1,Ada Lovelace\nada2,"Lovelace, Ada"\n')
    path = write(tmp_path / "s.zip", {f"{downloads.ADA}_2_a.zip": submission()})
    done = gather(course, path, roster=Roster.read([tmp_path / "roster.csv"]))
    assert not done.new
    assert "several of that name (ada1, ada2)" in done.unknown[0].why


def test_without_a_roster_everybody_is_taken(course: Course, tmp_path: Path) -> None:
    path = write(tmp_path / "s.zip", {f"{downloads.JOERG}_1_a.zip": submission()})
    assert gather(course, path).new == ["müllerjörg_4712"]


def test_who_is_no_more_in_the_roster_is_named_until_the_folder_is_gone(
    course: Course, roster: Roster, tmp_path: Path
) -> None:
    path = write(tmp_path / "s.zip", {f"{downloads.ADA}_1_a.zip": submission()})
    gather(course, path)
    done = gather(course, path, roster=roster)
    assert (done.new, done.left) == (["ada"], ["lovelaceada_4711"])
    shutil.rmtree(course.root / "submitted" / "lovelaceada_4711")
    done = gather(course, path, roster=roster)
    assert (done.unchanged, done.left, done.taken.keys()) == (["ada"], [], {"ada"})


def test_collecting_again_changes_nothing(course: Course, roster: Roster, tmp_path: Path) -> None:
    files = {f"{downloads.ADA}_90001_hw.zip": submission(), f"{downloads.ADA}_90002_warmup.ipynb": b"{}"}
    path = write(tmp_path / "s.zip", files)
    gather(course, path, roster=roster)
    before = contents(course.root / "submitted")
    done = gather(course, path, roster=roster)
    assert (done.new, done.replaced, done.unchanged) == ([], [], ["ada"])
    assert contents(course.root / "submitted") == before


def test_a_newer_attempt_replaces_the_older_which_is_kept(course: Course, roster: Roster, tmp_path: Path) -> None:
    first = write(tmp_path / "1.zip", {f"{downloads.ADA}_90001_hw.zip": submission("old = 1\n")})
    second = write(tmp_path / "2.zip", {f"{downloads.ADA}_90005_hw-1.zip": submission("new = 1\n")})
    gather(course, first, roster=roster)
    assert gather(course, second, roster=roster).replaced == ["ada"]
    submitted = course.root / "submitted"
    assert read_submission(course, course["a1"], submitted / "ada" / "a1.zip").files["nndl/layers.py"] == b"new = 1\n"
    (kept,) = submitted.glob(".earlier/a1/ada/*/a1.zip")
    assert kept.read_bytes() == submission("old = 1\n")


def test_an_older_download_does_not_undo_a_newer_one(course: Course, roster: Roster, tmp_path: Path) -> None:
    first = write(tmp_path / "1.zip", {f"{downloads.ADA}_90001_hw.zip": submission("old = 1\n")})
    second = write(tmp_path / "2.zip", {f"{downloads.ADA}_90005_hw-1.zip": submission("new = 1\n")})
    gather(course, second, roster=roster)
    assert gather(course, first, roster=roster).older == ["ada"]
    taken = record.read(course.root / "submitted", "a1")["ada"]
    assert taken.order == 90005


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_downloads_at_once_the_newer_attempt_counts(
    course: Course, roster: Roster, tmp_path: Path, order: tuple[int, int]
) -> None:
    paths = [
        write(tmp_path / "1.zip", {f"{downloads.ADA}_90001_hw.zip": submission("old = 1\n")}),
        write(tmp_path / "2.zip", {f"{downloads.ADA}_90005_hw-1.zip": submission("new = 1\n")}),
    ]
    done = gather(course, *(paths[place] for place in order), roster=roster)
    assert done.taken["ada"].order == 90005
    assert done.taken["ada"].why == "the newest of 2 attempts, by the system's numbers"


@pytest.mark.parametrize("step", ["atomic_writes", "write_if_changed"])
def test_a_collection_that_was_stopped_goes_on(
    course: Course, roster: Roster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = write(tmp_path / "1.zip", {f"{downloads.ADA}_90001_hw.zip": submission("old = 1\n")})
    second = write(tmp_path / "2.zip", {f"{downloads.ADA}_90005_hw-1.zip": submission("new = 1\n")})
    gather(course, first, roster=roster)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        module = "storing" if step == "atomic_writes" else "collecting"
        patched.setattr(f"grader.exchange.{module}.{step}", stopped)
        with pytest.raises(KeyboardInterrupt):
            gather(course, second, roster=roster)
    gather(course, second, roster=roster)
    submitted = course.root / "submitted"
    assert read_submission(course, course["a1"], submitted / "ada" / "a1.zip").files["nndl/layers.py"] == b"new = 1\n"
    kept = {path.read_bytes() for path in submitted.glob(".earlier/a1/ada/*/a1.zip")}
    assert kept == {submission("old = 1\n")}
    assert record.read(submitted, "a1")["ada"].order == 90005


def test_a_folder_that_was_there_by_hand_gives_way(course: Course, roster: Roster, tmp_path: Path) -> None:
    by_hand = course.root / "submitted" / "ada" / "a1" / "nndl"
    by_hand.mkdir(parents=True)
    (by_hand / "layers.py").write_text("by_hand = 1\n")
    gather(course, write(tmp_path / "s.zip", {f"{downloads.ADA}_9_hw.zip": submission()}), roster=roster)
    assert not by_hand.exists()
    (kept,) = course.root.glob("submitted/.earlier/a1/ada/*/a1/nndl/layers.py")
    assert kept.read_text() == "by_hand = 1\n"


def test_single_files_are_put_where_they_belong(course: Course, roster: Roster, tmp_path: Path) -> None:
    files = {f"{downloads.ADA}_9_layers-3.py": b"x = 1\n", f"{downloads.ADA}_10_warmup.ipynb": b"{}"}
    gather(course, write(tmp_path / "s.zip", files), roster=roster)
    read = read_submission(course, course["a1"], course.root / "submitted" / "ada" / "a1.zip")
    assert read.files == {"nndl/layers.py": b"x = 1\n", "warmup.ipynb": b"{}"}


@pytest.mark.parametrize(
    ("names", "content"),
    [
        (["layers.py"], b"90"),
        (["layers-3.py"], b"90"),
        (["layers (1).py"], b"90"),
        (["Layers(2).py"], b"90"),
        (["layers-1.py", "layers-2.py"], b"91"),
        (["layers-2.py", "layers-1.py"], b"91"),
    ],
)
def test_a_copy_is_taken_for_the_file(
    course: Course, roster: Roster, tmp_path: Path, names: list[str], content: bytes
) -> None:
    files = {f"{downloads.ADA}_{90 + n}_{name}": f"{90 + n}".encode() for n, name in enumerate(names)}
    done = gather(course, write(tmp_path / "s.zip", dict(reversed(files.items()))), roster=roster)
    read = read_submission(course, course["a1"], course.root / "submitted" / "ada" / "a1.zip")
    assert read.files == {"nndl/layers.py": content}
    assert len(done.taken["ada"].notes) == len(names)  # that it is on time; which of two counts


def test_a_number_that_belongs_to_a_name_stays(course: Course) -> None:
    packed = pack(
        Names({"lab-2.py": b"2", "lab-1-3.py": b"1"}),
        {"lab-2.py": "lab-2.py", "lab-1-3.py": "lab-1-3.py"},
        ["p/lab-1.py", "p/lab-2.py"],
    )
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"p/lab-1.py": b"1", "p/lab-2.py": b"2"}


def test_files_beside_an_archive_complete_it(course: Course, roster: Roster, tmp_path: Path) -> None:
    inner = zipped({"hw/nndl/layers.py": b"x = 1\n"})
    files = {f"{downloads.ADA}_9_hw.zip": inner, f"{downloads.ADA}_10_warmup.ipynb": b"{}"}
    gather(course, write(tmp_path / "s.zip", files), roster=roster)
    read = read_submission(course, course["a1"], course.root / "submitted" / "ada" / "a1.zip")
    assert read.files == {"nndl/layers.py": b"x = 1\n", "warmup.ipynb": b"{}"}


def test_a_damaged_member_costs_only_its_student(course: Course, roster: Roster, tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    data = zipped({f"{downloads.ADA}_9_hw.zip": submission("a"), f"{downloads.JOERG}_10_hw.zip": submission("joerg")})
    path.write_bytes(data.replace(b"joerg", b"XXXXX", 1))
    done = gather(course, path, roster=roster)
    assert done.new == ["ada"]
    assert done.troubles
    assert "joerg" in done.troubles[0]


def test_times_from_a_table_reach_lateness(course: Course, roster: Roster, tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("SIS Login ID,submitted_at\njoerg,2027-02-07T13:30:00+01:00\n")
    times = Times.read([tmp_path / "times.csv"], None)
    path = write(tmp_path / "s.zip", {"müllerjörg_LATE_4712_2_hw.zip": submission()})
    done = gather(course, path, roster=roster, times=times)
    assert record.lateness(done.taken["joerg"], course["a1"]) == "2 d 00:30 late"
    assert hand_in_time(course.root / "submitted" / "joerg" / "a1.zip") == datetime(2027, 2, 7, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("prefix", ["while(1);", ""])
def test_times_as_canvas_gives_them_to_a_browser(course: Course, roster: Roster, tmp_path: Path, prefix: str) -> None:
    for page, (user, time) in enumerate([(4711, '"2027-02-05T11:00:00Z"'), (4712, '"2027-02-06T12:30:00Z"')]):
        other = '{"id": 9, "user_id": 4799, "submitted_at": null, "workflow_state": "unsubmitted", "grade": {}}'
        text = f'{prefix}[{{"id": 7, "user_id": {user}, "submitted_at": {time}, "late": false}}, {other}]'
        (tmp_path / f"page{page}.json").write_text(text)
    files = {f"{downloads.ADA}_1_a.zip": submission(), "müllerjörg_LATE_4712_2_hw.zip": submission()}
    times = Times.read([tmp_path / "page0.json", tmp_path / "page1.json"], None)
    done = gather(course, write(tmp_path / "s.zip", files), roster=roster, times=times)
    assert {student: record.lateness(taken, course["a1"]) for student, taken in done.taken.items()} == {
        "ada": "on time",
        "joerg": "1 d 00:30 late",
    }
    assert done.taken["ada"].exact


@pytest.mark.parametrize(
    "text",
    ['[{"user_id": "x"}]', '[{"user_id": 1, "submitted_at": "0001-01-01T00:00:00+14:00"}]', "while(1);{}", "[" * 9000],
)
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "times.json").write_text(text)
    with pytest.raises(UnusableInput, match="no list of submissions"):
        Times.read([tmp_path / "times.json"], None)


def test_times_can_come_later(course: Course, roster: Roster, tmp_path: Path) -> None:
    path = write(tmp_path / "s.zip", {"müllerjörg_LATE_4712_2_hw.zip": submission()})
    gather(course, path, roster=roster)
    archive = course.root / "submitted" / "joerg" / "a1.zip"
    written = archive.stat().st_mtime_ns
    (tmp_path / "times.csv").write_text("student,time\njoerg,2027-02-07 12:30:00 UTC\n")
    done = gather(course, path, roster=roster, times=Times.read([tmp_path / "times.csv"], None))
    assert done.unchanged == ["joerg"]
    assert hand_in_time(archive) == datetime(2027, 2, 7, 12, 30, tzinfo=UTC)
    assert archive.stat().st_mtime_ns == written
    before = contents(course.root / "submitted")
    gather(course, path, roster=roster)  # without the times, which are not forgotten
    assert contents(course.root / "submitted") == before


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("login,time\njoerg,2027-02-07 13:30\n")
    with pytest.raises(UnusableInput, match="--timezone"):
        Times.read([tmp_path / "times.csv"], None)


@pytest.mark.parametrize("own", ["../../up.py", "a/../../up.py", "\\..\\up.py", "/etc/passwd"])
def test_no_name_leads_out_of_a_students_folder(course: Course, tmp_path: Path, own: str) -> None:
    path = write(tmp_path / "s.zip", {f"{downloads.ADA}_9_{own}": b"x", f"{downloads.JOERG}_9_hw.zip": submission()})
    gather(course, path)
    outside = [path for path in tmp_path.rglob("*") if path.name in ("up.py", "passwd")]
    assert outside == []


def test_a_formula_in_a_name_is_text_in_the_table(course: Course, tmp_path: Path) -> None:
    done = gather(course, write(tmp_path / "s.zip", {"=cmd|1_4713_9_hw.zip": submission()}))
    assert "\n'=cmd|1_4713," in done.table.read_text().replace("\r", "")


def test_what_is_no_download_is_said(course: Course, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="no zip"):
        gather(course, Path(__file__))
    with pytest.raises(UnusableInput, match="--from"):
        gather(course, write(tmp_path / "s.zip", {"notes.txt": b"", "todo.txt": b""}))


def test_a_text_is_an_attempt_without_files(course: Course, roster: Roster, tmp_path: Path) -> None:
    files = {"lovelaceada_LATE_4711_text.html": b"<p>", f"{downloads.JOERG}_9_hw.zip": submission()}
    done = gather(course, write(tmp_path / "s.zip", files), roster=roster)
    assert done.taken["ada"].notes == ("a text was handed in, which holds no files",)
    assert done.taken["ada"].label == ""
    assert read_submission(course, course["a1"], course.root / "submitted" / "ada" / "a1.zip").files == {}


def test_a_due_date_without_a_zone_is_in_utc(course: Course, roster: Roster, tmp_path: Path) -> None:
    toml = course.root / "course.toml"
    toml.write_text(toml.read_text().replace("2027-02-05T12:00:00Z", "2027-02-05T12:00:00"))
    naive = small_course.courses.load(course.root)
    (tmp_path / "times.csv").write_text("student,time\nada,2027-02-05 13:00:00 UTC\n")
    times = Times.read([tmp_path / "times.csv"], None)
    path = write(tmp_path / "s.zip", {f"{downloads.ADA}_9_a.zip": submission(), f"{downloads.JOERG}_8_a.zip": b"x"})
    done = gather(naive, path, roster=roster, times=times)
    assert record.lateness(done.taken["ada"], naive["a1"]) == "0 d 01:00 late"
    assert done.taken["joerg"].time == DUE
