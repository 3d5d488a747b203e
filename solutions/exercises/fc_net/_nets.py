"""Draw parameters and make cases of a loss for the nets of ``fc_net``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from grader.recipes import Case, Equal, Rule, Trait

# An entry that belongs to no parameter is counted; one that is missing shows in grads.
UNKNOWN = "unknown_grads = np.array(len(set(grads) - set(params)) if isinstance(grads, dict) else 0)\n"
GRADIENTS = "net.params = params\nloss, grads = net.loss(X, y)\n"
USE = f"""\
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y)
{UNKNOWN}"""
USE_AGAIN = f"""\
net.params = {{name: 2 * value for name, value in params.items()}}
net.loss(earlier, earlier_y)
net.loss(X)
net.loss(X, y)
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y)
{UNKNOWN}"""
OUTPUTS: dict[str, Rule] = {"scores": Equal(), "loss": Equal(), "grads": Equal(), "unknown_grads": Equal()}


def draw_params(rng: np.random.Generator, dims: Sequence[int], dtype: str = "float64") -> dict[str, object]:
    """Draw weights that keep activations near 1, and biases that are not 0."""
    params: dict[str, object] = {}
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(dims), 1):
        params[f"W{layer}"] = (rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)).astype(dtype)
        params[f"b{layer}"] = (0.5 * rng.standard_normal(fan_out)).astype(dtype)
    return params


def another_minibatch(rng: np.random.Generator, rows: int, features: int, classes: int) -> dict[str, object]:
    """Draw the minibatch of an earlier call."""
    return {"earlier": rng.standard_normal((rows, features)), "earlier_y": rng.integers(classes, size=rows)}


def loss_case(
    title: str,
    program: str,
    inputs: dict[str, object],
    aspects: dict[str, Rule],
    fallback: str,
    traits: set[Trait],
) -> Case:
    """Make a case in which the gradients are those of the loss with respect to each parameter."""
    params = inputs["params"]
    assert isinstance(params, dict)
    gradients = {f"grads.{name}": f"params.{name}" for name in params}
    return Case(
        title,
        program,
        inputs,
        aspects,
        fallback,
        gradients=gradients,
        objective=("loss", ""),
        traits=traits,
        effects={"unknown_grads"},
    )


def many_features(rng: np.random.Generator) -> dict[str, object]:
    """Draw inputs with 1,700 features for either net, with one hidden layer."""
    n, d, h, c = 32, 1700, 30, 5
    return {
        "D": d, "H": h, "hidden_dims": [h], "C": c, "reg": 0.4, "dtype": "float64", "params": draw_params(rng, (d, h, c)),
        "X": rng.standard_normal((n, d)), "y": rng.integers(c, size=n),
    }  # fmt: skip
