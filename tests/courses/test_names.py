"""The grader and the student's check know no course by its name: everything about one comes from its folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import course as courses
from grader.release.edition import STUDENTS_HALF

ROOT = Path(__file__).parents[2]
COURSES = (ROOT, Path(__file__).parent / "clusters")
TEXTS = {".py", ".j2", ".css", ".toml", ".md", ".yml"}
ENGLISH = {"groups"}  # the assignment of the second course: a word that says nothing about it


def engine() -> Iterator[Path]:
    """Every text of the grader, and of what it gives to the students of any course."""
    for place in (ROOT / "grader", *(ROOT / "utils" / name for name in STUDENTS_HALF)):
        yield from (path for path in (place, *place.rglob("*")) if path.suffix in TEXTS)


def names(folder: Path) -> set[str]:
    """What a course calls itself, its package and its assignments."""
    course = courses.load(folder)
    found = {course.package, course.course.title}
    for assignment in course.assignment:
        found |= {assignment.name, assignment.title}
    return found - ENGLISH


def said(name: str, text: str) -> bool:
    """Whether a text has a name in it, alone or as a part of a longer one: ``NNDL_DATA``."""
    return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("folder", COURSES, ids=lambda folder: courses.load(folder).package)
def test_the_engine_says_no_name_of_a_course(folder: Path) -> None:
    texts = {path: path.read_text("utf-8") for path in engine()}
    assert len(texts) > 100
    found = {
        (str(path.relative_to(ROOT)), name)
        for name in names(folder)
        for path, text in texts.items()
        if said(name, text)
    }
    assert found == set()


@pytest.mark.parametrize("text", ["nndl", "import nndl.layers", 'f"nndl/{name}.py"', "NNDL_DATA", "for instance hw3)."])
def test_a_name_is_found_wherever_it_stands(text: str) -> None:
    assert any(said(name, text) for name in names(ROOT))


def test_the_engine_imports_of_utils_what_every_course_has() -> None:
    """All else in ``utils`` is this course's own; only ``solutions/`` may import it for the grader."""
    given = {f"utils.{name.removesuffix('.py')}" for name in STUDENTS_HALF}
    importing = re.compile(r"^\s*from (utils\.\w+)|^\s*import (utils\.\w+)|^\s*from utils import (\w+)", re.MULTILINE)
    imported = {
        (next(filter(None, match)) if "." in "".join(match) else f"utils.{match[2]}")
        for path in engine()
        if path.suffix == ".py"
        for match in importing.findall(path.read_text("utf-8"))
    }
    assert "utils.checks" in imported
    assert imported <= given
