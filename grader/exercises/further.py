"""The exercises of ``nndl/further.py``, which are not graded: their recipes make the visible checks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Array, Equal, Rule

from .conv_layers import FORTRAN, image_size
from .optim import adam_settings, in_place, rule_cases
from .recipe import Recipe, sizes, wrong

# --- Adam with decoupled weight decay ----------------------------------------------------------------------


def _adamw_settings(rng: np.random.Generator) -> dict[str, object]:
    return {**adam_settings(rng), "weight_decay": float(rng.uniform(0.2, 0.6))}


def adamw_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Those of Adam, with a decay that is as large as the step; one of them has gradients that are 0."""
    yield from rule_cases(rng, "further.adamw", ("v", "a", "t"), _adamw_settings, ("v", "a"))


_T = "t = t + 1"
_M1 = "v = beta1 * v + (1 - beta1) * dw"
_M2 = "a = beta2 * a + (1 - beta2) * dw**2"
_V_HAT = "v_hat = v / (1 - beta1**t)"
_A_HAT = "a_hat = a / (1 - beta2**t)"
_STEP = "next_w = w - learning_rate * (v_hat / (np.sqrt(a_hat) + epsilon) + weight_decay * w)"
_DECAY = " + weight_decay * w)"

ADAMW = Recipe(
    "further.adamw",
    adamw_cases,
    (
        wrong(
            "l2-in-gradient",
            "The decay goes through the moments, as that of an L2 penalty; they should be those of dw alone.",
            (_T, f"{_T}\n    dw = dw + weight_decay * w"),
            (_STEP, _STEP.replace(_DECAY, ")")),
        ),
        wrong(
            "l2-in-first-moment",
            "The decay is part of the first moment; both moments should be those of dw alone.",
            (_M1, "v = beta1 * v + (1 - beta1) * (dw + weight_decay * w)"),
            (_STEP, _STEP.replace(_DECAY, ")")),
        ),
        wrong(
            "no-decay",
            "This is plain Adam: weight_decay has no influence on the step.",
            (_STEP, _STEP.replace(_DECAY, ")")),
        ),
        wrong(
            "decay-not-scaled",
            "The decay does not depend on learning_rate; it should be scaled by it, as the rest of the step is.",
            (_STEP, "next_w = w - learning_rate * v_hat / (np.sqrt(a_hat) + epsilon) - weight_decay * w"),
        ),
        wrong(
            "grows",
            "The decay makes the weights grow; both terms should be subtracted from w.",
            (_STEP, _STEP.replace(_DECAY, " - weight_decay * w)")),
        ),
        wrong(
            "decay-in-fraction",
            "The decay is divided by the root of the second moment; it should stand beside that fraction.",
            (_STEP, "next_w = w - learning_rate * (v_hat + weight_decay * w) / (np.sqrt(a_hat) + epsilon)"),
        ),
        wrong(
            "decay-of-next",
            "It is the weights after Adam's step that decay; both terms should come from w as it was before.",
            (
                _STEP,
                f"{_STEP.replace(_DECAY, ')')}\n    next_w = next_w * (1 - learning_rate * weight_decay)",
            ),
        ),
        wrong(
            "decay-of-all-alike",
            "The decay takes the same from every entry; it should be in proportion to the entry of w.",
            (_STEP, _STEP.replace(_DECAY, " + weight_decay)")),
        ),
        wrong(
            "decay-by-sign",
            "The decay looks at the sign of w alone, as that of an L1 penalty; it should be in proportion to w.",
            (_STEP, _STEP.replace(_DECAY, " + weight_decay * np.sign(w))")),
        ),
        wrong(
            "decay-squared",
            "The decay is the squared weight; it should be in proportion to w and have its sign.",
            (_STEP, _STEP.replace(_DECAY, " + weight_decay * w**2)")),
        ),
        wrong(
            "decay-halved",
            "The decay is half of what it should be: weight_decay multiplies w as it is.",
            (_STEP, _STEP.replace(_DECAY, " + 0.5 * weight_decay * w)")),
        ),
        wrong(
            "decay-doubled",
            "The decay is twice what it should be: weight_decay multiplies w as it is.",
            (_STEP, _STEP.replace(_DECAY, " + 2 * weight_decay * w)")),
        ),
        wrong(
            "decay-hard-coded",
            "weight_decay is always 0.01; it should be the one in the config.",
            (_STEP, _STEP.replace("weight_decay", "1e-2")),
        ),
        wrong(
            "all-replaced",
            "Only the decayed w is left of the old one; Adam's step should start from w itself.",
            (_STEP, "next_w = -learning_rate * (v_hat / (np.sqrt(a_hat) + epsilon) + weight_decay * w)"),
        ),
        wrong(
            "no-correction",
            "The moments are used as they are; both should be corrected for having started at 0.",
            (_V_HAT, "v_hat = v"),
            (_A_HAT, "a_hat = a"),
        ),
        wrong(
            "corrected-stored",
            "The corrected moments are kept in the config; what is kept should be the moments before the correction.",
            (_STEP, f"{_STEP}\n    v, a = v_hat, a_hat"),
        ),
        wrong(
            "t-not-kept",
            "The step counter in the config does not go up, so that every step is taken for the first one.",
            (_STEP, f"{_STEP}\n    t = t - 1"),
        ),
        wrong(
            "t-always-one",
            "Every step is corrected as if it were the first; t should count on from the config.",
            (_T, "t = 1"),
        ),
        wrong(
            "betas-exchanged",
            "beta1 and beta2 are exchanged: beta1 belongs to the mean of dw, beta2 to that of its squares.",
            (_M1, _M1.replace("beta1", "beta2")),
            (_M2, _M2.replace("beta2", "beta1")),
            (_V_HAT, _V_HAT.replace("beta1", "beta2")),
            (_A_HAT, _A_HAT.replace("beta2", "beta1")),
        ),
        wrong(
            "betas-hard-coded",
            "The betas are always 0.9 and 0.999; they should be those in the config.",
            (_M1, _M1.replace("beta1", "0.9")),
            (_M2, _M2.replace("beta2", "0.999")),
            (_V_HAT, _V_HAT.replace("beta1", "0.9")),
            (_A_HAT, _A_HAT.replace("beta2", "0.999")),
        ),
        wrong(
            "no-root",
            "The step divides by the second moment itself; its root has the size of a gradient.",
            (_STEP, _STEP.replace("np.sqrt(a_hat)", "a_hat")),
        ),
        wrong(
            "epsilon-inside-root",
            "epsilon is added under the root; it should be added to the root.",
            (_STEP, _STEP.replace("(np.sqrt(a_hat) + epsilon)", "np.sqrt(a_hat + epsilon)")),
        ),
        wrong(
            "no-epsilon",
            "epsilon is not used; it keeps the division away from 0, so look at what is divided by.",
            (_STEP, _STEP.replace("(np.sqrt(a_hat) + epsilon)", "np.sqrt(a_hat)")),
        ),
        wrong(
            "not-squared",
            "The second moment is a mean of dw itself; it should be one of the squares.",
            (_M2, "a = beta2 * a + (1 - beta2) * dw"),
        ),
        wrong(
            "rate-hard-coded",
            "The learning rate is always 0.001; it should be the one in the config.",
            (_STEP, _STEP.replace("learning_rate", "1e-3")),
        ),
        wrong(
            "uphill",
            "w moves along the gradient, uphill; Adam's part of the step should be subtracted.",
            (_STEP, _STEP.replace("(v_hat", "(-v_hat")),
        ),
        in_place(_STEP),
    ),
)

# --- max-norm ----------------------------------------------------------------------------------------------

MAX_NORM_PROGRAM = "out = further.max_norm(w, limit)"


def max_norm_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Columns that are too long and columns that are not; zeros; limits far from 1."""

    def inputs(lengths: Array, d: int, limit: float, dtype: str = "float64") -> dict[str, object]:
        w = rng.choice([-1, 1], (d, len(lengths))) * rng.uniform(0.5, 1.5, (d, len(lengths)))
        w *= limit * lengths / np.sqrt((w * w).sum(axis=0))
        return {"w": w.astype(dtype), "limit": limit}

    def lengths(shorter: int, longer: int) -> Array:
        """Norms in units of the limit, away from 1, in any order."""
        drawn = np.concatenate([rng.uniform(0.2, 0.8, shorter), rng.uniform(1.3, 3, longer)])
        return rng.permutation(drawn)

    d, m = sizes(rng, 2, low=4, high=9)
    low, high = float(rng.uniform(0.2, 0.6)), float(rng.uniform(2, 4))
    yield Case("some columns are too long", MAX_NORM_PROGRAM, inputs(lengths(3, m - 2), d, high))
    yield Case("a limit below 1", MAX_NORM_PROGRAM, inputs(lengths(2, d), m, low))
    yield Case("no column is too long", MAX_NORM_PROGRAM, inputs(lengths(m, 0), d, high))
    yield Case("every column is too long", MAX_NORM_PROGRAM, inputs(lengths(0, d), m, low))
    yield Case("a column of zeros", MAX_NORM_PROGRAM, inputs(np.append(lengths(1, m - 2), 0.0), d, high))
    yield Case("one unit", MAX_NORM_PROGRAM, inputs(lengths(0, 1), d, high))
    yield Case("one input", MAX_NORM_PROGRAM, inputs(lengths(2, 3), 1, low))
    aspects = {"out": Equal(dtype=True)}
    yield Case("float32", MAX_NORM_PROGRAM, inputs(lengths(2, m - 1), d, high, "float32"), aspects)


_NORMS = "norms = np.sqrt((w * w).sum(axis=0))"
_SHRUNK = "out = w * (limit / np.maximum(norms, limit))"

MAX_NORM = Recipe(
    "further.max_norm",
    max_norm_cases,
    (
        wrong(
            "rows",
            "Rows are brought to the limit; what comes into one unit is a column of w.",
            (_NORMS, "norms = np.sqrt((w * w).sum(axis=1, keepdims=True))"),
        ),
        wrong(
            "all-to-the-limit",
            "Every column comes out with the same norm; one below the limit should be left as it is.",
            (_SHRUNK, "out = w * (limit / np.maximum(norms, 1e-12))"),
        ),
        wrong(
            "shorter-ones",
            "The columns below the limit are brought up to it; it is the longer ones that should change.",
            (_SHRUNK, "out = w * (limit / np.maximum(np.minimum(norms, limit), 1e-12))"),
        ),
        wrong(
            "whole-matrix",
            "All of w is measured as one vector; each column should be measured by itself.",
            (_NORMS, "norms = np.sqrt((w * w).sum())"),
        ),
        wrong(
            "longest-decides",
            "All columns shrink by the same factor, that of the longest; each should have its own.",
            (_NORMS, "norms = np.sqrt((w * w).sum(axis=0)).max()"),
        ),
        wrong(
            "entries-clipped",
            "Single entries are cut off at the limit; a column should keep its direction and change its length.",
            (_SHRUNK, "out = np.clip(w, -limit, limit)"),
        ),
        wrong(
            "no-root",
            "The squared norm is compared with the limit; the norm is its root.",
            (_NORMS, "norms = (w * w).sum(axis=0)"),
        ),
        wrong(
            "sum-of-absolutes",
            "A column's length is taken as the sum of its absolute values; the Euclidean norm is meant.",
            (_NORMS, "norms = np.abs(w).sum(axis=0)"),
        ),
        wrong(
            "largest-entry",
            "A column's length is taken as its largest entry; the Euclidean norm is meant.",
            (_NORMS, "norms = np.abs(w).max(axis=0)"),
        ),
        wrong(
            "mean-for-sum",
            "The squares in a column are averaged; a norm adds them up.",
            (_NORMS, "norms = np.sqrt((w * w).mean(axis=0))"),
        ),
        wrong(
            "to-length-one",
            "Columns that are too long come out with norm 1; they should have the norm `limit`.",
            (_SHRUNK, "out = np.where(norms > limit, w / np.maximum(norms, 1e-12), w)"),
        ),
        wrong(
            "times-the-limit",
            "Columns that are too long are multiplied by the limit; they should come out with that norm.",
            (_SHRUNK, "out = np.where(norms > limit, w * limit, w)"),
        ),
        wrong(
            "quotient-upside-down",
            "Columns that are too long become longer; the factor should be below 1.",
            (_SHRUNK, "out = w * (np.maximum(norms, limit) / limit)"),
        ),
        wrong(
            "excess-subtracted",
            "The part of the norm above the limit is subtracted from each entry; a column should be scaled.",
            (_SHRUNK, "out = w - np.maximum(norms - limit, 0)"),
        ),
        wrong(
            "zeros-become-nan",
            "A column of zeros comes out as NaN; look at what it is divided by.",
            (_SHRUNK, "out = w / norms * np.minimum(norms, limit)"),
        ),
        wrong(
            "set-to-zero",
            "Columns that are too long come out as 0; they should keep their direction and have the norm `limit`.",
            (_SHRUNK, "out = np.where(norms > limit, 0.0, w).astype(w.dtype)"),
        ),
        wrong(
            "dtype-not-kept",
            "The output is float64 where w is float32; it should have the dtype of w.",
            (_SHRUNK, f"{_SHRUNK}.astype(np.float64)"),
        ),
        wrong(
            "in-place",
            "w was changed in place; leave it as it is and return an array of its own.",
            (_SHRUNK, "w *= limit / np.maximum(norms, limit)\n    out = w"),
        ),
    ),
)

# --- label smoothing ---------------------------------------------------------------------------------------

SMOOTHED = "loss, dx = further.smoothed_softmax_loss(x, y, smoothing)"


def smoothed_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Small and large shares, none, one example, two classes, scores that are sure of themselves."""

    def case(title: str, n: int, c: int, smoothing: float, scale: float = 1.0, dtype: str = "float64") -> Case:
        x = (scale * rng.standard_normal((n, c))).astype(dtype)
        inputs: dict[str, object] = {"x": x, "y": rng.integers(c, size=n), "smoothing": smoothing}
        aspects: dict[str, Rule] = {"loss": Equal(), "dx": Equal()}
        return Case(title, SMOOTHED, inputs, aspects, gradients={"dx": "x"}, objective=("loss", ""))

    n, c = sizes(rng, 2, low=3)
    small, large = float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.5, 0.8))
    yield case(f"smoothing {small:.2f}", n, c, small)
    yield case(f"smoothing {large:.2f}", c, n, large)
    yield case("smoothing 0: the plain softmax loss", n, c, 0.0)
    yield case("a single example", 1, c, small)
    yield case("two classes", n, 2, small)
    yield case("scores that are sure", n, c, small, scale=8.0)
    yield case("float32", c, n, large, dtype="float32")


_TARGETS = "targets = np.full_like(log_p, smoothing / num_classes)"
_LABEL = "targets[np.arange(num_examples), y] += 1 - smoothing"
_SMOOTHED_LOSS = "loss = -(targets * log_p).sum() / num_examples"
_SMOOTHED_DX = "dx = (np.exp(log_p) - targets) / num_examples"

SMOOTHED_SOFTMAX = Recipe(
    "further.smoothed_softmax_loss",
    smoothed_cases,
    (
        wrong(
            "not-smoothed",
            "The smoothing has no influence: this is the plain softmax loss.",
            (_TARGETS, "targets = np.zeros_like(log_p)"),
            (_LABEL, "targets[np.arange(num_examples), y] += 1"),
        ),
        wrong(
            "other-classes-only",
            "The share is spread over the wrong classes alone; the right one should have its part of it, too.",
            (_TARGETS, "targets = np.full_like(log_p, smoothing / (num_classes - 1))"),
            (_LABEL, "targets[np.arange(num_examples), y] = 1 - smoothing"),
        ),
        wrong(
            "right-class-without-its-part",
            "The right class has only 1 − smoothing, so that the shares add up to less than 1; it should have its part of what is spread.",
            (_LABEL, "targets[np.arange(num_examples), y] = 1 - smoothing"),
        ),
        wrong(
            "label-in-full",
            "The right class keeps its whole 1, so that the shares add up to more than 1.",
            (_LABEL, "targets[np.arange(num_examples), y] += 1"),
        ),
        wrong(
            "label-set-to-one",
            "The right class has exactly 1; what is spread over the classes should be taken from it.",
            (_LABEL, "targets[np.arange(num_examples), y] = 1"),
        ),
        wrong(
            "share-reversed",
            "The share `smoothing` stays with the label and the rest is spread; it should be the other way round.",
            (_TARGETS, "targets = np.full_like(log_p, (1 - smoothing) / num_classes)"),
            (_LABEL, "targets[np.arange(num_examples), y] += smoothing"),
        ),
        wrong(
            "share-for-each-class",
            "Every class gets the whole share; it should be divided by the number of classes.",
            (_TARGETS, "targets = np.full_like(log_p, smoothing)"),
        ),
        wrong(
            "divided-by-examples",
            "The share is divided by the number of examples; it should be divided by the number of classes.",
            (_TARGETS, "targets = np.full_like(log_p, smoothing / num_examples)"),
        ),
        wrong(
            "predictions-smoothed",
            "It is the net's probabilities that are mixed with the even ones; the targets should be.",
            (_TARGETS, "p = np.exp(log_p)\n    mixed = (1 - smoothing) * p + smoothing / num_classes"),
            (_LABEL, "hit = (np.arange(num_classes) == y[:, None]) / mixed * (1 - smoothing) * p"),
            (_SMOOTHED_LOSS, "loss = -np.log(mixed[np.arange(num_examples), y]).mean()"),
            (_SMOOTHED_DX, "dx = (p * hit.sum(axis=1, keepdims=True) - hit) / num_examples"),
        ),
        wrong(
            "entropy-subtracted",
            "The loss is 0 where net and targets agree, a divergence; it should be the cross entropy itself.",
            (
                _SMOOTHED_LOSS,
                (
                    "logs = np.log(targets, where=targets > 0, out=np.zeros_like(targets))\n"
                    "    loss = (targets * (logs - log_p)).sum() / num_examples"
                ),
            ),
        ),
        wrong(
            "loss-of-the-label-only",
            "The loss looks at the right class alone; every class should count with its share.",
            (_SMOOTHED_LOSS, "loss = -log_p[np.arange(num_examples), y].mean()"),
        ),
        wrong(
            "loss-right-class-weighted",
            "The loss is that of the right class, weighted; the other classes' shares are missing.",
            (_SMOOTHED_LOSS, "loss = -(targets * log_p)[np.arange(num_examples), y].mean()"),
        ),
        wrong(
            "loss-summed",
            "The loss is summed over the minibatch; it should be the mean over its examples.",
            (_SMOOTHED_LOSS, "loss = -(targets * log_p).sum()"),
        ),
        wrong(
            "loss-averaged-over-classes",
            "The loss is averaged over the classes as well; sum over the classes, then average over the examples.",
            (_SMOOTHED_LOSS, "loss = -(targets * log_p).mean()"),
        ),
        wrong(
            "loss-negative",
            "The loss has the opposite sign: logarithms of probabilities are negative, a loss should not be.",
            (_SMOOTHED_LOSS, "loss = (targets * log_p).sum() / num_examples"),
        ),
        wrong(
            "probability-without-log",
            "The loss adds up probabilities; it should be made of their logarithms.",
            (_SMOOTHED_LOSS, "loss = -(targets * np.exp(log_p)).sum() / num_examples"),
        ),
        wrong(
            "gradient-of-the-plain-loss",
            "dx is the gradient of the plain softmax loss; it should be that of the smoothed one.",
            (_SMOOTHED_DX, "dx = np.exp(log_p)\n    dx[np.arange(num_examples), y] -= 1\n    dx /= num_examples"),
        ),
        wrong(
            "gradient-not-averaged",
            "dx is not divided by the number of examples, although the loss is.",
            (_SMOOTHED_DX, "dx = np.exp(log_p) - targets"),
        ),
        wrong(
            "gradient-of-log-softmax",
            "dx is the gradient in the logarithms of the probabilities; it should be that in the scores.",
            (_SMOOTHED_DX, "dx = -targets / num_examples"),
        ),
        wrong(
            "gradient-minus",
            "dx has the opposite sign: it should be the gradient, and the optimiser takes its minus.",
            (_SMOOTHED_DX, "dx = (targets - np.exp(log_p)) / num_examples"),
        ),
        wrong(
            "gradient-at-the-label-only",
            "dx is 0 but for the right classes; every score has a share in the loss.",
            (_SMOOTHED_DX, f"{_SMOOTHED_DX}\n    dx = dx * (np.arange(num_classes) == y[:, None])"),
        ),
    ),
)

# --- depthwise convolution ---------------------------------------------------------------------------------

DEPTHWISE = "out, cache = further.depthwise_conv_forward(x, w, b, conv_param)"
DEPTHWISE_BACKWARD = f"{DEPTHWISE}\ndx, dw, db = further.depthwise_conv_backward(dout, cache)"
DEPTHWISE_BACKWARD_ALONE = "dx, dw, db = further.depthwise_conv_backward(dout, (x, w, b, conv_param))"


def _depthwise_inputs(
    rng: np.random.Generator,
    window: tuple[int, int],
    stride: int,
    pad: int,
    rest: tuple[int, int] = (0, 0),
    counts: tuple[int, int] | None = None,
    dtype: str = "float64",
) -> dict[str, object]:
    n, c = counts or tuple(sizes(rng, 2, high=5))
    image = image_size(rng, window, stride, pad, rest)
    down, across = (1 + (size + 2 * pad - side) // stride for size, side in zip(image, window, strict=True))
    arrays = {
        "x": 0.5 + rng.standard_normal((n, c, *image)),
        "w": rng.standard_normal((c, *window)),
        "b": 1 + rng.standard_normal(c),
        "dout": 0.5 + rng.standard_normal((n, c, down, across)),
    }
    settings = {"stride": stride, "pad": pad}
    return {name: array.astype(dtype) for name, array in arrays.items()} | {"conv_param": settings}


def _depthwise_situations(rng: np.random.Generator) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Titles, opening lines and inputs that both directions share."""
    tall, wide = (3, 2), (2, 3)
    yield "without padding", "", _depthwise_inputs(rng, tall, 1, 0)
    yield "padded by 1", "", _depthwise_inputs(rng, wide, 1, 1)
    yield "stride 2, padded by 1, with a rest", "", _depthwise_inputs(rng, wide, 2, 1, (1, 1))
    yield "stride 3, padded by 2, with a rest of two columns", "", _depthwise_inputs(rng, (4, 3), 3, 2, (0, 2))
    yield "stride 2 without padding, with a rest of one row", "", _depthwise_inputs(rng, tall, 2, 0, (1, 0))
    yield "one image, one channel", "", _depthwise_inputs(rng, tall, 1, 1, counts=(1, 1))
    yield "one image, several channels", "", _depthwise_inputs(rng, wide, 1, 0, counts=(1, 4))
    yield "as many images as channels", "", _depthwise_inputs(rng, tall, 1, 1, counts=(3, 3))
    yield "float32", "", _depthwise_inputs(rng, wide, 2, 1, dtype="float32")
    yield "Fortran order in memory", FORTRAN, _depthwise_inputs(rng, wide, 1, 1)


def depthwise_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Every stride and pad, filters that leave a rest, nothing square."""
    for title, opening, inputs in _depthwise_situations(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=title == "float32")}
        yield Case(title, opening + DEPTHWISE, inputs, aspects, separate={"out": "x"})


def depthwise_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Gradients for the student's own cache; for ``(x, w, b, conv_param)`` where there is no forward yet."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dw": Equal(), "db": Equal()}
    for title, opening, inputs in _depthwise_situations(rng):
        yield Case(
            title,
            opening + DEPTHWISE_BACKWARD,
            inputs,
            aspects,
            opening + DEPTHWISE_BACKWARD_ALONE,
            writable=("x", "w", "b", "conv_param"),  # a forward pass that changes them is its own exercise's fault
            gradients={"dx": "x", "dw": "w", "db": "b"},
            objective=("out", "dout"),
        )


_LOOP = "for i, j in np.ndindex(out_height, out_width):\n        top, left = i * stride, j * stride\n"
_PAD = f"x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))\n    {_LOOP}"
_TOP = "top, left = i * stride, j * stride\n"
_WINDOW = "window = x_pad[:, :, top : top + height, left : left + width]"
_OUT = "out[:, :, i, j] = (window * w).sum(axis=(2, 3)) + b"

_SLICES = "window = (..., slice(i * stride, i * stride + height), slice(j * stride, j * stride + width))"
_DB = "np.zeros_like(w), dout.sum(axis=(0, 2, 3))"
_DX = "dx_pad[window] += upstream * w"
_DW = "dw += (upstream * x_pad[window]).sum(axis=0)"
_CROP = "dx = dx_pad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]"

DEPTHWISE_FORWARD = Recipe(
    "further.depthwise_conv_forward",
    depthwise_forward_cases,
    (
        wrong(
            "channels-added-up",
            "The products of all channels are added up, as in an ordinary convolution; each channel should stay by itself.",
            (_OUT, "out[:, :, i, j] = (window * w).sum(axis=(1, 2, 3))[:, None] + b"),
        ),
        wrong(
            "first-filter-only",
            "Every channel is filtered with the first filter; each should have its own.",
            (_OUT, _OUT.replace("* w)", "* w[0])")),
        ),
        wrong(
            "first-channel-only",
            "Every filter looks at the first channel; each should look at its own.",
            (_WINDOW, _WINDOW.replace("[:, :,", "[:, :1,")),
        ),
        wrong(
            "examples-added-up",
            "The examples are added up; each should have an output of its own.",
            (_OUT, "out[:, :, i, j] = (window * w).sum(axis=(0, 2, 3)) + b"),
        ),
        wrong(
            "first-example-only",
            "Every example comes out as the first one; look at which image the window is cut from.",
            (_WINDOW, _WINDOW.replace("[:, :,", "[:1, :,")),
        ),
        wrong(
            "stride-ignored",
            "The filters move on by one pixel whatever the stride is.",
            (_TOP, _TOP.replace("i * stride, j * stride", "i, j")),
        ),
        wrong(
            "stride-down-only",
            "The stride counts for the rows alone; filters move across by the same number of pixels.",
            (_TOP, _TOP.replace("j * stride", "j")),
        ),
        wrong(
            "padding-forgotten",
            "The filters slide over x itself; the zeros that pad asks for have to stand around it first.",
            (_WINDOW, _WINDOW.replace("x_pad", "x")),
        ),
        wrong(
            "padding-on-one-side",
            "All the zeros stand after the image; half of them belong before its first row and column.",
            (_PAD, _PAD.replace("(pad, pad), (pad, pad)", "(0, 2 * pad), (0, 2 * pad)")),
        ),
        wrong(
            "pad-hard-coded",
            "The image is padded by 1 whatever pad is.",
            (_PAD, _PAD.replace("(pad, pad), (pad, pad)", "(1, 1), (1, 1)")),
        ),
        wrong(
            "no-bias",
            "The bias b is never added: each channel is off by one and the same number.",
            (_OUT, _OUT.replace(" + b", "")),
        ),
        wrong(
            "bias-per-pixel",
            "The bias is added to every product before they are summed; it should be added once to each output.",
            (_OUT, "out[:, :, i, j] = (window * w + b[:, None, None]).sum(axis=(2, 3))"),
        ),
        wrong(
            "bias-of-first-channel",
            "Every channel is given the bias of the first; b has one entry for each channel.",
            (_OUT, _OUT.replace("+ b", "+ b[0]")),
        ),
        wrong(
            "filters-flipped",
            "The filters are turned upside down and left to right; in deep learning they are laid on as they are.",
            (_OUT, _OUT.replace("* w)", "* w[:, ::-1, ::-1])")),
        ),
        wrong(
            "rows-and-columns-swapped",
            "The window goes down where it should go across: row i of the output belongs to row i · stride of the image.",
            (_TOP, _TOP.replace("i * stride, j * stride", "j * stride, i * stride")),
        ),
        wrong(
            "last-position-missing",
            "The last row and column of the output stay 0: the window fits there once more.",
            (_LOOP, _LOOP.replace("(out_height, out_width)", "(out_height - 1, out_width - 1)")),
        ),
        wrong(
            "mean-for-sum",
            "The products under a filter are averaged; a convolution adds them up.",
            (_OUT, _OUT.replace(".sum(", ".mean(")),
        ),
        wrong(
            "activation-inside",
            "Negative outputs are cut off; the convolution has no activation, the ReLU is a layer of its own.",
            (_OUT, "out[:, :, i, j] = np.maximum(0, (window * w).sum(axis=(2, 3)) + b)"),
        ),
        wrong(
            "dtype-lost",
            "The output is float64 although x is float32; the output keeps the dtype of x.",
            (_PAD, f"out = out.astype(np.float64)\n    {_PAD}"),
        ),
    ),
)

DEPTHWISE_BACKWARD_RECIPE = Recipe(
    "further.depthwise_conv_backward",
    depthwise_backward_cases,
    (
        wrong(
            "empty-without-padding",
            "dx is empty when pad is 0: a slice that ends at -0 ends at the start.",
            (_CROP, "dx = dx_pad[:, :, pad:-pad, pad:-pad]"),
        ),
        wrong("not-cropped", "dx still has the padding; it should have the shape of x.", (_CROP, "dx = dx_pad")),
        wrong(
            "crop-hard-coded",
            "One row and one column are cut off on each side whatever pad is.",
            (_CROP, "dx = dx_pad[:, :, 1:-1, 1:-1]"),
        ),
        wrong(
            "cropped-at-the-end",
            "The padding is cut off after the image only; as much of it stands before the first row and column.",
            (_CROP, "dx = dx_pad[:, :, : x.shape[2], : x.shape[3]]"),
        ),
        wrong(
            "dx-overwritten",
            "dx holds the share of the last window alone; a pixel under several windows gets the sum of their shares.",
            (_DX, _DX.replace("+=", "=")),
        ),
        wrong(
            "dw-overwritten",
            "dw holds the share of the last window alone; a filter is used at every position, and the shares add up.",
            (_DW, _DW.replace("+=", "=")),
        ),
        wrong(
            "stride-ignored",
            "The windows move on by one pixel whatever the stride is.",
            (_SLICES, _SLICES.replace("i * stride", "i").replace("j * stride", "j")),
        ),
        wrong(
            "rows-and-columns-swapped",
            "The window goes down where it should go across: row i of dout belongs to row i · stride of the image.",
            (_SLICES, "window = (..., slice(j * stride, j * stride + height), slice(i * stride, i * stride + width))"),
        ),
        wrong(
            "filters-flipped-back",
            "The filters are turned upside down on the way back; each weight's share goes to the pixel it was laid on.",
            (_DX, _DX.replace("* w", "* w[:, ::-1, ::-1]")),
        ),
        wrong(
            "dx-of-first-filter",
            "dx is made with the first filter in every channel; each channel has its own.",
            (_DX, _DX.replace("* w", "* w[0]")),
        ),
        wrong(
            "dx-over-channels",
            "dx adds up what flows back from all channels; an output depends on its own channel alone.",
            (_DX, "dx_pad[window] += (upstream * w).sum(axis=1, keepdims=True)"),
        ),
        wrong(
            "dx-without-filter",
            "dx is made of dout alone; each window's share is dout times the filter.",
            (_DX, "dx_pad[window] += upstream"),
        ),
        wrong(
            "dx-without-upstream",
            "dx is made of the filters alone; the chain rule multiplies them with dout.",
            (_DX, "dx_pad[window] += w"),
        ),
        wrong(
            "dw-without-upstream",
            "dw is made of the pixels alone; the chain rule multiplies them with dout.",
            (_DW, "dw += x_pad[window].sum(axis=0)"),
        ),
        wrong(
            "dw-without-padding",
            "dw looks at x itself; the filters saw the padded image.",
            (_DW, _DW.replace("x_pad[window]", "np.pad(x, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))[window]")),
        ),
        wrong(
            "dw-over-channels",
            "Every channel of dw holds the sum over all of them; a filter has seen its own channel alone.",
            (_DW, "dw += (upstream * x_pad[window]).sum(axis=(0, 1))"),
        ),
        wrong(
            "dw-of-first-example",
            "dw is the first example's share; the filters serve every example, and their shares add up.",
            (_DW, "dw += (upstream * x_pad[window])[0]"),
        ),
        wrong(
            "dw-mean",
            "dw is divided by the size of the minibatch; averaging belongs to the loss, and dout has it already.",
            (_DW, _DW.replace(".sum(", ".mean(")),
        ),
        wrong(
            "db-over-examples-only",
            "dout is summed over the examples alone; b has shape (C,), one bias for all examples and all positions.",
            (_DB, "np.zeros_like(w), dout.sum(axis=0)"),
        ),
        wrong(
            "db-over-positions-only",
            "dout is summed over the positions alone; the examples share the biases too.",
            (_DB, "np.zeros_like(w), dout.sum(axis=(2, 3))"),
        ),
        wrong(
            "db-mean",
            "db is a mean; every example and every position adds its share, so it should be the sum.",
            (_DB, "np.zeros_like(w), dout.mean(axis=(0, 2, 3))"),
        ),
        wrong(
            "db-total",
            "db is a single number; there is one bias for each channel.",
            (_DB, "np.zeros_like(w), dout.sum()"),
        ),
        wrong(
            "db-forgotten",
            "db stays 0; sum dout over all that shares a bias.",
            (_DB, "np.zeros_like(w), np.zeros_like(b)"),
        ),
        wrong(
            "signs-flipped",
            "All gradients have the opposite sign: the backward pass gives the gradient, the optimiser takes the minus.",
            (_CROP, f"dw, db = -dw, -db\n    {_CROP.replace('dx_pad', '-dx_pad')}"),
        ),
    ),
)

# --- sharpness-aware minimisation --------------------------------------------------------------------------

SAM_PROGRAM = """\
def loss_and_gradient(w):
    z = np.tanh(A @ w.ravel() - c)
    return 0.5 * np.sum(z**2), (A.T @ (z * (1 - z**2))).reshape(w.shape)

gradient = further.sharpness_aware_gradient(loss_and_gradient, w, radius)
"""


def sam_cases(rng: np.random.Generator) -> Iterator[Case]:
    """A loss that is no parabola, with radii that carry far; parameters of any shape; a gradient of 0."""
    m, n, k = sizes(rng, 3, low=3, high=6)

    def case(title: str, shape: tuple[int, ...], radius: float, dtype: str = "float64", size: float = 0.5) -> Case:
        d = int(np.prod(shape))
        arrays = {
            "w": size * rng.standard_normal(shape),
            "A": rng.standard_normal((d + 2, d)) / np.sqrt(d),
            "c": size * rng.standard_normal(d + 2),
        }
        inputs: dict[str, object] = {name: array.astype(dtype) for name, array in arrays.items()}
        return Case(title, SAM_PROGRAM, {**inputs, "radius": radius}, {"gradient": Equal()})

    def radius() -> float:
        return float(rng.uniform(0.3, 0.7))

    yield case("a vector", (n,), radius())
    yield case("a matrix", (m, k), radius())
    yield case("filters: four axes", (2, n, 1, 3), radius())
    yield case("a single number", (1,), radius())
    yield case("far away", (n,), 2.5)
    yield case("radius 0: the plain gradient", (m,), 0.0)
    yield case("float32", (k, 2), radius(), "float32")
    yield case("where the gradient is 0", (n, k), radius(), size=0.0)


_SAM = "highest = w + radius * uphill / norm if norm > 0 else w"
_SAM_NORM = "norm = np.linalg.norm(uphill)"
_SAM_LAST = "_, gradient = loss_and_gradient(highest)"

SAM = Recipe(
    "further.sharpness_aware_gradient",
    sam_cases,
    (
        wrong(
            "plain-gradient",
            "This is the gradient at w; it should be the one at the point of largest loss nearby.",
            (_SAM_LAST, "gradient = uphill"),
        ),
        wrong(
            "downhill",
            "The gradient is taken where the loss is lowest nearby; SAM goes up by the radius, not down.",
            (_SAM, _SAM.replace("w + radius", "w - radius")),
        ),
        wrong(
            "not-normalised",
            "The way to the second point is as long as the gradient says; it should always be `radius` long.",
            (_SAM_NORM, "norm = 1.0"),
        ),
        wrong(
            "unit-length",
            "The second point is at distance 1 whatever the radius is.",
            (_SAM, _SAM.replace("radius * ", "")),
        ),
        wrong(
            "divided-by-square",
            "The gradient is divided by its squared norm; divided by the norm it should have length 1.",
            (_SAM_NORM, "norm = np.sum(uphill**2)"),
        ),
        wrong(
            "sum-of-absolutes",
            "The gradient's length is taken as the sum of its absolute values; the Euclidean norm is meant.",
            (_SAM_NORM, "norm = np.abs(uphill).sum()"),
        ),
        wrong(
            "largest-entry",
            "The gradient's length is taken as its largest entry; the Euclidean norm is meant.",
            (_SAM_NORM, "norm = np.abs(uphill).max()"),
        ),
        wrong(
            "mean-for-sum",
            "The squares of the gradient are averaged; a norm adds them up.",
            (_SAM_NORM, "norm = np.sqrt((uphill**2).mean())"),
        ),
        wrong(
            "norm-along-an-axis",
            "Parts of the gradient are brought to length 1 by themselves; the norm is that of all entries together.",
            (_SAM_NORM, "norms = np.linalg.norm(uphill, axis=0)\n    norm = uphill.any()"),
            (_SAM, _SAM.replace("/ norm if", "/ norms if")),
        ),
        wrong(
            "signs",
            "Every entry of w moves by the radius, up or down; all of them together should move by it.",
            (_SAM, _SAM.replace("uphill / norm", "np.sign(uphill)")),
        ),
        wrong(
            "norm-of-w",
            "The gradient is divided by the norm of w; it should be divided by its own.",
            (_SAM_NORM, "norm = np.linalg.norm(w)"),
        ),
        wrong(
            "along-w",
            "The second point lies in the direction of w; it should lie in that of the gradient.",
            (_SAM, _SAM.replace("uphill / norm", "w / np.linalg.norm(w)")),
        ),
        wrong(
            "w-forgotten",
            "The second gradient is taken beside the origin; the way up should start at w.",
            (_SAM, _SAM.replace("w + radius", "radius")),
        ),
        wrong(
            "nan-at-zero",
            "Where the gradient is 0 the result is NaN; there is no way up there, and nothing should be added to w.",
            (_SAM, "highest = w + radius * uphill / norm"),
        ),
        wrong(
            "gradients-added",
            "Both gradients are added up; the first only shows the way, and the second should be returned.",
            (_SAM_LAST, f"{_SAM_LAST}\n    gradient = gradient + uphill"),
        ),
        wrong(
            "gradients-averaged",
            "Both gradients are averaged; the first only shows the way, and the second should be returned.",
            (_SAM_LAST, f"{_SAM_LAST}\n    gradient = (gradient + uphill) / 2"),
        ),
        wrong(
            "difference",
            "What is returned is the difference of two gradients; it should be the second one.",
            (_SAM_LAST, f"{_SAM_LAST}\n    gradient = gradient - uphill"),
        ),
        wrong(
            "step-returned",
            "What is returned is the way to the second point; it should be the gradient there.",
            (_SAM_LAST, "gradient = highest - w"),
        ),
        wrong(
            "loss-returned",
            "What is returned is a loss; it should be the gradient.",
            (_SAM_LAST, "gradient, _ = loss_and_gradient(highest)"),
        ),
        wrong(
            "scaled-by-radius",
            "The second gradient is multiplied by the radius; it should be returned as it is.",
            (_SAM_LAST, f"{_SAM_LAST}\n    gradient = radius * gradient"),
        ),
        wrong(
            "in-place",
            "w was changed in place; leave it as it is, because the optimiser's step starts there.",
            (_SAM, "if norm > 0:\n        w += radius * uphill / norm\n    highest = w"),
        ),
    ),
)

RECIPES = (ADAMW, MAX_NORM, SMOOTHED_SOFTMAX, DEPTHWISE_FORWARD, DEPTHWISE_BACKWARD_RECIPE, SAM)
