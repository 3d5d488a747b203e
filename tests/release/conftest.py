"""A course to play with: a copy of this repository's, and what a release makes of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import course as courses
from grader.course import Course
from grader.release import build
from grader.release.edition import given

ROOT = Path(__file__).parents[2]
LITTER = shutil.ignore_patterns("__pycache__", "*.so", "goldens")


def copy_course(folder: Path) -> Course:
    """Copy what a release reads into `folder`."""
    for name in ("solutions", "utils"):
        shutil.copytree(ROOT / name, folder / name, ignore=LITTER)
    shutil.copy(ROOT / "course.toml", folder)
    return courses.load(folder)


@pytest.fixture(scope="session")
def copy() -> Callable[[Path], Course]:
    """How to copy the course."""
    return copy_course


@pytest.fixture
def copied(tmp_path: Path) -> Course:
    """A copy that a test may change."""
    return copy_course(tmp_path / "course")


@pytest.fixture(scope="session")
def tree(course: Course) -> dict[str, bytes]:
    """Everything students get, built once; not to be changed."""
    return {**given(course), **build(course)}
