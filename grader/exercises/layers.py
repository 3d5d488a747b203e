"""The exercises of ``nndl/layers.py``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Array, Equal, Rule, Subgradient

from .recipe import Recipe, enlarged, sizes, wrong

# --- affine ----------------------------------------------------------------------------------------------

AFFINE_FORWARD = "out, cache = layers.affine_forward(x, w, b)"
AFFINE_BACKWARD = f"{AFFINE_FORWARD}\ndx, dw, db = layers.affine_backward(dout, cache)"
AFFINE_BACKWARD_ALONE = "dx, dw, db = layers.affine_backward(dout, (x, w, b))"
FORTRAN = "x, w = np.asfortranarray(x), np.asfortranarray(w)  # another memory order, the same numbers\n"


def _affine_numbers(
    rng: np.random.Generator, n: int, shape: list[int], m: int, dtype: str = "float64"
) -> dict[str, object]:
    d = int(np.prod(shape))
    arrays = {
        "x": rng.standard_normal((n, *shape)),
        "w": rng.standard_normal((d, m)),
        "b": 1 + rng.standard_normal(m),
        "dout": rng.standard_normal((n, m)),
    }
    return {name: array.astype(dtype) for name, array in arrays.items()}


def _affine_inputs(rng: np.random.Generator) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Titles, opening lines and inputs that both directions share."""
    n, m, *shape = sizes(rng, 5)
    yield f"x of shape {(n, shape[0])}", "", _affine_numbers(rng, n, shape[:1], m)
    yield f"images: x of shape {(n, *shape)}", "", _affine_numbers(rng, n, shape, m)
    yield "a single example", "", _affine_numbers(rng, 1, shape[:2], m)
    yield "a single feature and a single output", "", _affine_numbers(rng, n, [1], 1)
    yield "as many examples as features and outputs", "", _affine_numbers(rng, m, [m], m)
    yield "float32", "", _affine_numbers(rng, n, shape[:2], m, "float32")
    yield "Fortran order in memory", FORTRAN, _affine_numbers(rng, n, shape[:2], m)


def affine_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Flattening, the bias, and edge sizes."""
    for title, opening, inputs in _affine_inputs(rng):
        del inputs["dout"]
        yield Case(title, opening + AFFINE_FORWARD, inputs, {"out": Equal()}, separate={"out": "x"})


def affine_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Gradients for the student's own cache; for ``(x, w, b)`` where there is no forward yet."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dw": Equal(), "db": Equal()}
    for title, opening, inputs in _affine_inputs(rng):
        yield Case(
            title,
            opening + AFFINE_BACKWARD,
            inputs,
            aspects,
            opening + AFFINE_BACKWARD_ALONE,
            writable=("x", "w", "b"),  # a forward pass that changes them is its own exercise's fault
            gradients={"dx": "x", "dw": "w", "db": "b"},
            objective=("out", "dout"),
            separate={"dx": "dout"},
        )


_OUT = "out = x.reshape(x.shape[0], -1) @ w + b"
_DX = "dx = (dout @ w.T).reshape(x.shape)"
_DW = "dw = x.reshape(x.shape[0], -1).T @ dout"
_DB = "db = dout.sum(axis=0)"

AFFINE_FORWARD_RECIPE = Recipe(
    "layers.affine_forward",
    affine_forward_cases,
    (
        wrong(
            "no-bias",
            "The bias b is never added: all examples are off by the same numbers, one for each output.",
            (_OUT, "out = x.reshape(x.shape[0], -1) @ w"),
        ),
        wrong(
            "bias-subtracted",
            "The bias b is subtracted; the layer adds it.",
            (_OUT, "out = x.reshape(x.shape[0], -1) @ w - b"),
        ),
        wrong(
            "two-dimensional-only",
            "x goes into the product as it comes; examples with more than one axis must be flattened to rows first.",
            (_OUT, "out = x @ w + b"),
        ),
        wrong(
            "flattened-across-examples",
            "The reshape mixes numbers of different examples; each example has to become one row.",
            (_OUT, "out = x.reshape(-1, x.shape[0]).T @ w + b"),
        ),
        wrong(
            "fortran-flattening",
            "The pixels of an example are flattened in another order than numpy's default (the last axis fastest).",
            (_OUT, 'out = x.reshape(x.shape[0], -1, order="F") @ w + b'),
        ),
        wrong(
            "activation-inside",
            "Negative outputs are cut off; the affine layer has no activation, the ReLU is a layer of its own.",
            (_OUT, "out = np.maximum(0, x.reshape(x.shape[0], -1) @ w + b)"),
        ),
        wrong(
            "batch-mean",
            "The output is divided by the size of the minibatch; averaging belongs to the loss.",
            (_OUT, "out = x.reshape(x.shape[0], -1) @ w / x.shape[0] + b"),
        ),
        wrong(
            "bias-per-example",
            "The bias is added along the wrong axis: b has one entry for each output, not for each example.",
            (_OUT, "out = x.reshape(x.shape[0], -1) @ w + np.resize(b, (x.shape[0], 1))"),
        ),
    ),
)

AFFINE_BACKWARD_RECIPE = Recipe(
    "layers.affine_backward",
    affine_backward_cases,
    (
        wrong(
            "dx-not-reshaped",
            "dx is left flat; a gradient has the shape of what it is the gradient of, here x.",
            (_DX, "dx = dout @ w.T"),
        ),
        wrong(
            "db-keeps-axis",
            "db keeps the axis it was summed over; b has shape (M,), and so has its gradient.",
            (_DB, "db = dout.sum(axis=0, keepdims=True)"),
        ),
        wrong(
            "db-wrong-axis",
            "dout is summed over the outputs; the bias is shared by all examples, so sum over those.",
            (_DB, "db = dout.sum(axis=1)"),
        ),
        wrong(
            "db-mean",
            "db is the mean over the minibatch; every example adds its share, so it is the sum.",
            (_DB, "db = dout.mean(axis=0)"),
        ),
        wrong(
            "db-one-example",
            "db holds one example's share; the bias serves every example, so their gradients add up.",
            (_DB, "db = dout[0].copy()"),
        ),
        wrong("db-total", "db is a single number; there is one bias for each output.", (_DB, "db = dout.sum()")),
        wrong(
            "db-not-summed",
            "db is dout itself; sum it over the examples that share b.",
            (_DB, "db = dout.copy()"),
        ),
        wrong(
            "dw-transposed",
            "dw comes out transposed: w has shape (D, M), and so has its gradient.",
            (_DW, "dw = dout.T @ x.reshape(x.shape[0], -1)"),
        ),
        wrong(
            "dw-mean",
            "dw is divided by the size of the minibatch; averaging belongs to the loss, and dout has it already.",
            (_DW, "dw = x.reshape(x.shape[0], -1).T @ dout / x.shape[0]"),
        ),
        wrong(
            "dw-flattened-across-examples",
            "The reshape of x in dw mixes numbers of different examples; each example has to be one row.",
            (_DW, "dw = x.reshape(-1, x.shape[0]) @ dout"),
        ),
        wrong(
            "dx-through-relu",
            "dx is cut off where it is negative; the affine layer has no activation to go back through.",
            (_DX, "dx = np.maximum(0, dout @ w.T).reshape(x.shape)"),
        ),
        wrong(
            "signs-flipped",
            "All gradients have the opposite sign: the backward pass gives the gradient, the optimiser takes the minus.",
            (_DX, "dx = -(dout @ w.T).reshape(x.shape)"),
            (_DW, "dw = -x.reshape(x.shape[0], -1).T @ dout"),
            (_DB, "db = -dout.sum(axis=0)"),
        ),
        wrong(
            "dx-by-reshape",
            "w is reshaped where it should be transposed: both fit, but a reshape moves numbers to other places.",
            (_DX, "dx = (dout @ w.reshape(w.shape[1], w.shape[0])).reshape(x.shape)"),
        ),
    ),
    large=enlarged(affine_backward_cases, "60,000 features", lambda rng: _affine_numbers(rng, 5, [60_000], 3)),
)

# --- ReLU ------------------------------------------------------------------------------------------------

RELU_FORWARD = "out, cache = layers.relu_forward(x)"
RELU_BACKWARD = f"{RELU_FORWARD}\ndx = layers.relu_backward(dout, cache)"
RELU_BACKWARD_ALONE = "dx = layers.relu_backward(dout, x)"
# Two calls of the forward pass are a numeric derivative of the whole array, so the large case allows none.
RELU_BACKWARD_BY_ITSELF = """\
from utils.checks.closed import closed
out, cache = layers.relu_forward(x)
with closed(layers.relu_forward, "relu_backward should do without relu_forward: the cache has all it needs"):
    dx = layers.relu_backward(dout, cache)
"""


def _relu_inputs(rng: np.random.Generator) -> Iterator[tuple[str, dict[str, object]]]:
    n, c, h, w = sizes(rng, 4)

    def inputs(*shape: int, dtype: str = "float64") -> dict[str, object]:
        x: Array = rng.standard_normal(shape) * 3
        x += np.where(x > 0, 0.1, -0.1)  # away from the kink
        x.flat[0] = abs(x.flat[0])  # both signs, however few numbers there are
        x.flat[-1] = -abs(x.flat[-1])
        return {"x": x.astype(dtype), "dout": rng.standard_normal(shape).astype(dtype)}

    yield f"x of shape {(n, c)}", inputs(n, c)
    yield f"images: x of shape {(n, c, h, w)}", inputs(n, c, h, w)
    yield "a vector", inputs(n)
    yield "a single example", inputs(1, c)
    yield "float32", inputs(n, h, dtype="float32")
    tied = inputs(n, c)
    assert isinstance(tied["x"], np.ndarray)
    tied["x"][rng.random((n, c)) < 0.3] = 0
    tied["x"][0, 0] = 0
    yield "with entries that are exactly 0", tied
    negative = inputs(n, w)
    negative["x"] = -np.abs(np.asarray(negative["x"]))
    yield "nothing positive", negative


def relu_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Any shape, both signs, zeros."""
    for title, inputs in _relu_inputs(rng):
        yield Case(title, RELU_FORWARD, {"x": inputs["x"]}, {"out": Equal()}, separate={"out": "x"})


def relu_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Any shape; at exactly 0 every subgradient counts as right."""
    aspects = {"dx": Subgradient(at="x", upstream="dout")}
    for title, inputs in _relu_inputs(rng):
        yield Case(
            title,
            RELU_BACKWARD,
            inputs,
            aspects,
            RELU_BACKWARD_ALONE,
            writable=("x",),
            gradients={"dx": "x"},
            objective=("out", "dout"),
        )


def _all_magnitudes(rng: np.random.Generator) -> dict[str, object]:
    """No step is small beside the smallest of these numbers and large beside the rounding of the largest."""
    shape = 400, 500
    x = 10.0 ** rng.uniform(-12, 12, shape) * rng.choice([-1, 1], shape)
    return {"x": x, "dout": rng.standard_normal(shape)}


_RELU = "out = np.maximum(0, x)"
_RELU_DX = "dx = dout * (x > 0)"

RELU_FORWARD_RECIPE = Recipe(
    "layers.relu_forward",
    relu_forward_cases,
    (
        wrong(
            "identity",
            "Negative inputs come out unchanged; they should come out as 0.",
            (_RELU, "out = x.copy()"),
        ),
        wrong(
            "absolute-value",
            "Negative inputs come out positive; they should come out as 0.",
            (_RELU, "out = np.abs(x)"),
        ),
        wrong(
            "minimum",
            "The negative part is kept and the positive part lost: it should be the other way round.",
            (_RELU, "out = np.minimum(0, x)"),
        ),
        wrong(
            "mask",
            "The output is 1 where x is positive; it should be x itself there.",
            (_RELU, "out = (x > 0) * 1.0"),
        ),
        wrong(
            "negated",
            "The output is max(0, −x): the sign of x is flipped before the comparison.",
            (_RELU, "out = np.maximum(0, -x)"),
        ),
        wrong(
            "leaky",
            "Negative inputs leak through scaled down; a plain ReLU gives 0.",
            (_RELU, "out = np.maximum(0.01 * x, x)"),
        ),
        wrong(
            "capped",
            "Outputs are cut off from above as well; a ReLU has no upper bound.",
            (_RELU, "out = np.clip(x, 0, 1)"),
        ),
        wrong(
            "largest-only",
            "One number comes out for the whole array: np.max looks for the largest entry, np.maximum compares entry by entry.",
            (_RELU, "out = max(0, x.max())"),
        ),
        wrong(
            "flattened",
            "The output is flat where it should have the shape of x; look at what a reshape or ravel leaves behind.",
            (_RELU, "out = np.maximum(0, x).ravel()"),
        ),
        wrong(
            "in-place",
            "x was changed in place; work on a copy, because the caller and the backward pass still need it.",
            (_RELU, "out = x\n    out[out < 0] = 0"),
        ),
    ),
)

RELU_BACKWARD_RECIPE = Recipe(
    "layers.relu_backward",
    relu_backward_cases,
    (
        wrong(
            "passes-everything",
            "dout is passed on everywhere; where x was negative nothing gets through.",
            (_RELU_DX, "dx = dout.copy()"),
        ),
        wrong(
            "mask-from-dout",
            "The mask looks at the sign of dout; what counts is the sign of x in the forward pass.",
            (_RELU_DX, "dx = np.where(dout > 0, dout, 0)"),
        ),
        wrong(
            "mask-inverted",
            "The gradient passes where x is negative and stops where it is positive: it is the other way round.",
            (_RELU_DX, "dx = np.where(x < 0, dout, 0)"),
        ),
        wrong(
            "mask-only",
            "dx is the local slope alone; the chain rule multiplies it with dout.",
            (_RELU_DX, "dx = (x > 0) * 1.0"),
        ),
        wrong(
            "times-output",
            "dout is multiplied by the output instead of by the slope, which is 1 for positive x.",
            (_RELU_DX, "dx = dout * np.maximum(0, x)"),
        ),
        wrong(
            "input-not-slope",
            "dx is made of x's values; it is dout where x is positive.",
            (_RELU_DX, "dx = np.where(x > 0, x, 0)"),
        ),
        wrong(
            "relu-of-dout",
            "dx is x's mask applied to max(0, dout); negative upstream gradients count too.",
            (_RELU_DX, "dx = np.where(x > 0, np.maximum(0, dout), 0)"),
        ),
        wrong(
            "minus",
            "dx has the opposite sign: a ReLU lets dout through or stops it, and never turns it round.",
            (_RELU_DX, "dx = -np.where(x > 0, dout, 0)"),
        ),
        wrong(
            "flattened",
            "dx is flat where it should have the shape of x; look at what a reshape or ravel leaves behind.",
            (_RELU_DX, "dx = np.where(x > 0, dout, 0).ravel()"),
        ),
        wrong(
            "in-place",
            "dout was changed in place; work on a copy, because the layer above still needs it.",
            (_RELU_DX, "dx = dout\n    dx[x <= 0] = 0"),
        ),
    ),
    large=enlarged(
        relu_backward_cases,
        "200,000 entries from tiny to huge",
        _all_magnitudes,
        program=RELU_BACKWARD_BY_ITSELF,
    ),
)

RECIPES = (AFFINE_FORWARD_RECIPE, AFFINE_BACKWARD_RECIPE, RELU_FORWARD_RECIPE, RELU_BACKWARD_RECIPE)
