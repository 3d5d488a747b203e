"""Define how batch normalisation is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged, sizes

from ._normalisation import FORTRAN, backward_cases, draw_eps, draw_numbers, many_numbers

# What a call leaves behind of the settings, the running statistics apart.
LEFT = """\
changed_settings = np.array(sum(bn_param.get(name) != value for name, value in given.items()))
"""
BATCH_FORWARD = f"""\
bn_param = {{"mode": "train", **settings}}
given = {{name: value for name, value in bn_param.items() if not name.startswith("running")}}
out, cache = layers.batchnorm_forward(x, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
{LEFT}"""
BATCH_TEST = BATCH_FORWARD.replace('"train"', '"test"')
BATCH_STEPS = f"""\
bn_param = {{"mode": "train", **settings}}
for step in steps:
    layers.batchnorm_forward(step, gamma, beta, bn_param)
bn_param["mode"] = "test"
given = {{name: value for name, value in bn_param.items() if not name.startswith("running")}}
out, cache = layers.batchnorm_forward(x, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
{LEFT}"""
# Two derivations are asked for, so neither backward pass may be had by calling the other.
BATCH_BACKWARD = """\
from utils.checks.forbidden_calls import calls_forbidden
out, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train", **settings})
with calls_forbidden(getattr(layers, "batchnorm_backward_alt", None), "batchnorm_backward should walk the graph by itself"):
    dx, dgamma, dbeta = layers.batchnorm_backward(dout, cache)
"""
BATCH_BACKWARD_ALT = """\
from utils.checks.forbidden_calls import calls_forbidden
out, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train", **settings})
with calls_forbidden(getattr(layers, "batchnorm_backward", None), "batchnorm_backward_alt should compute the closed form itself"):
    dx, dgamma, dbeta = layers.batchnorm_backward_alt(dout, cache)
"""
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
BATCH_AGAIN = """\
out, cache = layers.batchnorm_forward(x, gamma, beta, {{"mode": "train", **settings}})
layers.batchnorm_forward(x[1:] ** 2, gamma + 1, beta, {{"mode": "train", **settings}})
layers.{function}(dout.copy(), cache)
dx, dgamma, dbeta = layers.{function}(dout, cache)
"""


def batchnorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw training, test mode, and test mode after training, with and without earlier running statistics."""
    n, d = sizes(rng, 2, low=3)
    aspects: dict[str, Rule] = dict.fromkeys(("out", "running_mean", "running_var", "changed_settings"), Equal())
    typed = aspects | {"out": Equal(dtype=True)}

    def inputs(n: int, d: int, running: bool = True, dtype: str = "float64") -> dict[str, object]:
        found = draw_numbers(rng, n, d, dtype)
        del found["dout"]
        settings: dict[str, object] = {"eps": draw_eps(rng), "momentum": float(rng.uniform(0.6, 0.8))}
        if running:
            settings["running_mean"] = rng.uniform(1, 2, d).astype(dtype)
            settings["running_var"] = rng.uniform(0.5, 3, d).astype(dtype)
        return found | {"settings": settings}

    def case(
        title: str,
        program: str,
        inputs: dict[str, object],
        *traits: Trait,
        aspects: dict[str, Rule] = aspects,
        writable: tuple[str, ...] = ("settings",),
    ) -> Case:
        return Case(
            title, program, inputs, aspects, writable=writable, traits=set(traits), effects={"changed_settings"}
        )

    edge, test = Trait.EDGE_SHAPE, Trait.TEST_MODE
    yield case(f"training, x of shape {(n, d)}", BATCH_FORWARD, inputs(n, d))
    plain = inputs(n + 9, d) | {"settings": {}}
    plain["x"] = np.asarray(plain["x"]) * 10.0 ** rng.uniform(-2, 2, d)  # from small to large
    yield case("training, with default settings", BATCH_FORWARD, plain, writable=())
    yield case("test mode, with running statistics", BATCH_TEST, inputs(d, n), test)
    several = inputs(2, d, running=False)
    several["steps"] = [draw_numbers(rng, n + step, d)["x"] for step in range(3)]
    yield case("three steps of training, then test mode", BATCH_STEPS, several, test, Trait.SEVERAL_STEPS, writable=())
    yield case("training on a single example", BATCH_FORWARD, inputs(1, d), edge)
    yield case("a single example in test mode", BATCH_TEST, inputs(1, d), edge, test)
    yield case("a single feature", BATCH_FORWARD, inputs(n, 1), edge)
    yield case("as many examples as features", BATCH_FORWARD, inputs(d, d), edge)
    fresh = inputs(n, d, False, "float32")
    yield case("float32", BATCH_FORWARD, fresh, Trait.DTYPE, aspects=typed, writable=())
    running = inputs(n, d, True, "float32")
    yield case("float32 in test mode", BATCH_TEST, running, Trait.DTYPE, test, aspects=typed)
    yield case("Fortran order in memory", FORTRAN + BATCH_FORWARD, inputs(n, d), Trait.MEMORY_ORDER)


def batchnorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make the cases of the backward pass through the computational graph."""
    yield from backward_cases(rng, BATCH_BACKWARD, BATCH_AGAIN.format(function="batchnorm_backward"), 2)


def batchnorm_backward_alt_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make the same cases for the backward pass in closed form."""
    yield from backward_cases(rng, BATCH_BACKWARD_ALT, BATCH_AGAIN.format(function="batchnorm_backward_alt"), 2)


RECIPES = (
    Recipe("layers.batchnorm_forward", batchnorm_forward_cases),
    Recipe(
        "layers.batchnorm_backward",
        batchnorm_backward_cases,
        large=enlarged(batchnorm_backward_cases, "2,000 examples", many_numbers(2000, 20)),
    ),
    Recipe(
        "layers.batchnorm_backward_alt",
        batchnorm_backward_alt_cases,
        large=enlarged(batchnorm_backward_alt_cases, "2,000 examples", many_numbers(2000, 20)),
        apart_from="batchnorm_backward",
    ),
)
