"""Detectors for slices that are right but for a number of their own: each row, column or channel scaled or shifted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compare import Array
from .input_names import input_name
from .wrong_output import Observation, WrongOutput, distinct


def scaled_slices(output: WrongOutput) -> Iterator[Observation]:
    """Each slice along an axis is the right one times a number of its own."""
    for name, right, seen in _tables(output):
        weight = (right * right).sum(axis=1, keepdims=True)
        times = (right * seen).sum(axis=1, keepdims=True) / np.where(weight, weight, 1)
        if output.same(times * right, seen) and times[weight > 0].all():
            words = f"each {name} is right but for a factor of its own"
            advice = f"look at what is computed once for each {name} and multiplies or divides it"
            yield _observation(f"scaled {name}", f"{words}: {advice}", output.numbers - len(right))


def shifted_slices(output: WrongOutput) -> Iterator[Observation]:
    """Each slice along an axis is the right one plus a number of its own."""
    for name, right, seen in _tables(output):
        off = (seen - right).mean(axis=1, keepdims=True)
        if output.same(right + off, seen):
            words = f"each {name} is off by a number of its own"
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
        # Slices of one number each agree with a scale of 0, whatever they should be.
        if output.same(times * centred + off, seen) and not _all_equal_in_slices(output, times * centred):
            words = f"each {name} is right but for a scale and an offset of its own"
            advice = f"look at what is computed once for each {name}, such as a mean or a spread, and over what"
            yield _observation(f"normalised {name}", f"{words}: {advice}", output.numbers - 2 * len(right))


def multiples_of_slices(output: WrongOutput) -> Iterator[Observation]:
    """Each slice is off by a multiple of the same slice of an input, as where a term of the formula is missing."""
    for path, array in output.inputs_by_path.items():
        if array.shape != output.arrays[0].shape or array.dtype.kind != "f" or not np.isfinite(array).all():
            continue
        name = input_name(path, output.inputs_by_path)
        if not name:
            continue
        for slice_name, base, off in _tables(output, array.astype(np.float64), output.arrays[1] - output.arrays[0]):
            for is_shifted in (False, True):
                if not _is_fitted(output, base, off, is_shifted=is_shifted):
                    continue
                more = ", and by a number of its own, which may be 0" if is_shifted else ""
                said = f"each {slice_name} is off by a multiple of the same {slice_name} of {name}{more}"
                words = f"{said}: look at the terms of the formula in which {name} enters entry by entry"
                numbers = distinct(off) - (1 + is_shifted) * len(base)
                yield _observation(f"multiple {slice_name} {name} {is_shifted}", words, numbers)


def _is_fitted(output: WrongOutput, base: Array, off: Array, *, is_shifted: bool) -> bool:
    """Whether each row of a table is a multiple of the same row of another one, but for a number of its own."""
    if is_shifted:
        base = base - np.average(base, axis=1)[:, np.newaxis]
    rest = off - np.average(off, axis=1)[:, np.newaxis] if is_shifted else off
    weight = (base * base).sum(axis=1, keepdims=True)
    times = (base * rest).sum(axis=1, keepdims=True) / np.where(weight, weight, 1)
    return bool(times.any() or not weight.all()) and output.same(times * base, rest)


def multiples_of_a_row(output: WrongOutput) -> Iterator[Observation]:
    """Each row is off by a multiple of one vector among the inputs, as where an outer product with it is wrong."""
    off = output.arrays[1] - output.arrays[0]
    if off.ndim != 2:
        return
    for path, array in output.inputs_by_path.items():
        if array.ndim != 1 or array.dtype.kind != "f" or not array.any():
            continue
        name, row = input_name(path, output.inputs_by_path), array.astype(np.float64)
        if not name:
            continue
        for slice_name, table in (("row", off), ("column", off.T)):
            if table.shape[1] != len(row):
                continue
            times = table @ row / (row @ row)
            if output.same(np.outer(times, row), table):
                words = (
                    f"each {slice_name} of what it is off by is a multiple of {name}: look at the products with {name}"
                )
                yield _observation(f"{slice_name} of {name}", words, distinct(table) - len(table))


def _all_equal_in_slices(output: WrongOutput, scaled: Array) -> bool:
    """Whether what a slice was scaled to is nothing, in any of them."""
    return bool((np.abs(scaled).max(axis=1) <= output.rtol * np.abs(scaled).max(initial=0.0)).any())


def _observation(key: str, words: str, numbers: int) -> Observation:
    """Make an observation; slices of one or two entries agree with it and show nothing."""
    return Observation(key, words if numbers > 0 else "", max(0, numbers))


def _tables(output: WrongOutput, *arrays: Array) -> Iterator[tuple[str, Array, Array]]:
    """Yield for each axis the name of its slices, and two arrays (by default, the outputs) with a row for each."""
    one, other = arrays or output.arrays
    for axis, size in enumerate(one.shape):
        if one.ndim > 1:
            right, seen = (np.moveaxis(array, axis, 0).reshape(size, -1) for array in (one, other))
            yield output.axis(axis), right, seen
