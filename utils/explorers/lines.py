"""Lines through many points, as the page can show them: cut off at the border, and no finer than its pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
COLUMN = 0.5  # units of a picture: no page shows more than two pixels for one
FAR = 1e6  # beyond this, in units of the picture, all places are alike: what explodes would eat up all digits

Border = tuple[float, float, float, float]  # the least x and y, the greatest x and y


def thinned(points: Array, column: float = COLUMN) -> Array:
    """A line with no more points than can be seen.

    Parameters
    ----------
    points : ndarray of shape (points, 2)
        In units of the picture.
    column : float
        How wide a strip of the picture is of which four points are enough: where the line comes in, where it goes out,
        its highest and its lowest.

    Returns
    -------
    ndarray of shape (fewer, 2)
        Some of the points, in their order; all of them where they are few, or do not go from left to right.
    """
    if len(points) < 8 or not np.isfinite(points).all() or (np.diff(points[:, 0]) < 0).any():
        return points
    strips = np.floor((points[:, 0] - points[0, 0]) / column)
    begins = np.flatnonzero(np.diff(strips, prepend=-1))
    if 4 * len(begins) >= len(points):
        return points
    ends = np.append(begins[1:], len(points))
    heights = points[:, 1]
    kept = np.zeros(len(points), dtype=bool)
    kept[begins] = kept[ends - 1] = True
    for extreme in (np.minimum, np.maximum):
        reached = np.repeat(extreme.reduceat(heights, begins), ends - begins) == heights
        at = np.flatnonzero(reached)
        kept[at[np.unique(strips[at], return_index=True)[1]]] = True
    return points[kept]


def inside(points: Array, border: Border) -> Array:
    """Which of some points lie inside of a border, or on it."""
    left, top, right, bottom = border
    x, y = points.T
    found: Array = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    return found


def clipped(points: Array, border: Border) -> Array:
    """The part of a line that lies inside of a border.

    Clip paths of SVG have names, which two pictures on a page would have to share; and a page that is told of a place a
    million units away draws nothing.

    Parameters
    ----------
    points : ndarray of shape (points, 2)
        In units of the picture; the line is interrupted at what is not finite.
    border : (float, float, float, float)

    Returns
    -------
    ndarray of shape (other points, 2)
        With a row of NaN wherever the line goes on somewhere else.
    """
    if len(points) < 2 or inside(points, border).all():
        return points
    points = np.where(np.isfinite(points), np.clip(points, -FAR, FAR), np.nan)
    start, way = points[:-1], np.diff(points, axis=0)
    enter, leave = np.zeros(len(way)), np.ones(len(way))
    seen = np.isfinite(way).all(axis=1)
    # Each side of the border cuts off what lies beyond it. Y.-D. Liang and B. A. Barsky, "A new concept and method for
    # line clipping", ACM Transactions on Graphics 3, 1984.
    with np.errstate(all="ignore"):
        for axis in (0, 1):
            for sign, side in ((-1, border[axis]), (1, border[2 + axis])):
                towards, room = sign * way[:, axis], sign * (side - start[:, axis])
                share = room / towards
                enter = np.where(towards < 0, np.fmax(enter, share), enter)
                leave = np.where(towards > 0, np.fmin(leave, share), leave)
                seen &= (towards != 0) | (room >= 0)
    seen &= enter <= leave
    start, way, enter, leave = start[seen], way[seen], enter[seen], leave[seen]
    if not len(start):
        return np.empty((0, 2))
    rows = np.full((len(start), 3, 2), np.nan)
    rows[:, 1], rows[:, 2] = start + enter[:, None] * way, start + leave[:, None] * way
    goes_on = np.zeros(len(start), dtype=bool)  # from where the last part has ended
    number = np.flatnonzero(seen)
    goes_on[1:] = (np.diff(number) == 1) & (leave[:-1] == 1) & (enter[1:] == 0)
    kept = np.stack([~goes_on, ~goes_on, np.ones_like(goes_on)], axis=1)
    found: Array = np.clip(rows[kept], border[:2], border[2:])  # rounding may have left it a little outside
    return found[1:]
