"""Losses of two parameters, each with a difficulty of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Landscape:
    """A loss of two parameters, whose lowest value is 0.

    Attributes
    ----------
    height : callable
        From w of shape (..., 2) to the loss, shape (...).
    slope : callable
        From w of shape (2,) to the gradient there.
    start : tuple of two floats
        Where the walks begin.
    goals : tuple of (float, float)
        Where the loss is 0.
    across, along : (float, float)
        What is drawn of w₁ and of w₂.
    """

    height: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    start: tuple[float, float]
    goals: tuple[tuple[float, float], ...]
    across: tuple[float, float]
    along: tuple[float, float]


_STEEP = np.array([1.0, 30.0])
LANDSCAPES = {
    # ½ (w₁² + 30 w₂²): steep across, nearly flat along.
    "ravine": Landscape(
        lambda w: 0.5 * (w * w) @ _STEEP, lambda w: _STEEP * w,
        (-3.0, 0.9), ((0.0, 0.0),), (-3.4, 1.6), (-1.15, 1.15),
    ),
    # ½ w₁² + ¼ (w₂² − 1)²: along w₁ the way leads down to (0, 0), where the slope is 0 and nothing has been reached.
    "saddle": Landscape(
        lambda w: 0.5 * w[..., 0] ** 2 + 0.25 * (w[..., 1] ** 2 - 1) ** 2,
        lambda w: np.array([w[0], w[1] ** 3 - w[1]]),
        (-2.0, 0.001), ((0.0, 1.0), (0.0, -1.0)), (-2.4, 1.0), (-1.5, 1.5),
    ),
    # 1 − exp(−½ |w|²): far from the pit there is hardly a slope.
    "plateau": Landscape(
        lambda w: 1 - np.exp(-0.5 * np.sum(w * w, axis=-1)), lambda w: w * np.exp(-0.5 * np.sum(w * w)),
        (-2.8, 1.2), ((0.0, 0.0),), (-3.2, 1.4), (-1.2, 1.8),
    ),
}  # fmt: skip
