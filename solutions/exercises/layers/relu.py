"""Define how the rectified linear unit is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Equal, Recipe, Rule, Subgradient, Trait, enlarged, sizes

RELU_FORWARD = "out, cache = layers.relu_forward(x)"
RELU_BACKWARD = f"{RELU_FORWARD}\ndx = layers.relu_backward(dout, cache)"
RELU_BACKWARD_ALONE = "dx = layers.relu_backward(dout, x)"
# Neither another forward pass nor a backward pass may change what a cache says. An x that has become the mask gives the
# same mask again, so it is looked at besides.
RELU_BACKWARD_AGAIN = """\
out, cache = layers.relu_forward(x)
layers.relu_forward(-x)
given = x.copy()
layers.relu_backward(dout.copy(), cache)
changed_entries_of_x = np.array(np.count_nonzero(x != given))
dx = layers.relu_backward(dout, cache)
"""
RELU_BACKWARD_ALONE_AGAIN = """\
given = x.copy()
layers.relu_backward(dout.copy(), x)
changed_entries_of_x = np.array(np.count_nonzero(x != given))
dx = layers.relu_backward(dout, x)
"""
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
    aspects: dict[str, Rule] = {"dx": Subgradient(at="x", upstream="dout")}

    def case(
        title: str, traits: set[Trait], program: str, inputs: dict[str, object], alone: str, *effects: str
    ) -> Case:
        return Case(
            title,
            program,
            inputs,
            aspects | dict.fromkeys(effects, Equal()),
            alone,
            writable=("x",),
            gradients={"dx": "x"},
            objective=("out", "dout"),
            traits=traits,
            effects=set(effects),
        )

    for title, traits, inputs in _relu_inputs(rng):
        yield case(title, traits, RELU_BACKWARD, inputs, RELU_BACKWARD_ALONE)
    n, c = sizes(rng, 2)
    inputs = {name: rng.choice([-1, 1], (n, c)) * rng.uniform(1.5, 4, (n, c)) for name in ("x", "dout")}
    inputs["x"] = np.abs(np.asarray(inputs["x"])) * np.where(np.arange(c) % 2, 1, -1)  # both signs in each row
    title = "a second backward pass from the same cache, after another forward pass"
    again, alone = RELU_BACKWARD_AGAIN, RELU_BACKWARD_ALONE_AGAIN
    yield case(title, {Trait.SIDE_EFFECT}, again, inputs, alone, "changed_entries_of_x")


def _all_magnitudes(rng: np.random.Generator) -> dict[str, object]:
    """Draw numbers of so many magnitudes that no step suits a numeric derivative at all of them."""
    shape = 200, 500
    x = 10.0 ** rng.uniform(-12, 12, shape) * rng.choice([-1, 1], shape)
    return {"x": x, "dout": rng.standard_normal(shape)}


RECIPES = (
    Recipe("layers.relu_forward", relu_forward_cases),
    Recipe(
        "layers.relu_backward",
        relu_backward_cases,
        large=enlarged(
            relu_backward_cases,
            "100,000 entries from tiny to huge",
            _all_magnitudes,
            program=RELU_BACKWARD_BY_ITSELF,
        ),
    ),
)
