"""A course of two small exercises whose submissions are judged on this machine and on a cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crash.small_class import make
from grading_here import in_this_process

from grader.classrun.collect import collect, read_submission
from grader.classrun.task import Failure, Result, Task
from grader.course import Course
from grader.judging.outcome import Outcome
from grader.sandbox import choose_confinement

STUDENTS = 5


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make(tmp_path_factory.mktemp("small"), STUDENTS)


@pytest.fixture(scope="module")
def tasks(small: Course) -> list[Task]:
    """A task for each submission."""
    assignment, confinement = small["a1"], choose_confinement().name
    exercises = tuple(exercise.name for exercise in assignment.exercises)
    return [
        Task(number, "a1", found.student, read_submission(small, assignment, found.path), exercises, confinement)
        for number, found in enumerate(collect(small.root / "submitted", assignment))
    ]


@pytest.fixture(scope="module")
def expected(small: Course, tasks: list[Task]) -> dict[str, object]:
    """What judging in this process comes to, by student."""
    return by_student(in_this_process(small, tasks))


def by_student(results: Iterator[tuple[Task, Result]]) -> dict[str, object]:
    """Results by student, times aside; no student may have two."""
    found: dict[str, object] = {}
    for task, result in results:
        assert task.student not in found, "a second result"
        found[task.student] = timeless(result)
    return found


def timeless(result: Result) -> object:
    if isinstance(result, Failure):
        return result
    return {name: _timeless(outcome) for name, outcome in result.items()}


def _timeless(outcome: Outcome) -> Outcome:
    return replace(outcome, seconds=0.0)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder for what processes say; dask.distributed's own log is quiet meanwhile."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    return tmp_path
