"""The made-up class: each submission comes out as it was meant to, and the demo is honest about its sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from here import COURSE

from grader import course as courses
from grader import demo
from grader.classrun.collect import collect
from grader.classrun.grading import Graded, grade_class
from grader.course import Course
from grader.demo import Kit
from grader.judging import models
from grader.recipes import GivenNet, trained_net
from grader.reference import Reference
from grader.release import Release
from grader.sandbox import SandboxUnavailable

pytestmark = pytest.mark.slow
OWN = Reference(COURSE.root, COURSE.package).demo()
STUDENTS = list(OWN.roster())


@pytest.fixture(scope="module")
def graded(course: Course, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Graded]:
    """The whole class, with nets that know nothing and little patience for loops."""
    root = tmp_path_factory.mktemp("course")
    text = (course.root / "course.toml").read_text().replace("seconds = 5", "seconds = 3")
    (root / "course.toml").write_text(text)
    for folder in ("solutions", "nndl", "assignments"):
        shutil.copytree(course.root / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    own = courses.load(root)
    reference = Reference(root, own.package)
    given = trained_net(reference, "models.two_layer_best")
    assert isinstance(given, GivenNet)
    net = models.untrained(given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference.demo(), "_train", lambda reference, *paths: [_write(path, net) for path in paths])
        kit = demo.make_kit(own, own["hw3"], root / "demo")
    demo.make_class(kit, STUDENTS, own["hw3"], root / "submitted")
    found = grade_class(own, own["hw3"], collect(root / "submitted", own["hw3"]))
    return {one.hand_in.student: one for one in found}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def wrong(one: Graded) -> dict[str, str]:
    return {v.name: v.verdict for v in one.report.exercises if v.verdict != "pass" and not v.name.startswith("models.")}


def test_everybody_is_graded(graded: dict[str, Graded]) -> None:
    assert set(graded) == {student.name for student in STUDENTS}
    assert len(graded) >= 24
    assert not any("the grader failed" in remark for one in graded.values() for remark in one.report.remarks)


@pytest.mark.parametrize("name", ["ana", "bela", "cleo", "dario", "xenia"])
def test_what_is_right_loses_nothing(name: str, graded: dict[str, Graded]) -> None:
    assert wrong(graded[name]) == {}


@pytest.mark.parametrize(("name", "exercise", "misconception"), OWN.MISTAKEN)
def test_each_misconception_is_named_and_costs_its_exercise_only(
    name: str, exercise: str, misconception: str, graded: dict[str, Graded]
) -> None:
    one = graded[name]
    assert set(wrong(one)) == {exercise}
    findings = next(verdict.findings for verdict in one.report.exercises if verdict.name == exercise)
    assert {finding.misconception for finding in findings if finding.verdict != "pass"} == {misconception}


@pytest.mark.parametrize("name", ["chidi", "vera", "wei", "yusuf"])
def test_who_has_no_answer_gets_nothing(name: str, graded: dict[str, Graded]) -> None:
    assert graded[name].report.score == 0


def test_the_odd_ones(graded: dict[str, Graded]) -> None:
    assert wrong(graded["tara"]) == {"layers.relu_forward": "timeout"}
    assert set(wrong(graded["umar"]).values()) == {"error"}
    assert {name.split(".")[0] for name in wrong(graded["zoe"])} == {"layers"}
    assert wrong(graded["bruna"]) == {"backprop.tied_autoencoder": "error"}
    assert any("link" in remark for remark in graded["aaro"].report.remarks)


def test_without_a_sandbox_the_demo_says_so_first_and_goes_on_bare(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(choice: str) -> None:
        raise SandboxUnavailable("nothing holds here")

    said_before, asked = [], []

    def grade(*_: object, sandbox: str) -> None:
        said_before.append("No sandbox" in capsys.readouterr().out)
        asked.append(sandbox)

    monkeypatch.setattr(demo, "choose_confinement", refuse)
    monkeypatch.setattr(demo, "release", lambda *_, **__: Release((), (), 0, {}))
    monkeypatch.setattr(demo, "make_kit", lambda *_: Kit({}, {}, {}, Reference.of(course)))
    monkeypatch.setattr(demo, "make_class", lambda *_: None)
    monkeypatch.setattr(demo, "collect", lambda *_: [])
    monkeypatch.setattr(demo.class_run, "grade_class", grade)
    demo.run(course, tmp_path)
    assert (said_before, asked) == ([True], ["none"])
