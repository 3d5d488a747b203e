"""The exercises of ``nndl/layer_utils.py``: layers that are used together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Array, Equal, Rule

from .recipe import Recipe, enlarged, sizes, wrong

FORWARD = """\
bn_param = {"mode": mode, **settings}
out, cache = layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
"""
STEPS = """\
bn_param = {"mode": "train", **settings}
for step in steps:
    layer_utils.affine_batchnorm_relu_forward(step, w, b, gamma, beta, bn_param)
bn_param["mode"] = "test"
out, cache = layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
"""
BACKWARD = """\
out, cache = layer_utils.affine_batchnorm_relu_forward(x, w, b, gamma, beta, {"mode": "train", **settings})
dx, dw, db, dgamma, dbeta = layer_utils.affine_batchnorm_relu_backward(dout, cache)
"""
NAMES = ("x", "w", "b", "gamma", "beta")


def _inputs(rng: np.random.Generator, n: int, image: list[int], m: int, dtype: str = "float64") -> dict[str, object]:
    """Arguments of the sandwich; about half of the outputs are cut off by the ReLU, in every column some."""
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
    """Training, test mode, and test mode after training."""
    n, m, *image = sizes(rng, 5, low=3, high=7)
    aspects: dict[str, Rule] = {"out": Equal(), "running_mean": Equal(), "running_var": Equal()}
    train = _inputs(rng, n, image[:1], m) | {"mode": "train"}
    yield Case(f"training, x of shape {(n, image[0])}", FORWARD, train, aspects)
    yield Case("training on images", FORWARD, _inputs(rng, n, image[:2], m) | {"mode": "train"}, aspects)
    test = _inputs(rng, n + 1, image[:1], m) | {"mode": "test"}
    running = {"running_mean": rng.uniform(-1, 1, m), "running_var": rng.uniform(0.5, 3, m)}
    test["settings"] = {"eps": float(rng.uniform(0.2, 0.5)), **running}
    yield Case("test mode, with running statistics", FORWARD, test, aspects, writable=("settings",))
    several = _inputs(rng, 2, image, m)
    several["steps"] = [rng.standard_normal((n + step, *image)) for step in range(2)]
    yield Case("two steps of training, then test mode", STEPS, several, aspects)
    square = _inputs(rng, m, [m], m) | {"mode": "train"}
    yield Case("as many examples as features and outputs", FORWARD, square, aspects)
    typed = aspects | {"out": Equal(dtype=True)}
    yield Case("float32", FORWARD, _inputs(rng, n, image[:1], m, "float32") | {"mode": "train"}, typed)


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Gradients for the student's own cache. A bias before batch normalisation has no effect: db is 0 but for rounding."""
    n, m, *image = sizes(rng, 5, low=3, high=7)
    aspects: dict[str, Rule] = {f"d{name}": Equal(scale="dout") if name == "b" else Equal() for name in NAMES}
    for title, rows, shape, units, dtype in (
        (f"x of shape {(n, image[0])}", n, image[:1], m, "float64"),
        ("images", n + 3, image[:2], m, "float64"),
        ("as many examples as features and outputs", m, [m], m, "float64"),
        ("float32", n, image[:1], m, "float32"),
    ):
        inputs = _inputs(rng, rows, shape, units, dtype)
        inputs["dout"] = (1 + rng.standard_normal((rows, units))).astype(dtype)
        gradients = {f"d{name}": name for name in NAMES}
        yield Case(title, BACKWARD, inputs, aspects, writable=NAMES, gradients=gradients, objective=("out", "dout"))


def _many(rng: np.random.Generator) -> dict[str, object]:
    return _inputs(rng, 30, [3500], 16) | {"dout": 1 + rng.standard_normal((30, 16))}


_LINEAR = "    a, fc_cache = affine_forward(x, w, b)\n    normalised"
_NORM = "normalised, bn_cache = batchnorm_forward(a, gamma, beta, bn_param)"
_RELU = "out, relu_cache = relu_forward(normalised)"

FORWARD_RECIPE = Recipe(
    "layer_utils.affine_batchnorm_relu_forward",
    forward_cases,
    (
        wrong(
            "no-relu",
            "There is no ReLU at the end; nothing that comes out may be negative.",
            (_RELU, "out, relu_cache = normalised, normalised"),
        ),
        wrong(
            "no-normalisation",
            "The batch normalisation is left out; it stands between the affine layer and the ReLU.",
            (_NORM, "normalised, bn_cache = a, None"),
        ),
        wrong(
            "relu-first",
            "The ReLU stands before the normalisation; here it comes last.",
            (_NORM, "a, relu_cache = relu_forward(a)\n    " + _NORM),
            (_RELU, "out = normalised"),
        ),
        wrong(
            "relu-on-both-sides",
            "There is a ReLU before the normalisation, too; only the last step is one.",
            (_NORM, "a = relu_forward(a)[0]\n    " + _NORM),
        ),
        wrong(
            "layer-normalisation",
            "This is layer normalisation; here the statistics are those of the minibatch.",
            (_NORM, "normalised, bn_cache = layernorm_forward(a, gamma, beta, bn_param)"),
        ),
        wrong(
            "gamma-and-beta-exchanged",
            "gamma and beta are handed over in the wrong order; compare with the signature of the function they go to.",
            (_NORM, _NORM.replace("gamma, beta", "beta, gamma")),
        ),
        wrong(
            "always-training",
            "The mode is always training; pass bn_param on as it came.",
            (_NORM, 'bn_param["mode"] = "train"\n    ' + _NORM),
        ),
        wrong(
            "always-test-mode",
            "The mode is always test mode; pass bn_param on as it came.",
            (_NORM, 'bn_param["mode"] = "test"\n    ' + _NORM),
        ),
        wrong(
            "settings-copied",
            "The running statistics end up in a copy of bn_param; pass on the dict itself, it remembers them.",
            (_NORM, _NORM.replace("bn_param)", "dict(bn_param))")),
        ),
        wrong(
            "settings-replaced",
            "The settings in bn_param are not used; pass on the dict itself.",
            (_NORM, _NORM.replace("bn_param)", '{"mode": bn_param["mode"]})')),
        ),
        wrong(
            "no-bias",
            "b is never added; it shows in the running mean.",
            (_LINEAR, _LINEAR.replace("(x, w, b)", "(x, w, 0 * b)")),
        ),
        wrong(
            "bias-subtracted",
            "b has the wrong sign; it shows in the running mean.",
            (_LINEAR, _LINEAR.replace("(x, w, b)", "(x, w, -b)")),
        ),
    ),
)

_RELU_BACK = "dnormalised = relu_backward(dout, relu_cache)"
_NORM_BACK = "da, dgamma, dbeta = batchnorm_backward_alt(dnormalised, bn_cache)"
_LINEAR_BACK = "dx, dw, db = affine_backward(da, fc_cache)"

BACKWARD_RECIPE = Recipe(
    "layer_utils.affine_batchnorm_relu_backward",
    backward_cases,
    (
        wrong(
            "past-relu",
            "The gradient goes past the ReLU; begin with the layer that came last.",
            (_RELU_BACK, "dnormalised = dout"),
        ),
        wrong(
            "past-normalisation",
            "The gradient goes past the normalisation on its way to dx, dw and db.",
            (_LINEAR_BACK, _LINEAR_BACK.replace("da, fc", "dnormalised, fc")),
        ),
        wrong(
            "past-both",
            "dout goes straight to the affine layer; on its way back it meets every layer of the forward pass.",
            (_LINEAR_BACK, _LINEAR_BACK.replace("da, fc", "dout, fc")),
        ),
        wrong(
            "relu-twice",
            "The gradient is cut off at the ReLU and again after the normalisation; there is one ReLU.",
            (_LINEAR_BACK, "da = relu_backward(da, relu_cache)\n    " + _LINEAR_BACK),
        ),
        wrong(
            "relu-last",
            "The ReLU is undone after the normalisation; going backwards, the last layer comes first.",
            (_RELU_BACK, "dnormalised = dout"),
            (_LINEAR_BACK, "da = relu_backward(da, relu_cache)\n    " + _LINEAR_BACK),
        ),
        wrong(
            "mask-from-gradient",
            "The ReLU's mask looks at the sign of dout; what counts is whether the unit was on.",
            (_RELU_BACK, "dnormalised = relu_backward(dout, dout)"),
        ),
        wrong(
            "gamma-and-beta-exchanged",
            "dgamma and dbeta are exchanged: gamma scales and beta shifts; look at which is which, and in what order they are returned.",
            (_LINEAR_BACK, f"{_LINEAR_BACK}\n    dgamma, dbeta = dbeta, dgamma"),
        ),
        wrong(
            "dx-and-dw-exchanged",
            "dx and dw are exchanged; mind the order in which the affine layer's way back returns them.",
            (_LINEAR_BACK, f"{_LINEAR_BACK}\n    dx, dw = dw, dx"),
        ),
        wrong(
            "db-is-dbeta",
            "db is the sum at the normalisation's output; b sits before it, and a constant there changes nothing.",
            (_LINEAR_BACK, f"{_LINEAR_BACK}\n    db = dbeta.copy()"),
        ),
        wrong(
            "dx-flat",
            "dx is left flat; it has the shape of x.",
            (_LINEAR_BACK, f"{_LINEAR_BACK}\n    dx = dx.reshape(len(dx), -1)"),
        ),
        wrong(
            "in-place",
            "dout was changed in place; work on a copy, because the layer above still needs it.",
            (_RELU_BACK, f"{_RELU_BACK}\n    dout[...] = dnormalised"),
        ),
    ),
    large=enlarged(backward_cases, "3,500 features", _many),
)

RECIPES = (FORWARD_RECIPE, BACKWARD_RECIPE)
