"""Handles over a plane, and what is seen of them."""

from __future__ import annotations

from .drawing import ORANGE
from .picture import Axis
from .plane import Plane
from .svg import element


def axis_of(plane: Plane, along: str, value: float, ends: tuple[float, float], step: float, *, log: bool = False,
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
