"""Define how the autoencoder with tied weights is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged, sizes

LOSS_AND_GRADIENT: dict[str, Rule] = {"loss": Equal(), "dW": Equal()}


def autoencoder_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw nets with more inputs than hidden units, with fewer, and with one of each."""
    m, d = sizes(rng, 2)
    shapes = [(min(m, d), max(m, d)), (max(m, d), min(m, d)), (1, d), (m, 1), (d, d)]
    for number, (m, d) in enumerate(shapes):
        traits = {Trait.EDGE_SHAPE} if 1 in (m, d) or m == d else set()
        inputs: dict[str, object] = {"W": rng.standard_normal((m, d)), "x": 1 + rng.standard_normal(d)}
        if number == 0:
            inputs["x"] = 50 * np.asarray(inputs["x"])  # far from 0: nothing in this model has a limit
        title = "a single hidden unit" if m == 1 else "a single input" if d == 1 else f"W of shape {(m, d)}"
        program = "loss, dW = backprop.tied_autoencoder(W, x)"
        yield Case(
            title, program, inputs, LOSS_AND_GRADIENT, gradients={"dW": "W"}, objective=("loss", ""), traits=traits
        )


def _many_weights(rng: np.random.Generator) -> dict[str, object]:
    return {"W": 0.03 * rng.standard_normal((100, 1800)), "x": 1 + rng.standard_normal(1800)}


RECIPES = (
    Recipe(
        "backprop.tied_autoencoder",
        autoencoder_cases,
        large=enlarged(autoencoder_cases, "1,800 inputs and 100 hidden units", _many_weights, only=("dW",)),
    ),
)
