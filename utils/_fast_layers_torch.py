"""The layers of `utils.fast_layers` by PyTorch, for students who have no compiled extension.

Same functions, same arguments and same results, to rounding, as ``_fast_layers.pyx``. Nothing is checked here:
`utils.fast_layers` hands over arrays of one floating dtype whose shapes fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

Array = NDArray[Any]


def conv_forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
    """out (N, F, H', W') of images x (N, C, H, W), filters w (F, C, HH, WW) and biases b (F,)."""
    if not (x.size and w.size):  # PyTorch refuses some of what is empty; there is nothing to multiply
        (N, _, H, W), (_, _, HH, WW) = x.shape, w.shape
        return np.zeros((N, 1, 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride), x.dtype) + _column(
            b
        )
    images, filters, biases = _tensors(x, w, b)
    return _array(F.conv2d(images, filters, biases, stride=stride, padding=pad))


def conv_backward(
    dout: Array, x: Array, w: Array, stride: int, pad: int, input_gradient: bool
) -> tuple[Array | None, Array, Array]:
    """Gradients in x (None where it is not asked for), w and b from dout (N, F, H', W')."""
    if not (x.size and w.size):
        return (np.zeros_like(x) if input_gradient else None), np.zeros_like(w), dout.sum(axis=(0, 2, 3))
    grad, images, filters = _tensors(dout, x, w)
    settings = [stride, stride], [pad, pad], [1, 1], False, [0, 0], 1
    wanted = [input_gradient, True, True]
    back = torch.ops.aten.convolution_backward(grad, images, filters, [len(w)], *settings, wanted)
    return (_array(back[0]) if input_gradient else None), _array(back[1]), _array(back[2])


def max_pool_forward(x: Array, height: int, width: int, stride: int) -> tuple[Array, Array]:
    """The maximum of every window, and where in its channel, counted row by row, the first such stands."""
    (images,) = _tensors(x)
    windows = images.unfold(2, height, stride).unfold(3, width, stride).flatten(4)
    place = windows.argmax(dim=4, keepdim=True)  # the first, of several NaN as well; max_pool2d takes the last of those
    rows, columns = torch.arange(windows.shape[2])[:, None] * stride, torch.arange(windows.shape[3]) * stride
    winner = (rows + place[..., 0] // width) * x.shape[3] + columns + place[..., 0] % width
    return _array(windows.gather(4, place)[..., 0]), _array(winner)


def max_pool_backward(
    dout: Array, winner: Array, x_shape: tuple[int, ...], height: int, width: int, stride: int
) -> Array:
    """Gradient in x (N, C, H, W): every entry of dout is added to the entry that won its window."""
    dx = torch.zeros(x_shape, dtype=_tensors(dout)[0].dtype)
    dx.flatten(2).scatter_add_(2, torch.tensor(winner).flatten(2), _tensors(dout)[0].flatten(2))
    return _array(dx)


def norm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array]:
    """out (N, C, H, W), and mean and variance (C,) of each channel."""
    images, scale, shift = _tensors(x, gamma, beta)
    out, _, _ = torch.ops.aten.native_batch_norm(images, scale, shift, None, None, True, 0.0, eps)
    var, mean = torch.var_mean(images, dim=(0, 2, 3), correction=0)
    return _array(out), _array(mean), _array(var)


def norm_backward(
    dout: Array, x: Array, gamma: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """Gradients in x, gamma and beta from dout (N, C, H, W)."""
    grad, images, scale, means, variances = _tensors(dout, x, gamma, mean, var)
    saved = means, torch.rsqrt(variances + eps)
    backward = torch.ops.aten.native_batch_norm_backward
    dx, dgamma, dbeta = backward(grad, images, scale, None, None, *saved, True, eps, [True, True, True])
    return _array(dx), _array(dgamma), _array(dbeta)


def _column(values: Array) -> Array:
    return values[:, None, None]


def _tensors(*arrays: Array) -> list[torch.Tensor]:
    return [torch.from_numpy(np.array(array)) for array in arrays]  # a copy: PyTorch knows no negative strides


def _array(tensor: torch.Tensor) -> Array:
    array: Array = np.ascontiguousarray(tensor.numpy())
    return array
