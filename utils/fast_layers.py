"""Convolution, max pooling and batch normalisation of images that are fast enough to train with.

They keep the contracts of the naive layers for every stride, pad and window. Windows may overlap, may leave gaps, and
may leave a rest at the lower and right border, which is ignored. What goes in is never changed and may be any view.
float32 stays float32: a layer computes in the dtype its inputs promote to (float32 at least), and answers in it.

The work is done by a compiled extension, ``_fast_layers.pyx``, which ``pip install -e .`` builds where there is a C
compiler. Where there is none, NumPy does it, more slowly, in the course's own folder, and PyTorch in the student
edition, which holds no layer that could be handed in as an answer. `BACKEND` says which is in use.

Settings, all from the environment: ``OMP_NUM_THREADS``, how many threads compute (all cores, if it is not set);
``NNDL_INSTRUCTIONS``, one of avx512, avx2 and baseline, to use less than the processor has; ``NNDL_KEEP_PAGES=0``, to
leave the C allocator as it is. docs/fast_layers.md says more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.layer_checks import check_axes, check_shape, check_upstream, checked_count, window_counts

Array = NDArray[Any]


class Kernels(Protocol):
    """What a backend offers. Arrays are C-contiguous, of one floating dtype, and fit each other."""

    def conv_forward(self, x: Array, w: Array, b: Array, stride: int, pad: int, /) -> Array: ...

    def conv_backward(
        self, dout: Array, x: Array, w: Array, stride: int, pad: int, input_gradient: bool, /
    ) -> tuple[Array | None, Array, Array]: ...

    def max_pool_forward(self, x: Array, height: int, width: int, stride: int, /) -> tuple[Array, Array]: ...

    def max_pool_backward(
        self, dout: Array, winner: Array, x_shape: tuple[int, ...], height: int, width: int, stride: int, /
    ) -> Array: ...

    def norm_forward(self, x: Array, gamma: Array, beta: Array, eps: float, /) -> tuple[Array, Array, Array]: ...

    def norm_backward(
        self, dout: Array, x: Array, gamma: Array, mean: Array, var: Array, eps: float, /
    ) -> tuple[Array, Array, Array]: ...


class _NoKernels:
    """Stands for a backend where there is none: the import of this module succeeds, and a call says what to do."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            "utils.fast_layers has nothing to compute with: install a C compiler and run `pip install -e .` again, or "
            "install PyTorch (`pip install torch`)."
        )


def _without_extension() -> tuple[Literal["numpy", "torch", "none"], Kernels]:
    """What computes instead: the first that can be imported."""
    others: tuple[Literal["numpy", "torch"], ...] = ("numpy", "torch")
    for name in others:
        try:
            return name, cast(Kernels, import_module(f"utils._fast_layers_{name}"))
        except ImportError:
            continue
    return "none", cast(Kernels, _NoKernels())


def _load() -> tuple[Literal["cython", "numpy", "torch", "none"], Kernels]:
    try:
        with _threads_that_sleep():
            compiled = import_module("utils._fast_layers")
        _ = compiled.use, compiled.keep_pages
    except (ImportError, AttributeError) as reason:  # the latter, when it was built from older sources
        name, kernels = _without_extension()
        instead = {"numpy": "runs on NumPy, which is slower", "torch": "runs on PyTorch", "none": "cannot be called"}
        print(
            f"utils.fast_layers {instead[name]} ({reason}): "
            "to build its extension, install a C compiler and run `pip install -e .` again.",
            file=sys.stderr,
        )
        return name, kernels
    asked = os.environ.get("NNDL_INSTRUCTIONS")
    if asked and not (asked in compiled.INSTRUCTION_SETS and compiled.use(asked)):
        print(
            f"utils.fast_layers uses {compiled.in_use()}: NNDL_INSTRUCTIONS is {asked!r}, but must be one of "
            f"{', '.join(compiled.INSTRUCTION_SETS)} that this processor has.",
            file=sys.stderr,
        )
    if os.environ.get("NNDL_KEEP_PAGES") != "0":
        compiled.keep_pages()
    return "cython", cast(Kernels, compiled)


@contextmanager
def _threads_that_sleep() -> Iterator[None]:
    """While it is loaded, tell OpenMP that threads without work shall soon sleep, unless the user has said otherwise.

    By default they spin for milliseconds, on cores that NumPy's own threads need for the layer that comes next. After
    about a tenth of one, waking them is cheap against what they have waited for.
    """
    wishes = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "10000"}
    if not wishes.keys().isdisjoint(os.environ):
        yield
        return
    os.environ.update(wishes)
    try:
        yield
    finally:
        for name in wishes:
            del os.environ[name]


BACKEND, _kernels = _load()
"""``"cython"`` where the compiled extension is in use; otherwise ``"numpy"``, ``"torch"`` or ``"none"``."""


class ConvCache(NamedTuple):
    """What `conv_forward_fast` leaves for `conv_backward_fast`."""

    x: Array
    w: Array
    stride: int
    pad: int
    out_shape: tuple[int, ...]


class PoolCache(NamedTuple):
    """What `max_pool_forward_fast` leaves for `max_pool_backward_fast`: not x, only which entry of each window won."""

    winner: Array
    x_shape: tuple[int, ...]
    window: tuple[int, int, int]
    dtype: np.dtype[Any]


class NormCache(NamedTuple):
    """What `spatial_batchnorm_forward_fast` leaves for its backward pass: not x̂, which x gives again."""

    x: Array
    gamma: Array
    mean: Array
    var: Array
    eps: float


def conv_forward_fast(
    x: ArrayLike, w: ArrayLike, b: ArrayLike, conv_param: Mapping[str, int]
) -> tuple[Array, ConvCache]:
    """Convolutional layer: every filter slides over every image, across all channels (a cross-correlation).

    Parameters
    ----------
    x : array-like of shape (N, C, H, W)
        Minibatch of N images with C channels.
    w : array-like of shape (F, C, HH, WW)
        F filters.
    b : array-like of shape (F,)
        Biases, one per filter.
    conv_param : dict
        ``stride``, at least 1: how many pixels the filters move. ``pad``, at least 0: how many zeros are put around the
        image, on all four sides.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
        H' = 1 + ⌊(H + 2·pad − HH) / stride⌋, and W' likewise.
    cache : ConvCache
        For `conv_backward_fast`.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If the shapes do not fit each other, the padded image is smaller than the filter, or stride or pad is missing,
        too small or no integer.
    """
    layer = "conv_forward_fast"
    x, w, b = _floating(layer, x=x, w=w, b=b)
    check_axes(layer, "x", x, "N, C, H, W", empty=True)
    check_axes(layer, "w", w, "F, C, HH, WW", empty=True)
    check_shape(layer, "w", w, (len(w), x.shape[1], *w.shape[2:]), "as many channels as x")
    check_shape(layer, "b", b, w.shape[:1], "one bias per filter")
    stride = checked_count(layer, "conv_param", conv_param, "stride")
    pad = checked_count(layer, "conv_param", conv_param, "pad", least=0)
    window_counts(layer, x.shape[2:], w.shape[2:], stride, pad)
    out = _kernels.conv_forward(x, w, b, stride, pad)
    return out, ConvCache(x, w, stride, pad, out.shape)


def conv_backward_fast(
    dout: ArrayLike, cache: ConvCache, input_gradient: bool = True
) -> tuple[Array | None, Array, Array]:
    """Backward pass of the convolutional layer.

    Parameters
    ----------
    dout : array-like of shape (N, F, H', W')
        Upstream gradient ∂L/∂out.
    cache : ConvCache
        From `conv_forward_fast`.
    input_gradient : bool, default True
        Whether dx is wanted. The first layer of a net has no use for the gradient of its images, and computing it is
        half of the work.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x; None where it is not wanted.
    dw : ndarray of shape (F, C, HH, WW)
        ∂L/∂w.
    db : ndarray of shape (F,)
        ∂L/∂b.

    Raises
    ------
    TypeError
        If the cache is not from `conv_forward_fast`, or dout does not hold real numbers.
    ValueError
        If dout does not have the shape of out.
    """
    _require_cache("conv_backward_fast", cache, ConvCache)
    dout = _upstream("conv_backward_fast", dout, cache.out_shape, cache.x.dtype)
    return _kernels.conv_backward(dout, cache.x, cache.w, cache.stride, cache.pad, input_gradient)


def max_pool_forward_fast(x: ArrayLike, pool_param: Mapping[str, int]) -> tuple[Array, PoolCache]:
    """Max pooling: the largest entry of every window, in each channel by itself. NaN counts as largest.

    Parameters
    ----------
    x : array-like of shape (N, C, H, W)
        Minibatch of N images with C channels.
    pool_param : dict
        ``pool_height``, ``pool_width`` and ``stride``, each at least 1: size of the window, and how many pixels it
        moves.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
        H' = 1 + ⌊(H − pool_height) / stride⌋, and W' likewise.
    cache : PoolCache
        For `max_pool_backward_fast`.

    Raises
    ------
    TypeError
        If x does not hold real numbers.
    ValueError
        If x is not 4-D or smaller than the window, or a setting is missing, too small or no integer.
    """
    layer = "max_pool_forward_fast"
    (x,) = _floating(layer, x=x)
    check_axes(layer, "x", x, "N, C, H, W", empty=True)
    height, width, stride = (
        checked_count(layer, "pool_param", pool_param, key) for key in ("pool_height", "pool_width", "stride")
    )
    window_counts(layer, x.shape[2:], (height, width), stride)
    out, winner = _kernels.max_pool_forward(x, height, width, stride)
    winner.setflags(write=False)  # the backward pass writes where it says
    return out, PoolCache(winner, x.shape, (height, width, stride), x.dtype)


def max_pool_backward_fast(dout: ArrayLike, cache: PoolCache) -> Array:
    """Backward pass of max pooling: each upstream gradient goes to the entry that was the largest of its window.

    On ties the first of them, row by row, gets all of it. An entry that is the largest of several windows gets the sum.

    Parameters
    ----------
    dout : array-like of shape (N, C, H', W')
        Upstream gradient ∂L/∂out.
    cache : PoolCache
        From `max_pool_forward_fast`.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x.

    Raises
    ------
    TypeError
        If the cache is not from `max_pool_forward_fast`, or dout does not hold real numbers.
    ValueError
        If dout does not have the shape of out.
    """
    _require_cache("max_pool_backward_fast", cache, PoolCache)
    dout = _upstream("max_pool_backward_fast", dout, cache.winner.shape, cache.dtype)
    return _kernels.max_pool_backward(dout, cache.winner, cache.x_shape, *cache.window)


def spatial_batchnorm_forward_fast(
    x: ArrayLike, gamma: ArrayLike, beta: ArrayLike, eps: float = 1e-5
) -> tuple[Array, NormCache]:
    """Batch normalisation of images in training: each channel over all images and pixels.

    Running statistics are the caller's to keep; the cache holds the mean and the variance of this minibatch.

    Parameters
    ----------
    x : array-like of shape (N, C, H, W)
        Minibatch of N images with C channels.
    gamma, beta : array-like of shape (C,)
        Scale and shift of each channel.
    eps : float, default=1e-5
        Added to the variance.

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
    cache : NormCache
        For `spatial_batchnorm_backward_fast`.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If the shapes do not fit each other, or there is no pixel to normalise.

    References
    ----------
    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", ICML 2015, section 3.2.
    """
    layer = "spatial_batchnorm_forward_fast"
    x, gamma, beta = _floating(layer, x=x, gamma=gamma, beta=beta)
    check_axes(layer, "x", x, "N, C, H, W")
    for name, array in (("gamma", gamma), ("beta", beta)):
        check_shape(layer, name, array, x.shape[1:2], "one entry per channel")
    out, mean, var = _kernels.norm_forward(x, gamma, beta, float(eps))
    return out, NormCache(x, gamma, mean, var, float(eps))


def spatial_batchnorm_backward_fast(dout: ArrayLike, cache: NormCache) -> tuple[Array, Array, Array]:
    """Backward pass of the batch normalisation of images.

    Parameters
    ----------
    dout : array-like of shape (N, C, H, W)
        Upstream gradient ∂L/∂out.
    cache : NormCache
        From `spatial_batchnorm_forward_fast`.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x.
    dgamma, dbeta : ndarray of shape (C,)
        ∂L/∂gamma and ∂L/∂beta.

    Raises
    ------
    TypeError
        If the cache is not from `spatial_batchnorm_forward_fast`, or dout does not hold real numbers.
    ValueError
        If dout does not have the shape of out.
    """
    _require_cache("spatial_batchnorm_backward_fast", cache, NormCache)
    dout = _upstream("spatial_batchnorm_backward_fast", dout, cache.x.shape, cache.x.dtype)
    return _kernels.norm_backward(dout, *cache)


def _floating(layer: str, **named: ArrayLike) -> list[Array]:
    """The arrays in one floating dtype, C-contiguous; those that are so already are not copied."""
    arrays = {name: np.asarray(value) for name, value in named.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise TypeError(f"{layer}: {name} has dtype {array.dtype}; pass real numbers, float32 or float64.")
    dtype = np.result_type(np.float32, *arrays.values())
    return [np.asarray(array, dtype, order="C") for array in arrays.values()]


def _require_cache(backward: str, cache: object, kind: type) -> None:
    if not isinstance(cache, kind):
        forward = backward.replace("_backward", "_forward")
        raise TypeError(f"{backward}: the cache is a {type(cache).__name__}; pass the one that {forward} returned.")


def _upstream(backward: str, dout: ArrayLike, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    (dout,) = _floating(backward, dout=dout)
    check_upstream(backward, dout, shape)
    return dout.astype(dtype, copy=False)
