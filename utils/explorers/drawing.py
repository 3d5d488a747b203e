"""Figures as SVG text that takes on the colours of the page.

Text stays text and is drawn in ``currentColor``: it is sharp on a projector, readable in the light and in the dark
theme, and can be found in the page.
"""

from __future__ import annotations

import base64
import html
import io
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib as mpl
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from .ghost import add_ghost, curves_of

INK = "#010203"  # stands for the page's own text colour until the SVG is written
FAINT = "#808080"  # grid lines, the same on light and on dark
# Okabe and Ito's palette, which people with any kind of colour vision tell apart, without black and yellow: one of
# them vanishes on either background.
BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#3a8fd0", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
COLOURS = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY)
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
HIDDEN = "A picture to bet on", "look at its curves; its numbers are hidden"  # heading and description
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ((), (3.7, 1.6), (6.4, 1.6, 1, 1.6), (1, 1.65), (5, 1), (3, 1, 1, 1))  # in widths of the line
SHAPES = ("circle", "square", "up", "diamond", "down", "plus")

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text, not outlines
    "svg.hashsalt": "explorers",  # the same figure gives the same text
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.titley": 1.0,  # no search for a height at which nothing is in the way: it takes a quarter of the drawing
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.alpha": 0.25,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "font.family": "sans-serif",
    "image.interpolation": "nearest",
}
_DEFAULTS: dict[Any, Any] = {name: value for name, value in mpl.rcParamsDefault.items() if "backend" not in name}


_BEFORE: ContextVar[Any] = ContextVar("before", default=None)


@contextmanager
def style(before: Any = None) -> Iterator[None]:
    """The explorers' style, for the time in which a figure is made; the user's own settings are left as they are.

    Parameters
    ----------
    before : object, optional
        The `Drawing.ghost` of the last setting, which is to stand behind what is drawn.
    """
    token = _BEFORE.set(before)
    try:
        with mpl.rc_context({**_DEFAULTS, **_STYLE}):
            yield
    finally:
        _BEFORE.reset(token)


def last_setting() -> Any:
    """The `Drawing.ghost` of what was drawn in the last setting; None where there is none to draw."""
    return _BEFORE.get()


def panels(rows: int, columns: int, width: float = 9.0, height: float = 3.2, **options: Any) -> tuple[Figure, Any]:
    """A figure without pyplot, and its axes; sizes in inches.

    Margins are fixed: to let matplotlib find them takes as long again as the drawing, and the picture would jump.
    """
    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    figure.subplots_adjust(
        left=0.6 / width, right=1 - 0.1 / width, bottom=0.5 / height, top=1 - 0.3 / height,
        wspace=0.75 * columns / width, hspace=0.9 * rows / height,
    )  # fmt: skip
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


class Drawing(str):
    """An ``<svg>`` element, and what it was made of.

    Attributes
    ----------
    heading, description : str
        What it is, and what is to be seen in it, in words.
    figure : Figure
        It holds the numbers that are drawn.
    """

    heading: str
    description: str
    figure: Figure

    @property
    def ghost(self) -> Any:
        """What of it can stand behind a later one."""
        return curves_of(self.figure)

    @property
    def words(self) -> str:
        """Both as a sentence."""
        return f"{self.heading}: {self.description}."

    def without_numbers(self) -> Drawing:
        """The picture without the words that tell its setting: those with a number in them, axes apart."""
        for ax in self.figure.axes:
            for text in (*ax.texts, ax._left_title, ax.title):  # type: ignore[attr-defined]  # there is no public name
                if any(letter.isdigit() for letter in text.get_text()):
                    text.set_visible(False)
        return svg(self.figure, *HIDDEN)


def svg(figure: Figure, title: str, description: str) -> Drawing:
    """A figure as an ``<svg>`` element that fills the width it is given.

    Parameters
    ----------
    figure : Figure
    title, description : str
        What a screen reader says: what it is, and what is to be seen in it.
    """
    before = _BEFORE.get()
    if before is not None:
        add_ghost(figure, before, FAINT)
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    said = f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>"
    head = re.match(r"<svg[^>]*>", text)
    assert head is not None
    box = re.search(r'viewBox="[^"]*"', head.group())
    assert box is not None
    opening = (
        f'<svg {box.group()} role="img" aria-label="{html.escape(title)}: {html.escape(description)}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'style="width:100%;max-width:1200px;height:auto;display:block">'
    )
    drawing = Drawing(opening + said + text[head.end() :])
    drawing.heading, drawing.description, drawing.figure = title, description, figure
    return drawing


def without_numbers(drawing: Drawing) -> Drawing:
    """The same picture, to bet on, without the words that give away what it is of."""
    return drawing.without_numbers()


def on_paper(drawing: str) -> str:
    """An SVG to keep: dark on white, whatever page it was made for."""
    return drawing.replace("display:block", "background:#fff;color:#111").replace("currentColor", "#111111")


def link(text: str, name: str, kind: str = "image/svg+xml") -> str:
    """A link that saves a file: its text, its name and its media type."""
    data = base64.b64encode(text.encode()).decode()
    return f'<a download="{html.escape(name)}" href="data:{kind};base64,{data}">{html.escape(name)}</a>'


def named(artist: Any, gid: str) -> Any:
    """Give an artist an id that can be found in the page."""
    artist.set_gid(gid)
    return artist


def log_axis(axis: Axis) -> None:
    """Make an axis logarithmic, with marks at the powers of ten alone.

    Parameters
    ----------
    axis : Axis
        ``ax.xaxis`` or ``ax.yaxis``.
    """
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # type: ignore[attr-defined]  # missing in its stubs
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: _power(value))


def _power(value: float) -> str:
    """A power of ten in plain characters; formulas take matplotlib longer than all the rest of a picture."""
    return "10" + f"{math.log10(value):.0f}".translate(_SUPERSCRIPTS)


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
