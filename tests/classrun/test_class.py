"""A class: whatever is handed in, everybody gets a report, and nothing is done twice."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from grading_here import report_for
from submissions import solved, write

from grader import course as courses
from grader.classrun import grading, workers
from grader.classrun.collect import HandIn, collect, read_submission
from grader.classrun.grading import Graded, grade_class
from grader.classrun.task import Result, Task, judge_task
from grader.course import Course
from grader.errors import CourseError, UnusableInput
from grader.host.bounded_process import BoundedProcess, ChildDied, OutOfTime
from grader.judging.outcome import Outcome
from grader.judging.secret import FILE, VARIABLE, course_secret
from grader.reference import Reference
from grader.sandbox import SandboxUnavailable, Worker, WorkerLost
from grader.sandbox.worker import Job
from utils.checks.program import Answer

JUDGED = ("layers.affine_forward", "layers.relu_forward", "models.two_layer_best")
NOT_TRAINED = 10  # points of the net that nobody hands in here


@pytest.fixture(scope="module")
def place(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course folder of its own, so that tests share no verdicts with anybody, with few exercises, which is faster."""
    root = tmp_path_factory.mktemp("course")
    document = tomlkit.parse((course.root / "course.toml").read_text("utf-8"))
    for notebook in document["assignment"][0]["notebook"]:
        exercises = notebook["exercises"]
        for index in reversed(range(len(exercises))):
            if exercises[index]["name"] not in JUDGED:
                del exercises[index]
    (root / "course.toml").write_text(tomlkit.dumps(document), "utf-8")
    shutil.copytree(course.root / "solutions", root / "solutions")
    return courses.load(root)


@pytest.fixture(scope="module")
def files(course: Course, reference: Reference) -> dict[str, bytes]:
    notebooks = {f"{notebook.name}.ipynb": b"{}" for notebook in course["hw3"].notebook}
    return {**solved(reference), **notebooks}


def graded(place: Course, path: Path, student: str = "ana") -> Graded:
    return report_for(place, place["hw3"], HandIn(student, path))


def lost(one: Graded) -> set[str]:
    return {v.name for v in one.report.exercises if v.verdict != "pass" and not v.name.startswith("models.")}


def without_notebooks(folder: Path, files: dict[str, bytes]) -> Path:
    return write(folder, {name: data for name, data in files.items() if name.startswith("nndl/")})


def with_an_init_that_imports_everything(folder: Path, files: dict[str, bytes]) -> Path:
    return write(folder, {**files, "nndl/__init__.py": b"from .layers import *\nfrom .conv_layers import *\n"})


def with_a_numpy_beside_it(folder: Path, files: dict[str, bytes]) -> Path:
    return write(folder, {**files, "numpy.py": b"raise SystemExit\n", "nndl/numpy.py": b"raise SystemExit\n"})


def with_a_huge_file(folder: Path, files: dict[str, bytes]) -> Path:
    write(folder, files)
    with (folder / "data.bin").open("wb") as file:
        file.truncate(2**30)
    return folder


def with_cp1252_text(folder: Path, files: dict[str, bytes]) -> Path:
    text = files["nndl/layers.py"].decode().encode("ascii", "ignore")
    return write(folder, {**files, "nndl/layers.py": b"# caf\xe9 \x96 na\xefve\n" + text})


def with_a_byte_order_mark_and_windows_lines(folder: Path, files: dict[str, bytes]) -> Path:
    text = b"\xef\xbb\xbf" + files["nndl/layers.py"].replace(b"\n", b"\r\n")
    return write(folder, {**files, "nndl/layers.py": text})


def zipped(folder: Path, files: dict[str, bytes], top: str = "") -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name("hw3.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{top}{name}", data)
    return path


def zipped_with_a_top_folder(folder: Path, files: dict[str, bytes]) -> Path:
    return zipped(folder, files, "homework 3/")


def as_a_tarball(folder: Path, files: dict[str, bytes]) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name("hw3.tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"hw3/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    "hand_in",
    [
        without_notebooks,
        with_an_init_that_imports_everything,
        with_a_numpy_beside_it,
        with_a_huge_file,
        with_cp1252_text,
        with_a_byte_order_mark_and_windows_lines,
        zipped,
        zipped_with_a_top_folder,
        as_a_tarball,
    ],
)
def test_an_odd_submission_loses_nothing(hand_in, place: Course, files: dict[str, bytes], tmp_path: Path) -> None:
    one = graded(place, hand_in(tmp_path / "ana" / "hw3", files))
    assert lost(one) == set()
    assert one.report.score == one.report.max_score - NOT_TRAINED


def test_a_syntax_error_costs_its_file_only(place: Course, files: dict[str, bytes], tmp_path: Path) -> None:
    broken = files["nndl/layers.py"].replace(b"dw = x", b"dw = = x")
    one = graded(place, write(tmp_path / "hw3", {**files, "nndl/layers.py": broken}))
    assert {name.split(".")[0] for name in lost(one)} == {"layers"}
    (finding,) = next(v for v in one.report.exercises if v.name == "layers.relu_forward").findings
    assert "SyntaxError at nndl/layers.py, line" in finding.hint


def test_a_link_is_not_followed_and_named(place: Course, files: dict[str, bytes], tmp_path: Path) -> None:
    real = write(tmp_path / "elsewhere", {"layers.py": files["nndl/layers.py"]})
    folder = write(tmp_path / "hw3", {name: data for name, data in files.items() if name != "nndl/layers.py"})
    os.symlink(real / "layers.py", folder / "nndl" / "layers.py")
    one = graded(place, folder)
    assert {name.split(".")[0] for name in lost(one)} == {"layers"}
    assert any("nndl/layers.py" in remark and "link" in remark for remark in one.report.remarks)


def test_a_path_that_is_no_submission_gets_a_report_with_nothing(place: Course, tmp_path: Path) -> None:
    (tmp_path / "hw3").write_text("hello")
    one = graded(place, tmp_path / "hw3")
    assert one.report.score == 0
    assert {verdict.verdict for verdict in one.report.exercises} == {"error"}
    assert one.report.remarks[0].startswith("Not graded: hw3 is neither")  # the folders around it are nobody's business


@pytest.mark.parametrize("data", [b"", b"{", b'{"cells": 7}', b"\xff\xfe"])
def test_a_notebook_that_cannot_be_read_is_said(course: Course, place: Course, tmp_path: Path, data: bytes) -> None:
    whole = (course.root / "assignments" / "hw3" / "FC_nets.ipynb").read_bytes()
    folder = write(tmp_path / "hw3", {"backprop.ipynb": data, "FC_nets.ipynb": whole})
    remarks = read_submission(place, place["hw3"], folder).remarks
    assert [remark for remark in remarks if "cannot be read" in remark] == [
        "backprop.ipynb cannot be read as a notebook; its answers in writing are missing"
    ]


def test_a_fault_of_the_grader_gives_no_points_and_says_so(
    place: Course, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of the grader's own")

    grading.ready(place, place["hw3"])
    monkeypatch.setattr(grading.oracle, "judge", fail)
    one = graded(place, write(tmp_path / "hw3", files), "faulty")
    assert one.report.score == 0
    assert "the grader failed on it: ZeroDivisionError" in one.report.remarks[0]
    monkeypatch.undo()
    again = graded(place, tmp_path / "hw3", "faulty")
    assert (again.kept, lost(again)) == (False, set())  # a verdict that is no verdict is not kept


@pytest.mark.parametrize("reason", ["timeout", "killed"])
def test_a_report_in_which_a_program_was_lost_is_not_kept(
    reason: str, place: Course, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Worker.run_several

    def lose(worker: Worker, jobs: Sequence[Job], *rest: Any) -> Iterator[Answer]:
        if any("relu_forward" in program for program, _, _ in jobs):
            worker.close()
            raise WorkerLost(reason, "the machine was busy")
        return run(worker, jobs, *rest)

    grading.ready(place, place["hw3"])
    folder, student = write(tmp_path / "hw3", files), f"lost by {reason}"
    monkeypatch.setattr(Worker, "run_several", lose)
    assert lost(graded(place, folder, student)) == {"layers.relu_forward"}
    monkeypatch.setattr(Worker, "run_several", run)
    again = graded(place, folder, student)
    assert (again.kept, lost(again)) == (False, set())
    assert graded(place, folder, student).kept


def test_an_outcome_in_which_a_program_was_lost_is_not_served(
    place: Course, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {exercise.name: Outcome.nothing("timeout", "") for exercise in place["hw3"].exercises}
    folder = write(tmp_path / "hw3", files)
    grading.ready(place, place["hw3"])
    monkeypatch.setattr(grading.oracle, "judge", lambda *_, **__: late)
    assert not graded(place, folder, "dora").kept
    with monkeypatch.context() as unguarded:
        unguarded.setattr(Outcome, "lasting", True)
        assert graded(place, folder, "dora").kept  # with the guard off, it is served
    monkeypatch.undo()
    assert lost(graded(place, folder, "dora")) == set()


def test_no_sandbox_is_said_before_anything_is_graded(
    place: Course, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(choice: str) -> None:
        raise SandboxUnavailable("none holds")

    monkeypatch.setattr(grading, "choose_confinement", refuse)
    hand_in = HandIn("ana", write(tmp_path / "hw3", files))
    with pytest.raises(SandboxUnavailable):
        list(grade_class(place, place["hw3"], [hand_in]))
    assert SandboxUnavailable.exit_code == 3


@pytest.fixture
def some(place: Course, files: dict[str, bytes], tmp_path: Path) -> list[HandIn]:
    for student in ("bela", "chidi", "dana"):
        write(tmp_path / student / "hw3", files)
    write(tmp_path / "notes", {"readme.txt": b"not a student's"})
    return collect(tmp_path, place["hw3"])


def test_a_class_is_graded_once_and_again_only_where_something_changed(
    place: Course, some: list[HandIn], files: dict[str, bytes]
) -> None:
    assert [hand_in.student for hand_in in some] == ["bela", "chidi", "dana"]
    first = {one.hand_in.student: one for one in grade_class(place, place["hw3"], some, jobs=2)}
    assert not any(one.kept for one in first.values())
    write(some[0].path, {"nndl/layers.py": files["nndl/layers.py"].replace(b"@ w + b", b"@ w - b")})
    second = {one.hand_in.student: one for one in grade_class(place, place["hw3"], some, jobs=2)}
    assert {student: one.kept for student, one in second.items()} == {"bela": False, "chidi": True, "dana": True}
    assert lost(second["bela"]) == {"layers.affine_forward"}
    assert second["dana"].report == first["dana"].report


def test_what_a_verdict_depends_on_is_part_of_its_key(place: Course, some: list[HandIn]) -> None:
    one = report_for(place, place["hw3"], some[0])
    assert report_for(place, place["hw3"], some[0]).kept
    assert not report_for(place, place["hw3"], HandIn("somebody else", one.hand_in.path)).kept
    assert not report_for(place, place["hw3"], some[0], again=True).kept
    text = (place.root / "course.toml").read_text()
    worth = '"layers.affine_forward", points = '
    (place.root / "course.toml").write_text(text.replace(f"{worth}3", f"{worth}4", 1))
    changed = courses.load(place.root)
    (place.root / "course.toml").write_text(text)
    now = report_for(changed, changed["hw3"], some[0])
    assert now.kept  # points are no part of it
    assert now.report.max_score == one.report.max_score + 1


def test_a_process_that_dies_takes_no_submission_with_it(
    place: Course, some: list[HandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def dies(course: Course, task: Task, leave: object) -> Result:
        """Every process is killed the first time, then only bela's."""
        tried.append(task.student)
        if tried.count(task.student) == 1 or task.student == "bela":
            raise ChildDied("killed")
        return judge_task(course, task)

    monkeypatch.setattr(workers, "judge_within_time", dies)
    found = {one.hand_in.student: one for one in grade_class(place, place["hw3"], some, jobs=1, again=True)}
    assert lost(found["dana"]) == lost(found["chidi"]) == set()
    assert found["bela"].report.score == 0
    assert "its grading process was killed" in found["bela"].report.remarks[0]


def test_a_submission_on_which_the_grader_hangs_is_ended_and_the_class_goes_on(
    place: Course, some: list[HandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = {exercise.name: Outcome(1.0) for exercise in place["hw3"].exercises}

    def hang() -> Result:
        raise OutOfTime("too long")

    def call(self: BoundedProcess, function: object, root: str, task: Task, **_: object) -> Result:
        return hang() if task.student == "bela" else nothing

    tried: list[str] = []
    monkeypatch.setattr(BoundedProcess, "call", lambda *given, **named: tried.append("") or call(*given, **named))
    found = {one.hand_in.student: one for one in grade_class(place, place["hw3"], some, jobs=1, again=True)}
    assert len(tried) == 3  # what hangs is not tried a second time
    assert found["dana"].report.score == found["chidi"].report.score == found["dana"].report.max_score
    assert "grading it did not end within" in found["bela"].report.remarks[0]
    assert found["bela"].report.score == 0


def test_collecting_says_what_is_missing(place: Course, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="There is no folder"):
        collect(tmp_path / "nowhere", place["hw3"])
    (tmp_path / "ana").mkdir()
    with pytest.raises(UnusableInput, match="No submissions in"):
        collect(tmp_path, place["hw3"])


def test_the_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    secret = course_secret(tmp_path)
    assert len(secret) == 64
    assert course_secret(tmp_path) == secret
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    (tmp_path / FILE).write_text("short")
    with pytest.raises(CourseError, match="delete it to have a new secret made"):
        course_secret(tmp_path)
    monkeypatch.setenv(VARIABLE, "from the environment")
    assert course_secret(tmp_path) == b"from the environment"
