"""The weight scale against the depth, with and without batch normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..weight_scale.compute import SCALES, Layer, WeightScale, layers_of, sweep
from ..weight_scale.view import EDGES
from .grid import Control, Grid, Modules, Part, last, rounded

WIDE = EDGES[::2]  # bins twice as wide as the explorer's, in powers of ten
LEVELS = "0123456789abcdefghijklmnopqrstuvwxyz"


def histogram(values: Any) -> list[Any]:
    """The sizes of many numbers.

    Returns
    -------
    list
        The first bin of `WIDE` that holds any, the heights from there on as one character of `LEVELS` each, the
        standard deviation, and the percentage that is exactly 0.
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    counts, _ = np.histogram(np.log10(sizes) if sizes.size else sizes, WIDE)
    heights = np.ceil((len(LEVELS) - 1) * counts / max(1, counts.max())).astype(int)
    held = np.flatnonzero(counts)
    begin, end = (held[0], held[-1] + 1) if held.size else (0, 0)
    spread = float(np.std(values)) if np.isfinite(values).all() else float("inf")
    text = "".join(LEVELS[height] for height in heights[begin:end])
    return [int(begin), text, rounded(spread, 2), round(100 * float(np.mean(values == 0)))]


def passes(modules: Modules, state: WeightScale) -> list[list[Any]]:
    """For each hidden layer, the histogram of its outputs and that of its upstream gradients."""
    layers: list[Layer] = layers_of(modules("fc_net").FullyConnectedNet, state)
    return [[histogram(layer.out), histogram(layer.dout)] for layer in layers]


def training(modules: Modules, state: WeightScale) -> dict[str, list[list[Any]]]:
    """For each norm and scale: best accuracies on validation and training images in %, final loss, and the verdict."""
    found = last(sweep(modules("fc_net").FullyConnectedNet, state))
    return {
        norm: [
            [
                rounded(100 * max(run.val)), rounded(100 * max(run.train)),
                rounded(float(np.mean(run.loss[-20:]))), found.verdict(norm, scale),
            ]
            for scale in SCALES
            for run in (found.runs[norm, scale],)
        ]
        for norm in ("none", "batchnorm")
    }  # fmt: skip


GRID = Grid(
    WeightScale(),
    (
        Control("scale", "weight scale", SCALES, SCALES[9]),
        Control("depth", "hidden layers", tuple(range(1, 13)), 7),
        Control("norm", "normalisation", ("none", "batchnorm"), "none"),
    ),
    (Part("passes", ("norm", "depth", "scale"), passes), Part("training", ("depth",), training)),
    lambda modules: {"edges": [round(float(edge), 1) for edge in WIDE]},
)
