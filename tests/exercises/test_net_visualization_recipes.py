"""Are the exercises on pictures judged right: the reference, every misconception, other right answers?"""

from __future__ import annotations

import numpy as np
import pytest

from grader.exercises.net_visualization import RECIPES
from grader.exercises.recipe import Misconception, Recipe
from grader.reference import Edit, Reference
from grader.trial import Trial
from utils.checks.judge import Judgement, judge

pytest.importorskip("torch", reason="the exercises on pictures need PyTorch, which only HW6 needs: pip install torch")

BY_NAME = {recipe.function: recipe for recipe in RECIPES}
BANK = [(recipe, misconception) for recipe in RECIPES for misconception in recipe.misconceptions]
RIGHT: dict[tuple[str, str], tuple[Edit, ...]] = {
    ("compute_saliency_maps", "backward through a frozen model"): (
        (
            "(gradient,) = torch.autograd.grad(right, X)",
            (
                "wanted = [p.requires_grad for p in model.parameters()]\n"
                "    model.requires_grad_(False)\n"
                "    right = model(X)[torch.arange(len(y)), y].sum()\n"
                "    right.backward()\n"
                "    gradient = X.grad\n"
                "    for p, before in zip(model.parameters(), wanted):\n"
                "        p.requires_grad_(before)"
            ),
        ),
    ),
    ("compute_saliency_maps", "upstream gradient of ones"): (
        (
            "(gradient,) = torch.autograd.grad(right, X)",
            (
                "chosen = scores[torch.arange(len(y)), y]\n"
                "    gradient = torch.autograd.grad(chosen, X, torch.ones_like(chosen))[0]"
            ),
        ),
        ("gradient.abs().amax(dim=1)", "torch.maximum(gradient, -gradient).max(1).values"),
    ),
    ("make_fooling_image", "normalised by hand"): (
        (
            "X_fooling.detach() + learning_rate * gradient / gradient.norm()",
            "X_fooling.detach() + learning_rate * gradient * gradient.pow(2).sum().rsqrt()",
        ),
        ("scores.argmax()", "scores.max(dim=1).indices[0]"),
    ),
    ("class_visualization_update_step", "penalty by hand"): (
        (" - l2_reg * (img * img).sum()", ""),
        (
            "(gradient,) = torch.autograd.grad(objective, img)",
            "gradient = torch.autograd.grad(objective, img)[0] - 2 * l2_reg * img.detach()",
        ),
    ),
}


def judged(recipe: Recipe, reference: Reference, edits: tuple[Edit, ...], seed: int) -> Judgement:
    trial = Trial(recipe, reference, np.random.default_rng(seed))
    module = reference.variant(recipe.module, edits)
    return judge(trial.hear([trial.answer(case, module) for case in trial.cases]), recipe.hints)


@pytest.mark.parametrize("recipe", RECIPES, ids=BY_NAME)
@pytest.mark.parametrize("seed", range(10))
def test_the_reference_is_right(recipe: Recipe, reference: Reference, seed: int) -> None:
    assert judged(recipe, reference, (), seed) == Judgement(1.0, ())


@pytest.mark.parametrize(
    ("recipe", "misconception"), BANK, ids=[f"{recipe.function}-{misconception.id}" for recipe, misconception in BANK]
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_misconception_is_rejected_and_named(
    recipe: Recipe, misconception: Misconception, reference: Reference, seed: int
) -> None:
    judgement = judged(recipe, reference, misconception.edits, seed)
    assert judgement.share < 1
    wrong = [finding for finding in judgement.findings if finding.verdict != "pass"]
    assert {finding.misconception for finding in wrong} == {misconception.id}
    assert all(finding.hint.startswith(misconception.hint) for finding in wrong)


@pytest.mark.parametrize(("function", "style"), RIGHT)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_right_answer_earns_everything(function: str, style: str, reference: Reference, seed: int) -> None:
    assert judged(BY_NAME[function], reference, RIGHT[function, style], seed) == Judgement(1.0, ())


def test_the_far_target_takes_more_than_one_step(reference: Reference) -> None:
    """Without this a stop after one step would be right in every case."""
    recipe = BY_NAME["make_fooling_image"]
    for seed in range(5):
        case = next(recipe.draw(np.random.default_rng(seed)))
        fooled = Trial(recipe, reference, np.random.default_rng(seed)).want(0).values["fooled"]
        assert np.linalg.norm(np.asarray(fooled) - np.asarray(case.inputs["X"])) > 1.0
