"""What all tests share: the course of this repository and its reference."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from grader import course as courses
from grader.course import Course
from grader.reference import Reference

ROOT = Path(__file__).parents[1]

settings.register_profile("busy", deadline=None)  # a machine under load fails no test
settings.load_profile("busy")


@pytest.fixture(scope="session")
def course() -> Course:
    return courses.load(ROOT)


@pytest.fixture(scope="session")
def reference(course: Course) -> Reference:
    return Reference.of(course)
