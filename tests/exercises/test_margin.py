"""The tolerance lies in a wide gap: no right answer comes near it from below, and no known mistake from above."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from here import RECIPES, RIGHT
from sampling import sampled
from test_recipes import BANK, drawn, judged

from grader.patch import Hunk
from grader.recipes import Misconception, Recipe
from grader.reference import Reference
from utils.checks.compare import Minibatches, MinibatchesAnew, tolerance
from utils.checks.diagnose import CaseResult
from utils.checks.program import Crash, Ran

GAP = 100.0
SEED = 1
EXACT = tolerance.rtol


@pytest.fixture
def scaled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    factor: float = request.param
    monkeypatch.setattr(tolerance, "rtol", lambda *values: factor * EXACT(*values))
    return factor


@pytest.mark.parametrize("scaled", [GAP], indirect=True)
@pytest.mark.parametrize(
    ("recipe", "misconception"),
    sampled(BANK, [f"{recipe.name}-{known.id}" for recipe, known in BANK], every=12, first=4),
)
def test_a_known_mistake_is_larger_than_a_hundred_tolerances(
    scaled: float, recipe: Recipe, misconception: Misconception, reference: Reference
) -> None:
    assert wrong_somewhere(recipe, reference, misconception.hunks)


@np.errstate(all="ignore")  # a wrong answer may hold numbers of any size
def wrong_somewhere(recipe: Recipe, reference: Reference, hunks: tuple[Hunk, ...]) -> bool:
    """Whether an answer earns less than everything; why is not asked, which would take the answers of all mistakes."""
    trial, module = drawn(recipe.name, reference, SEED), reference.variant(recipe.module, hunks)
    for index, case in enumerate(trial.cases):
        answer = trial.answer(case, module)
        if isinstance(answer, Crash):
            return True
        result = CaseResult(case, trial.expected(index).values, answer)
        if result.faults() or result.mutated:
            return True
    return False


@pytest.mark.parametrize("scaled", [1 / GAP], indirect=True)
@pytest.mark.parametrize(("name", "style", "hunks"), RIGHT, ids=[f"{name}-{style}" for name, style, _ in RIGHT])
def test_another_right_answer_needs_a_hundredth_of_the_tolerance(
    scaled: float, name: str, style: str, hunks: tuple[Hunk, ...], reference: Reference
) -> None:
    assert judged(RECIPES[name], reference, hunks, SEED).share == 1


@pytest.mark.parametrize("scaled", [1 / GAP], indirect=True)
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_rounding_the_inputs_changes_less_than_a_hundredth_of_the_tolerance(
    scaled: float, recipe: Recipe, reference: Reference
) -> None:
    """What a case makes of the last bit of its inputs is its condition number, all of its sums included."""
    trial, rng = drawn(recipe.name, reference, SEED), np.random.default_rng(0)
    for index, case in enumerate(trial.cases):
        nudged = replace(case, inputs=nudge(case.inputs, rng))
        answer = trial.answer(nudged, reference.module(recipe.module))
        assert isinstance(answer, Ran)
        faults = CaseResult(case, trial.expected(index).values, answer).faults()
        # Training rows are told apart by their very numbers, so these rules cannot know them once they are nudged.
        rules = [case.aspects[fault.path.split(".")[0]] for fault in faults]
        assert not [rule for rule in rules if not isinstance(rule, Minibatches | MinibatchesAnew)]


def nudge(value: object, rng: np.random.Generator) -> dict[str, object]:
    """Inputs with the last bit of every floating entry flipped one way or the other, zeros as they are."""
    return {name: _nudged(item, rng) for name, item in value.items()}


def _nudged(value: object, rng: np.random.Generator) -> object:
    if isinstance(value, dict):
        return nudge(value, rng)
    if isinstance(value, list | tuple):
        return type(value)(_nudged(item, rng) for item in value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        towards = np.where(rng.random(value.shape) < 0.5, -np.inf, np.inf).astype(value.dtype)
        return np.where(value == 0, value, np.nextafter(value, towards))
    return value
