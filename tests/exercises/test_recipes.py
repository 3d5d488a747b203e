"""Every exercise against what is known to be wrong with it, and against what is right in another way."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from here import ALL_RECIPES, COURSE, RECIPES, RIGHT
from sampling import sampled

from grader.course import Course
from grader.judging.trial import Trial
from grader.patch import Hunk
from grader.recipes import Misconception, Recipe
from grader.reference import Reference
from utils.checks.case import Trait
from utils.checks.compare import Array
from utils.checks.diagnose import IN_PLACE, Judgement, judge
from utils.checks.diagnose.simpler_inputs import simplifications

BANK = [(recipe, misconception) for recipe in RECIPES.values() for misconception in recipe.misconceptions]
SEEDS = (1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3)))


@cache
def drawn(name: str, reference: Reference, seed: int) -> Trial:
    return Trial.drawn(RECIPES[name], reference, np.random.default_rng(seed))


def judged(recipe: Recipe, reference: Reference, hunks: tuple[Hunk, ...], seed: int) -> Judgement:
    trial = drawn(recipe.name, reference, seed)
    module = reference.variant(recipe.module, hunks)
    return judge(trial.results([trial.answer(case, module) for case in trial.cases]), recipe.hints)


def test_every_exercise_of_the_course_has_a_recipe(course: Course) -> None:
    written = {exercise.name for _, exercise in course.exercises(further=True) if exercise.score is None}
    assert written == set(ALL_RECIPES)


def test_every_recipe_can_be_tried_here() -> None:
    left_out = ALL_RECIPES.keys() - RECIPES.keys()
    if left_out:
        packages = ", ".join({COURSE.absent(name.split(".")[0]) for name in left_out})
        pytest.skip(f"{len(left_out)} exercises need {packages}, which is not installed, and are left out of all tests")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
@pytest.mark.parametrize("seed", sampled(range(10), every=5, first=1))
def test_the_reference_is_right(recipe: Recipe, reference: Reference, seed: int) -> None:
    assert judged(recipe, reference, (), seed) == Judgement(1.0, ())


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.meanings])
def test_what_a_simpler_input_means_is_said_of_an_input_that_is_made_simpler(name: str, reference: Reference) -> None:
    tried = {change.words for case in drawn(name, reference, 1).cases for change in simplifications(case)}
    assert RECIPES[name].meanings.keys() <= tried


def of_every_fourth_exercise() -> list[Any]:
    """Misconceptions; the ordinary suite takes every other one of every fourth exercise.

    The first wrong answer to an exercise takes the answers of all of its misconceptions. So the sample is of few
    exercises; tests/checks/test_check.py has one of all of them, with the answers that the release has computed.
    """
    of_recipe: Counter[str] = Counter()
    order = {name: number for number, name in enumerate(RECIPES)}
    found = []
    for recipe, known in BANK:
        ordinary = order[recipe.name] % 4 == 0 and of_recipe[recipe.name] % 2 == 0
        of_recipe[recipe.name] += 1
        marks = () if ordinary else pytest.mark.slow
        found.append(pytest.param(recipe, known, id=f"{recipe.name}-{known.id}", marks=marks))
    return found


@pytest.mark.parametrize(("recipe", "misconception"), of_every_fourth_exercise())
@pytest.mark.parametrize("seed", SEEDS)
def test_a_misconception_is_rejected_and_named(
    recipe: Recipe, misconception: Misconception, reference: Reference, seed: int
) -> None:
    judgement = judged(recipe, reference, misconception.hunks, seed)
    assert judgement.share < 1
    wrong = [finding for finding in judgement.findings if finding.verdict != "pass"]
    assert {finding.misconception for finding in wrong} == {misconception.id}
    # The student's own check says the same from the golden pack: tests/checks/test_check.py holds it to this sentence.
    assert all(finding.hint.startswith(misconception.hint) for finding in wrong)


@pytest.mark.parametrize(("name", "style", "hunks"), RIGHT, ids=[f"{name}-{style}" for name, style, _ in RIGHT])
@pytest.mark.parametrize("seed", SEEDS)
def test_another_right_answer_earns_everything(
    name: str, style: str, hunks: tuple[Hunk, ...], reference: Reference, seed: int
) -> None:
    assert judged(RECIPES[name], reference, hunks, seed) == Judgement(1.0, ())


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_a_recipe_covers_the_same_situations_with_other_numbers(recipe: Recipe) -> None:
    one, other = (list(recipe.draw(np.random.default_rng(seed))) for seed in (1, 2))
    assert len(one) == len(other)
    assert any(_numbers(a.inputs) != _numbers(b.inputs) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_misconceptions_have_names_and_sentences_of_their_own(recipe: Recipe) -> None:
    ids = [misconception.id for misconception in recipe.misconceptions]
    assert len(ids) == len(set(ids))
    assert all(misconception.hint.endswith(".") for misconception in recipe.misconceptions)
    assert len(set(recipe.hints.values())) == len(ids)


def test_working_in_place_is_seen_only_because_inputs_are_compared(reference: Reference) -> None:
    recipe = RECIPES["layers.relu_forward"]
    in_place = next(m for m in recipe.misconceptions if m.id == IN_PLACE)
    trial = Trial.drawn(recipe, reference, np.random.default_rng(0))
    module = reference.variant("layers", in_place.hunks)
    results = trial.results([trial.answer(case, module) for case in trial.cases])
    assert not any(result.faults() for result in results)  # the outputs alone would pass
    assert any(result.mutated for result in results)
    judgement = judge(results, recipe.hints)
    assert [(loss.output, loss.part) for loss in judgement.score.lost] == [("out", Trait.SIDE_EFFECT)]
    assert 0.75 < judgement.share < 1


def _numbers(inputs: dict[str, object]) -> bytes:
    return b"".join(_bytes(value) for value in inputs.values())


def _bytes(value: object) -> bytes:
    if isinstance(value, dict):
        return _numbers(value)
    array: Array = np.asarray(value)
    return repr(array.tolist()).encode()
