"""The learning rate against the momentum, on three landscapes and in a net of six layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..optimisers.compute import Optimisers, race, walks
from ..optimisers.landscapes import LANDSCAPES
from ..optimisers.view import FLOOR
from .grid import Control, Grid, Modules, Part, last, logarithms, rounded, thinned, whole

FAR = 20.0  # beyond all that is drawn


def _walked(*rules: str) -> Any:
    def numbers(modules: Modules, state: Optimisers) -> dict[str, Any]:
        """For each rule, w₁ and w₂ after each step, times 100, and the loss there as logarithms times 100."""
        found = walks(modules("optim"), state)
        return {
            rule: [
                *(whole(np.clip(found.paths[rule][:, axis], -FAR, FAR), 100) for axis in (0, 1)),
                logarithms(np.minimum(np.nan_to_num(found.heights[rule], nan=1e9), 1e9), FLOOR),
            ]
            for rule in rules
        }

    return numbers


def training(modules: Modules, state: Optimisers) -> dict[str, Any]:
    """For each rule, the losses, and the accuracies in % after each epoch."""
    found = last(race(modules("optim"), modules("fc_net").FullyConnectedNet, state))
    made = {}
    for rule, run in found.items():
        smooth = np.convolve(np.minimum(np.nan_to_num(run.loss, nan=1e3), 1e3), np.ones(9) / 9, "valid")
        at, loss = thinned(smooth, 50)
        made[rule] = {
            "at": at, "loss": [rounded(value) for value in loss],
            "train": [rounded(100 * value) for value in run.train],
            "val": [rounded(100 * value) for value in run.val],
        }  # fmt: skip
    return made


def ground(modules: Modules) -> dict[str, Any]:
    """Each landscape: what is drawn of it, where the walks begin, where the loss is 0, and heights to draw lines of."""
    made = {}
    for name, land in LANDSCAPES.items():
        across, along = np.linspace(*land.across, 40), np.linspace(*land.along, 30)
        heights = land.height(np.stack(np.meshgrid(across, along), axis=-1))
        lines = np.geomspace(max(heights.min(), heights.max() / 400), heights.max(), 10)
        made[name] = {
            "across": land.across, "along": land.along, "start": land.start, "goals": land.goals,
            "columns": 40, "heights": [rounded(value) for value in heights.ravel()],
            "lines": [rounded(value) for value in lines[:-1]],
        }  # fmt: skip
    return {"lands": made}


GRID = Grid(
    Optimisers(),
    (
        Control("rate", "rate of sgd, momentum", (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.06, 0.07, 0.1, 0.2), 0.02),
        Control("momentum", "momentum, beta1", (0.0, 0.5, 0.8, 0.9, 0.95, 0.99), 0.9),
        Control("loss", "loss", tuple(LANDSCAPES), "ravine"),
    ),
    (
        Part("sgd", ("loss", "rate"), _walked("sgd")),
        Part("momentum", ("loss", "rate", "momentum"), _walked("sgd_momentum", "sgd_nesterov_momentum")),
        Part("adaptive", ("loss", "momentum"), _walked("adagrad", "rmsprop", "adam")),
        Part("training", ("momentum",), training),
    ),
    ground,
)
