"""A course of a few quick exercises, and a class of two who hand in two files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crash import small_class
from grading_here import forget_sources
from made_up_judge import Judge

from grader import course as courses
from grader.course import Course

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
