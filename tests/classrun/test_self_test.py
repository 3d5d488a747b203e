"""Nobody gets a zero for what the grader lacks: where the reference does not pass in the sandbox, nothing is graded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crash import small_class
from grading_here import forget_sources, report_for

from grader import course as courses
from grader.classrun import grading, self_test
from grader.classrun.collect import HandIn, collect
from grader.classrun.grading import grade_class
from grader.course import Course
from grader.errors import CourseError, SelfTestFailed
from grader.judging import prerequisites

TWO_MODULES = small_class.TOML.replace("\n]\nwritten", '\n    { name = "optim.sgd_momentum", points = 3 },\n]\nwritten')
NETS = """
[[assignment.notebook]]
name = "nets"
exercises = [
    { name = "models.two_layer_best", points = 10, score = { from = 0.28, to = 0.50 } },
]
"""
# What it does in a worker, where the package of this name is: the trusted half is not disturbed.
IN_THE_SANDBOX = """

import sys
if "inside" in sys.modules:
    import os
    {what}
"""


@pytest.fixture(autouse=True)
def nothing_tried_yet() -> Iterator[None]:
    forget_sources()
    yield
    forget_sources()


@pytest.fixture
def place(tmp_path: Path) -> Course:
    return small_class.make(tmp_path / "course", 2)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose submissions were graded, in order."""
    students: list[str] = []
    judge = grading.oracle.judge

    def noted(submission, course, exercises, student, **options):
        students.append(student)
        return judge(submission, course, exercises, student, **options)

    monkeypatch.setattr(grading.oracle, "judge", noted)
    return students


def changed(place: Course, *edits: tuple[str, str]) -> Course:
    text = (place.root / "course.toml").read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (place.root / "course.toml").write_text(text)
    return courses.load(place.root)


def spoiled(place: Course, module: str, what: str) -> None:
    path = place.root / "solutions" / "nndl" / f"{module}.py"
    path.write_text(path.read_text() + IN_THE_SANDBOX.format(what=what))


def class_of(place: Course) -> list[HandIn]:
    return collect(place.root / "submitted", place["a1"])


TOO_LITTLE_MEMORY = ("seconds = 5", 'seconds = 5\nmemory = "1 MiB"')
TAKES_MEMORY = "import numpy; numpy.ones(1 << 24)"


def test_limits_that_are_too_small_refuse_a_class(place: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course = changed(place, TOO_LITTLE_MEMORY)
    spoiled(course, "layers", TAKES_MEMORY)
    for run in (
        lambda: list(grade_class(course, course["a1"], class_of(course), jobs=1)),
        lambda: report_for(course, course["a1"], class_of(course)[0]),
    ):
        with pytest.raises(SelfTestFailed, match=r"^a1 is not graded, .*layers.affine_forward .*MemoryError") as said:
            run()
        assert "raise seconds or memory under [limits] in course.toml" in str(said.value)
        assert said.value.exit_code == 3
    monkeypatch.setattr(self_test, "require", lambda *_: None)
    answer = class_of(course)[0].path / "nndl" / "layers.py"
    answer.write_text(answer.read_text() + IN_THE_SANDBOX.format(what=TAKES_MEMORY))
    assert report_for(course, course["a1"], class_of(course)[0]).report.score == 0  # what is guarded from


@pytest.mark.parametrize("what", ["os._exit(3)", "os.abort()", "raise OSError", "import time; time.sleep(600)"])
def test_one_module_that_fails_refuses_the_assignment_and_is_named(place: Course, what: str) -> None:
    (place.root / "course.toml").write_text(TWO_MODULES)
    course = changed(place, ("seconds = 5", "seconds = 1"))
    spoiled(course, "optim", what)
    with pytest.raises(SelfTestFailed) as said:
        grading.ready(course, course["a1"])
    assert "optim.sgd_momentum" in str(said.value)
    assert "layers" not in str(said.value)


def test_others_that_fail_are_counted(place: Course) -> None:
    spoiled(place, "layers", "os._exit(3)")
    with pytest.raises(SelfTestFailed, match=r"layers.affine_forward \(.*\), and 1 more of layers; raise"):
        grading.ready(place, place["a1"])


def test_it_is_tried_once_for_all_runs(place: Course, tried: list[str]) -> None:
    for hand_in in class_of(place):
        report_for(place, place["a1"], hand_in)
        self_test._passed_here.clear()  # as in another process
    assert tried == ["the reference", "s00", "s01"]


def test_a_failure_is_not_kept(place: Course, tried: list[str]) -> None:
    course = changed(place, TOO_LITTLE_MEMORY)
    spoiled(course, "layers", TAKES_MEMORY)
    for _ in range(2):
        with pytest.raises(SelfTestFailed):
            grading.ready(course, course["a1"])
    assert len(tried) == 2


def test_what_success_depends_on_is_part_of_its_key(
    place: Course, tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    grading.ready(place, place["a1"])
    for limits in (("seconds = 5", "seconds = 6"), ("seconds = 6", 'seconds = 6\nmemory = "1 GiB"')):
        course = changed(place, limits)
        grading.ready(course, course["a1"])
    assert len(tried) == 3
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(self_test, "_installed", lambda package: b"another build")
        grading.ready(course, course["a1"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(self_test.os, "getuid", lambda: 4711)
        grading.ready(course, course["a1"])
    assert len(tried) == 5
    path = place.root / "solutions" / "nndl" / "layers.py"
    path.write_text(path.read_text() + "\n")
    forget_sources()
    grading.ready(course, course["a1"])
    assert len(tried) == 6
    grading.ready(course, course["a1"], "none")
    assert len(tried) == 7


def test_a_net_that_nobody_trained_shows_that_nets_can_be_graded(place: Course) -> None:
    (place.root / "course.toml").write_text(small_class.TOML + NETS)
    course = courses.load(place.root)
    grading.ready(course, course["a1"])


def test_an_exercise_without_a_reference_is_refused(place: Course) -> None:
    course = changed(place, ("layers.relu_forward", "layers.no_such_layer"))
    with pytest.raises(CourseError, match="no_such_layer"):
        grading.ready(course, course["a1"])
    (place.root / "solutions" / "nndl" / "layers.py").unlink()
    forget_sources()
    prerequisites._prerequisites.cache_clear()  # as in a new process
    with pytest.raises(CourseError, match=r"solutions/nndl/layers\.py is missing; layers\.\w+ is judged with it"):
        grading.ready(place, place["a1"])


def test_what_the_grader_itself_cannot_do_is_said(place: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of the grader's own")

    monkeypatch.setattr(grading.oracle, "judge", fail)
    with pytest.raises(SelfTestFailed, match=r"the grader itself fails on the reference \(ZeroDivisionError"):
        grading.ready(place, place["a1"])
