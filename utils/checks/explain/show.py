"""Show small arrays whole, with the first entry that differs marked."""

from __future__ import annotations

import numpy as np

from ..rules import Array, as_array, close

ENTRIES = 12


def numbers(want: object, got: object) -> str:
    """Both arrays, where they are small enough to be read.

    Parameters
    ----------
    want, got : array-like
        Of one shape.

    Returns
    -------
    str
        As ``"expected [1, 2], got [1, →3←]"``; ``""`` for a single number, a large array or another shape.
    """
    right, seen = as_array(want), as_array(got)
    if right is None or seen is None or right.shape != seen.shape or not 1 < right.size <= ENTRIES:
        return ""
    wrong = ~close(right, seen)
    if not wrong.any():
        return ""
    first = int(np.flatnonzero(wrong)[0])
    return f"expected {_text(right)}, got {_text(seen, first)}"


def _text(array: Array, marked: int = -1) -> str:
    """An array in brackets, three digits each."""
    parts = [f"→{value:.3g}←" if index == marked else f"{value:.3g}" for index, value in enumerate(array.ravel())]
    for size in reversed(array.shape[1:]):
        parts = [f"[{', '.join(parts[start : start + size])}]" for start in range(0, len(parts), size)]
    return f"[{', '.join(parts)}]"
