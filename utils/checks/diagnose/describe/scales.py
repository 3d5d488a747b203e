"""Detectors for slices that are right but for a number of their own: each row, column or channel scaled or shifted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compare import Array
from .wrong_output import Observation, WrongOutput


def scaled_slices(output: WrongOutput) -> Iterator[Observation]:
    """Each slice along an axis is the right one times a number of its own."""
    for name, right, seen in _tables(output):
        weight = (right * right).sum(axis=1, keepdims=True)
        times = (right * seen).sum(axis=1, keepdims=True) / np.where(weight, weight, 1)
        if output.same(times * right, seen):
            words = f"each {name} is right but for a factor of its own, {float(times[0, 0]):.4g} in the first"
            advice = f"look at what is computed once for each {name} and multiplies or divides it"
            yield _observation(f"scaled {name}", f"{words}: {advice}", output.numbers - len(right))


def shifted_slices(output: WrongOutput) -> Iterator[Observation]:
    """Each slice along an axis is the right one plus a number of its own."""
    for name, right, seen in _tables(output):
        off = (seen - right).mean(axis=1, keepdims=True)
        if output.same(right + off, seen):
            words = f"each {name} is off by a number of its own, {float(off[0, 0]):.4g} in the first"
            advice = f"look at what is computed once for each {name} and added or subtracted"
            yield _observation(f"shifted {name}", f"{words}: {advice}", output.numbers - len(right))


def scaled_and_shifted_slices(output: WrongOutput) -> Iterator[Observation]:
    """Each slice along an axis is the right one, scaled and shifted by numbers of its own."""
    for name, right, seen in _tables(output):
        middle = np.average(right, axis=1)[:, np.newaxis]
        centred = right - middle
        off = seen.mean(axis=1, keepdims=True)
        weight = (centred * centred).sum(axis=1, keepdims=True)
        times = (centred * seen).sum(axis=1, keepdims=True) / np.where(weight, weight, 1)
        if output.same(times * centred + off, seen):
            words = f"each {name} is right but for a scale and an offset of its own"
            advice = f"look at what is computed once for each {name}, such as a mean or a spread, and over what"
            yield _observation(f"normalised {name}", f"{words}: {advice}", output.numbers - 2 * len(right))


def _observation(key: str, words: str, numbers: int) -> Observation:
    """Make an observation; slices of one or two entries agree with it and show nothing."""
    return Observation(key, words if numbers > 0 else "", max(0, numbers))


def _tables(output: WrongOutput) -> Iterator[tuple[str, Array, Array]]:
    """Yield for each axis the name of its slices, and what was expected and what came with a row for each slice."""
    expected, got = output.arrays
    for axis, size in enumerate(expected.shape):
        if expected.ndim > 1:
            right, seen = (np.moveaxis(array, axis, 0).reshape(size, -1) for array in (expected, got))
            yield output.axis(axis), right, seen
