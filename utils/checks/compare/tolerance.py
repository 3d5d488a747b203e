"""Decide when two numbers are the same number up to rounding.

The tolerance is an error model, not a matter of taste: two right implementations differ by the order in which they
sum, which costs about ``eps * sqrt(terms)`` relative to the largest entry, times the condition of the computation.
`rtol` grants half of the dtype's digits, ``sqrt(eps)``: 1.5e-8 for float64 and 3.5e-4 for float32. That this is
neither too narrow nor too wide is measured: what rounding changes in the course's cases, and what the smallest known
mistake changes, both stay a factor of a hundred away from it (``tests/exercises/test_margin.py``;
docs/grading.md has the figures).

N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd ed., SIAM 2002, section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..values import walk

Array = npt.NDArray[Any]


def as_array(value: object) -> Array | None:
    """Return a value as a numeric array, or None where it is not one."""
    if type(value) is np.ndarray:
        return value if value.dtype.kind in "biuf" else None
    if not _may_be_numbers(value):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _may_be_numbers(value: object, depth: int = 64) -> bool:
    """Whether nothing in a value is of a type that holds no number.

    Lists are looked through before NumPy is handed one: of a list with one long string it would make an array in which
    each entry is as long, and a submission may answer with such a list.
    """
    if isinstance(value, list | tuple):
        return depth > 0 and all(_may_be_numbers(item, depth - 1) for item in value)
    return not isinstance(value, str | bytes | dict | set) and value is not None


def rtol(*values: object) -> float:
    """Return the relative tolerance for the coarsest floating dtype among `values`; see the head of this file."""
    floats = {value.dtype for value in values if isinstance(value, np.ndarray) and value.dtype.kind == "f"}
    return max(map(_root_of_epsilon, floats), default=_root_of_epsilon(np.dtype(np.float64)))


@cache
def _root_of_epsilon(dtype: np.dtype[Any]) -> float:
    return float(np.sqrt(np.finfo(dtype).eps))


def close(
    expected: Array, got: Array, inputs: Mapping[str, object] | None = None, summed: float = 0.0
) -> npt.NDArray[np.bool_]:
    """Entry by entry, whether two arrays of one shape agree up to rounding.

    Integers and booleans are compared exactly; infinities agree when they are equal, and NaN with NaN.

    Parameters
    ----------
    expected, got : ndarray
        Arrays of the same shape.
    inputs : mapping, optional
        The case's inputs; float32 among them widens the tolerance to float32's.
    summed : float, default 0
        Size of the numbers that were summed, where it may be larger than that of the result.

    Returns
    -------
    ndarray of bool
    """
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        return np.asarray(expected == got, bool)
    tolerance = rtol(expected, *input_values(inputs or {}))
    wide_want, wide_got = expected.astype(np.float64), got.astype(np.float64)
    largest = float(np.max(np.abs(wide_want[np.isfinite(wide_want)]), initial=summed))
    with np.errstate(invalid="ignore"):
        near = np.abs(wide_want - wide_got) <= tolerance * largest
    equal = (wide_want == wide_got) | (np.isnan(wide_want) & np.isnan(wide_got))
    return np.asarray((near & np.isfinite(wide_want)) | equal, bool)


def all_close(expected: Array, got: Array, inputs: Mapping[str, object] | None = None, summed: float = 0.0) -> bool:
    """Whether two arrays of one shape agree in all entries; ``close(...).all()``, in less time.

    The search for misconceptions asks this some thousand times for one wrong answer, mostly of small arrays.
    """
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        return np.array_equal(expected, got)
    with np.errstate(invalid="ignore"):
        largest_difference = np.abs(np.subtract(expected, got, dtype=np.float64)).max(initial=0.0)
    if largest_difference == 0:
        return True
    if not np.isfinite(largest_difference):  # there is NaN or an infinity in one of them
        return bool(close(expected, got, inputs, summed).all())
    largest = max(float(np.abs(expected).max()), summed)
    return bool(largest_difference <= rtol(expected, *input_values(inputs or {})) * largest)


def both_vanish(expected: object, one: object, other: object) -> bool:
    """Whether two answers of one shape are both nothing but rounding, beside what is expected.

    Where everything cancels, what is left depends on the processor: of such numbers no digit can be compared.
    """
    arrays = [as_array(value) for value in (expected, one, other)]
    right, *answers = arrays
    if right is None or any(array is None or array.shape != right.shape for array in answers):
        return False
    floats = [array.dtype for array in arrays if array is not None and array.dtype.kind == "f"]
    least = 100 * max((float(np.finfo(dtype).eps) for dtype in floats), default=0.0)
    limit = least * float(np.abs(right).max(initial=0.0))
    return bool(all(np.abs(array).max(initial=0.0) < limit for array in answers if array is not None))


def input_values(inputs: Mapping[str, object]) -> list[object]:
    """List the values of a case's inputs, those of nested dicts among them."""
    return [value for _, value in walk(inputs)]
