"""Handles in matplotlib's pictures, at places that axes know."""

from __future__ import annotations

import copy
from typing import Any

from .drawing import ORANGE, Drawing
from .picture import Axis
from .plane import Plane
from .svg import element

TO_POINTS = 72  # units of a picture in an inch


def axis_of(ax: Any, along: str, value: float, ends: tuple[float, float], step: float, *, log: bool = False,
            places: tuple[float, float] | None = None) -> Axis:  # fmt: skip
    """A direction in which a handle moves over axes.

    Parameters
    ----------
    ax : Axes
        With its final limits.
    along : {"x", "y"}
    value : float
        Where the handle is.
    ends : (float, float)
        The least and the greatest value.
    step : float
        As of `Axis`.
    log : bool, default False
        Whether the values are logarithmic; as of the axis, where `places` is not given.
    places : (float, float), optional
        Where on the axis `ends` lie, in its own numbers; at these values by default.
    """
    low, high = (place_of(ax, along, end) for end in places or ends)
    return Axis(value, *ends, low, high, step, log)


def place_of(ax: Any, along: str, value: float) -> float:
    """The coordinate of a value in the picture, whose y grows downwards."""
    ax.apply_aspect()
    figure = ax.figure
    point = (value, ax.get_ylim()[0]) if along == "x" else (ax.get_xlim()[0], value)
    x, y = ax.transData.transform(point) * TO_POINTS / figure.dpi
    return float(x if along == "x" else figure.get_figheight() * TO_POINTS - y)


def axis_on(plane: Plane, along: str, value: float, ends: tuple[float, float], step: float, *, log: bool = False,
            places: tuple[float, float] | None = None) -> Axis:  # fmt: skip
    """A direction in which a handle moves over a plane.

    Parameters
    ----------
    plane : Plane
    along : {"x", "y"}
    value : float
        Where the handle is.
    ends : (float, float)
        The least and the greatest value.
    step : float
        As of `Axis`.
    log : bool, default False
        Whether the values are logarithmic; as of the plane, where `places` is not given.
    places : (float, float), optional
        Where on the plane `ends` lie, in its own numbers; at these values by default.
    """
    low, high = (float(getattr(plane, along)(end)) for end in places or ends)
    return Axis(value, *ends, low, high, step, log)


def with_grips(drawing: Drawing, *grips: str) -> Drawing:
    """A picture with handles on top of it.

    Parameters
    ----------
    drawing : Drawing
    *grips : str
        As of `handle`.
    """
    # A picture with the role "img" has no parts for a screen reader.
    text = drawing.replace('role="img"', 'role="group"', 1).removesuffix("\n").removesuffix("</svg>")
    found = Drawing(f'{text}<g font-family="sans-serif">{"".join(grips)}</g></svg>')
    found.__dict__.update(copy.copy(drawing.__dict__))
    return found


def knob(radius: float = 5.0, fill: str = "currentColor") -> str:
    """What is seen of a handle: a dot, and a ring while it has the focus."""
    return element("circle", r=radius + 5, fill="transparent") + element("circle", r=radius, fill=fill) + ring(radius)


def ring(radius: float) -> str:
    """A ring around a handle, to be seen while it has the focus."""
    return element("circle", r=radius + 4, fill="none", stroke=ORANGE, stroke_width=2, opacity=0, class_="ring")


def frame(width: float, height: float) -> str:
    """A rectangle that can be taken hold of anywhere in it; its frame is seen while it has the focus."""
    box = {"x": -width / 2, "y": -height / 2, "width": width, "height": height}
    shown = element("rect", **box, fill="none", stroke=ORANGE, stroke_width=2.5, opacity=0, class_="ring")
    return element("rect", **box, fill="transparent") + shown
