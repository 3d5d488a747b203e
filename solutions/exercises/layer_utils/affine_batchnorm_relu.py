"""Define how the layer of affine transformation, batch normalisation and ReLU is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Equal, Recipe, Rule, Trait, enlarged, sizes

FORWARD = """\
bn_param = {"mode": mode, **settings}
given = {name: value for name, value in bn_param.items() if not name.startswith("running")}
out, cache = layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
changed_settings = np.array(sum(bn_param.get(name) != value for name, value in given.items()))
"""
STEPS = """\
bn_param = {"mode": "train", **settings}
for step in steps:
    layer_utils.affine_batchnorm_relu_forward(step, w, b, gamma, beta, bn_param)
bn_param["mode"] = "test"
given = {name: value for name, value in bn_param.items() if not name.startswith("running")}
out, cache = layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
changed_settings = np.array(sum(bn_param.get(name) != value for name, value in given.items()))
"""
BACKWARD = """\
out, cache = layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, {"mode": "train", **settings})
dx, dw, db, dgamma, dbeta = layer_utils.affine_batchnorm_relu_backward(dout, cache)
"""
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
BACKWARD_AGAIN = """\
out, cache = layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, {"mode": "train", **settings})
layer_utils.affine_batchnorm_relu_forward(1 - x[1:], w + 1, b, gamma + 1, beta, {"mode": "train", **settings})
layer_utils.affine_batchnorm_relu_backward(dout.copy(), cache)
dx, dw, db, dgamma, dbeta = layer_utils.affine_batchnorm_relu_backward(dout, cache)
"""
NAMES = ("x", "w", "b", "gamma", "beta")


def _inputs(rng: np.random.Generator, n: int, image: list[int], m: int, dtype: str = "float64") -> dict[str, object]:
    """Draw the arguments of the layer; the ReLU sets about half of the outputs to 0, some of them in every column."""
    d = int(np.prod(image))
    arrays: dict[str, Array] = {
        "x": rng.standard_normal((n, *image)),
        "w": rng.standard_normal((d, m)) / np.sqrt(d),
        "b": rng.uniform(1, 2, m),
        "gamma": rng.uniform(0.8, 2, m) * rng.choice([-1, 1], m),
        "beta": rng.uniform(-0.3, 0.3, m),
    }
    typed: dict[str, object] = {name: array.astype(dtype) for name, array in arrays.items()}
    return typed | {"settings": {"eps": float(rng.uniform(0.2, 0.5)), "momentum": float(rng.uniform(0.6, 0.8))}}


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw training, test mode, and test mode after training."""
    n, m, *image = sizes(rng, 5, low=3, high=7)
    aspects: dict[str, Rule] = dict.fromkeys(("out", "running_mean", "running_var", "changed_settings"), Equal())
    left = {"changed_settings"}
    train = _inputs(rng, n, image[:1], m) | {"mode": "train"}
    yield Case(f"training, x of shape {(n, image[0])}", FORWARD, train, aspects, effects=left)
    defaults = _inputs(rng, n, image[:2], m) | {"mode": "train", "settings": {}}
    yield Case("training on images, with default settings", FORWARD, defaults, aspects, effects=left)
    test = _inputs(rng, n + 1, image[:1], m) | {"mode": "test"}
    running = {"running_mean": rng.uniform(-1, 1, m), "running_var": rng.uniform(0.5, 3, m)}
    test["settings"] = {"eps": float(rng.uniform(0.2, 0.5)), **running}
    yield Case(
        "test mode, with running statistics",
        FORWARD,
        test,
        aspects,
        writable=("settings",),
        traits={Trait.TEST_MODE},
        effects=left,
    )
    several = _inputs(rng, 2, image, m)
    several["steps"] = [rng.standard_normal((n + step, *image)) for step in range(2)]
    stepping = {Trait.TEST_MODE, Trait.SEVERAL_STEPS}
    yield Case("two steps of training, then test mode", STEPS, several, aspects, traits=stepping, effects=left)
    square = _inputs(rng, m, [m], m) | {"mode": "train"}
    yield Case(
        "as many examples as features and outputs", FORWARD, square, aspects, traits={Trait.EDGE_SHAPE}, effects=left
    )
    typed = aspects | {"out": Equal(dtype=True)}
    short = _inputs(rng, n, image[:1], m, "float32") | {"mode": "train"}
    yield Case("float32", FORWARD, short, typed, traits={Trait.DTYPE}, effects=left)


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Pass the cache of the student's own forward pass. Normalisation removes b, so db is 0 up to rounding."""
    n, m, *image = sizes(rng, 5, low=3, high=7)
    aspects: dict[str, Rule] = {f"d{name}": Equal(scale="dout") if name == "b" else Equal() for name in NAMES}
    situations: tuple[tuple[str, set[Trait], int, list[int], int, str], ...] = (
        (f"x of shape {(n, image[0])}", set(), n, image[:1], m, "float64"),
        ("images", set(), n + 3, image[:2], m, "float64"),
        ("as many examples as features and outputs", {Trait.EDGE_SHAPE}, m, [m], m, "float64"),
        ("float32", {Trait.DTYPE}, n, image[:1], m, "float32"),
        (
            "a second backward pass from the same cache, after another forward pass",
            {Trait.SIDE_EFFECT},
            n,
            image[1:],
            m,
            "float64",
        ),
    )
    for title, traits, rows, shape, units, dtype in situations:
        inputs = _inputs(rng, rows, shape, units, dtype)
        inputs["dout"] = (1 + rng.standard_normal((rows, units))).astype(dtype)
        gradients = {f"d{name}": name for name in NAMES}
        yield Case(
            title,
            BACKWARD_AGAIN if Trait.SIDE_EFFECT in traits else BACKWARD,
            inputs,
            aspects,
            writable=NAMES,
            gradients=gradients,
            objective=("out", "dout"),
            traits=traits,
        )


def _many(rng: np.random.Generator) -> dict[str, object]:
    return _inputs(rng, 20, [1600], 30) | {"dout": 1 + rng.standard_normal((20, 30))}


RECIPES = (
    Recipe("layer_utils.affine_batchnorm_relu_forward", forward_cases),
    Recipe(
        "layer_utils.affine_batchnorm_relu_backward",
        backward_cases,
        large=enlarged(backward_cases, "1,600 features", _many),
    ),
)
