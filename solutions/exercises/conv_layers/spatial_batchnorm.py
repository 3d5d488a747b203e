"""Define how spatial batch normalisation is judged.

Batch normalisation itself is an exercise of ``layers``. The reference takes its place while this file is judged, so
that only the handling of the axes is tested here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged, sizes

from ._images import FORTRAN, draw_images

STEP = "out, cache = conv_layers.spatial_batchnorm_forward(x, gamma, beta, bn_param)\n"
GIVEN = 'given = {name: value for name, value in bn_param.items() if name in ("mode", "eps", "momentum")}\n'
CHANGED = "changed_settings = np.array(sum(bn_param.get(name) != value for name, value in given.items()))\n"
RUNNING = 'running = {"mean": bn_param.get("running_mean"), "var": bn_param.get("running_var")}\n'
SEVERAL_STEPS = f"""\
conv_layers.spatial_batchnorm_forward(first, gamma, beta, bn_param)
{STEP}bn_param["mode"] = given["mode"] = "test"
out_test, _ = conv_layers.spatial_batchnorm_forward(unseen, gamma, beta, bn_param)
"""
TEST_MODE = STEP.replace("out", "out_test")
BATCHNORM_BACKWARD = f"{STEP}dx, dgamma, dbeta = conv_layers.spatial_batchnorm_backward(dout, cache)"
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
BATCHNORM_AGAIN = f"""\
{STEP}\
conv_layers.spatial_batchnorm_forward(1 - np.swapaxes(x, 2, 3), gamma + 1, beta, bn_param)
conv_layers.spatial_batchnorm_backward(dout.copy(), cache)
dx, dgamma, dbeta = conv_layers.spatial_batchnorm_backward(dout, cache)
"""


def _batchnorm_inputs(rng: np.random.Generator, shape: list[int], dtype: str = "float64") -> dict[str, object]:
    """Draw channels with different means and spreads, gamma not 1, beta not 0, and an eps that has an effect."""
    c = shape[1]
    arrays = {
        "x": draw_images(rng, shape),
        "gamma": rng.uniform(1.5, 3, c),
        "beta": 1 + rng.standard_normal(c),
        "dout": 0.5 + rng.standard_normal(shape),
    }
    settings = {"mode": "train", "eps": float(rng.uniform(0.1, 0.5)), "momentum": float(rng.uniform(0.6, 0.8))}
    return {name: array.astype(dtype) for name, array in arrays.items()} | {"bn_param": settings}


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], str, list[int], str]]:
    """Yield the titles, traits, opening lines, shapes and dtypes of the cases of all four functions."""
    n, c, h, w = sizes(rng, 4, high=5)
    yield f"images of shape {(n, c, h, w)}", set(), "", [n, c, h, w], "float64"
    yield "a single image", {Trait.EDGE_SHAPE}, "", [1, c, h, w], "float64"
    yield "images of a single row", {Trait.EDGE_SHAPE}, "", [n, c, 1, w], "float64"
    yield "a single channel", {Trait.EDGE_SHAPE}, "", [n, 1, h, w], "float64"
    yield "float32", {Trait.DTYPE}, "", [n, c, w, h], "float32"
    yield "Fortran order in memory", {Trait.MEMORY_ORDER}, FORTRAN, [c, n, h, w], "float64"


def batchnorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw one step of training, several steps and then test mode, and test mode alone."""

    def case(title: str, traits: set[Trait], program: str, inputs: dict[str, object], *outputs: str) -> Case:
        aspects: dict[str, Rule] = {name: Equal(dtype=Trait.DTYPE in traits) for name in outputs}
        aspects |= {"running": Equal(), "changed_settings": Equal()}
        lines, left = GIVEN + program + RUNNING + CHANGED, {"changed_settings"}
        return Case(title, lines, inputs, aspects, writable=("bn_param",), traits=traits, effects=left)

    for title, traits, opening, shape, dtype in _situations(rng):
        inputs = _batchnorm_inputs(rng, shape, dtype)
        del inputs["dout"]
        yield case(title, traits, opening + STEP, inputs, "out")
    inputs = _batchnorm_inputs(rng, [4, 3, 2, 5]) | {"bn_param": {"mode": "train"}}
    del inputs["dout"]
    yield case("with default settings", set(), STEP, inputs, "out")
    n, c, h, w, m = sizes(rng, 5, high=6)
    inputs = _batchnorm_inputs(rng, [n, c, h, w])
    inputs |= {"first": draw_images(rng, [m, c, w, h]), "unseen": draw_images(rng, [m, c, h, w])}
    del inputs["dout"]
    traits = {Trait.TEST_MODE, Trait.SEVERAL_STEPS}
    yield case("two steps of training, then test mode", traits, SEVERAL_STEPS, inputs, "out", "out_test")
    inputs = _batchnorm_inputs(rng, [n, c, w, h])
    del inputs["dout"]
    known = {"mode": "test", "running_mean": rng.standard_normal(c), "running_var": rng.uniform(0.5, 2, c)}
    inputs["bn_param"] = dict(inputs["bn_param"]) | known  # type: ignore[call-overload]  # a dict
    yield case("test mode with running statistics from before", {Trait.TEST_MODE}, TEST_MODE, inputs, "out_test")


def batchnorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Pass the cache of the student's own forward pass."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dgamma": Equal(), "dbeta": Equal()}

    def case(title: str, traits: set[Trait], program: str, shape: list[int], dtype: str = "float64") -> Case:
        return Case(
            title,
            program,
            _batchnorm_inputs(rng, shape, dtype),
            aspects,
            writable=("x", "gamma", "beta", "bn_param"),
            gradients={"dx": "x", "dgamma": "gamma", "dbeta": "beta"},
            objective=("out", "dout"),
            traits=traits,
        )

    for title, traits, opening, shape, dtype in _situations(rng):
        yield case(title, traits, opening + BATCHNORM_BACKWARD, shape, dtype)
    title = "a second backward pass from the same cache, after another forward pass"
    yield case(title, {Trait.SIDE_EFFECT}, BATCHNORM_AGAIN, sizes(rng, 4, high=5))


RECIPES = (
    Recipe("conv_layers.spatial_batchnorm_forward", batchnorm_forward_cases),
    Recipe(
        "conv_layers.spatial_batchnorm_backward",
        batchnorm_backward_cases,
        large=enlarged(
            batchnorm_backward_cases, "images of 24 × 25", lambda rng: _batchnorm_inputs(rng, [3, 20, 24, 25])
        ),
    ),
)
