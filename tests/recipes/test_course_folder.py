"""What is about this course stands in its folder and not in ``grader``; and the guide shows what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from here import ALL_RECIPES

from grader.course import Course
from grader.recipes.diffs import read
from grader.reference import Reference

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "author.md").read_text("utf-8").partition("\n# Reference\n")[2]
EXAMPLES = re.findall(r"^```diff\n(.*?)^```", REFERENCE, re.DOTALL | re.MULTILINE)


def test_nothing_but_the_loader_of_the_reference_imports_solutions() -> None:
    importing = re.compile(r"^\s*(from|import) solutions\b|import_module\(f?\"solutions", re.MULTILINE)
    found = {path.name for path in (ROOT / "grader").rglob("*.py") if importing.search(path.read_text("utf-8"))}
    assert found == {"reference.py"}


def test_the_grader_knows_no_exercise_of_the_course_by_name() -> None:
    """Docstrings may take one for an example."""
    names = re.compile("|".join(map(re.escape, sorted(ALL_RECIPES))))
    texts = {path: path.read_text("utf-8") for path in (ROOT / "grader").rglob("*.py")}
    code = {
        path.relative_to(ROOT / "grader").as_posix(): re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
        for path, text in texts.items()
    }
    assert {path for path, text in code.items() if names.search(text)} == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_guide_are_those_of_the_course(example: str) -> None:
    entries, problems = read(example, "docs/author.md", sentences="in-place" in example)
    assert problems == []
    for entry in entries:
        recipe = ALL_RECIPES[entry.exercise]
        known = {one.id: (one.hint, one.hunks) for one in recipe.misconceptions}
        known |= {one.style: ("", one.hunks) for one in recipe.right}
        assert known[entry.name] == (entry.sentence, entry.hunks)


def test_the_guide_has_examples_of_both_kinds() -> None:
    assert len(EXAMPLES) == 2


def test_every_right_answer_and_every_misconception_belongs_to_an_exercise_of_the_course(
    course: Course, reference: Reference
) -> None:
    asked_for = {exercise.name for _, exercise in course.exercises(further=True) if exercise.score is None}
    suffixes = {path.suffix for paths in reference.recipe_files.values() for path in paths}
    assert suffixes == {".py", ".right", ".wrong"}
    assert set(ALL_RECIPES) == asked_for
    assert all(recipe.right for recipe in ALL_RECIPES.values())
