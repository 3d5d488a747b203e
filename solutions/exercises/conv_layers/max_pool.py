"""Define how max pooling by loops is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Equal, Recipe, Rule, SharedMaximum, Trait, enlarged, sizes

from .conv import image_size

FORWARD = "out, cache = conv_layers.max_pool_forward_naive(x, pool_param)"
BACKWARD = f"{FORWARD}\ndx = conv_layers.max_pool_backward_naive(dout, cache)"
BACKWARD_ALONE = "dx = conv_layers.max_pool_backward_naive(dout, (x, pool_param))"
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
AGAIN = """\
conv_layers.max_pool_backward_naive(dout.copy(), cache)
dx = conv_layers.max_pool_backward_naive(dout, cache)
"""
BACKWARD_AGAIN = f"{FORWARD}\nconv_layers.max_pool_forward_naive(-x, pool_param)\n{AGAIN}"
BACKWARD_ALONE_AGAIN = f"cache = (x, pool_param)\n{AGAIN}"
FORTRAN = "x = np.asfortranarray(x)  # another memory order, the same numbers\n"


def _inputs(
    rng: np.random.Generator,
    image: tuple[int, int],
    window: tuple[int, int],
    stride: int,
    counts: tuple[int, int] | None = None,
    dtype: str = "float64",
    scale: float = 1.0,
) -> dict[str, object]:
    n, c = counts or tuple(sizes(rng, 2, high=4))
    down, across = (1 + (size - side) // stride for size, side in zip(image, window, strict=True))
    shape = (n, c, *image)
    # Distinct numbers, no two closer than 0.1, most of them negative: away from every kink, and maxima of both signs.
    steps: Array = rng.permutation(int(np.prod(shape))).reshape(shape)
    x = 0.1 * (steps - 0.8 * steps.size) + rng.uniform(0.02, 0.08)
    return {
        "x": (scale * x).astype(dtype),
        "dout": (0.5 + rng.standard_normal((n, c, down, across))).astype(dtype),
        "pool_param": {"pool_height": window[0], "pool_width": window[1], "stride": stride},
    }


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], str, dict[str, object]]]:
    """Yield the titles, traits, opening lines and inputs of the cases of both passes. No two entries are equal."""
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
        # The search for the largest entry may begin at no number: once, all numbers are far from 0.
        scale = 1e4 if window == (1, 2) else 1.0
        traits = {Trait.WINDOWS_LEAVE_A_REST} if any(rest) else set()
        yield title, traits, "", _inputs(rng, image, window, stride, scale=scale)
    image = image_size(rng, tall, 1)
    yield "one image, one channel", {Trait.EDGE_SHAPE}, "", _inputs(rng, image, tall, 2, (1, 1))
    yield "a window as large as the image", {Trait.EDGE_SHAPE}, "", _inputs(rng, (4, 3), (4, 3), 1)
    yield "float32", {Trait.DTYPE}, "", _inputs(rng, image, wide, 1, dtype="float32")
    yield "Fortran order in memory", {Trait.MEMORY_ORDER}, FORTRAN, _inputs(rng, image, tall, 1)
    far = _inputs(rng, image, wide, 1)
    far["x"] = np.asarray(far["x"]) - 1e12  # below any number that a search may begin at
    yield "numbers far below 0, close to each other", {Trait.NUMERICAL_RANGE}, "", far


def _tied(rng: np.random.Generator) -> dict[str, object]:
    """Draw images in which each window has at least two largest entries; the windows do not overlap."""
    window = (2, 3)
    inputs = _inputs(rng, (window[0] * 3, window[1] * 2), window, 3)
    x = np.asarray(inputs["x"])
    for top, left in ((0, 0), (0, 3), (3, 0), (3, 3)):
        part = x[:, :, top : top + window[0], left : left + window[1]]
        part[:, :, rng.integers(2), 0] = part[:, :, rng.integers(2), 2] = part.max(axis=(2, 3))
    return inputs


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw windows that overlap, touch, leave gaps, and do not reach every row; only the first window is square."""
    for title, traits, opening, inputs in _situations(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=Trait.DTYPE in traits)}
        yield Case(title, opening + FORWARD, inputs, aspects, separate={"out": "x"}, traits=traits)


def backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw the same, and windows with several largest entries, among which the gradient may be split in any way."""
    aspects: dict[str, Rule] = {"dx": SharedMaximum(at="x", upstream="dout", settings="pool_param")}
    situations = list(_situations(rng))
    situations.append(("entries that tie for the largest", {Trait.TIE}, "", _tied(rng)))

    def case(title: str, traits: set[Trait], program: str, inputs: dict[str, object], alone: str) -> Case:
        return Case(
            title,
            program,
            inputs,
            aspects,
            alone,
            writable=("x", "pool_param"),
            gradients={"dx": "x"},
            objective=("out", "dout"),
            traits=traits,
        )

    for title, traits, opening, inputs in situations:
        yield case(title, traits, opening + BACKWARD, inputs, opening + BACKWARD_ALONE)
    inputs = _inputs(rng, image_size(rng, (2, 3), 2), (2, 3), 2)
    title = "a second backward pass from the same cache, after another forward pass"
    yield case(title, {Trait.SIDE_EFFECT}, BACKWARD_AGAIN, inputs, BACKWARD_ALONE_AGAIN)


# The windows of the large case are large and overlap: then a right backward pass has few windows to loop over, while
# each forward pass of a numeric derivative, however it is written, compares each pixel with many others.
RECIPES = (
    Recipe("conv_layers.max_pool_forward_naive", forward_cases),
    Recipe(
        "conv_layers.max_pool_backward_naive",
        backward_cases,
        large=enlarged(backward_cases, "images of 80 × 113", lambda rng: _inputs(rng, (80, 113), (16, 17), 8, (2, 3))),
    ),
)
