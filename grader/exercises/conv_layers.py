"""The convolution of ``nndl/conv_layers.py``; its pooling and its normalisations are judged in files of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Equal, Rule

from .recipe import Recipe, enlarged, sizes, wrong

FORWARD = "out, cache = conv_layers.conv_forward_naive(x, w, b, conv_param)"
BACKWARD = f"{FORWARD}\ndx, dw, db = conv_layers.conv_backward_naive(dout, cache)"
BACKWARD_ALONE = "dx, dw, db = conv_layers.conv_backward_naive(dout, (x, w, b, conv_param))"
FORTRAN = "x, w = np.asfortranarray(x), np.asfortranarray(w)  # another memory order, the same numbers\n"


def image_size(
    rng: np.random.Generator, window: tuple[int, int], stride: int, pad: int = 0, rest: tuple[int, int] = (0, 0)
) -> tuple[int, int]:
    """Height and width of an image, never equal, in which a window has a few positions.

    Parameters
    ----------
    rng : Generator
    window : tuple of int
        Height and width of a filter or of a pooling window.
    stride, pad : int
    rest : tuple of int
        How many rows and columns are left over at the end; less than `stride`.
    """
    down, across = (int(steps) for steps in rng.permutation([1, 2, 3])[:2])
    height = window[0] + stride * down + rest[0] - 2 * pad
    width = window[1] + stride * across + rest[1] - 2 * pad
    return height, width + stride if width == height else width


def _inputs(
    rng: np.random.Generator,
    image: tuple[int, int],
    window: tuple[int, int],
    stride: int,
    pad: int,
    counts: tuple[int, int, int] | None = None,
    dtype: str = "float64",
) -> dict[str, object]:
    n, c, f = counts or tuple(sizes(rng, 3, high=4))
    down, across = (1 + (size + 2 * pad - side) // stride for size, side in zip(image, window, strict=True))
    arrays = {
        "x": 0.5 + rng.standard_normal((n, c, *image)),
        "w": rng.standard_normal((f, c, *window)),
        "b": 1 + rng.standard_normal(f),
        "dout": 0.5 + rng.standard_normal((n, f, down, across)),
    }
    settings = {"stride": stride, "pad": pad}
    return {name: array.astype(dtype) for name, array in arrays.items()} | {"conv_param": settings}


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Titles, opening lines and inputs that both directions share."""
    tall, wide = (3, 2), (2, 3)
    for words, window, stride, pad, rest in (
        ("without padding", tall, 1, 0, (0, 0)),
        ("padded by 1", wide, 1, 1, (0, 0)),
        ("stride 2, padded by 1, with a rest of one row and one column", wide, 2, 1, (1, 1)),
        ("stride 3, padded by 2, with a rest of two columns", (4, 3), 3, 2, (0, 2)),
        ("stride 2 without padding, with a rest of one row", tall, 2, 0, (1, 0)),
    ):
        image = image_size(rng, window, stride, pad, rest)
        title = f"images of {image[0]} × {image[1]}, filters of {window[0]} × {window[1]}, {words}"
        yield title, "", _inputs(rng, image, window, stride, pad)
    image = image_size(rng, tall, 1, 1)
    yield "one image, one channel, one filter", "", _inputs(rng, image, tall, 1, 1, (1, 1, 1))
    yield "a filter as large as the image", "", _inputs(rng, (4, 3), (4, 3), 1, 0)
    yield "float32", "", _inputs(rng, image, wide, 2, 1, dtype="float32")
    yield "Fortran order in memory", FORTRAN, _inputs(rng, image, wide, 1, 2)


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Every stride and pad, filters that leave a rest, nothing square."""
    for title, opening, inputs in _situations(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=title == "float32")}
        yield Case(title, opening + FORWARD, inputs, aspects, separate={"out": "x"})


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Gradients for the student's own cache; for ``(x, w, b, conv_param)`` where there is no forward yet."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dw": Equal(), "db": Equal()}
    for title, opening, inputs in _situations(rng):
        yield Case(
            title,
            opening + BACKWARD,
            inputs,
            aspects,
            opening + BACKWARD_ALONE,
            writable=("x", "w", "b", "conv_param"),  # a forward pass that changes them is its own exercise's fault
            gradients={"dx": "x", "dw": "w", "db": "b"},
            objective=("out", "dout"),
        )


_LOOP = "for n, f, i, j in np.ndindex(*out.shape):"
_PAD = f"x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))\n    {_LOOP}"
_TOP = "top, left = i * stride, j * stride\n        window = x_pad[n"
_WINDOW = "window = x_pad[n, :, top : top + height, left : left + width]"
_OUT = "out[n, f, i, j] = (window * w[f]).sum() + b[f]"

_BACK_LOOP = "for n, f, i, j in np.ndindex(*dout.shape):"
_BACK_WINDOW = (
    "window = (n, slice(None), slice(i * stride, i * stride + height), slice(j * stride, j * stride + width))"
)
_DB = "np.zeros_like(w), dout.sum(axis=(0, 2, 3))"
_DX = "dx_pad[window] += dout[n, f, i, j] * w[f]"
_DW = "dw[f] += dout[n, f, i, j] * x_pad[window]"
_CROP = "dx = dx_pad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]"

FORWARD_RECIPE = Recipe(
    "conv_layers.conv_forward_naive",
    forward_cases,
    (
        wrong(
            "assumes-square-images",
            "The loop over the columns runs as far as the one over the rows; images need not be square.",
            (_LOOP, "for n, f, i, j in np.ndindex(*out.shape[:2], out_height, out_height):"),
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
            "pads-every-axis",
            "Zeros are put around the examples and the channels as well; only rows and columns are padded.",
            (_PAD, f"x_pad = np.pad(x, pad)\n    {_LOOP}"),
        ),
        wrong(
            "padding-on-one-side",
            "All the zeros stand after the image; half of them belong before its first row and column.",
            (_PAD, _PAD.replace("(pad, pad), (pad, pad)", "(0, 2 * pad), (0, 2 * pad)")),
        ),
        wrong(
            "padding-repeats-the-border",
            "The padding repeats the pixels of the border; it should be 0.",
            (_PAD, _PAD.replace("(pad, pad)))", '(pad, pad)), mode="edge")')),
        ),
        wrong(
            "pad-hard-coded",
            "The image is padded by 1 whatever pad is.",
            (_PAD, _PAD.replace("(pad, pad), (pad, pad)", "(1, 1), (1, 1)")),
        ),
        wrong(
            "no-bias",
            "The bias b is never added: all that a filter gives is off by one and the same number.",
            (_OUT, _OUT.replace(" + b[f]", "")),
        ),
        wrong(
            "bias-of-first-filter",
            "Every filter is given the bias of the first; b has one entry for each filter.",
            (_OUT, _OUT.replace("b[f]", "b[0]")),
        ),
        wrong(
            "bias-per-pixel",
            "The bias is added to every product before they are summed; it is added once to each output.",
            (_OUT, "out[n, f, i, j] = (window * w[f] + b[f]).sum()"),
        ),
        wrong(
            "filters-flipped",
            "The filters are turned upside down and left to right; in deep learning they are laid on as they are.",
            (_OUT, _OUT.replace("w[f]", "w[f, :, ::-1, ::-1]")),
        ),
        wrong(
            "first-channel-only",
            "Only the first channel is looked at; a filter has weights for every channel, and all products add up.",
            (_OUT, _OUT.replace("(window * w[f])", "(window[0] * w[f, 0])")),
        ),
        wrong(
            "first-example-only",
            "Every example comes out as the first one; look at which image the window is cut from.",
            (_WINDOW, _WINDOW.replace("[n,", "[0,")),
        ),
        wrong(
            "first-filter-only",
            "Every filter gives what the first one gives; look at which filter is laid on the window.",
            (_OUT, _OUT.replace("w[f]", "w[0]")),
        ),
        wrong(
            "rows-and-columns-swapped",
            "The window goes down where it should go across: row i of the output belongs to row i · stride of the image.",
            (_TOP, _TOP.replace("i * stride, j * stride", "j * stride, i * stride")),
        ),
        wrong(
            "filter-size-swapped",
            "The window is as high as the filter is wide: the third axis of w is its height, the fourth its width.",
            (_WINDOW, _WINDOW.replace("top + height", "top + width").replace("left + width", "left + height")),
        ),
        wrong(
            "loops-over-the-image",
            "The loops run over the pixels of the image; run them over those of the output, which may be fewer or more.",
            (_LOOP, "for n, f, i, j in np.ndindex(*out.shape[:2], *x.shape[2:]):"),
        ),
        wrong(
            "aligned-to-the-end",
            "The windows end at the last row and column; they start at the first, and what is left over is at the end.",
            (
                _TOP,
                (
                    "top = x_pad.shape[2] - height - (out_height - 1 - i) * stride\n"
                    "        left = x_pad.shape[3] - width - (out_width - 1 - j) * stride\n"
                    "        window = x_pad[n"
                ),
            ),
        ),
        wrong(
            "last-position-missing",
            "The last row and column of the output stay 0: the window fits there once more.",
            (_LOOP, "for n, f, i, j in np.ndindex(*out.shape[:2], out_height - 1, out_width - 1):"),
        ),
        wrong(
            "mean-for-sum",
            "The products under a filter are averaged; a convolution adds them up.",
            (_OUT, _OUT.replace(".sum()", ".mean()")),
        ),
        wrong(
            "activation-inside",
            "Negative outputs are cut off; the convolution has no activation, the ReLU is a layer of its own.",
            (_OUT, "out[n, f, i, j] = max(0, (window * w[f]).sum() + b[f])"),
        ),
        wrong(
            "dtype-lost",
            "The output is float64 although x is float32; the output keeps the dtype of x.",
            (_PAD, f"out = out.astype(np.float64)\n    {_PAD}"),
        ),
    ),
)

BACKWARD_RECIPE = Recipe(
    "conv_layers.conv_backward_naive",
    backward_cases,
    (
        wrong(
            "empty-without-padding",
            "dx is empty when pad is 0: a slice that ends at -0 ends at the start.",
            (_CROP, "dx = dx_pad[:, :, pad:-pad, pad:-pad]"),
        ),
        wrong(
            "crop-hard-coded",
            "One row and one column are cut off on each side whatever pad is.",
            (_CROP, "dx = dx_pad[:, :, 1:-1, 1:-1]"),
        ),
        wrong("not-cropped", "dx still has the padding; it has the shape of x.", (_CROP, "dx = dx_pad")),
        wrong(
            "cropped-at-the-end",
            "The padding is cut off after the image only; as much of it stands before the first row and column.",
            (_CROP, "dx = dx_pad[:, :, : x.shape[2], : x.shape[3]]"),
        ),
        wrong(
            "dx-starts-at-x",
            "The gradients are added to the pixels of x; a sum starts at 0, so look at what dx holds before the loop.",
            ("dx_pad, dw, db = np.zeros_like(x_pad)", "dx_pad, dw, db = x_pad.copy()"),
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
            (_BACK_WINDOW, _BACK_WINDOW.replace("i * stride", "i").replace("j * stride", "j")),
        ),
        wrong(
            "assumes-square-outputs",
            "The loop over the columns runs as far as the one over the rows; dout need not be square.",
            (_BACK_LOOP, "for n, f, i, j in np.ndindex(*dout.shape[:3], dout.shape[2]):"),
        ),
        wrong(
            "rows-and-columns-swapped",
            "The window goes down where it should go across: row i of dout belongs to row i · stride of the image.",
            (_BACK_WINDOW, _BACK_WINDOW.translate(str.maketrans("ij", "ji"))),
        ),
        wrong(
            "filters-flipped-back",
            "The filters are turned upside down on the way back; each weight's share goes to the pixel it was laid on.",
            (_DX, _DX.replace("w[f]", "w[f, :, ::-1, ::-1]")),
        ),
        wrong(
            "dx-without-filter",
            "dx is made of dout alone; each window's share is dout times the filter.",
            (_DX, _DX.replace(" * w[f]", "")),
        ),
        wrong(
            "dx-without-upstream",
            "dx is made of the filters alone; the chain rule multiplies them with dout.",
            (_DX, "dx_pad[window] += w[f]"),
        ),
        wrong(
            "dw-without-upstream",
            "dw is made of the pixels alone; the chain rule multiplies them with dout.",
            (_DW, "dw[f] += x_pad[window]"),
        ),
        wrong(
            "dw-without-padding",
            "dw looks at x itself; the filters saw the padded image.",
            (_DW, "dw[f] += dout[n, f, i, j] * x[window]"),
        ),
        wrong(
            "dw-of-first-example",
            "dw looks at the first image for every example; each example's share of dout belongs to its own image.",
            (_DW, "dw[f] += dout[n, f, i, j] * x_pad[(0, *window[1:])]"),
        ),
        wrong(
            "dx-in-first-example",
            "All of dx ends up in the first image; each example gets the gradients of its own output.",
            (_DX, "dx_pad[(0, *window[1:])] += dout[n, f, i, j] * w[f]"),
        ),
        wrong(
            "dw-mean",
            "dw is divided by the size of the minibatch; averaging belongs to the loss, and dout has it already.",
            (_DW, _DW + " / len(x)"),
        ),
        wrong(
            "dw-first-channel",
            "Every channel of dw holds what belongs to the first one; each weight gets the pixels of its own channel.",
            (_DW, "dw[f] += dout[n, f, i, j] * x_pad[window][0]"),
        ),
        wrong(
            "db-over-examples-only",
            "dout is summed over the examples alone; b has shape (F,), one bias for all examples and all positions.",
            (_DB, "np.zeros_like(w), dout.sum(axis=0)"),
        ),
        wrong(
            "db-over-positions-only",
            "dout is summed over the positions alone; the examples share the biases too.",
            (_DB, "np.zeros_like(w), dout.sum(axis=(2, 3))"),
        ),
        wrong(
            "db-keeps-axes",
            "db keeps the axes it was summed over; b has shape (F,), and so has its gradient.",
            (_DB, "np.zeros_like(w), dout.sum(axis=(0, 2, 3), keepdims=True)"),
        ),
        wrong(
            "db-mean",
            "db is a mean; every example and every position adds its share, so it is the sum.",
            (_DB, "np.zeros_like(w), dout.mean(axis=(0, 2, 3))"),
        ),
        wrong(
            "db-total",
            "db is a single number; there is one bias for each filter, and it is shared by examples and positions only.",
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
    large=enlarged(
        backward_cases,
        "an image of 140 × 143",
        lambda rng: _inputs(rng, (140, 143), (5, 4), 1, 0, (1, 2, 1)),
    ),
)

RECIPES = (FORWARD_RECIPE, BACKWARD_RECIPE)
