"""The convolution explorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from numpy.typing import NDArray

from ..chart import Look
from ..controls import choice, slider
from ..drawing import FAINT, GREEN, ORANGE, Drawing, picture_of
from ..explorer import Explorer
from ..grips import axis_of, frame
from ..picture import Axis, Move, handle
from ..plane import Plane, coloured, data_of
from ..svg import element, label
from .compute import PRESETS, SIDE, Convolution, Seen, product, see

Array = NDArray[Any]
Tones = tuple[Sequence[str], tuple[float, float]]  # colours, and which values have the first and the last of them
OWN = "your own"
WIDTH, HEIGHT = 648.0, 208.8  # of the picture
LEFT, TOP, WIDE, TALL, GAP = 13.0, 24.0, 144.0, 162.0, 17.3  # of the four places for images, side by side
GRAY = ("#000000", "#ffffff")
# C. Brewer's PuOr, turned round: people with any kind of colour vision tell its two halves apart.
SIGNED = ("#2d004b", "#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7", "#fee0b6", "#fdb863", "#e08214", "#b35806",
          "#7f3b08")  # fmt: skip
TRAVEL = 8  # units of the picture that a dragged entry of the kernel goes to become 1 more


class Kernel(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Nine number boxes and a list of kernels to begin with.

    Attributes
    ----------
    value : tuple of nine floats
        Row by row.
    """

    value = traitlets.Tuple()

    def __init__(self, value: tuple[float, ...]) -> None:
        self._quiet = False
        self.preset = choice((OWN, *PRESETS), OWN, "kernel")
        self.boxes = [
            widgets.BoundedFloatText(
                min=-10, max=10, step=0.5, layout={"width": "84px"}, style={"description_width": "0px"},
                description=f"row {1 + number // SIDE}, column {1 + number % SIDE}",  # not seen, but read out
            )
            for number in range(SIDE * SIDE)
        ]  # fmt: skip
        rows = [widgets.HBox(self.boxes[SIDE * row : SIDE * (row + 1)]) for row in range(SIDE)]
        grid = widgets.VBox(rows, layout={"align_self": "flex-end"})
        super().__init__([self.preset, grid], layout={"grid_area": "span 4"})  # the sliders stand beside it
        self.observe(lambda change: self._show(change["new"]), "value")
        self.preset.observe(lambda change: self._chosen(change["new"]), "value")
        for box in self.boxes:
            box.observe(lambda _: self._edited(), "value")
        self.value = tuple(map(float, value))

    def _show(self, value: tuple[float, ...]) -> None:
        self._quiet = True  # nine boxes that change together are one change
        try:
            for box, number in zip(self.boxes, value, strict=True):
                box.value = number
            self.preset.value = next((name for name, preset in PRESETS.items() if preset == value), OWN)
        finally:
            self._quiet = False

    def _chosen(self, name: str) -> None:
        if not self._quiet and name != OWN:
            self.value = tuple(map(float, PRESETS[name]))

    def _edited(self) -> None:
        if not self._quiet:
            self.value = tuple(box.value for box in self.boxes)


class ConvolutionExplorer(Explorer[Convolution]):
    """A kernel on a photograph: what comes out, which window made a pixel, and who wins in max pooling.

    Parameters
    ----------
    conv_layers : module
        Your ``nndl.conv_layers``.
    state, jobs
        As of `Explorer`.
    """

    title = "Convolution and max pooling"
    look_for = (
        "Each pixel of the output is one window of the photograph (□) times the kernel, summed up. A window that "
        "reaches over the rim sees zeros there. Max pooling keeps one pixel of each block, the dots. Drag the window, "
        "the pixel, or a number of the kernel, up for more."
    )
    question = "Which property of the nine numbers decides whether a plain wall comes out as 0?"
    first = Convolution()
    has_ghost = False

    def __init__(self, conv_layers: ModuleType, state: Convolution | str | None = None, **options: Any) -> None:
        self.conv_layers = conv_layers
        super().__init__({"conv_layers": conv_layers}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """The kernel, stride and pad, a pixel of the output, the size of the pooling."""
        now = self.state
        return {
            "kernel": Kernel(now.kernel),
            "stride": slider(1, 6, now.stride, "stride"),
            "pad": slider(0, 6, now.pad, "pad"),
            "row": slider(0, 59, now.row, "pixel: row"),
            "column": slider(0, 51, now.column, "pixel: column"),
            "pool": slider(1, 8, now.pool, "pooling: size, stride"),
        }

    def numbers(self, state: Convolution) -> Seen:
        """What the picture draws."""
        return see(self.conv_layers, state)

    def picture(self, state: Convolution) -> Drawing:
        """The photograph, the window, the output, and what max pooling leaves of it."""
        seen = self.numbers(state)
        (height, width), edge = seen.image.shape, state.pad + 0.5
        photo = _plane(0, (-edge, width + edge - 1), (-edge, height + edge - 1))
        window, out = _plane_of(1, seen.window), _plane_of(2, seen.out)
        limit = float(np.nanmax(np.abs(seen.out), initial=1e-9))
        tones = (GRAY, (0.0, limit)) if seen.out.min() >= 0 else (SIGNED, (-limit, limit))
        top, left = seen.corner
        padding = _square(photo, -edge, -edge, width + 2 * state.pad, height + 2 * state.pad)
        titles = {
            "photo": f"{height} × {width} pixels, pad {state.pad}",
            "window": _minus(f"Pixel ({seen.row}, {seen.column}): {product(seen.window, state.kernel):.2f}"),
            "out": "Output: {} × {}".format(*seen.out.shape),
            "pooled": "Max pooling: {} × {}".format(*seen.pooled.shape) if seen.pooled is not None else "",
        }
        parts = [
            _image(photo, seen.image, (GRAY, (0, 1))),
            element("rect", **padding, fill="none", stroke=FAINT, stroke_dasharray="1 1.65", id="padding"),
            _framed(photo, left, top, SIDE, "window"),
            _multiplied(window, seen, state),
            _image(out, seen.out, tones),
            _winners(out, seen),
            _framed(out, seen.column, seen.row, 1, "pixel"),
            _pooled(out, seen, state, tones),
            *(label(LEFT + (WIDE + GAP) * place, TOP - 7, title, 10) for place, title in enumerate(titles.values())),
            *_windows(photo, out, seen, state),
            *_entries(window, state),
        ]
        images = {"photo": seen.image, "window": seen.window, "out": seen.out, "pooled": seen.pooled}
        series: list[tuple[str, str, Any, Any]] = [
            (titles[name], f"row {number}", np.arange(len(row)), row)
            for name, image in images.items()
            if image is not None
            for number, row in enumerate(image)
        ]
        if seen.winners is not None:
            rows, columns = np.nonzero(seen.winners)
            series.append((titles["out"], "winners", columns, rows))
        said = (
            f"the pixel ({seen.row}, {seen.column}) is {seen.out[seen.row, seen.column]:.2f}; the output has "
            f"{seen.out.shape[0]} by {seen.out.shape[1]} pixels between {seen.out.min():.2f} and {seen.out.max():.2f}"
        )
        return picture_of(WIDTH, HEIGHT, "A kernel on a photograph", said, *parts, series=series)

    def moved(self, move: Move) -> Mapping[str, Any]:
        """An entry of the kernel was dragged, or the window."""
        name, _, number = move.handle.partition("-")
        if name != "kernel" or move.y is None:
            return super().moved(move)
        place = int(number)
        return {"kernel": (*self.state.kernel[:place], move.y, *self.state.kernel[place + 1 :])}


def _plane(place: int, across: tuple[float, float], down: tuple[float, float]) -> Plane:
    """One of the four places, or as much of it as pixels need that are squares; the greatest y is at its bottom."""
    unit = min(WIDE / (across[1] - across[0]), TALL / (down[1] - down[0]))
    wide, tall = unit * (across[1] - across[0]), unit * (down[1] - down[0])
    return Plane(LEFT + (WIDE + GAP) * place, TOP, wide, tall, across, (down[1], down[0]))


def _plane_of(place: int, image: Array) -> Plane:
    """Where an image is drawn that fills one of the places; a pixel is around whole numbers."""
    rows, columns = image.shape
    return _plane(place, (-0.5, columns - 0.5), (-0.5, rows - 0.5))


def _square(plane: Plane, left: float, top: float, width: float, height: float) -> dict[str, float]:
    """The attributes of a rectangle in the coordinates of a plane."""
    unit = plane.width / (plane.across[1] - plane.across[0])
    return {"x": float(plane.x(left)), "y": float(plane.y(top)), "width": width * unit, "height": height * unit}


def _image(plane: Plane, values: Array, tones: Tones, **attributes: Any) -> str:
    """An image whose first pixel is at (0, 0)."""
    rows, columns = values.shape
    place = _square(plane, -0.5, -0.5, columns, rows)
    sharp = {"preserveAspectRatio": "none", "style": "image-rendering:pixelated"}
    return element("image", **place, **sharp, href=data_of(coloured(values, *tones)), **attributes)


def _framed(plane: Plane, left: float, top: float, size: int, name: str, colour: str = ORANGE) -> str:
    """A square around pixels, to be seen on black and on white."""
    place = _square(plane, left - 0.5, top - 0.5, size, size)
    rim = element("rect", **place, fill="none", stroke="#ffffff", stroke_width=3.5, id=f"{name}-rim")
    return rim + element("rect", **place, fill="none", stroke=colour, stroke_width=2, id=name)


def _below(place: int, text: str, down: float) -> str:
    """Lines of text in one of the four places, so far below its top."""
    middle = LEFT + (WIDE + GAP) * place + WIDE / 2
    return "".join(
        label(middle, TOP + down + 9 * number, line, 7.5, "middle") for number, line in enumerate(text.split("\n"))
    )


def _multiplied(plane: Plane, seen: Seen, state: Convolution) -> str:
    """The nine products of a window and the kernel, and whether their sum is the output there."""
    parts = [_image(plane, seen.window, (GRAY, (0, 1)), opacity=0.35)]
    for (row, column), value in np.ndenumerate(seen.window):
        weight = state.kernel[SIDE * row + column]
        x, y, faint = float(plane.x(column)), float(plane.y(row)), None if weight else 0.5
        parts.append(label(x, y - 2, f"{value:.2f}", 7.5, "middle", opacity=faint))
        parts.append(label(x, y + 7, f"× {_minus(f'{weight:g}')}", 7.5, "middle", opacity=faint))
    total, shown = product(seen.window, state.kernel), float(seen.out[seen.row, seen.column])
    agree = "= the output there" if np.isclose(total, shown, atol=1e-6) else _minus(f"your output there: {shown:.2f}")
    return "".join(parts) + _below(1, agree, plane.height + 12)


def _windows(photo: Plane, out: Plane, seen: Seen, state: Convolution) -> list[str]:
    """Handles of the window in the photograph, and of its pixel in the output."""
    (rows, columns), half = seen.out.shape, (SIDE - 1) / 2
    found = []
    for name, plane, stride, first, size, what in (
        ("photo", photo, state.stride, half - state.pad, SIDE, "window in the photograph"),
        ("out", out, 1, 0.0, 1, "pixel of the output"),
    ):
        across, down = (
            axis_of(plane, along, value, (0, max(count - 1, 1)), 1, places=(first, first + max(count - 1, 1) * stride))
            for along, value, count in (("x", seen.column, columns), ("y", seen.row, rows))
        )
        unit = plane.width / (plane.across[1] - plane.across[0])
        box = frame(max(size * unit, 14), max(size * unit, 14))  # a pixel is too small for a finger
        says = f"row {seen.row}, column {seen.column}"
        found.append(handle(f"{name}:column,row", what, box, x=across, y=down, says=says))
    return found


def _entries(window: Plane, state: Convolution) -> list[str]:
    """A handle for each number of the kernel: up is more, down is less."""
    unit, found = window.width / SIDE, []
    for place, value in enumerate(state.kernel):
        row, column = divmod(place, SIDE)
        x, y = float(window.x(column)), float(window.y(row))
        box = element("g", frame(unit, unit), transform=f"translate({x:.6g} {y:.6g})")
        axis = Axis(value, -10, 10, y + 10 * TRAVEL, y - 10 * TRAVEL, 0.25)
        name = f"kernel, row {1 + row}, column {1 + column}"
        found.append(handle(f"kernel-{place}", name, box, y=axis, still=True, group="kernel"))
    return found


def _winners(out: Plane, seen: Seen) -> str:
    """A dot on each pixel of the output that max pooling keeps."""
    if seen.winners is None:
        return ""
    rows, columns = np.nonzero(seen.winners)
    dots = Look(GREEN, marker="circle", width=0, size=3).marks(np.column_stack([out.x(columns), out.y(rows)]))
    return element("g", dots, id="winners")


def _pooled(out: Plane, seen: Seen, state: Convolution, tones: Tones) -> str:
    """What max pooling keeps, and frames around the window that the pixel lies in and around what comes of it."""
    if seen.pooled is None:
        return _below(3, "max_pool_forward_naive:\nnot written yet", TALL / 2)
    pooled, size = _plane_of(3, seen.pooled), min(state.pool, *seen.out.shape)
    shown = _image(pooled, seen.pooled, tones)
    if seen.winners is None:
        shown += _below(3, "winners: max_pool_backward_naive\nis not written yet", pooled.height + 11)
    row, column = seen.row // size, seen.column // size
    if row < seen.pooled.shape[0] and column < seen.pooled.shape[1]:
        shown += _framed(out, column * size, row * size, size, "pool-window", GREEN)
        shown += _framed(pooled, column, row, 1, "pool-pixel", GREEN)
    return shown


def _minus(text: str) -> str:
    return text.replace("-", "−")
