"""The instructor's commands as they are typed: what is printed, what is written, which exit code."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit
from crash import small_class
from submissions import solved, write

from grader import cli
from grader.classrun import grading, workers
from grader.classrun.task import Result, Task
from grader.course import Course
from grader.errors import SelfTestFailed
from grader.reference import Reference
from grader.sandbox import SandboxUnavailable

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def place(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course folder of its own: of the course, one notebook, which is graded several times here."""
    root = tmp_path_factory.mktemp("course")
    document = tomlkit.parse((course.root / "course.toml").read_text("utf-8"))
    for table in ("explorer", "book"):
        del document[table]
    del document["assignment"][1:]
    del document["assignment"][0]["notebook"][:2]
    (root / "course.toml").write_text(tomlkit.dumps(document), "utf-8")
    for folder in ("solutions/nndl", "solutions/exercises", "nndl"):
        shutil.copytree(course.root / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "assignments" / "hw3").mkdir(parents=True)
    shutil.copy(course.root / "assignments" / "hw3" / "FC_nets.ipynb", root / "assignments" / "hw3")
    return root


@pytest.fixture
def whole(course: Course, tmp_path: Path) -> Path:
    """All of the released course."""
    root = tmp_path / "course"
    root.mkdir()
    shutil.copy(course.root / "course.toml", root)
    for folder in ("solutions", "nndl", "assignments", "goldens"):
        shutil.copytree(course.root / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="module")
def handed_in(place: Path, reference: Reference) -> Path:
    """Two submissions: one right, one with a mistake."""
    submitted = place / "submitted"
    right = solved(reference)
    write(submitted / "ana" / "hw3", right)
    wrong = right["nndl/layers.py"].replace(b"db = dout.sum(axis=0)", b"db = dout.sum(axis=0, keepdims=True)")
    write(submitted / "bela" / "hw3", {**right, "nndl/layers.py": wrong})
    return submitted


def run(place: Path, *args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main([*args, "--course", str(place)])
    return int(caught.value.code or 0)


@pytest.mark.slow
def test_check_writes_the_report_as_json(place: Path, handed_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "check", str(handed_in / "bela" / "hw3"), "--assignment", "hw3", "--json", "-") == 0
    report = json.loads(capsys.readouterr().out)
    assert {"assignment", "student", "score", "max_score", "sandbox", "exercises"} <= set(report)
    assert (report["assignment"], report["student"]) == ("hw3", "bela")
    assert report["sandbox"] in ("landlock", "bubblewrap")
    assert report["score"] == pytest.approx(sum(exercise["score"] for exercise in report["exercises"]))
    one = next(exercise for exercise in report["exercises"] if exercise["name"] == "layers.affine_backward")
    assert (one["verdict"], one["max_score"]) == ("partial", 6)
    finding = one["findings"][0]
    assert (finding["aspect"], finding["verdict"], finding["misconception"]) == ("db", "fail", "db-keeps-axis")
    assert "shape (M,)" in finding["hint"]
    assert finding["parts"] == ["shape"]
    assert one["lost"] == [{"output": "db", "part": "shape", "points": 0.5}]


def test_check_writes_json_to_a_file_and_a_table_for_people(
    place: Path, handed_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    assert run(place, "check", str(handed_in / "ana" / "hw3"), "--assignment", "hw3", "--json", str(out)) == 0
    assert json.loads(out.read_text())["student"] == "ana"
    assert "layers.affine_forward" in capsys.readouterr().out
    assert not (place / "gradebook.db").exists()


@pytest.mark.slow
def test_check_answers_from_what_is_kept_and_again_only_when_asked(
    place: Path, handed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[str] = []
    judge = workers.judge_within_time

    def noted(course: Course, task: Task, leave: object) -> Result:
        tasks.append(task.student)
        return judge(course, task, leave)

    monkeypatch.setattr(workers, "judge_within_time", noted)
    args = ("check", str(handed_in / "ana" / "hw3"), "--assignment", "hw3", "--student", "again")
    assert [run(place, *args), len(tasks)] == [0, 1]
    assert [run(place, *args), len(tasks)] == [0, 1]
    assert run(place, *args, "--again") == 0
    assert tasks == ["again"] * 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("check", "nowhere", "--assignment", "hw3"), "nowhere does not exist"),
        (("check", "course.toml", "--assignment", "hw3"), "is neither a folder nor a zip"),
        (("check", "submitted/ana/hw3", "--assignment", "hw9"), 'There is no assignment "hw9"'),
        (("check", "submitted/ana/hw3", "--assignment", "hw3", "--json", "no/where/r.json"), "cannot be written"),
        (("grade", "hw3", "--submitted", "nowhere"), "There is no folder nowhere"),
        (("grade", "hw3", "--student", "ana", "--student", "cy"), 'There is no submission of hw3 by "cy"'),
        (("grade", "hw3", "--exercise", "layers.no"), 'hw3 has no exercise "layers.no"; it has layers.'),
        (("check",), "Missing argument"),
        (("release", "hw9"), 'There is no assignment "hw9"'),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_2(
    args: tuple[str, ...],
    words: str,
    place: Path,
    handed_in: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(place)
    assert run(place, *args) == 2
    printed = capsys.readouterr()
    assert words in " ".join(printed.err.split())
    assert "Traceback" not in printed.err


def test_no_sandbox_is_exit_code_3_and_nothing_runs(
    place: Path, handed_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(choice: str) -> None:
        raise SandboxUnavailable("nothing holds here; ways out: a newer kernel.")

    monkeypatch.setattr(grading, "choose_confinement", refuse)
    monkeypatch.setattr(grading.oracle, "judge", lambda *_, **__: pytest.fail("a bare run"))
    for command in (("check", str(handed_in / "ana" / "hw3"), "--assignment", "hw3"), ("grade", "hw3")):
        assert run(place, *command) == 3
        assert "nothing holds here" in capsys.readouterr().err


def test_a_bare_run_has_to_be_asked_for_and_is_marked(
    place: Path, handed_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grading.self_test, "require", lambda *_, **__: None)
    path = str(handed_in / "ana" / "hw3")
    assert run(place, "check", path, "--assignment", "hw3", "--sandbox", "none", "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["sandbox"] == "none"


def test_a_class_is_graded_into_the_gradebook_with_pages(
    place: Path, handed_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db, pages = tmp_path / "grades.db", tmp_path / "feedback"
    args = ("grade", "hw3", "--db", f"sqlite:///{db}", "--feedback", str(pages), "--jobs", "2")
    assert run(place, *args) == 0
    out = capsys.readouterr().out
    assert "2 submissions" in out
    assert f"for you alone: {pages / 'hw3' / 'class' / 'index.html'}" in out
    assert f"to publish as they are: {pages / 'hw3' / 'students'}\n" in out
    files = {"index.html", "students.csv", "misconceptions.csv", "similar"}  # both answer with the reference's code
    assert {path.name for path in (pages / "hw3" / "class").iterdir()} == files
    own = {path.name.partition("-")[0] for path in (pages / "hw3" / "students").iterdir()}
    assert own == {"index.html", "ana", "bela"}
    with sqlite3.connect(db) as connection:
        (count,) = connection.execute("select count(*) from submitted_assignment").fetchone()
    assert count == 2
    assert (place / "autograded" / "ana" / "hw3" / "FC_nets.ipynb").exists()
    assert run(place, *args) == 0
    assert "2 submissions, 2 of them unchanged" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_a_fresh_release_has_nothing_to_do_and_a_stale_one_is_refused(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(whole, "release", "hw3", "--check") == 0
    stub = whole / "nndl" / "layers.py"
    stub.write_text(f"{stub.read_text()}# a change by hand\n")
    assert run(whole, "release", "hw3", "--check") == 1
    assert "nndl/layers.py" in capsys.readouterr().err


@pytest.mark.slow
def test_the_doctor_finds_the_sandbox_sound_and_tries_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = small_class.make(tmp_path / "course", 0).root
    assert run(root, "doctor") == 0
    said = capsys.readouterr().out
    assert "BROKEN" not in said
    assert "✓ a1: the reference passes in the sandbox" in said
    text = (root / "course.toml").read_text()
    (root / "course.toml").write_text(text.replace("seconds = 5", "seconds = 0.0000001"))
    monkeypatch.setattr("grader.sandbox.doctor.run_all_probes", lambda way: [])  # they were run above
    assert run(root, "doctor") == 3
    assert "✗ a1:" in capsys.readouterr().out


def test_a_doctor_without_a_course_tries_the_sandbox_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("grader.sandbox.doctor.run_all_probes", lambda way: [])
    with pytest.raises(SystemExit) as caught:
        cli.main(["doctor"])
    assert caught.value.code == 0
    assert "No assignment was tried: No course.toml in" in capsys.readouterr().out


def test_a_reference_that_does_not_pass_is_exit_code_3_and_one_sentence(
    place: Path, handed_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SelfTestFailed("the reference does not pass; raise the limits.")

    monkeypatch.setattr(grading.self_test, "require", refuse)
    monkeypatch.setattr(grading.oracle, "judge", lambda *_, **__: pytest.fail("graded all the same"))
    for command in (("check", str(handed_in / "ana" / "hw3"), "--assignment", "hw3"), ("grade", "hw3")):
        assert run(place, *command) == 3
        assert capsys.readouterr().err.strip().endswith("grader: the reference does not pass; raise the limits.")


def test_check_course_names_decisions_that_do_not_fit(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = place / "decisions.toml"
    path.write_text('[[void]]\nquestion = "layers.no_such"\npoints = "given"\n')
    try:
        assert run(place, "check-course") == 2
    finally:
        path.unlink()
    said = 'decisions.toml, line 1: there is no exercise or written question "layers.no_such"'
    assert said in capsys.readouterr().err


def test_explain_prints_a_script_or_writes_it(
    place: Path, handed_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("explain", "hw3", "bela", "layers.affine_backward", "--submitted", str(handed_in))
    assert run(place, *words) == 2
    assert "somebody may still hand in hw3" in capsys.readouterr().err
    assert run(place, *words, "--anyway") == 0
    script = capsys.readouterr().out
    assert script.startswith("# layers.affine_backward of hw3, as it was graded for bela.")
    assert run(place, *words, "--anyway", "--out", str(tmp_path / "why.py")) == 0
    assert (tmp_path / "why.py").read_text() == script
    assert run(place, *words, "--anyway", "--out", str(tmp_path / "no" / "why.py")) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_command_starts_without_what_only_some_of_its_parts_need() -> None:
    """Each of these takes longer to import than all that the command itself needs."""
    program = "import sys, grader.cli; print({'numpy', 'sqlalchemy', 'nbgrader'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
