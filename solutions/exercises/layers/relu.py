"""Define how the rectified linear unit is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Equal, Recipe, Subgradient, Trait, enlarged, sizes

RELU_FORWARD = "out, cache = layers.relu_forward(x)"
RELU_BACKWARD = f"{RELU_FORWARD}\ndx = layers.relu_backward(dout, cache)"
RELU_BACKWARD_ALONE = "dx = layers.relu_backward(dout, x)"
# Two calls of the forward pass are a numeric derivative of the whole array, so the large case allows none.
RELU_BACKWARD_BY_ITSELF = """\
from utils.checks.forbidden_calls import calls_forbidden
out, cache = layers.relu_forward(x)
with calls_forbidden(layers.relu_forward, "relu_backward should do without relu_forward: the cache has all it needs"):
    dx = layers.relu_backward(dout, cache)
"""


def _relu_inputs(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], dict[str, object]]]:
    n, c, h, w = sizes(rng, 4)

    def inputs(*shape: int, dtype: str = "float64", factors: tuple[float, ...] = (1,)) -> dict[str, object]:
        x: Array = rng.standard_normal(shape) * 3
        x += np.where(x > 0, 0.1, -0.1)  # away from the kink
        x *= rng.choice(factors, shape)
        x.flat[0] = abs(x.flat[0])  # both signs, however few numbers there are
        x.flat[-1] = -abs(x.flat[-1])
        return {"x": x.astype(dtype), "dout": rng.standard_normal(shape).astype(dtype)}

    yield f"x of shape {(n, c)}", set(), inputs(n, c)
    yield f"images: x of shape {(n, c, h, w)}", set(), inputs(n, c, h, w, factors=(0.01, 1, 1000))
    yield "a vector", set(), inputs(n)
    yield "a single example", {Trait.EDGE_SHAPE}, inputs(1, c)
    yield "float32", {Trait.DTYPE}, inputs(n, h, dtype="float32")
    tied = inputs(n, c)
    assert isinstance(tied["x"], np.ndarray)
    tied["x"][rng.random((n, c)) < 0.3] = 0
    tied["x"][0, 0] = 0
    yield "with entries that are exactly 0", {Trait.TIE}, tied
    negative = inputs(n, w)
    negative["x"] = -np.abs(np.asarray(negative["x"]))
    yield "nothing positive", set(), negative


def relu_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw vectors, rows and images with numbers of both signs, and zeros."""
    for title, traits, inputs in _relu_inputs(rng):
        x = {"x": inputs["x"]}
        yield Case(title, RELU_FORWARD, x, {"out": Equal()}, separate={"out": "x"}, traits=traits)


def relu_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw the same inputs. Where x is exactly 0, every subgradient counts as right."""
    aspects = {"dx": Subgradient(at="x", upstream="dout")}
    for title, traits, inputs in _relu_inputs(rng):
        yield Case(
            title,
            RELU_BACKWARD,
            inputs,
            aspects,
            RELU_BACKWARD_ALONE,
            writable=("x",),
            gradients={"dx": "x"},
            objective=("out", "dout"),
            traits=traits,
        )


def _all_magnitudes(rng: np.random.Generator) -> dict[str, object]:
    """Draw numbers of so many magnitudes that no step suits a numeric derivative at all of them."""
    shape = 400, 500
    x = 10.0 ** rng.uniform(-12, 12, shape) * rng.choice([-1, 1], shape)
    return {"x": x, "dout": rng.standard_normal(shape)}


RECIPES = (
    Recipe("layers.relu_forward", relu_forward_cases),
    Recipe(
        "layers.relu_backward",
        relu_backward_cases,
        large=enlarged(
            relu_backward_cases,
            "200,000 entries from tiny to huge",
            _all_magnitudes,
            program=RELU_BACKWARD_BY_ITSELF,
        ),
    ),
)
