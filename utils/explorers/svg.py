"""Elements of SVG as text: the smallest parts that a picture is put together from."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SMALL = 8.5  # the size of text beside an axis


def element(name: str, inside: str = "", /, **attributes: Any) -> str:
    """An element of SVG; ``stroke_width=2`` becomes ``stroke-width="2"``, and ``class_`` ``class``.

    Parameters
    ----------
    name : str
    inside : str, optional
        SVG.
    **attributes
        Numbers are rounded to six digits; None leaves an attribute out.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def label(x: float, y: float, text: str, size: float = SMALL, anchor: str = "start", **attributes: Any) -> str:
    """A line of text in the page's own colour; `y` is its base line."""
    look = {"x": x, "y": y, "font_size": size, "text_anchor": anchor, "fill": "currentColor", **attributes}
    return element("text", html.escape(text), **look)


def width_of(text: str, size: float) -> float:
    """About how wide a line of text is; which font the page has, only the page knows."""
    return 0.58 * size * len(text)


def path(xs: Any, ys: Any, **attributes: Any) -> str:
    """A line through points of the picture; it is interrupted where one is not finite."""
    return element("path", d=steps(np.column_stack([xs, ys])), **{"fill": "none", **attributes})


def steps(points: Any) -> str:
    """What the pen does on its way through points of shape (points, 2), in tenths of a unit: ``"M0.0 0.0L1.0 0.5"``.

    It is lifted where a number is not finite. All numbers are written at once: one by one takes ten times as long.
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    there = np.isfinite(points).all(axis=1)
    if there.all():
        return _pen(points)
    ends = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]])))
    return "".join(_pen(points[begin:end]) for begin, end in ends.reshape(-1, 2))


def _pen(points: Array) -> str:
    return ("M%.1f %.1f" + "L%.1f %.1f" * (len(points) - 1)) % tuple(points.ravel().tolist()) if len(points) else ""


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else html.escape(str(value))
