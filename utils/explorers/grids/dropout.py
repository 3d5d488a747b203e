"""The drop probability against the number of passes, and against the number of training images."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dropout.compute import PROBABILITIES, Dropout, gaps, layer_of
from .grid import Control, Grid, Modules, Part, last, rounded

PASSES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)


def mask(modules: Modules, state: Dropout) -> dict[str, Any]:
    """One pass over a layer of ones: a row of 1 for kept and 0 for dropped after the other, and what a 1 has become."""
    out = layer_of(modules("fc_net").FullyConnectedNet, state).out
    return {"kept": ["".join("01"[int(kept)] for kept in row) for row in out != 0], "scale": rounded(out.max(), 4)}


def averages(modules: Modules, state: Dropout) -> list[float | None]:
    """The average output of each unit after so many passes."""
    return [rounded(value, 4) for value in layer_of(modules("fc_net").FullyConnectedNet, state).means[-1]]


def training(modules: Modules, state: Dropout) -> list[dict[str, Any]]:
    """The accuracies in % after each epoch, probability by probability."""
    found = last(gaps(modules("fc_net").FullyConnectedNet, state))
    return [
        {name: [rounded(100 * value) for value in getattr(found.runs[p], name)] for name in ("train", "val")}
        for p in sorted(PROBABILITIES)
    ]


GRID = Grid(
    Dropout(seed=3),  # whose averages come to rest as fast as they do in the mean of all seeds
    (
        Control("p", "drop probability p", tuple(sorted(PROBABILITIES)), 0.5),
        Control("passes", "passes to average", PASSES, 200),
        Control("images", "training images", (50, 100, 200, 500, 1000), 500),
    ),
    (
        Part("mask", ("p",), mask),
        Part("averages", ("p", "passes"), averages),
        Part("training", ("images",), training),
    ),
    lambda modules: {"x": [float(x) for x in np.linspace(1, 3, 5)]},
)
