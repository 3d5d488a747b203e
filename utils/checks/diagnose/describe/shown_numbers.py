"""Print small arrays, with the first entry that differs marked."""

from __future__ import annotations

import numpy as np

from ...compare import Array, as_array, close

MAX_ENTRIES = 12


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
    return f"expected {_text(right)}, got {_text(seen, first)}"


def _text(array: Array, marked: int = -1) -> str:
    """Print an array in brackets, with three digits for each number."""
    parts = [f"→{value:.3g}←" if index == marked else f"{value:.3g}" for index, value in enumerate(array.ravel())]
    for size in reversed(array.shape[1:]):
        parts = [f"[{', '.join(parts[start : start + size])}]" for start in range(0, len(parts), size)]
    return f"[{', '.join(parts)}]"
