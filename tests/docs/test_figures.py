"""Figures in the documentation are those of the code: each is named here with where it comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attacks.bank import bank
from here import ALL_RECIPES, COURSE

from grader.reference import Reference
from grader.submission import similarity

ROOT = Path(__file__).parents[2]
# Generated whole; `grader prove`, `benchmarks.notebooks` and `grader hints` write them.
NOT_HERE = {"mutation.md", "accuracy.md", "hints.md"}
ATTACKS = len(bank())
CONSTRUCTED = next(exercise for _, exercise in COURSE.exercises() if exercise.constructor)
INPUTS = int(re.findall(r'"NNDL_FUZZ", "(\d+)"', (ROOT / "tests" / "fuzz" / "test_fuzz.py").read_text("utf-8"))[0])
FUZZED = int(re.findall(r"NNDL_FUZZ=(\d+)", (ROOT / "Makefile").read_text("utf-8"))[0])
assert CONSTRUCTED.score is not None
NETS = {path.stem: path for path in Reference.of(COURSE).recipe_files["models"]}
HIDDEN_IMAGES = Reference.of(COURSE).recipe_module(NETS["_images"]).HIDDEN_IMAGES

FIGURES = [
    ("docs/grading.md", r"in all (\d+) exercises", len(ALL_RECIPES)),
    ("docs/grading.md", r"are right \| all (\d+) \|", sum(len(recipe.right) for recipe in ALL_RECIPES.values())),
    ("docs/grading.md", r"are wrong \| all (\d+) \|", sum(len(one.misconceptions) for one in ALL_RECIPES.values())),
    ("docs/grading.md", r"\((\d+) seconds in this course\)", COURSE.limits.seconds),
    ("docs/grading.md", r"^seconds = (\d+)", COURSE.limits.seconds),
    ("docs/grading.md", r"^exercise_seconds = (\d+)", COURSE.limits.exercise_seconds),
    ("docs/grading.md", r"^submission_seconds = (\d+)", COURSE.limits.submission_seconds),
    ("docs/security.md", r"a bank of (\d+) complete submissions", ATTACKS),
    ("README.md", r"(\d+) ways to try are in the tests", ATTACKS),
    ("CONTRIBUTING.md", r"tries ([\d,]+) inputs", INPUTS),
    ("CONTRIBUTING.md", r"`make fuzz`\s+([\d,]+)\.", FUZZED),
    ("docs/pytorch.md", r"gives it (\d+) images", HIDDEN_IMAGES),
    ("docs/pytorch.md", r"points = (\d+), constructor", CONSTRUCTED.points),
    ("docs/pytorch.md", r"from = ([\d.]+), to", CONSTRUCTED.score.start),
    ("docs/pytorch.md", r"to = ([\d.]+) }", CONSTRUCTED.score.stop),
    ("docs/pytorch.md", r"within (\d+) s on one core", COURSE.limits.submission_seconds),
    ("docs/student.md", r"for (\d+) images on one core", HIDDEN_IMAGES),
    ("docs/instructor.md", r"pairs from (\d+) % on are shown", 100 * similarity.MIN_SHARE),
    ("docs/instructor.md", r"or more than (\d+) students", similarity.MAX_STUDENTS),
]


@pytest.mark.parametrize(("page", "pattern", "expected"), FIGURES)
def test_a_figure_is_the_one_of_the_code(page: str, pattern: str, expected: float) -> None:
    found = re.findall(pattern, (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert found, f"{page} has no figure like {pattern} any more; take the line away here, or correct the page"
    assert {float(number.replace(",", "")) for number in found} == {expected}


def test_every_count_of_the_course_is_held_against_the_code() -> None:
    """Exercises, misconceptions, attacks and the like are never counted in a page without a line above."""
    counted = re.compile(r"\b(\d[\d,]*)\s+(?:exercises|misconceptions|attacks|known mistakes|mutants|right answers)\b")
    for path in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        if path.name not in NOT_HERE:
            text = path.read_text("utf-8")
            known = [match.span(1) for _, pattern, _ in FIGURES for match in re.finditer(pattern, text, re.MULTILINE)]
            counts = [match for match in counted.finditer(text) if match.span(1) not in known]
            assert not counts, f"{path.name}: {counts[0][0]}"
