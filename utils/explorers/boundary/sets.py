"""Sets of points in the plane, of two classes, with coordinates from about −1 to 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
COUNT = 80  # points of a set, half of them of each class


def points_of(kind: str, noise: float, seed: int) -> tuple[Array, Array]:
    """A set of points and their classes.

    Parameters
    ----------
    kind : str
        One of `SETS`.
    noise : float
        Standard deviation of what is added to each coordinate.
    seed : int

    Returns
    -------
    X : ndarray of shape (COUNT, 2), float64
        Rounded to hundredths.
    y : ndarray of int, shape (COUNT,)
        0 and 1 in turn.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(COUNT) % 2
    X = SETS[kind](rng.random(COUNT), y, rng) + noise * rng.standard_normal((COUNT, 2))
    return np.clip(np.round(X, 2), -1.2, 1.2), y


def _clouds(t: Array, y: Array, rng: np.random.Generator) -> Array:
    side = (2 * y - 1)[:, None]
    found: Array = 0.45 * side * np.array([1.0, 0.7]) + 0.15 * rng.standard_normal((len(y), 2))
    return found


def _corners(t: Array, y: Array, rng: np.random.Generator) -> Array:
    x = rng.uniform(0.1, 1, (len(y), 2)) * rng.choice([-1, 1], (len(y), 1))
    return np.column_stack([x[:, 0], np.abs(x[:, 1]) * np.sign(x[:, 0]) * (2 * y - 1)])


def _moons(t: Array, y: Array, rng: np.random.Generator) -> Array:
    angle = np.pi * t
    upper = np.column_stack([0.65 * np.cos(angle) - 0.3, 0.75 * np.sin(angle) - 0.2])
    return np.where(y[:, None] == 0, upper, -upper)


def _rings(t: Array, y: Array, rng: np.random.Generator) -> Array:
    angle, radius = 2 * np.pi * t, np.where(y == 0, 0.3, 0.85)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _spirals(t: Array, y: Array, rng: np.random.Generator) -> Array:
    angle, radius = np.pi * (2.4 * t + y), 0.1 + 0.9 * t
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


SETS: dict[str, Callable[[Array, Array, np.random.Generator], Array]] = {
    "two clouds": _clouds,
    "corners": _corners,
    "moons": _moons,
    "rings": _rings,
    "spirals": _spirals,
}
