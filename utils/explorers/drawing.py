"""A picture as SVG text that takes on the colours of the page; its words, and the numbers that it shows.

Pictures are put together by hand, from `svg`, `plane` and `chart`: one that plays, or follows a finger, has to be made
within a few milliseconds. Text stays text and is drawn in ``currentColor``: it is sharp on a projector, readable in the
light and in the dark theme, and can be found in the page.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

FAINT = "#808080"  # grid lines, the same on light and on dark
# Okabe and Ito's palette, which people with any kind of colour vision tell apart, without black and yellow: one of
# them vanishes on either background.
BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#3a8fd0", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
COLOURS = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY)
# Lengths of dashes and gaps, in widths of the line.
SOLID: tuple[float, ...] = ()
DASHED, DASH_DOT, DOTTED = (3.7, 1.6), (6.4, 1.6, 1, 1.6), (1, 1.65)
DASHES = (SOLID, DASHED, DASH_DOT, DOTTED, (5, 1), (3, 1, 1, 1))
MARKERS = ("circle", "square", "up", "diamond", "down", "plus")  # see `chart.SHAPES`
HIDDEN = "A picture to bet on", "look at its curves; its numbers are hidden"  # heading and description

_SVG = "http://www.w3.org/2000/svg"
_ACTS = ("data-handle", "data-group", "data-link", "data-says", "role", "tabindex", "aria-label", "aria-valuemin",
         "aria-valuemax", "aria-valuenow", "aria-valuetext", "aria-pressed", "id")  # fmt: skip

Series = Sequence[tuple[str, str, Any, Any]]


class Drawing(str):
    """An ``<svg>`` element, and what it shows.

    Attributes
    ----------
    heading, description : str
        What it is, and what is to be seen in it, in words.
    series : sequence of (panel, name, xs, ys)
        The numbers that it shows.
    ghost : object
        What of it can stand behind a later one, as the one who drew it will draw that.
    """

    heading: str
    description: str
    series: Series = ()
    ghost: Any = None

    @property
    def words(self) -> str:
        """Heading and description as a sentence."""
        return f"{self.heading}: {self.description}."

    def without_numbers(self) -> Drawing:
        """The same picture, to bet on, without what tells its setting.

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
        drawing = Drawing(ElementTree.tostring(root, encoding="unicode"))
        (drawing.heading, drawing.description), drawing.series = HIDDEN, self.series
        return drawing


def picture_of(
    width: float, height: float, title: str, description: str, *parts: str, series: Series = (), ghost: Any = None
) -> Drawing:
    """A whole picture, as wide as the page lets it be.

    Parameters
    ----------
    width, height : float
        Of the picture, in its own units, of which letters are 7 to 10 high.
    title, description : str
        What a screen reader says: what it is, and what is to be seen in it.
    *parts : str
        SVG.
    series, ghost
        As of `Drawing`.
    """
    said = f"{html.escape(title)}: {html.escape(description)}"
    # A picture with the role "img" has no parts for a screen reader; handles and buttons are parts.
    role = "group" if any('role="' in part for part in parts) else "img"
    drawing = Drawing(
        f'<svg viewBox="0 0 {width:g} {height:g}" role="{role}" aria-label="{said}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" font-family="sans-serif" '
        'style="width:100%;max-width:1200px;height:auto;display:block">'
        f"<desc>{said}</desc>{''.join(parts)}</svg>"
    )
    drawing.heading, drawing.description, drawing.series, drawing.ghost = title, description, series, ghost
    return drawing


def on_paper(drawing: str) -> str:
    """An SVG to keep: dark on white, whatever page it was made for."""
    return drawing.replace("display:block", "background:#fff;color:#111").replace("currentColor", "#111111")


def link(text: str, name: str, kind: str = "image/svg+xml") -> str:
    """A link that saves a file: its text, its name and its media type."""
    data = base64.b64encode(text.encode()).decode()
    return f'<a download="{html.escape(name)}" href="data:{kind};base64,{data}">{html.escape(name)}</a>'
