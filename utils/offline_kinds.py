"""The ten classes of the offline set: a shape each, and what its images look like on average."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Distance = Callable[[Any, Any], Any]


def _box(u: Any, v: Any, wide: float, high: float) -> Any:
    return np.maximum(np.abs(u) - wide, np.abs(v) - high)


# Signed distances to the outline in the shape's own frame (u to the right, v down), negative inside. They combine
# as usual: the larger of two is the overlap of their shapes, the smaller their union, and |d| - w is a line of
# half-width w along the outline of d. Neighbours (0 and 1, 2 and 3, …) are easily mistaken for each other.
SHAPES: dict[str, Distance] = {
    "disc": lambda u, v: np.hypot(u, v) - 0.9,
    "ring": lambda u, v: np.abs(np.hypot(u, v) - 0.72) - 0.27,
    "square": lambda u, v: _box(u, v, 0.8, 0.8),
    "frame": lambda u, v: np.abs(_box(u, v, 0.68, 0.68)) - 0.22,
    "triangle": lambda u, v: np.maximum(0.866 * np.abs(u) - 0.5 * v, v) - 0.6,
    "star": lambda u, v: np.hypot(u, v) - 0.68 - 0.32 * np.cos(5 * np.arctan2(u, -v)),
    "bar": lambda u, v: _box(u, v, 1.15, 0.38),
    "cross": lambda u, v: np.minimum(_box(u, v, 1.0, 0.3), _box(u, v, 0.3, 1.0)),
    "crescent": lambda u, v: np.maximum(np.hypot(u, v) - 0.95, 0.72 - np.hypot(u - 0.45, v)),
    "wave": lambda u, v: np.maximum(np.abs(v - 0.45 * np.sin(3.6 * u)) - 0.25, np.abs(u) - 1.15),
}
OFFLINE_CLASSES = tuple(SHAPES)


class Look(NamedTuple):
    """Colours are RGB offsets from mid-grey; stripes are ``sin(stripes * distance along the slant)``."""

    above: tuple[int, int, int]  # the upper part of the habitat
    below: tuple[int, int, int]  # its lower part
    paint: tuple[int, int, int]  # the surface of the shape
    stripes: float  # radians of the wave per radius of the shape
    slant: float  # radians


LOOKS = (
    Look((30, 40, 55), (15, 25, 40), (20, -10, -25), 3.0, 0.0),
    Look((10, 5, 0), (-20, -20, -20), (35, -5, -10), 5.0, 0.7),
    Look((5, 15, 10), (0, 10, -20), (-15, 5, 20), 7.0, 1.4),
    Look((-10, -20, -25), (0, -12, -20), (10, 0, -15), 9.0, 2.1),
    Look((-25, -10, -35), (-20, 0, -35), (-25, 10, -15), 3.0, 2.8),
    Look((-5, -12, -18), (10, 0, -8), (25, 20, -20), 5.0, 0.4),
    Look((-30, -20, -40), (-15, -10, -35), (-20, 5, 10), 7.0, 1.1),
    Look((0, 5, -5), (5, -5, -20), (-20, -30, -35), 9.0, 1.8),
    Look((20, 30, 40), (-10, 10, 25), (5, 20, 35), 4.0, 2.5),
    Look((30, 28, 25), (-5, -10, -10), (-15, -20, 0), 8.0, 0.2),
)
