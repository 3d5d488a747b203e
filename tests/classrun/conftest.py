"""A course of a few quick exercises, and runs over it that note what is judged."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pytest
from crash import small_class
from grading_here import forget_sources

from grader import course as courses
from grader.classrun.collect import collect
from grader.classrun.grading import Graded, grade_class
from grader.classrun.selection import EVERYTHING, Selection
from grader.classrun.task import Result, Task
from grader.course import Course
from grader.judging.outcome import Outcome

TWO_FILES = (
    small_class.TOML
    + """
[[assignment.notebook]]
name = "more"
exercises = [
    { name = "layers.affine_backward", points = 4, requires = ["layers.affine_forward"] },
    { name = "optim.sgd_momentum", points = 5 },
]
"""
)


class Judge:
    """A runner that runs no code: whatever is judged is right, unless a test says otherwise.

    Attributes
    ----------
    judged : list of (str, str)
        Students and exercises that were judged, in order.
    found : dict of (str, str) to Outcome
        What is found, by student and exercise.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.judged: list[tuple[str, str]] = []
        self.found: dict[tuple[str, str], Outcome] = {}

    def __call__(self, course: Course, tasks: Iterable[Task]) -> Generator[tuple[Task, Result], None, None]:
        for task in tasks:
            self.judged += [(task.student, name) for name in task.exercises]
            yield task, {name: self.found.get((task.student, name), Outcome(1.0)) for name in task.exercises}

    def run(self, again: bool = False, selection: Selection = EVERYTHING, sandbox: str = "none") -> dict[str, Graded]:
        """Grade the class as another process would, and forget what was judged before."""
        self.judged.clear()
        forget_sources()
        course = courses.load(self.course.root)
        hand_ins = collect(course.root / "submitted", course["a1"])
        how = {"again": again, "selection": selection, "sandbox": sandbox, "runner": self}
        return {one.hand_in.student: one for one in grade_class(course, course["a1"], hand_ins, **how)}

    @property
    def exercises(self) -> set[str]:
        """The exercises that were judged, for anybody."""
        return {name for _, name in self.judged}


@pytest.fixture
def course_of_two_files(tmp_path: Path) -> Course:
    """Two students; s00 is right, and hands in optim.py, too."""
    made = small_class.make(tmp_path / "course", 2)
    (made.root / "course.toml").write_text(TWO_FILES)
    for student in ("s00", "s01"):
        text = (made.root / "solutions" / "nndl" / "optim.py").read_text()
        (made.root / "submitted" / student / "a1" / "nndl" / "optim.py").write_text(text)
    return courses.load(made.root)


@pytest.fixture
def judge(course_of_two_files: Course, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judge]:
    monkeypatch.setattr("grader.classrun.self_test.require", lambda *_, **__: None)
    yield Judge(course_of_two_files)
    forget_sources()
