"""Are the exercises in PyTorch judged right: the reference, every misconception, other right answers?"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from grader.exercises import torch_models, torch_modules
from grader.exercises.recipe import Misconception, Recipe
from grader.reference import Edit, Reference
from grader.trial import Trial
from utils.checks.judge import Judgement, judge

pytest.importorskip("torch", reason="these exercises need PyTorch, which only HW6 needs: pip install torch")

RECIPES = (*torch_models.RECIPES, *torch_modules.RECIPES)
BY_NAME = {recipe.function: recipe for recipe in RECIPES}
BANK = [(recipe, misconception) for recipe in RECIPES for misconception in recipe.misconceptions]
RIGHT: dict[tuple[str, str], tuple[Edit, ...]] = {
    ("flatten", "torch.flatten"): (("x.reshape(x.shape[0], -1)", "torch.flatten(x, start_dim=1)"),),
    ("flatten", "contiguous first"): (("x.reshape(x.shape[0], -1)", "x.contiguous().view(len(x), -1)"),),
    ("random_weight", "kaiming_normal_"): (
        (
            "w = torch.randn(shape, dtype=dtype, device=device) * math.sqrt(2 / fan_in)",
            'w = nn.init.kaiming_normal_(torch.empty(shape, dtype=dtype, device=device), nonlinearity="relu")',
        ),
    ),
    ("random_weight", "torch.normal"): (
        (
            "w = torch.randn(shape, dtype=dtype, device=device) * math.sqrt(2 / fan_in)",
            "w = torch.normal(0.0, (2 / fan_in) ** 0.5, tuple(shape), dtype=dtype, device=device)",
        ),
    ),
    ("two_layer_fc", "clamp and linear"): (
        ("hidden = F.relu(flatten(x) @ w1.T + b1)", "hidden = F.linear(x.flatten(1), w1, b1).clamp(min=0)"),
        ("hidden @ w2.T + b2", "torch.addmm(b2, hidden, w2.t())"),
    ),
    ("three_layer_convnet", "padded by hand"): (
        ("F.conv2d(x, conv_w1, conv_b1, padding=2)", "F.conv2d(F.pad(x, (2, 2, 2, 2)), conv_w1, conv_b1)"),
        ("F.conv2d(first, conv_w2, conv_b2, padding=1)", 'F.conv2d(first, conv_w2, conv_b2, padding="same")'),
    ),
    ("ThreeLayerConvNet.__init__", "drawn by hand"): (
        (
            'nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")',
            "layer.weight.data = torch.randn(layer.weight.shape) * (2 / layer.weight[0].numel()) ** 0.5",
        ),
        ("nn.init.zeros_(layer.bias)", "layer.bias.data.zero_()"),
    ),
    ("ThreeLayerConvNet.__init__", "another order"): (
        ("        self.fc = nn.Linear(channel_2 * height * width, num_classes)\n", ""),
        (
            "        height, width = image\n        self.conv1",
            (
                "        height, width = image\n"
                "        self.fc = nn.Linear(channel_2 * height * width, num_classes)\n        self.conv1"
            ),
        ),
    ),
    ("ThreeLayerConvNet.forward", "in place"): (
        ("first = F.relu(self.conv1(x))", "first = self.conv1(x).relu_()"),
        ("self.fc(flatten(second))", "self.fc(second.flatten(1))"),
    ),
    ("sequential_convnet", "same padding"): (
        (
            "nn.Conv2d(in_channel, channel_1, 5, padding=2),\n        nn.ReLU(),",
            'nn.Conv2d(in_channel, channel_1, 5, padding="same"),\n        nn.ReLU(inplace=True),',
        ),
    ),
    ("check_accuracy", "indices and inference mode"): (
        ("with torch.no_grad():", "with torch.inference_mode():"),
        (
            "zip(X.split(batch_size), y.split(batch_size), strict=True)",
            "((X[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(X), batch_size))",
        ),
        ("model(images).argmax(dim=1)", "model(images).max(1)[1]"),
    ),
}


@cache
def drawn(function: str, reference: Reference, seed: int) -> Trial:
    return Trial(BY_NAME[function], reference, np.random.default_rng(seed))


def judged(recipe: Recipe, reference: Reference, edits: tuple[Edit, ...], seed: int) -> Judgement:
    trial = drawn(recipe.function, reference, seed)
    module = reference.variant(recipe.module, edits)
    return judge(trial.hear([trial.answer(case, module) for case in trial.cases]), recipe.hints)


@pytest.mark.parametrize("recipe", RECIPES, ids=list(BY_NAME))
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


@pytest.mark.parametrize("recipe", torch_models.RECIPES[2:] + torch_modules.RECIPES[1:2], ids=lambda r: r.function)
def test_a_flatten_that_is_not_written_costs_the_nets_nothing(recipe: Recipe, reference: Reference) -> None:
    stub = (("rows = x.reshape(x.shape[0], -1)", 'raise NotImplementedError("flatten: your code here")'),)
    assert judged(recipe, reference, stub, 1) == Judgement(1.0, ())
