"""Pictures as SVG text, put together by hand.

matplotlib takes 50 ms for a figure, which is right for curves that change when somebody moves a slider. A picture that
plays, or follows a finger, has to be drawn within a few. Colours and sizes are those of `drawing`.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from .drawing import FAINT, HIDDEN, Drawing, named
from .svg import element, label, path

Array = NDArray[Any]
_SVG = "http://www.w3.org/2000/svg"
_ACTS = ("data-handle", "data-group", "data-link", "data-says", "role", "tabindex", "aria-label", "aria-valuemin",
         "aria-valuemax", "aria-valuenow", "aria-valuetext", "aria-pressed", "id")  # fmt: skip


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


class Sketch(Drawing):
    """A picture that was put together by hand.

    Attributes
    ----------
    series : sequence of (panel, name, xs, ys)
        The numbers that it shows.
    remembered : object
        What of it can stand behind a later one, as the one who drew it will draw that; see `Drawing.ghost`.
    """

    series: Sequence[tuple[str, str, Any, Any]]
    remembered: Any

    @property
    def ghost(self) -> Any:
        """What of it can stand behind a later one."""
        return self.remembered

    @cached_property
    def figure(self) -> Figure:  # type: ignore[override]  # made when somebody asks for the numbers
        """A figure of the same numbers."""
        figure = Figure()
        panels = {panel: figure.add_subplot(title=panel, label=panel) for panel, *_ in self.series}
        for panel, name, xs, ys in self.series:
            named(panels[panel].plot(xs, ys)[0], name)
        return figure

    def without_numbers(self) -> Drawing:
        """The picture without what tells its setting.

        That is what has the class ``tells``, and text with a number in it but for axes and legends (the classes
        ``tick`` and ``legend``).
        """
        root = ElementTree.fromstring(self)
        kept = {part for group in root.iter() if group.get("class") in ("tick", "legend") for part in group.iter()}
        for parent in list(root.iter()):
            for part in list(parent):
                words = "".join(part.itertext()) if part.tag == f"{{{_SVG}}}text" and part not in kept else ""
                if part.get("class") in ("tells", "when-lit") or any(sign.isdigit() for sign in words):
                    parent.remove(part)
            for name in _ACTS if parent.tag != f"{{{_SVG}}}clipPath" else ():
                parent.attrib.pop(name, None)  # to look at, not to act in
        for part in root.findall(f"{{{_SVG}}}desc"):
            root.remove(part)
        root.set("role", "img")
        root.set("aria-label", f"{HIDDEN[0]}: {HIDDEN[1]}")
        ElementTree.register_namespace("", _SVG)
        drawing = Sketch(ElementTree.tostring(root, encoding="unicode"))
        (drawing.heading, drawing.description), drawing.series = HIDDEN, self.series
        return drawing


def picture_of(
    width: float,
    height: float,
    title: str,
    description: str,
    *parts: str,
    series: Sequence[tuple[str, str, Any, Any]] = (),
    ghost: Any = None,
) -> Drawing:
    """A whole picture, as wide as the page lets it be.

    Parameters
    ----------
    width, height : float
        Of the picture, in its own units; the same as in matplotlib's pictures, 72 an inch.
    title, description : str
        What a screen reader says: what it is, and what is to be seen in it.
    *parts : str
        SVG.
    series : sequence of (panel, name, xs, ys), optional
        The numbers that it shows.
    ghost : object, optional
        What of it can stand behind a later one.
    """
    said = f"{html.escape(title)}: {html.escape(description)}"
    # A picture with the role "img" has no parts for a screen reader; handles and buttons are parts.
    role = "group" if any("data-handle=" in part or 'role="' in part for part in parts) else "img"
    drawing = Sketch(
        f'<svg viewBox="0 0 {width:g} {height:g}" role="{role}" aria-label="{said}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" font-family="sans-serif" '
        'style="width:100%;max-width:1200px;height:auto;display:block">'
        f"<desc>{said}</desc>{''.join(parts)}</svg>"
    )
    drawing.heading, drawing.description, drawing.series, drawing.remembered = title, description, series, ghost
    return drawing


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
