"""Charts as SVG: axes with ticks, curves with marks, bands, reference lines, notes and legends.

A chart is told what it shows, one thing after the other; how far its axes reach is settled by then, and it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drawing import COLOURS, DASHES, FAINT, MARKERS, Drawing, picture_of
from .ghost import Trace, last_setting
from .lines import clipped, inside, thinned
from .plane import Plane
from .svg import element, label, steps, width_of
from .ticks import SIZE, ticks

Array = NDArray[Any]
Ends = tuple[float, float]
WIDTH = 648.0  # of a whole picture
LEFT, TOP, RIGHT, BOTTOM = 43.2, 21.6, 7.2, 36.0  # margins around its charts
GAP = 44.0  # between two charts side by side: as wide as the numbers and the name of an axis
SMALLEST = 1e-290  # the ends of a logarithmic axis stay above 0
SLACK = 0.05  # of an axis that makes room for what it shows: so much is empty at either end
GHOST = {"stroke": FAINT, "opacity": 0.55, "fill": "none"}

# What the pen draws for a mark of size 1 around a place. A dash of no length is a dot as wide as the line.
SHAPES = {
    "circle": "h0", "square": "h0",
    "up": "m0 -.6l.55 1h-1.1z", "down": "m0 .6l.55 -1h-1.1z", "diamond": "m0 -.7l.6 .7l-.6 .7l-.6 -.7z",
    "plus": "m-.2 -.55h.4v.35h.35v.4h-.35v.35h-.4v-.35h-.35v-.4h.35z",
    "cross": "m-.5 -.5l1 1m0 -1l-1 1",
    "star": "m0 -.6l.135 .414h.436l-.353 .256l.135 .415l-.353 -.257l-.353 .257l.135 -.415l-.353 -.256h.436z",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How a curve is drawn.

    Attributes
    ----------
    colour : str
    dash : tuple of float, default ()
        Lengths of dashes and of gaps, in widths of the line.
    marker : str, default ""
        One of `SHAPES`; no marks by default.
    width : float, default 1.6
        Of the line; 0 for marks alone.
    size : float, default 5
        Of a mark.
    opacity : float, default 1
    """

    colour: str
    dash: tuple[float, ...] = ()
    marker: str = ""
    width: float = 1.6
    size: float = 5.0
    opacity: float = 1.0

    def but(self, **changes: Any) -> Look:
        """The same with some changes."""
        return replace(self, **changes)

    def line(self, points: Array) -> str:
        """A line through points of the picture."""
        dashes = " ".join(f"{self.width * length:.3g}" for length in self.dash) or None
        shown = None if self.opacity == 1 else self.opacity
        return element("path", d=steps(thinned(points)), fill="none", stroke=self.colour, stroke_width=self.width,
                       stroke_dasharray=dashes, opacity=shown)  # fmt: skip

    def marks(self, points: Array) -> str:
        """A mark at each point of the picture, all of them one element."""
        shape, size = SHAPES[self.marker], self.size
        look: dict[str, Any] = {"fill": self.colour, "opacity": None if self.opacity == 1 else self.opacity}
        if shape == "h0":
            cap = "round" if self.marker == "circle" else "square"
            look = {**look, "fill": "none", "stroke": self.colour, "stroke_width": size, "stroke_linecap": cap}
        elif self.marker == "cross":
            look = {**look, "fill": "none", "stroke": self.colour}
        places = points[np.isfinite(points).all(axis=1)]
        return element("path", d=(f"M%.1f %.1f{_sized(shape, size)}" * len(places)) % tuple(places.ravel()), **look)


def looks_of(names: Iterable[str]) -> dict[str, Look]:
    """A look for each of at most six names: curves are told apart by colour, by dashes, and by marks."""
    return {name: Look(*look) for name, look in zip(names, zip(COLOURS, DASHES, MARKERS, strict=True), strict=False)}


@dataclass
class Chart:
    """Axes, and what is drawn over them.

    Attributes
    ----------
    box : (float, float, float, float)
        Left, top, width and height in the picture, without what stands around the axes; see `row`.
    title, across, along : str
        What stands above, below, and turned by a right angle on the left.
    x_ends, y_ends : (float, float), optional
        How far the axes reach; without, as far as what they show.
    log : {"", "x", "y", "xy"}
        Which axes are logarithmic.
    x_ticks, y_ticks : sequence of (float, str), optional
        Values and what stands beside them; by default round numbers.
    grid : bool, default True
        Whether there are lines at the ticks.
    before : sequence of Trace
        What the chart showed in the last setting: stands behind, and an axis that makes room does it for that too.
    series : list of (panel, name, xs, ys)
        The numbers that it shows.
    traces : list of Trace
        What can stand behind a later chart.
    """

    box: tuple[float, float, float, float]
    title: str = ""
    across: str = ""
    along: str = ""
    x_ends: Ends | None = None
    y_ends: Ends | None = None
    log: str = ""
    x_ticks: Sequence[tuple[float, str]] | None = None
    y_ticks: Sequence[tuple[float, str]] | None = None
    grid: bool = True
    before: Sequence[Trace] = ()
    series: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    _parts: list[Any] = field(default_factory=list)  # SVG, or a function that makes it once the axes are settled
    _reach: list[tuple[Any, Any]] = field(default_factory=list)  # values of x and of y that the axes make room for

    def curve(self, name: str, xs: Any, ys: Any, look: Look) -> None:
        """A line through values, marks at them, or both; its numbers can be saved, and it leaves a ghost."""
        points = _points(xs, ys)
        self.series.append((self.title, name, xs, ys))
        self.traces.append(Trace(name, points, look.dash if look.width else None))
        self._reach.append((points[:, 0], points[:, 1]))
        self._parts.append(lambda: self._drawn(points, look, id=name))

    def line(self, xs: Any, ys: Any, look: Look) -> None:
        """A line or marks that help to read the chart: no numbers of its own, no ghost."""
        points = _points(xs, ys)
        self._reach.append((points[:, 0], points[:, 1]))
        self._parts.append(lambda: self._drawn(points, look))

    def band(self, xs: Any, low: Any, high: Any, colour: str, opacity: float, name: str = "") -> None:
        """A filled area between two curves; with a name, the upper one can be saved, and leaves a ghost."""
        upper, lower = _points(xs, high), _points(xs, np.broadcast_to(low, np.shape(xs)))
        if name:
            self.series.append((self.title, name, xs, high))
            self.traces.append(Trace(name, upper, ()))
        self._reach += [(upper[:, 0], upper[:, 1]), ((), lower[:, 1])]
        self._parts.append(lambda: self._filled(upper, lower, fill=colour, opacity=opacity, id=name or None))

    def upright(self, x: float, look: Look) -> None:
        """A line from the bottom to the top at one value of x."""
        self._reach.append(((x,), ()))
        self._parts.append(lambda: look.line(np.array([[self.plane.x(x), self._top], [self.plane.x(x), self._bottom]])))

    def level(self, y: float, look: Look) -> None:
        """A line from the left to the right at one value of y."""
        self._reach.append(((), (y,)))
        left, _, right, _ = self.border
        self._parts.append(lambda: look.line(np.array([[left, self.plane.y(y)], [right, self.plane.y(y)]])))

    def text(self, x: float, y: float, text: str, size: float = 7.0, anchor: str = "start", **attributes: Any) -> None:
        """A line of text at values of x and y: of its beginning, middle or end, and of its base line."""
        self._parts.append(
            lambda: label(float(self.plane.x(x)), float(self.plane.y(y)), text, size, anchor, **attributes)
        )

    def note(self, across: float, up: float, text: str, size: float = 8.0, anchor: str = "start", **attributes: Any
             ) -> None:  # fmt: skip
        """Text whose first base line lies at shares of the width and of the height of the axes, 0 to 1."""
        left, top, width, height = self.box
        for number, line in enumerate(text.split("\n")):
            y = top + (1 - up) * height + 1.2 * size * number
            self._parts.append(label(left + across * width, y, line, size, anchor, **attributes))

    def beside_title(self, text: str, **attributes: Any) -> None:
        """Text that ends above the upper right corner."""
        _, top, right, _ = self.border
        self._parts.append(label(right, top - 6, text, 8, "end", **attributes))

    def make_room(self, xs: Any = (), ys: Any = ()) -> None:
        """Have the axes reach to some values, whatever is shown there."""
        self._reach.append((xs, ys))

    def put(self, svg: str) -> None:
        """Something that is drawn already."""
        self._parts.append(svg)

    @property
    def border(self) -> tuple[float, float, float, float]:
        """The least x and y and the greatest ones in the picture."""
        left, top, width, height = self.box
        return left, top, left + width, top + height

    @cached_property
    def plane(self) -> Plane:
        """Which values lie where, once the chart was told all that it shows."""
        for trace in self.before:
            self._reach.append((trace.points[:, 0], trace.points[:, 1]))
        x_ends = self.x_ends or _reaching([xs for xs, _ in self._reach], log="x" in self.log)
        y_ends = self.y_ends or _reaching([ys for _, ys in self._reach], log="y" in self.log)
        return Plane(*self.box, x_ends, y_ends, log="y" in self.log, log_x="x" in self.log)

    def drawn(self) -> str:
        """The chart as SVG."""
        ghosts = "".join(self._ghost(trace) for trace in self.before)
        shown = "".join(part if isinstance(part, str) else part() for part in self._parts)
        return self._axes() + element("g", ghosts, **GHOST) + shown

    @property
    def _top(self) -> float:
        return self.box[1]

    @property
    def _bottom(self) -> float:
        return self.box[1] + self.box[3]

    def _placed(self, points: Array) -> Array:
        return np.column_stack([self.plane.x(points[:, 0]), self.plane.y(points[:, 1])])

    def _drawn(self, points: Array, look: Look, **attributes: Any) -> str:
        placed = self._placed(points)
        line = look.line(clipped(placed, self.border)) if look.width else ""
        marks = look.marks(placed[inside(placed, self.border)]) if look.marker else ""
        return element("g", line + marks, **attributes)

    def _filled(self, upper: Array, lower: Array, **attributes: Any) -> str:
        """The area between two lines with the same x; where one is not finite, there is none."""
        there = np.isfinite(upper).all(axis=1) & np.isfinite(lower).all(axis=1)
        rim = np.concatenate([self._placed(upper[there]), self._placed(lower[there])[::-1]])
        left, top, right, bottom = self.border
        rim = np.clip(rim, (left, top), (right, bottom))
        return element("path", d=steps(rim) + "Z" * (len(rim) > 0), **attributes)

    def _ghost(self, trace: Trace) -> str:
        placed = self._placed(trace.points)
        if trace.dash is None:
            dots = Look(FAINT, marker="circle", size=3).marks(placed[inside(placed, self.border)])
            return element("g", dots, id=f"ghost-{trace.name}")
        dashes = " ".join(f"{1.2 * length:.3g}" for length in trace.dash) or None
        return element("path", d=steps(thinned(clipped(placed, self.border))), stroke_width=1.2,
                       stroke_dasharray=dashes, id=f"ghost-{trace.name}")  # fmt: skip

    def _axes(self) -> str:
        """The grid, two axes with ticks, and what stands beside them."""
        left, top, right, bottom = self.border
        plane = self.plane
        across = ticks(plane.across, right - left, "x", log=plane.log_x) if self.x_ticks is None else self.x_ticks
        along = ticks(plane.along, bottom - top, "y", log=plane.log) if self.y_ticks is None else self.y_ticks
        xs, ys = plane.x([x for x, _ in across]).tolist(), plane.y([y for y, _ in along]).tolist()
        grid = "".join(f"M{x:.1f} {bottom:.1f}V{top:.1f}" for x in xs)
        grid += "".join(f"M{left:.1f} {y:.1f}H{right:.1f}" for y in ys)
        axes = f"M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}"
        axes += "".join(f"M{x:.1f} {bottom:.1f}v3.5" for x in xs) + "".join(f"M{left:.1f} {y:.1f}h-3.5" for y in ys)
        numbers = [_words(x, bottom + 13, said) for x, (_, said) in zip(xs, across, strict=True)]
        beside = [_words(left - 6, y + 3, said) for y, (_, said) in zip(ys, along, strict=True)]
        wide = max((width_of(said, SIZE) for _, said in along), default=0.0)
        names = []
        if self.across:
            names.append(_words((left + right) / 2, bottom + 26, self.across, font_size=9))
        if self.along:
            x, y = max(left - wide - 12, left - 33), (top + bottom) / 2
            names.append(_words(x, y, self.along, font_size=9, transform=f"rotate(-90 {x:.6g} {y:.6g})"))
        text = {"fill": "currentColor", "font_size": SIZE, "class_": "tick"}
        return (
            (element("path", d=grid, stroke=FAINT, stroke_width=0.8, opacity=0.25) if self.grid and grid else "")
            + element("path", d=axes, stroke="currentColor", stroke_width=0.8, fill="none")
            + element("g", "".join(numbers + names), text_anchor="middle", **text)
            + element("g", "".join(beside), text_anchor="end", **text)
            + (label(left, top - 6, self.title, 10) if self.title else "")
        )


def row(count: int, height: float, widths: Sequence[float] = (), right: float = RIGHT, left: float = LEFT,
        gap: float = GAP) -> list[tuple[float, float, float, float]]:  # fmt: skip
    """Boxes for charts side by side in a picture.

    Parameters
    ----------
    count : int
    height : float
        Of the picture.
    widths : sequence of float, optional
        How wide they are in proportion to each other.
    right, left : float
        Margins.
    gap : float
        Between two of them.
    """
    widths = widths or [1.0] * count
    unit = (WIDTH - left - right - gap * (count - 1)) / sum(widths)
    lefts = [left + unit * sum(widths[:number]) + gap * number for number in range(count)]
    return [(x, TOP, unit * width, height - TOP - BOTTOM) for x, width in zip(lefts, widths, strict=True)]


def legend(x: float, y: float, entries: Iterable[tuple[str, Look]], size: float = 8.0, sample: float = 18.0,
           columns: Sequence[float] = (0.0,)) -> str:  # fmt: skip
    """Names beside samples of how their curves are drawn, one below the other.

    Parameters
    ----------
    x, y : float
        Where the first sample begins, and the middle of its line.
    entries : iterable of (str, Look)
        A name may have several lines.
    size : float
        Of the text.
    sample : float
        How long a sample is.
    columns : sequence of float
        Where columns begin, from `x` on: names are put into one after the other, row by row.
    """
    parts, up, tall = [], y, 0.0
    for number, (name, look) in enumerate(entries):
        if number % len(columns) == 0:
            up, tall = up + tall, 0.0
        here, lines = x + columns[number % len(columns)], name.split("\n")
        ends = np.array([[here, up], [here + sample, up]])
        if look.width:
            parts.append(look.line(ends))
        if look.marker:
            parts.append(look.marks(ends.mean(axis=0, keepdims=True)))
        for line, text in enumerate(lines):
            parts.append(label(here + sample + 5, up + size * (0.36 + 1.15 * line), text, size))
        tall = max(tall, size * (0.35 + 1.15 * len(lines)))
    return element("g", "".join(parts), class_="legend")


def ghosts(count: int) -> Sequence[Sequence[Trace]]:
    """What each of so many charts showed in the last setting; nothing where there were more or fewer of them."""
    before = last_setting() or ()
    return before if len(before) == count else [()] * count


def charted(height: float, title: str, description: str, charts: Sequence[Chart], *more: str) -> Drawing:
    """A picture of charts.

    Parameters
    ----------
    height : float
        Of the picture.
    title, description : str
        What a screen reader says: what it is, and what is to be seen in it.
    charts : sequence of Chart
    *more : str
        SVG that stands on top of them.
    """
    drawn = [chart.drawn() for chart in charts]
    series = [one for chart in charts for one in chart.series]
    kept = [chart.traces for chart in charts]
    return picture_of(WIDTH, height, title, description, *drawn, *more, series=series, ghost=kept)


def _words(x: float, y: float, text: str, **attributes: Any) -> str:
    """A line of text that takes its looks from the group around it."""
    return element("text", text.replace("&", "&amp;").replace("<", "&lt;"), x=round(x, 1), y=round(y, 1), **attributes)


def _points(xs: Any, ys: Any) -> Array:
    return np.column_stack([np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)])


def _reaching(values: Sequence[Any], *, log: bool) -> Ends:
    """The ends of an axis that has room for values."""
    every = np.concatenate([np.asarray(part, dtype=float).ravel() for part in values] or [np.empty(0)])
    # On a logarithmic axis there is no place for what is not positive, nor room around what is nearly 0.
    every = every[np.isfinite(every) & ((every > SMALLEST) | (not log))]
    if not every.size:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = float(every.min()), float(every.max())
    if log:
        low, high = np.log10(low), np.log10(high)
    span = high - low
    if span <= 1e-9 * max(abs(low), abs(high)):  # nothing but one value: an axis around it
        span = max(abs(low), 1.0)
    ends = low - SLACK * span, high + SLACK * span
    return (float(10 ** ends[0]), float(10 ** ends[1])) if log else ends


@cache
def _sized(shape: str, size: float) -> str:
    """What the pen draws for a mark of some size."""
    return re.sub(r"-?[\d.]+", lambda number: f"{float(number.group()) * size:.3g}", shape)
