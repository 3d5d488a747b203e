"""The layers of `utils.fast_layers` in NumPy alone, for when there is no compiled extension.

Same functions, same arguments and same results, to rounding, as ``_fast_layers.pyx``. A convolution is a matrix
product of the filters with what every window sees (im2col). Nothing is checked here: `utils.fast_layers` hands over
arrays of one floating dtype whose shapes fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]


def conv_forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
    """out (N, F, H', W') of images x (N, C, H, W), filters w (F, C, HH, WW) and biases b (F,)."""
    F, _, HH, WW = w.shape
    windows = _windows(_padded(x, pad), HH, WW, stride)
    N, C, rows, cols = windows.shape[:4]
    columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * HH * WW, rows * cols)
    out: Array = w.reshape(F, C * HH * WW) @ columns + b[:, None]
    return out.reshape(N, F, rows, cols)


def conv_backward(
    dout: Array, x: Array, w: Array, stride: int, pad: int, input_gradient: bool
) -> tuple[Array | None, Array, Array]:
    """Gradients in x (None where it is not asked for), w and b from dout (N, F, H', W')."""
    N, F, rows, cols = dout.shape
    _, C, HH, WW = w.shape
    padded = _padded(x, pad)
    dw = np.tensordot(dout, _windows(padded, HH, WW, stride), axes=((0, 2, 3), (0, 2, 3)))
    flat = dout.reshape(N, F, rows * cols)
    db = flat.sum(axis=2).sum(axis=0)
    if not input_gradient:
        return None, dw, db
    dpadded = np.zeros_like(padded)
    for i, j in np.ndindex(HH, WW):  # each place in the window reads its own entries once: no two terms of += meet
        entries = _entries(dpadded, i, j, rows, cols, stride)
        entries += (w[:, :, i, j].T @ flat).reshape(N, C, rows, cols)
    return np.ascontiguousarray(_inner(dpadded, pad)), dw, db


def max_pool_forward(x: Array, height: int, width: int, stride: int) -> tuple[Array, Array]:
    """The maximum of every window, and which of its entries, counted row by row, is the first such."""
    flat = _windows(x, height, width, stride)
    flat = flat.reshape(*flat.shape[:4], height * width)
    winner = flat.argmax(axis=-1)
    out = np.take_along_axis(flat, winner[..., None], axis=-1)[..., 0]
    return out, winner.astype(np.uint8 if height * width <= 256 else np.int32)


def max_pool_backward(
    dout: Array, winner: Array, x_shape: tuple[int, ...], height: int, width: int, stride: int
) -> Array:
    """Gradient in x (N, C, H, W): every entry of dout is added to the entry that won its window."""
    dx = np.zeros(x_shape, dout.dtype)
    rows, cols = dout.shape[2:]
    for k, (i, j) in enumerate(np.ndindex(height, width)):
        entries = _entries(dx, i, j, rows, cols, stride)
        np.add(entries, dout, out=entries, where=winner == k)
    return dx


def norm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array]:
    """out (N, C, H, W), and mean and variance (C,) of each channel."""
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    scale = gamma / np.sqrt(var + x.dtype.type(eps))
    return _per_channel(scale) * (x - _per_channel(mean)) + _per_channel(beta), mean, var


def norm_backward(
    dout: Array, x: Array, gamma: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """Gradients in x, gamma and beta from dout (N, C, H, W)."""
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    normal = (x - _per_channel(mean)) * _per_channel(inverse)
    product = dout * normal
    through = dout - dout.mean(axis=(0, 2, 3), keepdims=True) - normal * product.mean(axis=(0, 2, 3), keepdims=True)
    return _per_channel(gamma * inverse) * through, product.sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def _per_channel(values: Array) -> Array:
    """A view of shape (C, 1, 1)."""
    return values[:, None, None]


def _padded(x: Array, pad: int) -> Array:
    N, C, H, W = x.shape
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), x.dtype)
    _inner(padded, pad)[...] = x
    return padded


def _inner(padded: Array, pad: int) -> Array:
    """A view of what was padded."""
    _, _, H, W = padded.shape
    return padded[:, :, pad : H - pad, pad : W - pad]


def _windows(x: Array, height: int, width: int, stride: int) -> Array:
    """A view of shape (N, C, H', W', height, width)."""
    return sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]


def _entries(x: Array, i: int, j: int, rows: int, cols: int, stride: int) -> Array:
    """A view of shape (N, C, H', W'): what all windows have at their place (i, j)."""
    return x[:, :, i : i + stride * (rows - 1) + 1 : stride, j : j + stride * (cols - 1) + 1 : stride]
