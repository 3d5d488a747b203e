"""Students read beforehand what is checked besides the core."""

from __future__ import annotations

import json

import numpy as np
import pytest
from here import COURSE, RECIPES

from grader.course import Exercise
from grader.release.rules import WIDTH, also_checked, comment
from utils.checks.diagnose import SHAPE, Division

FUNCTIONS = [exercise for _, exercise in COURSE.exercises(further=True) if exercise.name in RECIPES]


def comments(text: str, heading: str) -> str:
    """The comment that begins with a heading, on one line."""
    lines = [line.strip() for line in text[text.index(heading) :].splitlines()]
    end = next(k for k, line in enumerate(lines) if not line.startswith("#"))
    return " ".join(line.lstrip("# ") for line in lines[:end])


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda exercise: exercise.name)
def test_every_trait_of_an_exercise_is_named_in_stub_and_notebook(exercise: Exercise, tree: dict[str, bytes]) -> None:
    cases = list(RECIPES[exercise.name].draw(np.random.default_rng(5)))
    traits = {trait for traits in Division(cases).traits.values() for trait in traits} | {SHAPE}
    stub = comments(tree[exercise.file].decode(), f"# ======== YOUR CODE HERE: {exercise.name}")
    assert all(f"- {trait}: " in stub for trait in traits)
    if exercise.graded:  # what is for fun has no graded cell, and no points to lose
        notebooks = [json.loads(data) for path, data in tree.items() if path.endswith(".ipynb") and "assign" in path]
        cells = [cell for notebook in notebooks for cell in notebook["cells"]]
        (cell,) = (c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == exercise.grade_id)
        shown = comments("".join(cell["source"]), "# Also checked")
        assert all(f"- {trait}: " in shown for trait in traits)


def test_the_titles_say_what_a_trait_means() -> None:
    exercise = next(exercise for exercise in FUNCTIONS if exercise.name == "layers.relu_backward")
    assert also_checked(COURSE, exercise) == [
        "Also checked, for 25 % of the points:",
        "- shape: exactly as documented",
        "- edge shape: a single example",
        "- dtype: float32",
        (
            "- side effect: a second backward pass from the same cache, after another forward pass; "
            "arguments stay as they are, unless documented; nothing else is left behind"
        ),
        "- tie: with entries that are exactly 0",
    ]


def test_a_comment_fits_the_page() -> None:
    lines = comment(["Also checked:", f"- edge shape: {'; '.join(['a single example'] * 12)}"])
    assert max(map(len, lines)) <= WIDTH + 2
    assert lines[:2] == ["# Also checked:", lines[1]]
    assert all(line.startswith("#   ") for line in lines[2:])
