"""Grade one submission in this process, so that a test can replace parts of the grader, and forget what was read."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from grader.classrun import grading, self_test, sources
from grader.classrun.collect import HandIn
from grader.classrun.grading import Graded
from grader.classrun.task import Result, Task, judge_task
from grader.course import Assignment, Course


def in_this_process(course: Course, tasks: Iterable[Task]) -> Generator[tuple[Task, Result], None, None]:
    """A runner that carries out tasks one after the other."""
    for task in tasks:
        yield task, judge_task(course, task) if task.exercises else {}


def report_for(
    course: Course, assignment: Assignment, hand_in: HandIn, *, sandbox: str = "auto", again: bool = False
) -> Graded:
    return grading.grade_one(course, assignment, hand_in, sandbox=sandbox, again=again, runner=in_this_process)


def forget_sources() -> None:
    """As in another process: what files of the course say is read again, and no self-test is known to have passed."""
    self_test._passed_here.clear()
    for known in (sources.engine_digest, sources.reference_digest, sources.recipe_digest, sources._parsed):
        known.cache_clear()
