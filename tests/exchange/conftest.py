"""A course with a gradebook in which a small class has results, and a roster of it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gradebook import small_course

from grader.course import Course
from grader.gradebook import Gradebook

HANDED_IN = {"ada": datetime(2027, 2, 5, 11, tzinfo=UTC), "joerg": datetime(2027, 2, 6, 17, tzinfo=UTC)}


@pytest.fixture(scope="session")
def graded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course's folder; nbgrader takes seconds to make a gradebook, so there is one for all tests."""
    root = tmp_path_factory.mktemp("graded")
    course = small_course.make(root)
    with Gradebook(course) as book:
        for student, time in HANDED_IN.items():
            verdicts = {"relu_forward": "partial"} if student == "joerg" else {}
            book.record(small_course.report(student, **verdicts), small_course.answered(course, why="Because."), time)
    return root


@pytest.fixture
def graded(graded_once: Path, tmp_path: Path) -> Course:
    """A copy of the course, with its own gradebook."""
    shutil.copytree(graded_once, tmp_path / "course")
    return small_course.courses.load(tmp_path / "course")
