"""Define how convolution by loops is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged, sizes

FORWARD = "out, cache = conv_layers.conv_forward_naive(x, w, b, conv_param)"
BACKWARD = f"{FORWARD}\ndx, dw, db = conv_layers.conv_backward_naive(dout, cache)"
BACKWARD_ALONE = "dx, dw, db = conv_layers.conv_backward_naive(dout, (x, w, b, conv_param))"
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
AGAIN = """\
conv_layers.conv_backward_naive(dout.copy(), cache)
dx, dw, db = conv_layers.conv_backward_naive(dout, cache)
"""
BACKWARD_AGAIN = f"{FORWARD}\nconv_layers.conv_forward_naive(1 - x[:1], w + 1, b, conv_param)\n{AGAIN}"
BACKWARD_ALONE_AGAIN = f"cache = (x, w, b, conv_param)\n{AGAIN}"
FORTRAN = "x, w = np.asfortranarray(x), np.asfortranarray(w)  # another memory order, the same numbers\n"


def image_size(
    rng: np.random.Generator, window: tuple[int, int], stride: int, pad: int = 0, rest: tuple[int, int] = (0, 0)
) -> tuple[int, int]:
    """Draw the height and width of an image, never equal, in which a window has a few positions.

    Parameters
    ----------
    rng : Generator
    window : tuple of int
        Height and width of a filter or of a pooling window.
    stride, pad : int
    rest : tuple of int
        How many rows and columns no window reaches, because they remain after the last step; less than `stride`.

    Returns
    -------
    height, width : int
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


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], str, dict[str, object]]]:
    """Yield the titles, traits, opening lines and inputs of the cases of both passes."""
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
        yield title, {Trait.WINDOWS_LEAVE_A_REST} if any(rest) else set(), "", _inputs(rng, image, window, stride, pad)
    image = image_size(rng, tall, 1, 1)
    yield "one image, one channel, one filter", {Trait.EDGE_SHAPE}, "", _inputs(rng, image, tall, 1, 1, (1, 1, 1))
    yield "a filter as large as the image", {Trait.EDGE_SHAPE}, "", _inputs(rng, (4, 3), (4, 3), 1, 0)
    yield "float32", {Trait.DTYPE}, "", _inputs(rng, image, wide, 2, 1, dtype="float32")
    yield "Fortran order in memory", {Trait.MEMORY_ORDER}, FORTRAN, _inputs(rng, image, wide, 1, 2)
    point = (1, 1)
    image = image_size(rng, point, 3, 1, (0, 1))
    title = f"images of {image[0]} × {image[1]}, filters of 1 × 1, padded by 1, stride 3, so that pixels are left out"
    yield title, {Trait.WINDOWS_LEAVE_A_REST}, "", _inputs(rng, image, point, 3, 1)


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw strides of 1 to 3, paddings of 0 to 2, rows and columns that no window reaches, and nothing square."""
    for title, traits, opening, inputs in _situations(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=Trait.DTYPE in traits)}
        yield Case(title, opening + FORWARD, inputs, aspects, separate={"out": "x"}, traits=traits)


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Pass the cache of the student's own forward pass, or ``(x, w, b, conv_param)`` if it is not written yet."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dw": Equal(), "db": Equal()}

    def case(title: str, traits: set[Trait], program: str, inputs: dict[str, object], alone: str) -> Case:
        return Case(
            title,
            program,
            inputs,
            aspects,
            alone,
            writable=("x", "w", "b", "conv_param"),  # a forward pass that changes them is its own exercise's fault
            gradients={"dx": "x", "dw": "w", "db": "b"},
            objective=("out", "dout"),
            traits=traits,
        )

    for title, traits, opening, inputs in _situations(rng):
        yield case(title, traits, opening + BACKWARD, inputs, opening + BACKWARD_ALONE)
    inputs = _inputs(rng, image_size(rng, (2, 3), 2, 1), (2, 3), 2, 1)
    title = "a second backward pass from the same cache, after another forward pass"
    yield case(title, {Trait.SIDE_EFFECT}, BACKWARD_AGAIN, inputs, BACKWARD_ALONE_AGAIN)


# The large case has many channels and few positions: so a right backward pass, which loops over the positions, takes
# little time, while a numeric derivative has a forward pass for each number of each channel.
RECIPES = (
    Recipe("conv_layers.conv_forward_naive", forward_cases),
    Recipe(
        "conv_layers.conv_backward_naive",
        backward_cases,
        large=enlarged(
            backward_cases,
            "150 channels",
            lambda rng: _inputs(rng, (12, 13), (5, 4), 1, 0, (1, 150, 1)),
        ),
    ),
)
