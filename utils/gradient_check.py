"""Numeric derivatives, to compare an analytic gradient with.

All of them use the centred difference (f(x + h) − f(x − h)) / 2h, whose error falls with h² where that of the
one-sided one falls with h. They nudge the entries of ``x`` in place, because the function under test often
closes over ``x`` (a weight of a net), and put every entry back bit for bit, also when the function raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
_MOST_LINES = 20


def rel_error(x: ArrayLike, y: ArrayLike) -> float:
    """Largest relative difference between two arrays of the same shape.

    ``max(|x − y| / max(1e-8, |x| + |y|))``: 0 for equal arrays, 1 where one is zero and the other is not.

    Parameters
    ----------
    x, y : array-like of the same shape
        Nothing is broadcast: comparing ``(N,)`` with ``(N, 1)`` is an error, not an ``(N, N)`` table.

    Returns
    -------
    float
        NaN if either holds a NaN; 0.0 for empty arrays.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"rel_error compares arrays of one shape, but got {x.shape} and {y.shape}.")
    return float(np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)), initial=0.0))


def eval_numerical_gradient(f: Callable[[Array], Any], x: Array, verbose: bool = True, h: float = 1e-5) -> Array:
    """Numeric gradient of a scalar function.

    Parameters
    ----------
    f : callable
        ``f(x)`` returns one number.
    x : ndarray of any shape, floating
        Where to take the gradient; may be a non-contiguous view. Unchanged on return.
    verbose : bool, default True
        Print the first 20 entries as they come.
    h : float, default 1e-5
        Step to either side; suits float64.

    Returns
    -------
    ndarray of x's shape, float64

    Raises
    ------
    TypeError
        If ``x`` is not a floating array, or ``f`` does not return one number.
    ValueError
        If ``h`` is lost in the rounding of ``x`` (float32 with a small step).
    """
    grad = np.zeros(np.shape(x))
    for count, ix in enumerate(np.ndindex(grad.shape)):
        below, above, step = (_scalar(value) for value in _either_side(f, x, ix, h))
        grad[ix] = (above - below) / step
        if verbose and count < _MOST_LINES:
            print(f"{ix}: {grad[ix]:.8g}")
    if verbose and grad.size > _MOST_LINES:
        print(f"... and {grad.size - _MOST_LINES} more")
    return grad


def eval_numerical_gradient_array(f: Callable[[Array], Array], x: Array, df: Array, h: float = 1e-5) -> Array:
    """Numeric gradient of ``sum(f(x) * df)`` for a function that returns an array.

    This is what a layer's backward computes when ``df`` is the upstream gradient.

    Parameters
    ----------
    f : callable
        ``f(x)`` returns an array of ``df``'s shape.
    x : ndarray of any shape, floating
        Where to take the gradient; may be a non-contiguous view. Unchanged on return.
    df : ndarray
        Upstream gradient.
    h : float, default 1e-5
        Step to either side.

    Returns
    -------
    ndarray of x's shape, float64

    Raises
    ------
    TypeError, ValueError
        As `eval_numerical_gradient`; also ValueError if ``f(x)`` and ``df`` differ in shape.
    """
    grad = np.zeros(np.shape(x))
    for ix in np.ndindex(grad.shape):
        below, above, step = _either_side(f, x, ix, h)
        if np.shape(above) != np.shape(df):
            raise ValueError(
                f"f(x) has shape {np.shape(above)} but the upstream gradient df has {np.shape(df)}: "
                "make df the shape of f's output."
            )
        grad[ix] = np.sum((above - below) * df) / step
    return grad


def grad_check_sparse(
    f: Callable[[Array], Any], x: Array, analytic_grad: Array, num_checks: int = 10, h: float = 1e-5
) -> float:
    """Compare an analytic gradient with the numeric one at a few random entries, and print both.

    Meant for weights too large to check entry by entry. The entries come from numpy's global generator, so
    ``np.random.seed`` repeats a check.

    Parameters
    ----------
    f : callable
        ``f(x)`` returns one number.
    x : ndarray of any shape, floating
        Unchanged on return.
    analytic_grad : ndarray of x's shape
        What to compare with.
    num_checks : int, default 10
        How many entries.
    h : float, default 1e-5
        Step to either side.

    Returns
    -------
    float
        The largest relative error that was seen.

    Raises
    ------
    TypeError, ValueError
        As `eval_numerical_gradient`; also ValueError if the shapes of ``x`` and ``analytic_grad`` differ.
    """
    if np.shape(analytic_grad) != np.shape(x):
        raise ValueError(
            f"The gradient has shape {np.shape(analytic_grad)} but x has {np.shape(x)}: they must be equal."
        )
    worst = 0.0
    for _ in range(num_checks):
        ix = tuple(int(np.random.randint(size)) for size in x.shape)
        below, above, step = (_scalar(value) for value in _either_side(f, x, ix, h))
        numeric, analytic = (above - below) / step, float(analytic_grad[ix])
        error = rel_error(numeric, analytic)
        print(f"{ix}: numerical {numeric:.8g}, analytic {analytic:.8g}, relative error {error:.2e}")
        worst = float(np.maximum(worst, error))  # np.maximum, unlike max, lets a NaN through
    return worst


def _either_side(f: Callable[[Array], Any], x: Array, ix: tuple[int, ...], h: float) -> Iterator[Any]:
    """f just below and just above ``x`` along entry ``ix``, and the distance between the two."""
    if not isinstance(x, np.ndarray) or not np.issubdtype(x.dtype, np.floating):
        kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"x must be an array of floats, to be nudged by h, but it is {kind}: use x.astype(float).")
    old = x[ix]
    try:
        x[ix] = old + h
        high = float(x[ix])
        above = np.array(f(x))  # a copy: f may hand out a buffer that its next call overwrites
        x[ix] = old - h
        low = float(x[ix])
        below = np.array(f(x))
    finally:
        x[ix] = old
    # The step that was really taken: x ± h is rounded, to 1 part in 10⁷ when x is float32.
    if high == low:
        raise ValueError(f"h={h:g} is lost in the rounding of x ({x.dtype}): use float64 or a larger h.")
    return iter((below, above, high - low))


def _scalar(value: Any) -> float:
    if np.size(value) != 1:
        raise TypeError(
            f"f must return one number but returned shape {np.shape(value)}: "
            "eval_numerical_gradient_array takes functions that return arrays."
        )
    return float(np.reshape(value, ()))
