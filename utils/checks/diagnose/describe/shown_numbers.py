"""Print small arrays, with the first entry that differs marked."""

from __future__ import annotations

import numpy as np

from ...compare import Array, as_array, close
from ...compare.digits import digits_apart, printed_apart

MAX_ENTRIES = 8  # with more, nobody finds the one that is marked


def shown_numbers(expected: object, got: object) -> str:
    """Print what was expected and what came, where both are small enough to be read.

    Parameters
    ----------
    expected, got : array-like
        Of one shape.

    Returns
    -------
    str
        As ``"expected [1, 2], got [1, →3←]"``; ``""`` for a single number, a large array or another shape.
    """
    right, seen = as_array(expected), as_array(got)
    if right is None or seen is None or right.shape != seen.shape or not 1 < right.size <= MAX_ENTRIES:
        return ""
    wrong = ~close(right, seen)
    if not wrong.any():
        return ""
    first = int(np.flatnonzero(wrong)[0])
    one, other = float(right.flat[first]), float(seen.flat[first])
    digits, (_, _, by) = digits_apart(one, other, 3), printed_apart(one, other)
    return f"expected {_text(right, digits)}, got {_text(seen, digits, first)}{by}"


def _text(array: Array, digits: int, marked: int = -1) -> str:
    """Print an array in brackets."""
    texts = [f"{value + 0.0:.{digits}g}" for value in array.ravel()]  # + 0.0 takes the sign from -0
    parts = [f"→{text}←" if index == marked else text for index, text in enumerate(texts)]
    for size in reversed(array.shape[1:]):
        parts = [f"[{', '.join(parts[start : start + size])}]" for start in range(0, len(parts), size)]
    return f"[{', '.join(parts)}]"
