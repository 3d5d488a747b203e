"""The convolution explorer."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from matplotlib.patches import Rectangle

from ..controls import choice, slider
from ..drawing import FAINT, GREEN, ORANGE, Drawing, named, panels, svg
from ..explorer import Explorer
from ..grips import axis_of, frame, place_of, with_grips
from ..picture import Axis, Move, handle
from ..svg import element
from .compute import PRESETS, SIDE, Convolution, Seen, product, see

OWN = "your own"
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
        figure, ((photo, window, out, pooled),) = panels(1, 4, height=2.9)
        figure.subplots_adjust(left=0.02, right=0.99, bottom=0.12, wspace=0.12)
        for ax in (photo, window, out, pooled):
            ax.set_axis_off()
        height, width = seen.image.shape
        photo.imshow(seen.image, cmap="gray", vmin=0, vmax=1)
        edge = state.pad + 0.5
        named(photo.add_patch(Rectangle((-edge, -edge), width + 2 * state.pad, height + 2 * state.pad, fill=False,
                                        ec=FAINT, ls=":")), "padding")  # fmt: skip
        top, left = seen.corner
        _frame(photo, left, top, SIDE, "window")
        photo.set_xlim(-edge, width + edge - 1)
        photo.set_ylim(height + edge - 1, -edge)
        photo.set_title(f"{height} × {width} pixels, pad {state.pad}")
        _multiplied(window, seen, state)
        limit = float(np.nanmax(np.abs(seen.out), initial=1e-9))
        signed = {"cmap": "PuOr_r", "vmin": -limit, "vmax": limit}
        look: dict[str, Any] = {"cmap": "gray", "vmin": 0} if seen.out.min() >= 0 else signed
        out.imshow(seen.out, **look)
        _frame(out, seen.column, seen.row, 1, "pixel")
        out.set_title("Output: {} × {}".format(*seen.out.shape))
        _pooled(pooled, out, seen, look)
        _pool_block(out, pooled, seen, state)
        said = (
            f"the pixel ({seen.row}, {seen.column}) is {seen.out[seen.row, seen.column]:.2f}; the output has "
            f"{seen.out.shape[0]} by {seen.out.shape[1]} pixels between {seen.out.min():.2f} and {seen.out.max():.2f}"
        )
        grips = (*_windows(photo, out, seen, state), *_entries(window, state))
        return with_grips(svg(figure, "A kernel on a photograph", said), *grips)

    def moved(self, move: Move) -> Mapping[str, Any]:
        """An entry of the kernel was dragged, or the window."""
        name, _, number = move.handle.partition("-")
        if name != "kernel" or move.y is None:
            return super().moved(move)
        place = int(number)
        return {"kernel": (*self.state.kernel[:place], move.y, *self.state.kernel[place + 1 :])}


def _frame(ax: Any, left: float, top: float, size: int, gid: str, colour: str = ORANGE) -> None:
    """A square around pixels, to be seen on black and on white."""
    for shade, width, name in (("white", 3.5, f"{gid}-rim"), (colour, 2, gid)):
        patch = Rectangle((left - 0.5, top - 0.5), size, size, fill=False, ec=shade, lw=width, zorder=3)
        named(ax.add_patch(patch), name)


def _multiplied(ax: Any, seen: Seen, state: Convolution) -> None:
    """The nine products of a window and the kernel, and what they sum up to."""
    ax.imshow(seen.window, cmap="gray", vmin=0, vmax=1, alpha=0.35)
    for (row, column), value in np.ndenumerate(seen.window):
        weight = state.kernel[SIDE * row + column]
        strong: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7.5, "alpha": 1 if weight else 0.5}
        ax.text(column, row, f"{value:.2f}\n× {_minus(f'{weight:g}')}", **strong)
    total, shown = product(seen.window, state.kernel), float(seen.out[seen.row, seen.column])
    ax.set_title(_minus(f"Pixel ({seen.row}, {seen.column}): {total:.2f}"))
    agree = "= the output there" if np.isclose(total, shown, atol=1e-6) else _minus(f"your output there: {shown:.2f}")
    ax.text(0.5, -0.04, agree, transform=ax.transAxes, ha="center", va="top", fontsize=8)


def _windows(photo: Any, out: Any, seen: Seen, state: Convolution) -> list[str]:
    """Handles of the window in the photograph, and of its pixel in the output."""
    (rows, columns), half = seen.out.shape, (SIDE - 1) / 2
    found = []
    for name, ax, stride, first, size, what in (
        ("photo", photo, state.stride, half - state.pad, SIDE, "window in the photograph"),
        ("out", out, 1, 0.0, 1, "pixel of the output"),
    ):
        across, down = (
            axis_of(ax, along, value, (0, max(count - 1, 1)), 1, places=(first, first + max(count - 1, 1) * stride))
            for along, value, count in (("x", seen.column, columns), ("y", seen.row, rows))
        )
        unit = abs(place_of(ax, "x", 1) - place_of(ax, "x", 0))
        box = frame(max(size * unit, 14), max(size * unit, 14))  # a pixel is too small for a finger
        says = f"row {seen.row}, column {seen.column}"
        found.append(handle(f"{name}:column,row", what, box, x=across, y=down, says=says))
    return found


def _entries(window: Any, state: Convolution) -> list[str]:
    """A handle for each number of the kernel: up is more, down is less."""
    unit, found = abs(place_of(window, "x", 1) - place_of(window, "x", 0)), []
    for place, value in enumerate(state.kernel):
        row, column = divmod(place, SIDE)
        x, y = place_of(window, "x", column), place_of(window, "y", row)
        box = element("g", frame(unit, unit), transform=f"translate({x:.6g} {y:.6g})")
        axis = Axis(value, -10, 10, y + 10 * TRAVEL, y - 10 * TRAVEL, 0.25)
        name = f"kernel, row {1 + row}, column {1 + column}"
        found.append(handle(f"kernel-{place}", name, box, y=axis, still=True, group="kernel"))
    return found


def _pool_block(out: Any, pooled: Any, seen: Seen, state: Convolution) -> None:
    """Frames around the window of max pooling that the pixel lies in, and around what comes of it."""
    if seen.pooled is None:
        return
    size = min(state.pool, *seen.out.shape)
    row, column = seen.row // size, seen.column // size
    if row < seen.pooled.shape[0] and column < seen.pooled.shape[1]:
        _frame(out, column * size, row * size, size, "pool-window", GREEN)
        _frame(pooled, column, row, 1, "pool-pixel", GREEN)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _pooled(ax: Any, out: Any, seen: Seen, look: Mapping[str, Any]) -> None:
    """What max pooling keeps, and on the output a dot for each winner."""
    if seen.pooled is None:
        ax.text(0.5, 0.5, "max_pool_forward_naive:\nnot written yet", transform=ax.transAxes, ha="center")
        return
    ax.imshow(seen.pooled, **look)
    ax.set_title("Max pooling: {} × {}".format(*seen.pooled.shape))
    if seen.winners is None:
        ax.text(0.5, -0.04, "winners: max_pool_backward_naive\nis not written yet", transform=ax.transAxes, ha="center",
                va="top", fontsize=7)  # fmt: skip
    else:
        rows, columns = np.nonzero(seen.winners)
        named(out.plot(columns, rows, ".", color=GREEN, ms=4)[0], "winners")
