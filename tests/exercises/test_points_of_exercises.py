"""What well-known mistakes cost in the course's own exercises."""

from __future__ import annotations

import numpy as np
import pytest
from here import COURSE, RECIPES

from grader.judging.trial import Trial
from grader.recipes import Recipe
from grader.reference import Reference
from utils.checks.case import SITUATIONS
from utils.checks.diagnose import Division, Judgement, judge

COSTS = [
    # exercise, misconception, what is lost: output and part
    ("neural_net.TwoLayerNet.loss", "exp-overflows", {("loss", "numerical range"), ("grads", "numerical range")}),
    ("layers.dropout_forward", "dtype-not-kept", {("out", "dtype")}),
    ("conv_layers.conv_forward_naive", "dtype-lost", {("out", "dtype")}),
    ("fc_net.FullyConnectedNet.__init__", "dtype-ignored", {("params", "dtype")}),
    ("conv_layers.max_pool_backward_naive", "all-ties", {("dx", "tie")}),
    ("layers.relu_forward", "in-place", {("out", "side effect")}),
    ("layers.affine_backward", "db-keeps-axis", {("db", "shape")}),
    ("layers.affine_backward", "dx-not-reshaped", {("dx", "shape")}),
    ("layers.dropout_forward", "always-the-same-mask", {("out", "side effect")}),
    # Of random weights, no shape but the right one has the right numbers.
    ("fc_net.FullyConnectedNet.__init__", "transposed-weights", {("params", "core")}),
]


def judged(recipe: Recipe, reference: Reference, misconception: str) -> Judgement:
    trial = Trial.drawn(recipe, reference, np.random.default_rng(1))
    hunks = next(one.hunks for one in recipe.misconceptions if one.id == misconception)
    module = reference.variant(recipe.module, hunks)
    return judge(trial.results([trial.answer(case, module) for case in trial.cases]), recipe.hints)


@pytest.mark.parametrize(("exercise", "misconception", "lost"), COSTS, ids=[f"{one[0]} {one[1]}" for one in COSTS])
def test_what_is_right_in_the_core_is_partly_right(
    exercise: str, misconception: str, lost: set[tuple[str, str]], reference: Reference
) -> None:
    judgement = judged(RECIPES[exercise], reference, misconception)
    assert {(loss.output, loss.part) for loss in judgement.score.lost} == lost
    expected = 0.75 <= judgement.share < 1 if all(part != "core" for _, part in lost) else judgement.share == 0
    assert expected, judgement.share


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_an_exercise_has_a_core_and_a_case_no_more_than_one_trait(recipe: Recipe) -> None:
    cases = list(recipe.draw(np.random.default_rng(1)))
    assert any(case.is_core for case in cases)
    assert all(len(case.traits - SITUATIONS) <= 1 for case in cases)
    assert Division(cases).outputs


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_a_case_in_float32_has_the_trait(recipe: Recipe) -> None:
    """Where other cases are of float64, float32 sets a case apart; dtype is no part of the core."""
    dtypes = {}
    for case in recipe.draw(np.random.default_rng(1)):
        floats = {value.dtype.name for value in case.inputs.values() if isinstance(value, np.ndarray)} & {"float32"}
        dtypes[case.title] = bool(floats), "dtype" in case.traits
    assert all(trait for float32, trait in dtypes.values() if float32), dtypes


def test_the_course_says_what_the_core_carries() -> None:
    assert {COURSE.core(exercise) for _, exercise in COURSE.exercises()} == {COURSE.grading.core} == {0.75}
