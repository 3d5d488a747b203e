"""The optimiser explorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from contourpy import contour_generator

from ..chart import Chart, Look, charted, ghosts, legend, looks_of, row
from ..controls import choice, fraction, log_slider, slider
from ..drawing import FAINT, Drawing
from ..explorer import Explorer
from ..grips import axis_of, ring
from ..picture import Move, handle
from ..plane import Plane
from ..player import Player
from ..svg import element, steps
from ..training import Run
from ..words import best
from .compute import EPOCHS, RULES, Optimisers, Walks, race, walks
from .landscapes import LANDSCAPES

FLOOR = 1e-8  # below which two heights are equally good
_LOOKS = looks_of(RULES)
_INK, _NOTHING = "currentColor", Look("none", width=0)


class Start(widgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A button that puts the start back to the landscape's own.

    Attributes
    ----------
    value : tuple of float
        As of `Optimisers.start`.
    """

    value = traitlets.Tuple()

    def __init__(self, value: tuple[float, ...]) -> None:
        self._place = widgets.Label()
        self.back = widgets.Button(description="Put start back", tooltip="Where it was", layout={"width": "auto"})
        self.back.on_click(lambda _: setattr(self, "value", ()))
        super().__init__([self._place, self.back], layout={"align_items": "center"})
        self.observe(lambda _: self._show(), "value")
        self.value = value
        self._show()

    def _show(self) -> None:
        place = ", ".join(f"{number:.2f}" for number in self.value).replace("-", "−")
        self._place.value = f"start: {place or 'drag ◆'}"
        self.back.disabled = not self.value


class OptimiserExplorer(Explorer[Optimisers]):
    """Six update rules on a landscape, and in a net of six layers.

    Parameters
    ----------
    optim : module
        Your ``nndl.optim``.
    net_class : type
        Your ``FullyConnectedNet``, for the race.
    state, jobs
        As of `Explorer`.
    """

    title = "Optimisers"
    look_for = (
        "All rules start at the same place (◆, drag it) and see the same slopes. Which of them swing from wall to "
        "wall, which follow the floor, and which hardly leave the start? AdaGrad, RMSProp and Adam, the adaptive "
        "rules, have a learning rate of their own. Below, all of them train a net of six layers."
    )
    question = (
        "In the ravine, what is the largest learning rate that sgd survives, and why does the same slider not set a "
        "limit of this kind to Adam?"
    )
    first = Optimisers()
    drives_work = ("momentum", "decay", "factor", "seed")

    def __init__(
        self, optim: ModuleType, net_class: type, state: Optimisers | str | None = None, **options: Any
    ) -> None:
        self.optim, self.net_class = optim, net_class
        super().__init__({"optim": optim, "net_class": net_class}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """The landscape, two learning rates, momentum, decay, noise, steps, the race's rates, seed."""
        now = self.state
        return {
            "loss": choice(tuple(LANDSCAPES), now.loss, "loss"),
            "rate": fraction(0, 0.5, now.rate, "rate of sgd, momentum", step=0.001),
            "length": fraction(0, 0.5, now.length, "rate of adaptive rules", step=0.001),
            "momentum": fraction(0, 0.99, now.momentum, "momentum, beta1"),
            "decay": fraction(0, 0.999, now.decay, "decay of dw², beta2", step=0.001),
            "noise": fraction(0, 10, now.noise, "noise of the slopes", step=0.1),
            "factor": log_slider(-2, 2, now.factor, "race: usual rates ×", step=0.25),
            "seed": slider(0, 20, now.seed, "seed"),
            "start": Start(now.start),
            "steps": Player(now.steps, 300, "steps", low=1),
        }

    def numbers(self, state: Optimisers) -> Walks:
        """What the picture draws."""
        return walks(self.optim, state)

    def picture(self, state: Optimisers) -> Drawing:
        """The walks on contours, and how far above the lowest place each one is."""
        found = self.numbers(state)
        land = LANDSCAPES[state.loss]
        height = 237.6
        boxes, before = row(2, height, (3, 2), right=129.6), ghosts(2)
        title = f"The {state.loss}: from ◆ to ★, {state.steps} step{'s' * (state.steps > 1)}"
        ground = Chart(boxes[0], title, "w₁", "w₂", x_ends=land.across, y_ends=land.along, grid=False,
                       before=before[0])  # fmt: skip
        fall = Chart(boxes[1], "Height above the lowest place", "step", y_ends=(FLOOR / 2, 100), log="y",
                     before=before[1])  # fmt: skip
        ground.put(_terrain(state.loss, boxes[0]))
        for rule, path in found.paths.items():
            look = _LOOKS[rule].but(width=1.2, size=4.0)
            ground.curve(f"path-{rule}", path[:, 0], path[:, 1], look)
            heights = np.clip(np.nan_to_num(found.heights[rule], nan=1e9, posinf=1e9), FLOOR, 1e9)
            fall.curve(f"height-{rule}", np.arange(len(heights)), heights, look.but(marker=""))
        goals = np.array(land.goals)
        ground.line(goals[:, 0], goals[:, 1], Look(_INK, marker="star", width=0, size=11))
        names = [(_short(rule), _LOOKS[rule].but(width=1.2, size=4.0)) for rule in found.paths]
        names += [(f"{_short(rule)}:\nnot written yet", _NOTHING) for rule in found.missing]
        left, top, width, tall = boxes[1]
        down = top + tall / 2 - 8 * 0.75 * sum(1 + name.count("\n") for name, _ in names)
        x, y = (
            axis_of(ground.plane, along, value, ends, 0.05)
            for along, value, ends in zip("xy", state.begin, (land.across, land.along), strict=True)
        )
        diamond = element("path", d="M0 -7L6 0L0 7L-6 0Z", fill=_INK) + element("circle", r=10, fill="transparent")
        start = handle("start", "where the walks begin", diamond + ring(6), x=x, y=y)
        ends = ", ".join(f"{rule} {heights[-1]:.1e}" for rule, heights in found.heights.items())
        return charted(height, f"Six rules on the {state.loss}", f"height after the last step: {ends}",
                       (ground, fall), legend(left + width + 10, down, names), start)  # fmt: skip

    def moved(self, move: Move) -> Mapping[str, Any]:
        """The start was dragged."""
        if move.x is None or move.y is None:
            return super().moved(move)
        return {"start": (move.x, move.y)}

    def work(self, state: Optimisers) -> Iterator[tuple[float, dict[str, Run]]]:
        """The race of the net of six layers."""
        return race(self.optim, self.net_class, state)

    def results(self, state: Optimisers, found: dict[str, Run]) -> Drawing:
        """Loss and accuracies of the nets."""
        height = 187.0
        boxes, before = row(3, height), ghosts(3)
        losses = Chart(boxes[0], "Training loss", "iteration", y_ends=(0.8, 3), before=before[0])
        train, val = (
            Chart(box, title, "epoch", x_ends=(0.8, EPOCHS + 0.2), y_ends=(10, 70), before=last)
            for box, title, last in zip(boxes[1:], ("Training accuracy, %", "Validation accuracy, %"), before[1:],
                                        strict=True)
        )  # fmt: skip
        for rule, run in found.items():
            loss, look = _smooth(run.loss), _LOOKS[rule]
            losses.curve(f"loss-{rule}", np.arange(len(loss)), loss, look.but(marker=""))
            for chart, name, values in ((train, "train", run.train), (val, "val", run.val)):
                chart.curve(f"{name}-{rule}", np.arange(1, len(values) + 1), 100 * np.array(values), look)
        left, top, *_ = boxes[2]
        half = (len(found) + 1) // 2  # of the names stand in the first column
        order = [tuple(found)[number // 2 + number % 2 * half] for number in range(len(found))]
        names = ((rule, _LOOKS[rule].but(size=4.0)) for rule in order)
        val.put(legend(left + 6, top + 8, names, 6.5, columns=(0, 110)))  # where no accuracy comes
        said = "; ".join(f"{rule} {best(run.val)}" for rule, run in found.items())
        return charted(height, "The race in a net of six layers", f"best validation accuracy: {said}",
                       (losses, train, val))  # fmt: skip


@cache
def _terrain(loss: str, box: tuple[float, float, float, float]) -> str:
    """Lines of equal height, ten of them, as SVG."""
    land = LANDSCAPES[loss]
    plane = Plane(*box, land.across, land.along)
    across, along = np.linspace(*land.across, 80), np.linspace(*land.along, 60)
    heights = land.height(np.stack(np.meshgrid(across, along), axis=-1))
    levels = np.geomspace(max(heights.min(), heights.max() / 400), heights.max(), 10)
    generator = contour_generator(across, along, heights)
    lines = [np.asarray(line) for level in levels for line in generator.lines(level)]
    drawn = "".join(steps(np.column_stack([plane.x(line[:, 0]), plane.y(line[:, 1])])) for line in lines)
    return element("path", d=drawn, fill="none", stroke=FAINT, stroke_width=0.7, opacity=0.7)


def _short(rule: str) -> str:
    """A rule's name, not wider than a legend."""
    return rule.replace("sgd_nesterov_", "sgd_nesterov_\n")


def _smooth(values: list[float], width: int = 9) -> Any:
    """A running mean, so that six noisy curves can be told apart."""
    array = np.minimum(np.nan_to_num(values, nan=1e3, posinf=1e3), 1e3)
    return array if len(array) < width else np.convolve(array, np.ones(width) / width, "valid")
