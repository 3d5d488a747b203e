"""Run over a class without running any code of it, and note what would be judged."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from grading_here import forget_sources

from grader import course as courses
from grader.classrun.collect import collect
from grader.classrun.grading import Graded, grade_class
from grader.classrun.selection import EVERYTHING, Selection
from grader.classrun.task import Result, Task
from grader.course import Course
from grader.judging.outcome import Outcome


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
