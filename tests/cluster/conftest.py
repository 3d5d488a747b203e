"""A course of two small exercises whose submissions are judged on this machine and on a cluster."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from crash.small_class import make
from grading_here import in_this_process
from outcomes_by_student import by_student

from grader.classrun.collect import collect, read_submission
from grader.classrun.task import Task
from grader.course import Course
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


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder for what processes say; dask.distributed's own log is quiet meanwhile."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    return tmp_path
