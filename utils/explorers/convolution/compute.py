"""What a convolution and a max pooling make of a photograph."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...checks.program import describe_crash
from ...photographs import load_photograph
from ..state import State, StateError
from ..student import PACKAGE, Trouble, running

Array = NDArray[Any]
SIDE = 3  # of the kernel
PRESETS: dict[str, tuple[float, ...]] = {
    "leave as it is": (0, 0, 0, 0, 1, 0, 0, 0, 0),
    "move to the left": (0, 0, 0, 0, 0, 1, 0, 0, 0),
    "blur": (0.0625, 0.125, 0.0625, 0.125, 0.25, 0.125, 0.0625, 0.125, 0.0625),
    "sharpen": (0, -1, 0, -1, 5, -1, 0, -1, 0),
    "edges: right − left": (-1, 0, 1, -2, 0, 2, -1, 0, 1),
    "edges: below − above": (-1, -2, -1, 0, 0, 0, 1, 2, 1),
    "edges all around": (0, 1, 0, 1, -4, 1, 0, 1, 0),
}


@dataclass(frozen=True)
class Convolution(State):
    """The state of the convolution explorer.

    Attributes
    ----------
    kernel : tuple of nine floats
        Row by row.
    stride, pad : int
    row, column : int
        A pixel of the output; the last one there is, where the output is smaller.
    pool : int
        Rows, columns and stride of max pooling.
    """

    kernel: tuple[float, ...] = PRESETS["edges: right − left"]
    stride: int = 1
    pad: int = 1
    row: int = 20
    column: int = 17
    pool: int = 4

    name: ClassVar[str] = "convolution"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "kernel": (-10.0, 10.0), "stride": (1, 6), "pad": (0, 6), "row": (0, 59), "column": (0, 51), "pool": (1, 8),
    }  # fmt: skip

    def __post_init__(self) -> None:
        if len(self.kernel) != SIDE * SIDE:
            raise StateError(f"kernel has {len(self.kernel)} numbers; a kernel of 3 × 3 has 9, row by row.")


@dataclass(frozen=True)
class Seen:
    """What the layers made of the photograph.

    Attributes
    ----------
    image : ndarray of shape (H, W)
    out : ndarray of shape (H', W')
        Of the convolution.
    row, column : int
        The pixel of `out` that is looked at.
    window : ndarray of shape (3, 3)
        The part of the padded image that it was made of.
    corner : (int, int)
        Row and column of the window's first pixel in the image; negative in the padding.
    pooled : ndarray of shape (H'', W'') or None
        Of max pooling; None where it is not written yet.
    winners : ndarray of bool, of the shape of `out`, or None
        Whose value went on, as ``max_pool_backward_naive`` says; None where it is not written yet.
    """

    image: Array
    out: Array
    row: int
    column: int
    window: Array
    corner: tuple[int, int]
    pooled: Array | None
    winners: Array | None


@cache
def photograph() -> Array:
    """Grace Hopper's face, a detail of her photograph, in gray: shape (48, 44), values 0 to 1."""
    face = load_photograph("grace_hopper")[110:350, 160:380]
    gray: Array = face @ np.array([0.299, 0.587, 0.114]) / 255  # how bright the channels look: ITU-R BT.601
    small: Array = gray.reshape(48, 5, 44, 5).mean(axis=(1, 3))
    return small


def see(conv_layers: ModuleType, state: Convolution) -> Seen:
    """Send the photograph through the student's layers.

    Raises
    ------
    Trouble
        Where ``conv_forward_naive`` is missing, or something is broken or has the wrong shape.
    """
    image = photograph()
    kernel = np.array(state.kernel).reshape(1, 1, SIDE, SIDE)
    setting = {"stride": state.stride, "pad": state.pad}
    with running(0):
        out, _ = conv_layers.conv_forward_naive(image[None, None].copy(), kernel, np.zeros(1), setting)
    rows, columns = (1 + (length + 2 * state.pad - SIDE) // state.stride for length in image.shape)
    _same_shape("conv_forward_naive", out, (1, 1, rows, columns))
    row, column = min(state.row, rows - 1), min(state.column, columns - 1)
    top, left = row * state.stride, column * state.stride
    window = np.pad(image, state.pad)[top : top + SIDE, left : left + SIDE]
    pooled, winners = _pool(conv_layers, out, state.pool)
    corner = (top - state.pad, left - state.pad)
    return Seen(image, np.asarray(out)[0, 0], row, column, window, corner, pooled, winners)


def _pool(conv_layers: ModuleType, out: Array, size: int) -> tuple[Array | None, Array | None]:
    """Max pooling of the student's, as far as it is written: what comes out, and who has won."""
    size = min(size, *out.shape[2:])
    setting = {"pool_height": size, "pool_width": size, "stride": size}
    with running(0):
        try:
            pooled, cache = conv_layers.max_pool_forward_naive(out.copy(), setting)
        except Exception as error:
            if describe_crash(error, PACKAGE).missing:
                return None, None
            raise
        _same_shape("max_pool_forward_naive", pooled, (1, 1, *(1 + (n - size) // size for n in out.shape[2:])))
        try:
            wins = conv_layers.max_pool_backward_naive(np.ones(pooled.shape), cache)
        except Exception as error:
            if describe_crash(error, PACKAGE).missing:
                return np.asarray(pooled)[0, 0], None
            raise
        _same_shape("max_pool_backward_naive", wins, out.shape)
    return np.asarray(pooled)[0, 0], np.asarray(wins)[0, 0] > 0


def _same_shape(name: str, array: Any, shape: tuple[int, ...]) -> None:
    if np.shape(array) != shape:
        raise Trouble(
            f"<b>Your {name} returned an array of shape {np.shape(array)}</b> where {shape} is expected: examples, "
            f"channels, rows, columns. <code>check({name})</code> says more."
        )


def product(window: Array, kernel: tuple[float, ...]) -> float:
    """The sum of the products of a window and a kernel, which is the pixel; for the picture's text."""
    return math.fsum(float(x) * w for x, w in zip(window.ravel(), kernel, strict=True))
