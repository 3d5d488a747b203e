"""Turn shares of an exercise's points into points, rounded to hundredths so that the parts add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from utils.checks.diagnose import Loss

from ..report import LostPoints


def in_points(share: float, losses: Sequence[Loss], points: float) -> tuple[float, tuple[LostPoints, ...]]:
    """Return the score for a share of the points, and what is missing to full points.

    Rounding neither gives full points to an answer that has lost some, nor takes the last hundredth from one that has
    earned some.

    Parameters
    ----------
    share : float
        The part of the points that is earned, from 0 to 1.
    losses : sequence of Loss
        What is missing to all points; empty if nothing could be compared.
    points : float
        What the exercise is worth.

    Returns
    -------
    score : float
        In hundredths, from 0 to `points`.
    lost : tuple of LostPoints
        They add up to ``points - score``, in hundredths; empty if nothing could be compared.
    """
    everything = round(100 * points)
    earned = round(100 * points * share)
    if 0 < share < 1 < everything:
        earned = min(max(earned, 1), everything - 1)
    exact = [100 * points * loss.share for loss in losses]
    hundredths = [floor(part) for part in exact]
    # What is left over goes where rounding down has taken most.
    left_over = sorted(range(len(exact)), key=lambda k: hundredths[k] - exact[k])[
        : everything - earned - sum(hundredths)
    ]
    shown = [count + (k in left_over) for k, count in enumerate(hundredths)]
    lost = [LostPoints(loss.output, loss.part, n / 100) for loss, n in zip(losses, shown, strict=True) if n]
    return earned / 100 if earned < everything else points, tuple(lost)
