"""A machine that gets in the way: one sentence, exit code 4, and the next run goes on. Nobody's score is touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import small_class
from gradebook.small_course import answered, make, report
from grading_here import report_for
from runs import Place, temporary_folder

from grader.classrun import collect, grading, workers
from grader.classrun.collect import HandIn
from grader.classrun.grading import grade_class
from grader.classrun.task import Result
from grader.errors import Interrupted
from grader.gradebook import Gradebook
from grader.gradebook import database as module
from grader.host import temporary_folders
from grader.host.files import atomic_write, write_if_changed
from grader.judging.outcome import Outcome
from grader.sandbox import Worker, WorkerLost

KEPT = "run the same command again; what was graded is kept"


@pytest.fixture
def small(tmp_path):
    return small_class.make(tmp_path / "course", 1)


@pytest.fixture
def hand_in(small) -> HandIn:
    return HandIn("s00", small.root / "submitted" / "s00" / "a1")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course whose gradebook holds one submission."""
    course = make(tmp_path_factory.mktemp("graded"))
    with Gradebook(course) as book:
        book.record(report("ada", predict="fail"), answered(course))
    return course


@pytest.fixture
def small_disk(tmp_path):
    """A file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small file system takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize(
    "free",
    [pytest.param(free, marks=pytest.mark.slow) for free in (0, 30_000, 100_000, 200_000, 300_000)],
)
def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(small_disk: Path, expected, free: int) -> None:
    with temporary_folder() as temporary:
        place = Place(small_class.make(small_disk / "course", 3), temporary)
        filler = small_disk / "filler"
        room = shutil.disk_usage(small_disk).free
        filler.write_bytes(bytes(max(room - free, 0)))
        code, said = place.run()
        assert code == 4
        assert "disk full at" in said
        assert said.endswith(f"free space and {KEPT}.")
        assert "Traceback" not in said
        filler.unlink()
        assert place.run()[0] == 0
        assert place.results() == expected(3)
        assert (place.leftovers(), place.strays()) == ([], [])


def test_a_locked_gradebook_is_one_sentence_and_nothing_is_half_entered(graded) -> None:
    path = graded.root / "gradebook.db"
    with Gradebook(graded, f"sqlite:///{path}?timeout=0.1") as book, closing(sqlite3.connect(path)) as other:
        book.prepare("a1")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Interrupted, match=rf"gradebook\.db\S* is locked by another program: close that and {KEPT}"):
            book.record(report("ada"), answered(graded))
        other.rollback()
        assert [row.score for row in book.scores("a1")] == [5.5]
    assert not list(graded.root.glob("**/.*.part"))


def test_a_read_only_gradebook_is_one_sentence(graded) -> None:
    url = f"sqlite:///file:{graded.root / 'gradebook.db'}?mode=ro&uri=true"
    with Gradebook(graded, url) as book, pytest.raises(Interrupted, match=f"is read-only: make it writable and {KEPT}"):
        book.record(report("ada"), answered(graded))


def test_a_store_that_cannot_be_written_gives_nobody_a_zero(small, hand_in, monkeypatch) -> None:
    place = small.root / "build" / "verdicts"
    place.mkdir(parents=True)
    (place / "cache.db").write_bytes(b"this is no database, it is a text" * 100)
    with pytest.raises(Interrupted, match=rf"build/verdicts cannot be used .*: delete this folder and {KEPT}"):
        report_for(small, small["a1"], hand_in)
    shutil.rmtree(place)
    assert report_for(small, small["a1"], hand_in).report.score == 5


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device", "/tmp/x"), "disk full at /tmp/x: free space and"),
        (OSError(24, "Too many open files"), "the machine has no more processes, files or memory to give"),
        (OSError(5, "Input/output error", "/tmp/x"), "/tmp/x cannot be read or written: check the disk and"),
    ],
)
def test_what_the_machine_refuses_is_not_held_against_a_submission(
    small, hand_in, monkeypatch, error, sentence
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(grading.oracle, "judge", refuse)
    with pytest.raises(Interrupted, match=sentence) as raised:
        report_for(small, small["a1"], hand_in)
    assert str(raised.value).endswith(f"{KEPT}.")
    assert raised.value.exit_code == 4


def test_a_fault_in_reading_one_submission_does_not_stop_the_class(small, hand_in, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise IndexError("string index out of range")

    monkeypatch.setattr(collect.Submission, "read", fail)
    assert len(list(grade_class(small, small["a1"], [hand_in], sandbox="none"))) == 1  # this process looks first
    graded = report_for(small, small["a1"], hand_in, sandbox="none", again=True)
    assert graded.report.score == 0
    assert "cannot be read (IndexError: string index out of range)" in graded.report.remarks[0]


def test_whoever_stops_early_does_not_wait_for_the_class(small, hand_in, monkeypatch) -> None:
    begun, ended = [], []

    def judge(course, task, leave) -> Result:
        begun.append(task)
        if len(begun) > 1:
            ended.append(leave.wait(60))
        return {exercise.name: Outcome(1.0) for exercise in small["a1"].exercises}

    monkeypatch.setattr(workers, "judge_within_time", judge)
    results = grade_class(small, small["a1"], [hand_in] * 50, jobs=2, sandbox="none", again=True)
    next(results)
    results.close()
    assert all(ended)
    assert len(begun) <= 3


def test_a_worker_that_is_killed_once_is_given_a_second_process(small, hand_in, monkeypatch) -> None:
    run, killed = Worker.run_several, []

    def killed_once(self, jobs, *rest):
        if any("affine_forward" in program for program, _, _ in jobs) and not killed:
            killed.append(jobs)
            self.close()
            raise WorkerLost("killed", "the process that ran the code ended: signal 9")
        return run(self, jobs, *rest)

    monkeypatch.setattr(Worker, "run_several", killed_once)
    assert report_for(small, small["a1"], hand_in, again=True).report.score == 5
    assert killed


def test_a_gradebook_appears_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    course = make(tmp_path)
    real = module.api.Gradebook

    def stopped(url: str, course_id: str):
        real(url, course_id).close()
        raise KeyboardInterrupt

    monkeypatch.setattr(module.api, "Gradebook", stopped)
    with pytest.raises(KeyboardInterrupt):
        Gradebook(course)
    assert not (tmp_path / "gradebook.db").exists()
    assert not list(tmp_path.glob(".*"))


HOLDS_A_FOLDER = """
import tempfile
tempfile.tempdir = {folder!r}
from grader.host.temporary_folders import TemporaryFolder
folder = TemporaryFolder()
open(folder.path + "/file", "w").close()
print(folder.path, flush=True)
input()
"""


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "without the sweep"])
def test_a_folder_outlives_its_process_only_until_the_next_one(tmp_path, monkeypatch, swept: bool) -> None:
    pipe = subprocess.PIPE
    code = HOLDS_A_FOLDER.format(folder=str(tmp_path))
    here = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True, cwd=here) as process:
        path = Path(process.stdout.readline().strip())
        monkeypatch.setattr(temporary_folders.tempfile, "tempdir", str(tmp_path))
        (tmp_path / "grader-temporary-of-mine").mkdir()
        temporary_folders.remove_abandoned()
        assert (path / "file").exists()  # its process is there
        process.kill()
    if swept:
        temporary_folders.remove_abandoned()
    assert path.exists() is not swept
    assert (tmp_path / "grader-temporary-of-mine").exists()


def test_what_a_killed_writer_left_is_taken_over(tmp_path) -> None:
    path = tmp_path / "page.html"
    (tmp_path / ".page.html.part").write_bytes(b"half of a pa")
    assert write_if_changed(path, b"a page")
    assert path.read_bytes() == b"a page"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]

    def fail() -> None:
        with atomic_write(path) as half:
            half.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"a page"]


def test_two_writers_take_turns(tmp_path) -> None:
    path = tmp_path / "page.html"
    texts = [bytes([65 + number]) * 100_000 for number in range(4)]
    children = []
    for text in texts:
        if (child := os.fork()) == 0:
            try:
                for _ in range(50):
                    write_if_changed(path, text)
                    path.unlink(missing_ok=True)
                write_if_changed(path, text)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert path.read_bytes() in texts
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_what_another_user_has_left_stops_nobody(tmp_path, monkeypatch) -> None:
    """An ordinary user may read the folder that another user's killed grader has left, but may not remove it."""

    def refused(path: str, *_: object) -> None:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "grader-temporary-abcd1234"
    left.mkdir()
    monkeypatch.setattr(os, "chmod", refused)
    temporary_folders.remove_abandoned()
    assert left.exists()
    monkeypatch.undo()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    temporary_folders.remove_abandoned()
    assert not left.exists()
