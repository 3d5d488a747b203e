"""What a curve does, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def trend(values: Sequence[float], least: float = 0.01) -> str:
    """Whether a curve that goes on is rising or falling.

    Parameters
    ----------
    values : sequence of float
        From the first to the newest; NaN and infinity count as a rise beyond everything.
    least : float, default 0.01
        A smaller difference is none.

    Returns
    -------
    str
        ``"rising"``, ``"falling"`` or ``"level"``: the mean of the newest quarter (two values at least) against that
        of the quarter before; ``"just begun"`` where there are not enough values.
    """
    quarter = max(2, len(values) // 4)
    if len(values) < 2 * quarter:
        return "just begun"
    array = np.nan_to_num(np.asarray(values, dtype=float), nan=1e9, posinf=1e9, neginf=-1e9)
    change = float(array[-quarter:].mean() - array[-2 * quarter : -quarter].mean())
    return "level" if abs(change) < least else "rising" if change > 0 else "falling"


def best(accuracies: Sequence[float]) -> str:
    """The best of the accuracies after each epoch, 0 to 1, and where they are heading: ``"41 %, rising"``."""
    return f"{100 * max(accuracies):.0f} %, {trend(accuracies)}" if len(accuracies) else "no epoch has ended yet"
