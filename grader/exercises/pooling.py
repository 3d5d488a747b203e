"""The max pooling of ``nndl/conv_layers.py``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Array, Equal, Rule, SharedMaximum

from .conv_layers import image_size
from .recipe import Recipe, enlarged, sizes, wrong

FORWARD = "out, cache = conv_layers.max_pool_forward_naive(x, pool_param)"
BACKWARD = f"{FORWARD}\ndx = conv_layers.max_pool_backward_naive(dout, cache)"
BACKWARD_ALONE = "dx = conv_layers.max_pool_backward_naive(dout, (x, pool_param))"
FORTRAN = "x = np.asfortranarray(x)  # another memory order, the same numbers\n"


def _inputs(
    rng: np.random.Generator,
    image: tuple[int, int],
    window: tuple[int, int],
    stride: int,
    counts: tuple[int, int] | None = None,
    dtype: str = "float64",
) -> dict[str, object]:
    n, c = counts or tuple(sizes(rng, 2, high=4))
    down, across = (1 + (size - side) // stride for size, side in zip(image, window, strict=True))
    shape = (n, c, *image)
    # Distinct numbers, no two closer than 0.1, most of them negative: away from every kink, and maxima of both signs.
    steps: Array = rng.permutation(int(np.prod(shape))).reshape(shape)
    x = 0.1 * (steps - 0.8 * steps.size) + rng.uniform(0.02, 0.08)
    return {
        "x": x.astype(dtype),
        "dout": (0.5 + rng.standard_normal((n, c, down, across))).astype(dtype),
        "pool_param": {"pool_height": window[0], "pool_width": window[1], "stride": stride},
    }


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Titles, opening lines and inputs that both directions share; no two entries are equal."""
    tall, wide = (3, 2), (2, 3)
    for words, window, stride, rest in (
        ("side by side", (2, 2), 2, (0, 0)),
        ("that overlap", tall, 1, (0, 0)),
        ("that overlap, with a rest of one row and one column", wide, 2, (1, 1)),
        ("that leave gaps, with a rest of two columns", (1, 2), 3, (0, 2)),
        ("with a rest of one row", tall, 2, (1, 0)),
    ):
        image = image_size(rng, window, stride, rest=rest)
        title = f"images of {image[0]} × {image[1]}, windows of {window[0]} × {window[1]} {words}, stride {stride}"
        yield title, "", _inputs(rng, image, window, stride)
    image = image_size(rng, tall, 1)
    yield "one image, one channel", "", _inputs(rng, image, tall, 2, (1, 1))
    yield "a window as large as the image", "", _inputs(rng, (4, 3), (4, 3), 1)
    yield "float32", "", _inputs(rng, image, wide, 1, dtype="float32")
    yield "Fortran order in memory", FORTRAN, _inputs(rng, image, tall, 1)


def _tied(rng: np.random.Generator) -> dict[str, object]:
    """Windows side by side, each with at least two largest entries."""
    window = (2, 3)
    inputs = _inputs(rng, (window[0] * 3, window[1] * 2), window, 3)
    x = np.asarray(inputs["x"])
    for top, left in ((0, 0), (0, 3), (3, 0), (3, 3)):
        part = x[:, :, top : top + window[0], left : left + window[1]]
        part[:, :, rng.integers(2), 0] = part[:, :, rng.integers(2), 2] = part.max(axis=(2, 3))
    return inputs


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Windows that overlap, touch, leave gaps and leave a rest; nothing square but the plainest of them."""
    for title, opening, inputs in _situations(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=title == "float32")}
        yield Case(title, opening + FORWARD, inputs, aspects, separate={"out": "x"})


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """The same; and windows with more than one largest entry, where any split of the gradient counts as right."""
    aspects: dict[str, Rule] = {"dx": SharedMaximum(at="x", upstream="dout", settings="pool_param")}
    for title, opening, inputs in (*_situations(rng), ("entries that tie for the largest", "", _tied(rng))):
        yield Case(
            title,
            opening + BACKWARD,
            inputs,
            aspects,
            opening + BACKWARD_ALONE,
            writable=("x", "pool_param"),
            gradients={"dx": "x"},
            objective=("out", "dout"),
        )


_LOOP = "for i, j in np.ndindex(out_height, out_width):"
_TOP = "top, left = i * stride, j * stride\n        out["
_OUT = "out[:, :, i, j] = x[:, :, top : top + pool_height, left : left + pool_width].max(axis=(2, 3))"

_BACK_LOOP = "for n, c, i, j in np.ndindex(*dout.shape):"
_BACK_TOP = "top, left = i * stride, j * stride\n        window = x[n"
_BACK_WINDOW = "window = x[n, c, top : top + pool_height, left : left + pool_width]"
_PLACE = "row, column = np.unravel_index(window.argmax(), window.shape)"
_DX = "dx[n, c, top + row, left + column] += dout[n, c, i, j]"

FORWARD_RECIPE = Recipe(
    "conv_layers.max_pool_forward_naive",
    forward_cases,
    (
        wrong(
            "height-and-width-swapped",
            "The windows are as high as pool_width and as wide as pool_height: it is the other way round.",
            (
                _OUT,
                _OUT.replace(
                    "top + pool_height, left : left + pool_width", "top + pool_width, left : left + pool_height"
                ),
            ),
        ),
        wrong(
            "stride-ignored",
            "The windows move on by one pixel whatever the stride is.",
            (_TOP, _TOP.replace("i * stride, j * stride", "i, j")),
        ),
        wrong(
            "stride-from-the-window",
            "The windows stand side by side whatever the stride is; they may overlap or leave gaps.",
            (_TOP, _TOP.replace("i * stride, j * stride", "i * pool_height, j * pool_width")),
        ),
        wrong(
            "stride-down-only",
            "The stride counts for the rows alone; windows move across by the same number of pixels.",
            (_TOP, _TOP.replace("j * stride", "j")),
        ),
        wrong(
            "stride-hard-coded",
            "The windows move on by two pixels whatever the stride is.",
            (_TOP, _TOP.replace("i * stride, j * stride", "i * 2, j * 2")),
        ),
        wrong(
            "window-hard-coded",
            "Every window is 2 × 2; its size is in pool_param.",
            (_OUT, _OUT.replace("pool_height", "2").replace("pool_width", "2")),
        ),
        wrong(
            "assumes-square-images",
            "The loop over the columns runs as far as the one over the rows; images need not be square.",
            (_LOOP, "for i, j in np.ndindex(out_height, out_height):"),
        ),
        wrong(
            "rows-and-columns-swapped",
            "The window goes down where it should go across: row i of the output belongs to row i · stride of the image.",
            (_TOP, _TOP.replace("i * stride, j * stride", "j * stride, i * stride")),
        ),
        wrong(
            "aligned-to-the-end",
            "The windows end at the last row and column; they start at the first, and what is left over is at the end.",
            (
                _TOP,
                (
                    "top = x.shape[2] - pool_height - (out_height - 1 - i) * stride\n"
                    "        left = x.shape[3] - pool_width - (out_width - 1 - j) * stride\n"
                    "        out["
                ),
            ),
        ),
        wrong(
            "one-pixel-too-large",
            "The windows are one row and one column too large: a slice ends before its second number.",
            (_OUT, _OUT.replace("pool_height,", "pool_height + 1,").replace("pool_width]", "pool_width + 1]")),
        ),
        wrong(
            "last-position-missing",
            "The last row and column of the output stay 0: the window fits there once more.",
            (_LOOP, "for i, j in np.ndindex(out_height - 1, out_width - 1):"),
        ),
        wrong(
            "loops-over-the-image",
            "The loops run over the pixels of the image; run them over those of the output, of which there are fewer.",
            (_LOOP, "for i, j in np.ndindex(*x.shape[2:]):"),
        ),
        wrong(
            "mean",
            "The output is the mean of each window; it should be the largest entry.",
            (_OUT, _OUT.replace(".max(", ".mean(")),
        ),
        wrong(
            "minimum",
            "The output is the smallest entry of each window; it should be the largest.",
            (_OUT, _OUT.replace(".max(", ".min(")),
        ),
        wrong(
            "largest-magnitude",
            "The output is the largest magnitude; signs count, and −3 is smaller than 1.",
            (_OUT, _OUT.replace("= x[", "= np.abs(x)[")),
        ),
        wrong(
            "never-negative",
            "The output is 0 where all entries of a window are negative; the largest of them may well be negative.",
            (_OUT, _OUT.replace("= x[", "= np.maximum(0, x)[")),
        ),
        wrong(
            "largest-of-all-channels",
            "All channels come out the same: each channel has a maximum of its own.",
            (_OUT, _OUT.replace("axis=(2, 3)", "axis=(1, 2, 3), keepdims=True")[: -len(")")] + ")[:, :, 0, 0]"),
        ),
        wrong(
            "largest-of-all-examples",
            "All images come out the same: each example has a maximum of its own.",
            (_OUT, _OUT.replace("axis=(2, 3)", "axis=(0, 2, 3)")),
        ),
        wrong(
            "where-not-what",
            "The output says where in its window the largest entry stands; it should be that entry itself.",
            (_OUT, _OUT.replace(".max(axis=(2, 3))", ".reshape(*x.shape[:2], -1).argmax(axis=2)")),
        ),
        wrong(
            "dtype-lost",
            "The output is float64 although x is float32; the output keeps the dtype of x.",
            (_LOOP, f"out = out.astype(np.float64)\n    {_LOOP}"),
        ),
    ),
)

BACKWARD_RECIPE = Recipe(
    "conv_layers.max_pool_backward_naive",
    backward_cases,
    (
        wrong(
            "all-ties",
            "Entries that tie for the largest are each given all of the upstream gradient; what they get has to add up to it.",
            (
                _DX,
                "dx[n, c, top : top + pool_height, left : left + pool_width] += dout[n, c, i, j] * (window == window.max())",
            ),
        ),
        wrong(
            "starts-at-x",
            "The gradients are added to the entries of x; a sum starts at 0, so look at what dx holds before the loop.",
            (f"dx = np.zeros_like(x)\n    {_BACK_LOOP}", f"dx = x.copy()\n    {_BACK_LOOP}"),
        ),
        wrong(
            "overwritten",
            "An entry that is the largest of several windows keeps the gradient of the last one; it gets their sum.",
            (_DX, _DX.replace("+=", "=")),
        ),
        wrong(
            "height-and-width-swapped",
            "The windows are as high as pool_width and as wide as pool_height: it is the other way round.",
            (
                _BACK_WINDOW,
                _BACK_WINDOW.replace("pool_height", "pool_h")
                .replace("pool_width", "pool_height")
                .replace("pool_h,", "pool_width,"),
            ),
        ),
        wrong(
            "stride-ignored",
            "The windows move on by one pixel whatever the stride is.",
            (_BACK_TOP, _BACK_TOP.replace("i * stride, j * stride", "i, j")),
        ),
        wrong(
            "stride-from-the-window",
            "The windows stand side by side whatever the stride is; they may overlap or leave gaps.",
            (_BACK_TOP, _BACK_TOP.replace("i * stride, j * stride", "i * pool_height, j * pool_width")),
        ),
        wrong(
            "stride-hard-coded",
            "The windows move on by two pixels whatever the stride is.",
            (_BACK_TOP, _BACK_TOP.replace("i * stride, j * stride", "i * 2, j * 2")),
        ),
        wrong(
            "window-hard-coded",
            "Every window is 2 × 2; its size is in pool_param.",
            (_BACK_WINDOW, _BACK_WINDOW.replace("pool_height", "2").replace("pool_width", "2")),
        ),
        wrong(
            "assumes-square-outputs",
            "The loop over the columns runs as far as the one over the rows; dout need not be square.",
            (_BACK_LOOP, "for n, c, i, j in np.ndindex(*dout.shape[:3], dout.shape[2]):"),
        ),
        wrong(
            "rows-and-columns-swapped",
            "The window goes down where it should go across: row i of dout belongs to row i · stride of the image.",
            (_BACK_TOP, _BACK_TOP.replace("i * stride, j * stride", "j * stride, i * stride")),
        ),
        wrong(
            "place-read-by-the-wrong-side",
            "The place of the largest entry is read off with the height of the window; argmax counts along its rows.",
            (_PLACE, "row, column = divmod(int(window.argmax()), pool_height)"),
        ),
        wrong(
            "place-in-the-image-forgotten",
            "The place inside the window is taken for the place in the image; the window's corner has to be added.",
            (_DX, "dx[n, c, row, column] += dout[n, c, i, j]"),
        ),
        wrong(
            "corner-of-the-window",
            "The gradient goes to the first entry of each window; it belongs to the largest.",
            (_PLACE, "row, column = 0, 0"),
        ),
        wrong(
            "smallest-entry",
            "The gradient goes to the smallest entry of each window; it belongs to the largest.",
            (_PLACE, _PLACE.replace("argmax", "argmin")),
        ),
        wrong(
            "largest-magnitude",
            "The gradient goes to the entry of the largest magnitude; signs count, and −3 is smaller than 1.",
            (_PLACE, _PLACE.replace("window.argmax()", "np.abs(window).argmax()")),
        ),
        wrong(
            "shared-by-all",
            "Every entry of a window gets an equal part; that is the gradient of a mean, a maximum has one taker.",
            (
                _DX,
                "dx[n, c, top : top + pool_height, left : left + pool_width] += dout[n, c, i, j] / window.size",
            ),
        ),
        wrong(
            "given-to-all",
            "Every entry of a window gets the gradient; it belongs to the largest alone.",
            (_DX, "dx[n, c, top : top + pool_height, left : left + pool_width] += dout[n, c, i, j]"),
        ),
        wrong(
            "mask-only",
            "dx is the local slope alone; the chain rule multiplies it with dout.",
            (_DX, "dx[n, c, top + row, left + column] += 1"),
        ),
        wrong(
            "times-maximum",
            "The upstream gradient is multiplied by the largest entry instead of by the slope, which is 1 there.",
            (_DX, _DX + " * window.max()"),
        ),
        wrong(
            "first-example-only",
            "The largest entries are looked for in the first image for every example.",
            (_BACK_WINDOW, _BACK_WINDOW.replace("[n,", "[0,")),
        ),
        wrong(
            "first-channel-only",
            "The largest entries are looked for in the first channel; each channel has a maximum of its own.",
            (_BACK_WINDOW, _BACK_WINDOW.replace("[n, c,", "[n, 0,")),
        ),
        wrong(
            "minus",
            "dx has the opposite sign: the largest entry gets the gradient as it came.",
            (_DX, _DX.replace("+=", "-=")),
        ),
        wrong(
            "shape-of-the-output",
            "dx has the shape of the output; a gradient has the shape of what it is the gradient of, here x.",
            (_DX, _DX + "\n    dx = dout.copy()"),
        ),
    ),
    large=enlarged(backward_cases, "images of 100 × 136", lambda rng: _inputs(rng, (100, 136), (2, 2), 2, (2, 3))),
)

RECIPES = (FORWARD_RECIPE, BACKWARD_RECIPE)
