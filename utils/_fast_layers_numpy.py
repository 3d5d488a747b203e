"""The layers of `utils.fast_layers` in NumPy alone, for when there is no compiled extension.

Same functions, same arguments and same results, to rounding, as ``_fast_layers.pyx``, which explains how a convolution
becomes a matrix product. Nothing is checked here: `utils.fast_layers` hands over arrays of one floating dtype whose
shapes fit.
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


def conv_backward(dout: Array, x: Array, w: Array, stride: int, pad: int) -> tuple[Array, Array, Array]:
    """Gradients in x, w and b from dout (N, F, H', W')."""
    N, F, rows, cols = dout.shape
    _, C, HH, WW = w.shape
    padded = _padded(x, pad)
    dw = np.tensordot(dout, _windows(padded, HH, WW, stride), axes=((0, 2, 3), (0, 2, 3)))
    dpadded = np.zeros_like(padded)
    flat = dout.reshape(N, F, rows * cols)
    for i, j in np.ndindex(HH, WW):  # each place in the window reads its own entries once: no two terms of += meet
        entries = _entries(dpadded, i, j, rows, cols, stride)
        entries += (w[:, :, i, j].T @ flat).reshape(N, C, rows, cols)
    return np.ascontiguousarray(_inner(dpadded, pad)), dw, flat.sum(axis=2).sum(axis=0)


def max_pool_forward(x: Array, height: int, width: int, stride: int) -> tuple[Array, NDArray[np.int32]]:
    """The maximum of every window, and where in its plane (flattened) the first such entry stands."""
    windows = _windows(x, height, width, stride)
    rows, cols = windows.shape[2:4]
    flat = windows.reshape(*windows.shape[:4], height * width)
    best = flat.argmax(axis=-1)
    out = np.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
    y = np.arange(rows)[:, None] * stride + best // width
    winner = y * x.shape[3] + np.arange(cols) * stride + best % width
    return out, winner.astype(np.int32)


def max_pool_backward(dout: Array, winner: NDArray[np.int32], H: int, W: int) -> Array:
    """Gradient in x (N, C, H, W): every entry of dout is added to the entry that won its window."""
    N, C = dout.shape[:2]
    planes = np.arange(N * C).reshape(N, C, 1, 1) * (H * W)
    dx = np.bincount((planes + winner).ravel(), weights=dout.ravel(), minlength=N * C * H * W)
    return dx.reshape(N, C, H, W).astype(dout.dtype, copy=False)


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
