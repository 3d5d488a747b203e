"""The exercises of ``nndl/layers.py`` about dropout.

A right mask is any mask that was drawn rightly. So the forward pass is judged by what holds for each of them, and the
backward pass by the mask that the forward pass of the same code has used.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Array, Dropped, Equal, Paired, Rule

from .recipe import Recipe, sizes, wrong

TRAIN = 'out, cache = layers.dropout_forward(x, {"mode": "train", "p": p})'
TEST = 'out, cache = layers.dropout_forward(x, {"mode": "test", "p": p})'
TWICE = """\
settings = {"mode": "train", "p": p}
out, cache = layers.dropout_forward(x, settings)
other, cache = layers.dropout_forward(x, settings)
repeated = np.array_equal(out, other)
"""
SEEDED = TWICE.replace('"p": p}', '"p": p, "seed": seed}')

TRAIN_BACKWARD = """\
settings = {"mode": "train", "p": p}
out, cache = layers.dropout_forward(x, settings)
if np.shape(out) != x.shape or not 0 < np.mean(out == 0) < 1:
    out, cache = x * mask, (settings, mask)  # nothing was dropped: go on with a right mask
dx = layers.dropout_backward(dout, cache)
dx = dx, scale * out  # the layer multiplies by its mask, forwards and backwards
"""
TRAIN_BACKWARD_ALONE = """\
settings, out = {"mode": "train", "p": p}, x * mask
dx = layers.dropout_backward(dout, (settings, mask))
dx = dx, scale * out
"""
TEST_BACKWARD = f"{TEST}\ndx = layers.dropout_backward(dout, cache)"
TEST_BACKWARD_ALONE = 'dx = layers.dropout_backward(dout, ({"mode": "test", "p": p}, None))'


def _input(rng: np.random.Generator, *shape: int, dtype: str = "float64") -> Array:
    """Numbers of both signs, none of them 0."""
    x: Array = rng.integers(1, 9, shape) * rng.choice([-0.25, 0.25], shape)
    return x.astype(dtype)


def dropout_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Several p, any number of axes, masks that differ from call to call unless there is a seed, test mode."""
    n, d = sizes(rng, 2, low=20, high=40)
    c, h, w = sizes(rng, 3, low=3, high=7)
    low, high = float(rng.uniform(0.15, 0.3)), float(rng.uniform(0.6, 0.75))
    drawn: dict[str, Rule] = {"out": Dropped()}
    rarely: dict[str, object] = {"x": _input(rng, n, d), "p": low}
    yield Case(f"p = {low:.2f}: few are dropped", TRAIN, rarely, drawn)
    yield Case(f"p = {high:.2f}: most are dropped", TRAIN, {"x": _input(rng, n, d), "p": high}, drawn)
    yield Case("images", TRAIN, {"x": _input(rng, 8, c, h, w), "p": high}, drawn)
    yield Case("a vector", TRAIN, {"x": _input(rng, 20 * n), "p": low}, drawn)
    typed = {"x": _input(rng, n, d, dtype="float32"), "p": high}
    yield Case("float32", TRAIN, typed, {"out": Dropped(dtype=True)})
    yield Case("p = 0: nothing is dropped", TRAIN, {"x": _input(rng, h, w), "p": 0.0}, {"out": Equal()})
    yield Case("test mode", TEST, {"x": _input(rng, d, n), "p": high}, {"out": Equal()})
    image = {"x": _input(rng, h, c, w, dtype="float32"), "p": low}
    yield Case("an image in test mode, float32", TEST, image, {"out": Equal(dtype=True)})
    both: dict[str, Rule] = {"out": Dropped(), "repeated": Equal()}
    yield Case("two calls", TWICE, {"x": _input(rng, n, d), "p": high}, both)
    seeded = {"x": _input(rng, n, d), "p": high, "seed": int(rng.integers(1, 1000))}
    yield Case("two calls with a seed", SEEDED, seeded, both)


def dropout_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """The mask of the forward pass, whichever it was."""
    n, d = sizes(rng, 2, low=8, high=16)
    c, h, w = sizes(rng, 3, low=3, high=7)

    def train(title: str, p: float, *shape: int, dtype: str = "float64") -> Case:
        kept = rng.random(shape) >= p
        kept.flat[:2] = True, False
        x, scale = _input(rng, *shape, dtype=dtype), int(rng.integers(2, 5))
        mask = (kept / (1 - p)).astype(dtype)
        inputs: dict[str, object] = {"x": x, "dout": scale * x, "scale": scale, "p": p, "mask": mask}
        rule = Paired(dtype=dtype == "float32")
        return Case(title, TRAIN_BACKWARD, inputs, {"dx": rule}, TRAIN_BACKWARD_ALONE, writable=("x", "mask"))

    def test(title: str, *shape: int) -> Case:
        inputs: dict[str, object] = {"x": _input(rng, *shape), "p": 0.6, "dout": rng.standard_normal(shape)}
        return Case(title, TEST_BACKWARD, inputs, {"dx": Equal()}, TEST_BACKWARD_ALONE, writable=("x",))

    yield train("few are dropped", float(rng.uniform(0.15, 0.3)), n, d)
    yield train("most are dropped", float(rng.uniform(0.6, 0.75)), d, n)
    yield train("images", float(rng.uniform(0.6, 0.75)), 4, c, h, w)
    yield train("float32", float(rng.uniform(0.3, 0.45)), n, d, dtype="float32")
    yield test("test mode", n, d)
    yield test("an image in test mode", c, h, w)


_MASK = "mask = ((rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)"
_OUT = "out = x * mask\n"
_TEST = "    else:\n        out = x\n"
_RETURN = "return out.astype(x.dtype, copy=False), (dropout_param, mask)"

FORWARD = Recipe(
    "layers.dropout_forward",
    dropout_forward_cases,
    (
        wrong(
            "not-inverted",
            "What is kept is not scaled up, so that the expected output is smaller than x.",
            (_MASK, "mask = (rng.random(x.shape) >= p).astype(x.dtype)"),
        ),
        wrong(
            "p-is-keep-probability",
            "p is taken for the probability of keeping an entry; it is that of dropping it.",
            (_MASK, "mask = ((rng.random(x.shape) < p) / p if p else np.zeros(x.shape)).astype(x.dtype)"),
        ),
        wrong(
            "kept-instead-of-dropped",
            "The comparison is the wrong way round: entries are kept with probability p, and dropped otherwise.",
            (_MASK, _MASK.replace(">=", "<")),
        ),
        wrong(
            "divided-by-p",
            "What is kept is divided by p; divide by the probability of being kept.",
            (_MASK, "mask = ((rng.random(x.shape) >= p) / (p or 1)).astype(x.dtype)"),
        ),
        wrong(
            "multiplied-by-keep",
            "What is kept is made smaller instead of larger: divide by the probability of being kept.",
            (_MASK, _MASK.replace("/ (1 - p)", "* (1 - p)")),
        ),
        wrong(
            "nothing-dropped",
            "In training x comes out as it went in; look whether the mask is applied, and what is compared before any division.",
            (_MASK, "keep = 1 - p\n        mask = (rng.random(x.shape) < keep / keep).astype(x.dtype)"),
        ),
        wrong(
            "precedence-of-division",
            "The division happens before the comparison: put brackets around the comparison.",
            (_MASK, "mask = (rng.random(x.shape) >= p / (1 - p)).astype(x.dtype)"),
        ),
        wrong(
            "one-mask-for-all-examples",
            "All examples share one mask; every entry is dropped by itself.",
            (_MASK, "mask = np.broadcast_to((rng.random(x.shape[1:]) >= p) / (1 - p), x.shape).astype(x.dtype)"),
        ),
        wrong(
            "whole-examples",
            "Whole examples are dropped; every entry is dropped by itself.",
            (
                _MASK,
                "kept = rng.random((len(x), *[1] * (x.ndim - 1))) >= p\n        "
                + _MASK.replace("(rng.random(x.shape) >= p)", "np.broadcast_to(kept, x.shape)"),
            ),
        ),
        wrong(
            "two-dimensional-only",
            "The mask has two axes; x may have any number of them.",
            (_MASK, _MASK.replace("rng.random(x.shape)", "rng.random((x.shape[0], x.shape[1]))")),
        ),
        wrong(
            "normal-draw",
            "The mask is drawn from a normal distribution; a probability needs numbers uniform between 0 and 1.",
            (_MASK, _MASK.replace("rng.random(x.shape)", "rng.normal(size=x.shape)")),
        ),
        wrong(
            "noise",
            "The mask is random numbers; it is 0 or one and the same factor everywhere else.",
            (_MASK, _MASK.replace("(rng.random(x.shape) >= p)", "rng.random(x.shape)")),
        ),
        wrong(
            "mask-returned",
            "The mask itself comes out; multiply x by it.",
            (_OUT, "out = mask.copy()\n"),
        ),
        wrong(
            "scaled-twice",
            "What is kept is divided by 1 − p twice, in the mask and in the output.",
            (_OUT, "out = x * mask / (1 - p)\n"),
        ),
        wrong(
            "added",
            "The mask is added to x: what is dropped does not come out as 0; a mask multiplies.",
            (_OUT, "out = x + mask\n"),
        ),
        wrong(
            "scaled-at-test-time",
            "Test mode scales x; with the scaling in training there is nothing left to do.",
            (_TEST, _TEST.replace("out = x", "out = x * (1 - p)")),
        ),
        wrong(
            "scaled-at-test-time-only",
            "Scaling happens in test mode; here it is training that scales, and test mode leaves x alone.",
            (_MASK, "mask = (rng.random(x.shape) >= p).astype(x.dtype)"),
            (_TEST, _TEST.replace("out = x", "out = x * (1 - p)")),
        ),
        wrong(
            "dropped-at-test-time",
            "Test mode drops entries, too; it leaves x alone.",
            (_TEST, _TEST.replace("out = x", "out = x * (rng.random(x.shape) >= p) / (1 - p)")),
        ),
        wrong(
            "modes-exchanged",
            "Entries are dropped in test mode and not in training: it is the other way round.",
            (
                '### BEGIN SOLUTION\n    if mode == "train":\n        mask = ((rng',
                '### BEGIN SOLUTION\n    if mode == "test":\n        mask = ((rng',
            ),
        ),
        wrong(
            "seed-ignored",
            "The mask differs from call to call although there is a seed; draw from the rng that starts from it.",
            (_MASK, _MASK.replace("rng.random", "np.random.random")),
        ),
        wrong(
            "always-the-same-mask",
            "The mask is the same in every call although there is no seed; draw a new one each time.",
            (_MASK, _MASK.replace("rng.random", "np.random.RandomState(0).random")),
        ),
        wrong(
            "dtype-not-kept",
            "The output is float64 where x is float32; look at the dtype of the mask.",
            (_RETURN, "return out.astype(np.float64), (dropout_param, mask)"),
        ),
        wrong(
            "flattened",
            "The output is flat where it should have the shape of x; look at what a reshape or ravel leaves behind.",
            (_OUT, "out = (x * mask).ravel()\n"),
            (_TEST, _TEST.replace("out = x", "out = x.ravel()")),
        ),
        wrong(
            "in-place",
            "x was changed in place; work on a copy, because the caller still needs it.",
            (_OUT, "x *= mask\n        out = x\n"),
        ),
    ),
)

_DX = 'dx = dout * mask if mode == "train" else dout'
_DX_RETURN = "return dx.astype(dout.dtype, copy=False)\n\n\ndef softmax_loss"

BACKWARD = Recipe(
    "layers.dropout_backward",
    dropout_backward_cases,
    (
        wrong(
            "passes-everything",
            "dout is passed on everywhere; what was dropped gets no gradient.",
            (_DX, "dx = dout.copy()"),
        ),
        wrong(
            "not-scaled",
            "dx lacks the scaling that the forward pass did; the same mask applies in both directions.",
            (_DX, 'dx = dout * (mask != 0) if mode == "train" else dout'),
        ),
        wrong(
            "scaled-twice",
            "dx is scaled twice; multiply by the mask once, the factor is in it already.",
            (_DX, 'dx = dout * mask / (1 - dropout_param["p"]) if mode == "train" else dout'),
        ),
        wrong(
            "scale-undone",
            "dx is scaled down where the forward pass scaled up; the same mask applies in both directions.",
            (_DX, 'dx = dout * (mask != 0) * (1 - dropout_param["p"]) if mode == "train" else dout'),
        ),
        wrong(
            "new-mask",
            "dx uses a mask of its own; take the one that the forward pass drew.",
            (
                _DX,
                'p = dropout_param["p"]\n    dx = dout * (np.random.random(dout.shape) >= p) / (1 - p) if mode == "train" else dout',
            ),
        ),
        wrong(
            "mask-inverted",
            "The gradient goes through what was dropped and stops at what was kept: it is the other way round.",
            (_DX, 'dx = dout * (mask == 0) * mask.max() if mode == "train" else dout'),
        ),
        wrong(
            "mask-only",
            "dx is the mask; the chain rule multiplies it with dout.",
            (_DX, 'dx = mask.copy() if mode == "train" else dout'),
        ),
        wrong(
            "added",
            "The mask is added to dout: what was dropped does not come out as 0; a mask multiplies.",
            (_DX, 'dx = dout + mask if mode == "train" else dout'),
        ),
        wrong(
            "mask-at-test-time",
            "In test mode there is no mask to apply; dout goes through unchanged.",
            (_DX, "dx = dout * mask"),
        ),
        wrong(
            "scaled-at-test-time",
            "Test mode scales dout; it goes through unchanged.",
            (_DX, 'dx = dout * mask if mode == "train" else dout * (1 - dropout_param["p"])'),
        ),
        wrong(
            "zero-at-test-time",
            "Test mode gives 0; dout goes through unchanged.",
            (_DX, 'dx = dout * mask if mode == "train" else 0 * dout'),
        ),
        wrong(
            "dtype-not-kept",
            "dx is float64 where dout is float32; look at the dtype of the mask.",
            (_DX_RETURN, _DX_RETURN.replace("dout.dtype", "np.float64")),
        ),
        wrong(
            "flattened",
            "dx is flat where it should have the shape of dout; look at what a reshape or ravel leaves behind.",
            (_DX, 'dx = (dout * mask).ravel() if mode == "train" else dout.ravel()'),
        ),
        wrong(
            "in-place",
            "dout was changed in place; work on a copy, because the layer above still needs it.",
            (_DX, 'dout *= mask if mode == "train" else 1\n    dx = dout'),
        ),
    ),
)

RECIPES = (FORWARD, BACKWARD)
