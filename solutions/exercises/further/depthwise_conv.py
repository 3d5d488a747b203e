"""Define how depthwise convolution, which convolves each channel by itself, is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, sizes

from ..conv_layers.conv import FORTRAN, image_size

DEPTHWISE = "out, cache = further.depthwise_conv_forward(x, w, b, conv_param)"
DEPTHWISE_BACKWARD = f"{DEPTHWISE}\ndx, dw, db = further.depthwise_conv_backward(dout, cache)"
DEPTHWISE_BACKWARD_ALONE = "dx, dw, db = further.depthwise_conv_backward(dout, (x, w, b, conv_param))"

# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
AGAIN = """\
further.depthwise_conv_backward(dout.copy(), cache)
dx, dw, db = further.depthwise_conv_backward(dout, cache)
"""
DEPTHWISE_BACKWARD_AGAIN = f"{DEPTHWISE}\nfurther.depthwise_conv_forward(1 - x[:1], w + 1, b, conv_param)\n{AGAIN}"
DEPTHWISE_BACKWARD_ALONE_AGAIN = f"cache = (x, w, b, conv_param)\n{AGAIN}"


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


def _depthwise_situations(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], str, dict[str, object]]]:
    """Yield the titles, traits, opening lines and inputs of the cases of both passes."""
    tall, wide = (3, 2), (2, 3)
    yield "without padding", set(), "", _depthwise_inputs(rng, tall, 1, 0)
    yield "padded by 1", set(), "", _depthwise_inputs(rng, wide, 1, 1)
    yield (
        "stride 2, padded by 1, with a rest",
        {Trait.WINDOWS_LEAVE_A_REST},
        "",
        _depthwise_inputs(rng, wide, 2, 1, (1, 1)),
    )
    large = _depthwise_inputs(rng, (4, 3), 3, 2, (0, 2))
    yield "stride 3, padded by 2, with a rest of two columns", {Trait.WINDOWS_LEAVE_A_REST}, "", large
    unpadded = _depthwise_inputs(rng, tall, 2, 0, (1, 0))
    yield "stride 2 without padding, with a rest of one row", {Trait.WINDOWS_LEAVE_A_REST}, "", unpadded
    yield "one image, one channel", {Trait.EDGE_SHAPE}, "", _depthwise_inputs(rng, tall, 1, 1, counts=(1, 1))
    yield "one image, several channels", {Trait.EDGE_SHAPE}, "", _depthwise_inputs(rng, wide, 1, 0, counts=(1, 4))
    yield "as many images as channels", {Trait.EDGE_SHAPE}, "", _depthwise_inputs(rng, tall, 1, 1, counts=(3, 3))
    yield "float32", {Trait.DTYPE}, "", _depthwise_inputs(rng, wide, 2, 1, dtype="float32")
    yield "Fortran order in memory", {Trait.MEMORY_ORDER}, FORTRAN, _depthwise_inputs(rng, wide, 1, 1)


def depthwise_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several strides and paddings, rows and columns that no window reaches, and nothing square."""
    for title, traits, opening, inputs in _depthwise_situations(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=Trait.DTYPE in traits)}
        yield Case(title, opening + DEPTHWISE, inputs, aspects, separate={"out": "x"}, traits=traits)


def depthwise_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
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

    for title, traits, opening, inputs in _depthwise_situations(rng):
        yield case(title, traits, opening + DEPTHWISE_BACKWARD, inputs, opening + DEPTHWISE_BACKWARD_ALONE)
    title = "a second backward pass from the same cache, after another forward pass"
    inputs = _depthwise_inputs(rng, (2, 3), 2, 1)
    yield case(title, {Trait.SIDE_EFFECT}, DEPTHWISE_BACKWARD_AGAIN, inputs, DEPTHWISE_BACKWARD_ALONE_AGAIN)


RECIPES = (
    Recipe("further.depthwise_conv_forward", depthwise_forward_cases),
    Recipe("further.depthwise_conv_backward", depthwise_backward_cases),
)
