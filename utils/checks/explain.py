"""Guess in words how a wrong array came about, where no known misconception gives it."""

from __future__ import annotations

import numpy as np

from .rules import Array, as_array, close


def explain(want: object, got: object) -> str:
    """Describe the difference between two arrays of one shape, where it has a simple form.

    Parameters
    ----------
    want, got : array-like
        What was expected, what came.

    Returns
    -------
    str
        A clause such as ``"every entry has the opposite sign"``; ``""`` when nothing simple is seen.
    """
    right, seen = as_array(want), as_array(got)
    if right is None or seen is None or right.shape != seen.shape or not right.size:
        return ""
    right, seen = right.astype(np.float64), seen.astype(np.float64)
    if not np.isfinite(seen).all():
        return ""
    for look in (_constant, _factor, _offset, _transposed, _reordered, _partly):
        said = look(right, seen)
        if said:
            return said
    return ""


def _constant(want: Array, got: Array) -> str:
    if got.size > 1 and not got.any():
        return "every entry is zero"
    return ""


def _factor(want: Array, got: Array) -> str:
    """A constant factor, named where it is one that people forget."""
    weight = float((want * want).sum())
    if not weight:
        return ""
    factor = float((want * got).sum()) / weight
    if not factor or not close(factor * want, got).all():
        return ""
    if np.isclose(factor, -1):
        return "every entry has the opposite sign" if want.size > 1 else "it has the opposite sign"
    for number in range(2, 1025):
        if np.isclose(factor, number):
            return f"it is {number} times too large: is a division by {number} missing, or something counted twice?"
        if np.isclose(factor, 1 / number):
            return f"it is {number} times too small: is it divided by {number} once too often?"
    return f"it is {factor:.4g} times the right answer" if want.size > 1 else ""


def _offset(want: Array, got: Array) -> str:
    difference = got - want
    if want.size > 1 and close(np.broadcast_to(difference.mean(), want.shape).copy(), difference).all():
        return f"every entry is off by the same amount, {difference.mean():.4g}"
    return ""


def _transposed(want: Array, got: Array) -> str:
    if want.ndim == 2 and want.shape[0] == want.shape[1] > 1 and close(want.T, got).all():
        return "it is the transpose of the right answer"
    return ""


def _reordered(want: Array, got: Array) -> str:
    if want.size > 1 and close(np.sort(want, axis=None), np.sort(got, axis=None)).all():
        return "the numbers are right but stand in the wrong places: look at each reshape and transpose"
    return ""


def _partly(want: Array, got: Array) -> str:
    """Which slices along one axis are right."""
    same = close(want, got)
    for axis, size in enumerate(want.shape):
        if size < 2:
            continue
        right = np.asarray(same.all(axis=tuple(other for other in range(want.ndim) if other != axis)))
        if right.any() and not right.all():
            name = _ordinal(want.ndim, axis)
            return f"only {name} {_span(right)} {'is' if right.sum() == 1 else 'are'} right"
    return ""


def _ordinal(ndim: int, axis: int) -> str:
    if ndim == 1:
        return "entry"
    if ndim == 2:
        return ("row", "column")[axis]
    return f"index of axis {axis}:"


def _span(right: Array) -> str:
    indices = np.flatnonzero(right).tolist()
    return ", ".join(map(str, indices[:4])) + (", …" if len(indices) > 4 else "")
