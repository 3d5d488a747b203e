"""The batch size against the momentum of the running statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batch_norm.compute import WATCH, BatchNorm, race, statistics_of
from .grid import Control, Grid, Modules, Part, last, rounded, thinned, whole

POINTS = 60  # of a curve over the iterations


def batches(modules: Modules, state: BatchNorm) -> dict[str, Any]:
    """Mean and variance of the unit in each minibatch, and in all images, times 100."""
    found = statistics_of(modules("fc_net").FullyConnectedNet, state)
    return {
        "mean": whole(found.batch_mean, 100), "var": whole(found.batch_var, 100),
        "all": whole([found.mean, found.var], 100),
    }  # fmt: skip


def running(modules: Modules, state: BatchNorm) -> dict[str, Any]:
    """The running statistics after each minibatch, and the last minibatch in both modes, times 100."""
    found = statistics_of(modules("fc_net").FullyConnectedNet, state)
    return {
        "mean": whole(found.running_mean, 100), "var": whole(found.running_var, 100),
        "train": whole(found.train, 100), "test": whole(found.test, 100),
        "apart": rounded(float(np.abs(found.train - found.test).mean())),
    }  # fmt: skip


def training(modules: Modules, state: BatchNorm) -> dict[str, Any]:
    """The two nets: losses, validation accuracies in %, and the middle half of one unit's pre-activations."""
    found = last(race(modules("fc_net").FullyConnectedNet, state))
    made = {}
    for norm, run in found.runs.items():
        width = max(9, len(run.loss) // 60)  # a running mean, so that two noisy curves can be told apart
        at, loss = thinned(np.convolve(np.minimum(run.loss, 1e3), np.ones(width) / width, "valid"), POINTS)
        looks, unit = thinned(np.array(found.unit[norm]), POINTS)
        made[norm] = {
            "at": at, "loss": [rounded(value) for value in loss],
            "val": [rounded(100 * value) for value in run.val],
            "unit_at": [WATCH * index for index in looks],
            "unit": [[rounded(value) for value in unit[:, column]] for column in (1, 2, 3)],
        }  # fmt: skip
    return made


GRID = Grid(
    BatchNorm(),
    (
        Control("batch", "batch size", (2, 3, 5, 10, 20, 50, 100, 200), 50),
        Control("momentum", "momentum", (0.0, 0.5, 0.8, 0.9, 0.99, 0.999), 0.9),
    ),
    (
        Part("batches", ("batch",), batches),
        Part("running", ("batch", "momentum"), running),
        Part("training", ("batch",), training),
    ),
)
