"""The decision-boundary explorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from contourpy import contour_generator
from numpy.typing import NDArray

from ..controls import choice, fraction, log_slider, slider
from ..drawing import AMBER, BLUE, FAINT, GREEN, ORANGE, PINK, SKY, Drawing, picture_of
from ..explorer import Explorer
from ..ghost import last_setting
from ..picture import Axis, Move, handle
from ..plane import Plane, tinted
from ..player import Player
from ..svg import SMALL, element, label, path
from .compute import EDGE, FINE, LAST, Boundary, Seen, see
from .sets import COUNT, SETS

Array = NDArray[Any]
CLASSES = (BLUE, ORANGE)
UNITS = (GREEN, PINK, AMBER, "#8a6fc0", SKY, "#a0693c", "#5f9e86", FAINT)  # of the first layer; blue is a class
SPACE = Plane(44, 24, 330, 330, (-EDGE, EDGE), (-EDGE, EDGE))
FALL = Plane(440, 288, 268, 72, (0, LAST), (0, 1.5))
NET_LEFT, NET_TOP, NET_RIGHT, NET_HEIGHT, TILE = 410, 24, 708, 224, 24  # of the drawing of the net


class Moved(widgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """How many points were moved, and a button that puts them back.

    Attributes
    ----------
    value : tuple of float
        As of `Boundary.moved`.
    """

    value = traitlets.Tuple()

    def __init__(self, value: tuple[float, ...]) -> None:
        self._count = widgets.Label()
        self.back = widgets.Button(description="Put points back", tooltip="Where they were", layout={"width": "auto"})
        self.back.on_click(lambda _: setattr(self, "value", ()))
        super().__init__([self._count, self.back], layout={"align_items": "center"})
        self.observe(lambda _: self._show(), "value")
        self.value = value
        self._show()

    def _show(self) -> None:
        count = len(self.value) // 3
        self._count.value = f"{count} of {COUNT} points moved"
        self.back.disabled = not count


class BoundaryExplorer(Explorer[Boundary]):
    """A net of two inputs learns to tell points apart: its decision boundary, and every unit's part in it.

    Parameters
    ----------
    net_class : type
        Your ``FullyConnectedNet``.
    state, jobs
        As of `Explorer`.
    """

    title = "Decision boundary"
    look_for = (
        "Each unit of the first layer is a line: it puts out more than 0 on the side of the small strokes, and 0 on "
        "the other. What the net can tell apart is put together from these half-planes. Point at a unit to see its "
        "part; drag a point, and the net is trained anew with the point there. Rings mark the next minibatch."
    )
    question = (
        "How many units in one hidden layer do the rings need, and what does each of them contribute? "
        "What do two layers of two units make of the same points?"
    )
    first = Boundary()

    def __init__(self, net_class: type, state: Boundary | str | None = None, **options: Any) -> None:
        self.net_class = net_class
        super().__init__({"net_class": net_class}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """The points, the net, the training, and how many minibatches it has seen."""
        now = self.state
        return {
            "set": choice(tuple(SETS), now.set, "points"),
            "noise": fraction(0, 0.4, now.noise, "noise"),
            "depth": slider(1, 3, now.depth, "hidden layers"),
            "units": slider(1, 8, now.units, "units in each layer"),
            "scale": log_slider(-3, 1, now.scale, "weight scale"),
            "rate": log_slider(-3, 1, now.rate, "learning rate"),
            "batch": slider(1, COUNT, now.batch, "batch size"),
            "seed": slider(0, 20, now.seed, "seed"),
            "moved": Moved(now.moved),
            "step": Player(now.step, LAST, "minibatches"),
        }

    def moved(self, move: Move) -> Mapping[str, Any]:
        """A point was dragged, or the step on the curve of the loss."""
        kind, _, number = move.handle.partition("-")
        if kind != "point" or move.x is None or move.y is None:
            return super().moved(move)
        return {"moved": self.state.with_point(int(number), move.x, move.y).moved}

    def numbers(self, state: Boundary) -> Seen:
        """What the picture draws."""
        return see(self.net_class, state)

    def picture(self, state: Boundary) -> Drawing:
        """The plane with the points and the half-planes, the net with what each unit sees, and the loss."""
        seen = self.numbers(state)
        said = (
            f"after {state.step} minibatches the net labels {100 * seen.accuracy:.0f} % of the {COUNT} points right; "
            f"their loss is {seen.loss:.3f}{_idle(seen)}"
        )
        series = [
            *(("points", f"class {kind}", *seen.X[seen.y == kind].T) for kind in (0, 1)),
            ("loss of each minibatch", "loss", np.arange(1, state.step + 1), seen.losses),
        ]
        border, before = _border(seen), last_setting() or {"border": (), "losses": ()}
        parts = (_space(seen, border, before["border"]), _net(seen), _fall(seen, state, before["losses"]))
        ghost = {"border": border, "losses": seen.losses}
        return picture_of(720, 396, "Decision boundary", said, *parts, series=series, ghost=ghost)


def _border(seen: Seen) -> list[Array]:
    """Where the net is of two minds: lines of points, each of shape (points, 2)."""
    axis = np.linspace(-EDGE, EDGE, FINE)
    lines = contour_generator(axis, axis[::-1], np.nan_to_num(seen.share, nan=0.5)).lines(0.5)
    return [np.asarray(line) for line in lines]


def _space(seen: Seen, border: Sequence[Array], before: Sequence[Array]) -> str:
    """The plane: what the net answers where, its border and that of before, half-planes of the first layer, points."""
    sure = np.abs(2 * seen.share - 1)
    pixels = np.where((seen.share > 0.5)[..., None], tinted(ORANGE, 0.45 * sure), tinted(BLUE, 0.45 * sure))
    old = "".join(
        SPACE.line(*line.T, stroke=FAINT, stroke_width=2, stroke_dasharray="6 4", id=f"ghost-boundary-{number}")
        for number, line in enumerate(before)
    )
    new = "".join(
        SPACE.line(*line.T, stroke="currentColor", stroke_width=2.5, id=f"boundary-{number}")
        for number, line in enumerate(border)
    )
    lit = "".join(_map_of(seen, layer, unit) for layer, unit in _units(seen))
    lines = "".join(_half_plane(seen, unit) for unit in range(len(seen.hidden[0])))
    return (
        SPACE.frame("What the net answers where", "x₁", "x₂", ((-1, 0, 1), (-1, 0, 1)))
        + SPACE.image(pixels, style="image-rendering:auto")
        + SPACE.inside("nndl-space", lit, old, new, lines)
        + _points(seen)
    )


def _map_of(seen: Seen, layer: int, unit: int) -> str:
    """Where a unit is active, to be seen over the whole plane while somebody points at it."""
    place = {"x": SPACE.left, "y": SPACE.top, "width": SPACE.width, "height": SPACE.height}
    box = element("rect", **place, style="fill:var(--jp-layout-color0,#fff)")  # covers what the net answers
    shown = box + SPACE.image(_pixels_of(seen, layer, unit))
    return element(
        "g", shown, display="none", class_="when-lit", data_link=f"unit-{layer}-{unit + 1}", style="pointer-events:none"
    )


def _pixels_of(seen: Seen, layer: int, unit: int) -> Array:
    """What a unit puts out over the plane, as strength of its colour."""
    out = seen.hidden[layer - 1][unit]
    return tinted(UNITS[unit] if layer == 1 else BLUE, out / max(float(np.nanmax(out, initial=0)), 1e-9))


def _half_plane(seen: Seen, unit: int) -> str:
    """The line on which a unit of the first layer begins to be active, with strokes on its active side."""
    w, b = seen.half_plane(unit)
    ends = _across_the_box(w, b)
    if ends is None:
        return ""
    colour = UNITS[unit]
    (x1, x2), (y1, y2) = SPACE.x(ends[:, 0]), SPACE.y(ends[:, 1])
    along = np.array([x2 - x1, y2 - y1])
    length = float(np.hypot(*along))
    towards = np.array([w[0], -w[1]]) / np.hypot(*w)  # y grows downwards in a picture
    starts = np.array([x1, y1]) + np.arange(8, length, 16)[:, None] * along / max(length, 1e-9)
    strokes = "".join(f"M{x:.1f} {y:.1f}l{6 * towards[0]:.1f} {6 * towards[1]:.1f}" for x, y in starts)
    where = np.array([x1, y1]) + along * (1 - 14 / max(length, 28)) + 12 * towards
    line = (
        path((x1, x2), (y1, y2), stroke="transparent", stroke_width=11)  # easier to point at
        + path((x1, x2), (y1, y2), stroke=colour, stroke_width=1.8)
        + element("path", d=strokes, stroke=colour, stroke_width=1.2)
        + label(float(where[0]), float(where[1]) + 3, str(unit + 1), 9, "middle", font_weight="bold")
    )
    return element("g", line, data_link=f"unit-1-{unit + 1}", data_says=_says(seen, 1, unit), id=f"line-{unit + 1}")


def _across_the_box(w: Array, b: float) -> Array | None:
    """The two points at which the line w · x + b = 0 leaves the plane, shape (2, 2); None where it does not cross."""
    found = []
    if not np.isfinite([*w, b]).all():
        return None
    for axis, other in ((0, 1), (1, 0)):
        for side in (-EDGE, EDGE):
            if w[other]:
                value = -(b + w[axis] * side) / w[other]
                if abs(value) <= EDGE:
                    found.append([side, value] if axis == 0 else [value, side])
    corners = sorted(found)
    return np.array([corners[0], corners[-1]]) if len(corners) > 1 else None


def _points(seen: Seen) -> str:
    """The points, each one a handle; the next minibatch has rings."""
    shapes = (element("circle", r=4), element("path", d="M0 -5.2L4.8 3.6H-4.8Z"))
    batch = set(seen.batch.tolist())
    parts = []
    for number, ((x, y), kind, right) in enumerate(zip(seen.X, seen.y, seen.right, strict=True)):
        look = {"fill": CLASSES[kind], "stroke": "#fff" if right else "currentColor", "stroke_width": 1 if right else 2}
        inside = element("circle", r=9, fill="transparent") + element("g", shapes[kind], **look)
        inside += element("circle", r=8, fill="none", stroke="currentColor", stroke_width=2, opacity=0, class_="ring")
        if number in batch:
            inside += element("circle", r=6.5, fill="none", stroke="currentColor", stroke_width=0.9, class_="batch")
        across = Axis(float(x), -EDGE, EDGE, SPACE.left, SPACE.left + SPACE.width, 0.05)
        up = Axis(float(y), -EDGE, EDGE, SPACE.top + SPACE.height, SPACE.top, 0.05)
        name = f"point {number + 1} of {COUNT}, class {'blue' if kind == 0 else 'orange'}"
        parts.append(handle(f"point-{number}", name, inside, x=across, y=up, group="points"))
    return element("g", "".join(parts), role="group", aria_label="points; Page Down goes to the next one")


def _places(seen: Seen) -> list[list[tuple[float, float]]]:
    """Where the inputs, the units of each hidden layer, and the output are drawn: the middle of each tile."""
    columns = [2, *(len(layer) for layer in seen.hidden), 1]
    lefts = np.linspace(NET_LEFT + TILE / 2, NET_RIGHT - TILE / 2, len(columns))
    middle = NET_TOP + NET_HEIGHT / 2
    return [
        [(float(left), middle + (TILE + 4) * (row - (count - 1) / 2)) for row in range(count)]
        for left, count in zip(lefts, columns, strict=True)
    ]


def _net(seen: Seen) -> str:
    """The net: a tile for each unit with what it puts out over the plane, and lines as thick as the weights."""
    places = _places(seen)
    last = len(places) - 1
    parts = [label(NET_LEFT, NET_TOP - 6, "What each unit sees; line width: its weights", 10)]
    for layer in range(1, last + 1):
        W = np.nan_to_num(seen.params[f"W{layer}"])
        weights = W[:, 1:] - W[:, :1] if layer == last else W  # for class 1, against class 0
        largest = max(float(np.abs(weights).max(initial=0)), 1e-9)
        for (begin, end), weight in np.ndenumerate(weights):
            (x1, y1), (x2, y2) = places[layer - 1][begin], places[layer][end]
            units = [f"unit-{layer - 1}-{begin + 1}"] if layer > 1 else []
            units += [f"unit-{layer}-{end + 1}"] if layer < last else []
            parts.append(element(
                "path", d=f"M{x1 + TILE / 2:.1f} {y1:.1f}L{x2 - TILE / 2:.1f} {y2:.1f}", fill="none",
                stroke=BLUE if weight > 0 else ORANGE, stroke_dasharray=None if weight > 0 else "4 2",
                stroke_width=round(0.3 + 3 * abs(float(weight)) / largest, 2), data_link=" ".join(units),
                style="pointer-events:none",
            ))  # fmt: skip
    axis = np.linspace(0, 1, FINE)
    inputs = (np.tile(axis, (FINE, 1)), np.tile(axis[::-1, None], (1, FINE)))
    for number, ((x, y), strength) in enumerate(zip(places[0], inputs, strict=True)):
        parts.append(_tile(x, y, tinted(FAINT, 0.8 * strength)) + label(x - 16, y + 3, f"x{'₁₂'[number]}", 9, "end"))
    for layer, unit in _units(seen):
        x, y = places[layer][unit]
        image = _tile(x, y, _pixels_of(seen, layer, unit))
        says = _says(seen, layer, unit)
        name = label(x - TILE / 2 + 2, y + TILE / 2 - 2, str(unit + 1), 7, font_weight="bold") if layer == 1 else ""
        parts.append(element("g", image + name, role="button", tabindex="0", aria_pressed="false", aria_label=says,
                             data_link=f"unit-{layer}-{unit + 1}", data_says=says))  # fmt: skip
    x, y = places[-1][0]
    pixels = np.where((seen.share > 0.5)[..., None], tinted(ORANGE, seen.share), tinted(BLUE, 1 - seen.share))
    parts.append(_tile(x, y, pixels) + label(x, y + TILE, "answer", SMALL, "middle"))
    return "".join(parts)


def _tile(x: float, y: float, pixels: Array) -> str:
    """A small square with pixels, around a middle."""
    place = Plane(x - TILE / 2, y - TILE / 2, TILE, TILE, (0, 1), (0, 1))
    border = {"x": place.left, "y": place.top, "width": TILE, "height": TILE, "stroke": FAINT}
    return element("rect", **border, fill="transparent") + place.image(pixels)


def _fall(seen: Seen, state: Boundary, before: Sequence[float]) -> str:
    """The loss of each minibatch so far, and of before; the mark at its end can be dragged to another step."""
    curve = _losses(before, stroke=FAINT, stroke_width=1, opacity=0.7, id="ghost-losses")
    curve += _losses(seen.losses, stroke=BLUE, stroke_width=1.2, id="losses")
    mark = element("path", d=f"M0 0V{FALL.height}", stroke="currentColor", stroke_width=1.5)
    mark += element("path", d="M-6 -9H6V-4L0 2L-6 -4Z", fill="currentColor")
    mark += element("rect", x=-9, y=-12, width=18, height=FALL.height + 12, fill="transparent")
    mark += element(
        "rect", x=-8, y=-11, width=16, height=16, fill="none", stroke=ORANGE, stroke_width=2, opacity=0, class_="ring"
    )
    along = Axis(state.step, 0, LAST, FALL.left, FALL.left + FALL.width, 1)
    grip = handle("step", "minibatches so far", mark, x=along, beside=FALL.top)
    title = f"Loss of each minibatch; of all points {seen.loss:.3f}, {100 * seen.accuracy:.0f} % right"
    ticks = ((0, 100, 200, 300, 400, 500), (0, 0.5, 1, 1.5))
    return FALL.frame("", "minibatches", "loss", ticks) + label(NET_LEFT, FALL.top - 14, title, 10) + curve + grip


def _losses(losses: Sequence[float], **look: Any) -> str:
    top = FALL.along[1]
    return FALL.line(np.arange(1, len(losses) + 1), np.minimum(np.nan_to_num(losses, nan=top), top), **look)


def _units(seen: Seen) -> list[tuple[int, int]]:
    """All hidden units: layer, from 1, and number in it, from 0."""
    return [(layer, unit) for layer, maps in enumerate(seen.hidden, 1) for unit in range(len(maps))]


def _says(seen: Seen, layer: int, unit: int) -> str:
    """What a unit does, in a sentence."""
    share = float(seen.active[layer - 1][unit])
    there = "active at none of the points: nothing can be learnt through it" if share == 0 else (
        f"active at {100 * share:.0f} % of the points"
    )  # fmt: skip
    if layer > 1:
        return f"Unit {unit + 1} of layer {layer}: {there}"
    (w1, w2), b = seen.half_plane(unit)
    return f"Unit {unit + 1} of layer 1, where {w1:.2f} x₁ {_plus(w2)} x₂ {_plus(b)} > 0: {there}".replace("-", "−")


def _plus(value: float) -> str:
    return f"{'−' if value < 0 else '+'} {abs(value):.2f}"


def _idle(seen: Seen) -> str:
    """How many units are active nowhere, as the end of a sentence."""
    count = sum(int(np.sum(active == 0)) for active in seen.active)
    return f"; {count} {'unit is' if count == 1 else 'units are'} active at none of them" if count else ""
