"""A rectangle of a picture with coordinates of its own, and pixels that fill it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .drawing import FAINT
from .svg import element, label, path

Array = NDArray[Any]


def data_of(pixels: Array) -> str:
    """Pixels of shape (rows, columns, 4), uint8, as the address of a PNG."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def tinted(colour: str, strength: Array) -> Array:
    """Pixels of one colour, as opaque as `strength` says.

    Parameters
    ----------
    colour : str
        ``"#rrggbb"``.
    strength : ndarray of shape (rows, columns)
        0 to 1; what is not a number counts as 0.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 4)
    """
    found = np.empty((*strength.shape, 4), dtype=np.uint8)
    found[..., :3] = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    found[..., 3] = 255 * np.clip(np.nan_to_num(strength), 0, 1)
    return found


def coloured(values: Array, stops: Sequence[str], ends: tuple[float, float]) -> Array:
    """Pixels whose colours say how large their values are.

    Parameters
    ----------
    values : ndarray of shape (rows, columns)
        What is not a number cannot be seen.
    stops : sequence of str
        Colours, ``"#rrggbb"``, at equal distances from one end to the other.
    ends : (float, float)

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 4)
    """
    channels = np.array([[int(stop[place : place + 2], 16) for place in (1, 3, 5)] for stop in stops])
    at = np.linspace(*ends, len(stops))
    there = np.isfinite(values)
    held = np.where(there, values, ends[0])
    mixed = [np.interp(held, at, channel).round() for channel in channels.T]
    found: Array = np.stack([*mixed, 255 * there], axis=-1).astype(np.uint8)
    return found


@dataclass(frozen=True)
class Plane:
    """A rectangle of a picture with coordinates of its own.

    Attributes
    ----------
    left, top, width, height : float
        In the units of the picture.
    across, along : (float, float)
        The least and the greatest value on it, of x and of y.
    log, log_x : bool, default False
        Whether y is logarithmic, and x.
    """

    left: float
    top: float
    width: float
    height: float
    across: tuple[float, float]
    along: tuple[float, float]
    log: bool = False
    log_x: bool = False

    def x(self, values: Any) -> Any:
        """Where values of x are in the picture."""
        low, high, values = _even((*self.across, values), self.log_x)
        return self.left + (values - low) / (high - low) * self.width

    def y(self, values: Any) -> Any:
        """Where values of y are in the picture."""
        low, high, values = _even((*self.along, values), self.log)
        return self.top + (high - values) / (high - low) * self.height

    def line(self, xs: Any, ys: Any, **attributes: Any) -> str:
        """A line through values."""
        return path(self.x(xs), self.y(ys), **attributes)

    def frame(self, title: str, across: str = "", along: str = "", ticks: tuple[Any, Any] = ((), ())) -> str:
        """A border with a title, names of the axes, and marks at some values.

        Parameters
        ----------
        title, across, along : str
            What stands above, below, and turned by a right angle on the left.
        ticks : (sequence of float, sequence of float)
            Values of x and of y.
        """
        right, bottom = self.left + self.width, self.top + self.height
        parts = [
            element("rect", x=self.left, y=self.top, width=self.width, height=self.height, fill="none", stroke=FAINT),
            label(self.left, self.top - 6, title, 10),
        ]
        for value in ticks[0]:
            x = float(self.x(value))
            parts.append(element("line", x1=x, x2=x, y1=bottom, y2=bottom + 3, stroke=FAINT))
            parts.append(label(x, bottom + 12, _tick(value), anchor="middle", class_="tick"))
        for value in ticks[1]:
            y = float(self.y(value))
            parts.append(element("line", x1=self.left - 3, x2=right, y1=y, y2=y, stroke=FAINT, stroke_opacity=0.3))
            parts.append(label(self.left - 5, y + 3, _tick(value), anchor="end", class_="tick"))
        if across:
            parts.append(label(self.left + self.width / 2, bottom + (24 if ticks[0] else 13), across, 9, "middle"))
        if along:
            x, y = self.left - (32 if ticks[1] else 10), self.top + self.height / 2
            parts.append(label(x, y, along, 9, "middle", transform=f"rotate(-90 {x:.6g} {y:.6g})"))
        return "".join(parts)

    def inside(self, name: str, *parts: str) -> str:
        """Parts of which only what lies inside is seen; `name` tells it from other planes of the page."""
        box = element("rect", x=self.left, y=self.top, width=self.width, height=self.height)
        return element("clipPath", box, id=name) + element("g", "".join(parts), clip_path=f"url(#{name})")

    def image(self, pixels: Array, **attributes: Any) -> str:
        """Pixels that fill it, the first row on top."""
        place = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        return element("image", **place, preserveAspectRatio="none", href=data_of(pixels), **attributes)


def _even(values: Sequence[Any], log: bool) -> list[Array]:
    """Values as they lie on an axis."""
    if not log:
        return [np.asarray(value) for value in values]
    with np.errstate(divide="ignore", invalid="ignore"):
        return [np.log10(value) for value in values]


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "−")
