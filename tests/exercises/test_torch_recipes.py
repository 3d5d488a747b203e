"""The exercises in PyTorch: what the general tests of recipes do not ask."""

from __future__ import annotations

import numpy as np
import pytest
from here import RECIPES

from grader.judging.trial import Trial
from grader.patch import Hunk
from grader.reference import Reference
from utils.checks.diagnose import Judgement, judge

pytest.importorskip("torch", reason="these exercises need PyTorch, which only HW6 needs: pip install torch")


@pytest.mark.parametrize("function", ["two_layer_fc", "three_layer_convnet", "ThreeLayerConvNet.forward"])
def test_a_flatten_that_is_not_written_costs_the_nets_nothing(function: str, reference: Reference) -> None:
    answer, stub = "rows = x.reshape(x.shape[0], -1)", 'raise NotImplementedError("flatten: your code here")'
    recipe = RECIPES[f"torch_models.{function}"]
    trial = Trial.drawn(recipe, reference, np.random.default_rng(1))
    module = reference.variant(recipe.module, [Hunk("flatten", (f"    {answer}",), (f"    {stub}",))])
    heard = trial.results([trial.answer(case, module) for case in trial.cases])
    assert judge(heard, recipe.hints) == Judgement(1.0, ())


@pytest.mark.parametrize("seed", range(5))
def test_the_far_target_takes_more_than_one_step(seed: int, reference: Reference) -> None:
    """Without this a stop after one step would be right in every case."""
    trial = Trial.drawn(RECIPES["net_visualization.make_fooling_image"], reference, np.random.default_rng(seed))
    assert np.linalg.norm(np.asarray(trial.expected(0).values["fooled"]) - np.asarray(trial.cases[0].inputs["X"])) > 1.0


@pytest.mark.parametrize(
    ("text", "gathers"),
    [
        ("score.backward()", True),
        ("score.backward(); images.grad.zero_()", False),
        ("score.backward(); images.grad = None", False),
        ("torch.autograd.grad(score, images)", False),
    ],
)
def test_a_gradient_is_said_to_add_up_only_where_it_may(text: str, gathers: bool) -> None:
    meaning = RECIPES["net_visualization.make_fooling_image"].meanings["max_iter is 1"]
    assert callable(meaning)
    assert ("adds to what .grad holds" in meaning(text)) == gathers
    assert ("when the steps end" in meaning(text)) != gathers
