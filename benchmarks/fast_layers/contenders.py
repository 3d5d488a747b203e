"""The three that are compared. Each offers ``forward()`` and ``backward()`` of one row, on the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..reference import reference
from .rows import Row

Passes = dict[str, Callable[[], Any]]
OPEN = ExitStack()
"""What stays as it is until this process ends; a context that nobody holds would end at once."""


def arrays(row: Row, dtype: str) -> dict[str, Any]:
    """The numbers of a row, the same for all."""
    rng = np.random.default_rng(0)
    shapes = {"x": row.x, "w": row.w or row.x[1:2], "b": row.w[:1] or row.x[1:2]}
    drawn = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    drawn["y"] = rng.integers(0, 10, len(drawn["x"]))
    return drawn


def ours(row: Row, dtype: str) -> Passes:
    """The layers of this kit."""
    from utils import fast_layers as fast

    a = arrays(row, dtype)
    if row.kind == "step":
        return {"forward": _our_step(a, dtype)}
    forward, backward = {
        "conv": (
            lambda: fast.conv_forward_fast(a["x"], a["w"], a["b"], {"stride": row.stride, "pad": row.pad}),
            fast.conv_backward_fast,
        ),
        "pool": (
            lambda: fast.max_pool_forward_fast(
                a["x"], {"pool_height": row.window, "pool_width": row.window, "stride": row.stride}
            ),
            fast.max_pool_backward_fast,
        ),
        "norm": (
            lambda: fast.spatial_batchnorm_forward_fast(a["x"], a["w"], a["b"]),
            fast.spatial_batchnorm_backward_fast,
        ),
    }[row.kind]
    out, cache = forward()
    dout = _upstream(out.shape, dtype)
    return {"forward": forward, "backward": lambda: backward(dout, cache)}


def _our_step(a: dict[str, Any], dtype: str) -> Callable[[], None]:
    """What `utils.solver.Solver` does with one minibatch: loss, gradients, and Adam."""
    from utils.solver import blas_at_rest

    adam = reference("optim").adam
    model, configs = reference("cnn").ThreeLayerConvNet(dtype=np.dtype(dtype)), {}

    def step() -> None:
        _, grads = model.loss(a["x"], a["y"])
        for name, w in model.params.items():
            model.params[name], configs[name] = adam(w, grads[name], configs.get(name))

    OPEN.enter_context(blas_at_rest(model, len(a["x"])))  # as in Solver.train

    return step


def numpy(row: Row, dtype: str) -> Passes:
    """An honest im2col: a view of all windows, and tensordot, which copies it once and multiplies with the BLAS."""
    a = arrays(row, dtype)
    if row.kind == "step":
        return {}
    passes = {"conv": _numpy_conv, "pool": _numpy_pool, "norm": _numpy_norm}[row.kind]
    return passes(row, a, dtype)


def _windows(x: Any, height: int, width: int, stride: int) -> Any:
    return sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]


def _numpy_conv(row: Row, a: dict[str, Any], dtype: str) -> Passes:
    x, w, b, pad, s = a["x"], a["w"], a["b"], row.pad, row.stride
    HH, WW = w.shape[2:]

    def forward() -> Any:
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = _windows(padded, HH, WW, s)
        out = np.tensordot(windows, w, axes=((1, 4, 5), (1, 2, 3)))
        out += b
        return np.ascontiguousarray(out.transpose(0, 3, 1, 2)), windows

    out, windows = forward()
    dout = _upstream(out.shape, dtype)
    rows, cols = out.shape[2:]

    def backward() -> Any:
        dw = np.tensordot(dout, windows, axes=((0, 2, 3), (0, 2, 3)))
        dcolumns = np.tensordot(dout, w, axes=(1, 0))  # (N, H', W', C, HH, WW)
        dpadded = np.zeros((*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), x.dtype)
        for i, j in np.ndindex(HH, WW):
            at = (slice(i, i + s * (rows - 1) + 1, s), slice(j, j + s * (cols - 1) + 1, s))
            dpadded[:, :, *at] += dcolumns[..., i, j].transpose(0, 3, 1, 2)
        dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
        return np.ascontiguousarray(dx), dw, dout.sum(axis=(0, 2, 3))

    return {"forward": forward, "backward": backward}


def _numpy_pool(row: Row, a: dict[str, Any], dtype: str) -> Passes:
    x, size, s = a["x"], row.window, row.stride

    def forward() -> Any:
        return _windows(x, size, size, s).max(axis=(4, 5))

    out = forward()
    dout = _upstream(out.shape, dtype)
    rows, cols = out.shape[2:]

    def backward() -> Any:
        dx, free = np.zeros_like(x), np.ones(out.shape, bool)
        for i, j in np.ndindex(size, size):
            at = (slice(i, i + s * (rows - 1) + 1, s), slice(j, j + s * (cols - 1) + 1, s))
            wins = free & (x[:, :, *at] == out)
            dx[:, :, *at] += dout * wins
            free &= ~wins
        return dx

    return {"forward": forward, "backward": backward}


def _numpy_norm(row: Row, a: dict[str, Any], dtype: str) -> Passes:
    x, axes = a["x"], (0, 2, 3)
    gamma, beta = a["w"].reshape(1, -1, 1, 1), a["b"].reshape(1, -1, 1, 1)

    def forward() -> Any:
        centred = x - x.mean(axis=axes, keepdims=True)
        inverse = 1 / np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + x.dtype.type(1e-5))
        normal = centred * inverse
        return gamma * normal + beta, normal, inverse

    _, normal, inverse = forward()
    dout = _upstream(x.shape, dtype)

    def backward() -> Any:
        product = dout * normal
        through = dout - dout.mean(axis=axes, keepdims=True) - normal * product.mean(axis=axes, keepdims=True)
        return gamma * inverse * through, product.sum(axis=axes), dout.sum(axis=axes)

    return {"forward": forward, "backward": backward}


def torch(row: Row, dtype: str) -> Passes:
    """PyTorch on the CPU: the forward pass as in training, and what autograd makes of it."""
    import torch as pt
    from torch.nn import functional

    a = {name: pt.from_numpy(value) for name, value in arrays(row, dtype).items()}
    if row.kind == "step":
        return {"forward": _torch_step(a)}
    inputs = [a[name].requires_grad_() for name in (("x",) if row.kind == "pool" else ("x", "w", "b"))]
    mean, var = (pt.zeros(row.x[1], dtype=a["x"].dtype) for _ in range(2))
    forward = {
        "conv": lambda: functional.conv2d(*inputs, stride=row.stride, padding=row.pad),
        "pool": lambda: functional.max_pool2d(*inputs, row.window, row.stride),
        "norm": lambda: functional.batch_norm(a["x"], mean, var, a["w"], a["b"], training=True),
    }[row.kind]
    out = forward()
    dout = pt.from_numpy(_upstream(tuple(out.shape), dtype))
    return {"forward": forward, "backward": lambda: pt.autograd.grad(out, inputs, dout, retain_graph=True)}


def _torch_step(a: dict[str, Any]) -> Callable[[], None]:
    import torch as pt
    from torch import nn

    net = nn.Sequential(
        nn.Conv2d(3, 32, 7, padding=3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(32 * 16 * 16, 100), nn.ReLU(), nn.Linear(100, 10),
    ).to(a["x"].dtype)  # fmt: skip
    optimizer, loss_of = pt.optim.Adam(net.parameters(), lr=1e-3), nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        loss_of(net(a["x"]), a["y"]).backward()
        optimizer.step()

    return step


def _upstream(shape: tuple[int, ...], dtype: str) -> Any:
    return np.random.default_rng(1).normal(size=shape).astype(dtype)
