"""The optimiser explorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets

from ..controls import choice, fraction, log_slider, slider
from ..drawing import COLOURS, FAINT, INK, LINES, MARKERS, Drawing, log_axis, named, panels, svg
from ..explorer import Explorer
from ..grips import axis_of, knob, with_grips
from ..picture import Move, handle
from ..player import Player
from ..training import Run
from ..words import best
from .compute import RULES, Optimisers, Walks, race, walks
from .landscapes import LANDSCAPES

FLOOR = 1e-8  # below which two heights are equally good
_LOOKS: dict[str, dict[str, Any]] = {
    rule: {"color": COLOURS[number], "ls": LINES[number], "marker": MARKERS[number]}
    for number, rule in enumerate(RULES)
}


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
        figure, ((ground, fall),) = panels(1, 2, height=3.3, gridspec_kw={"width_ratios": (3, 2)})
        figure.subplots_adjust(right=0.8)
        ground.contour(*_terrain(state.loss), colors=FAINT, linewidths=0.7, alpha=0.7)
        for rule, path in found.paths.items():
            look = {**_LOOKS[rule], "ms": 3, "lw": 1.2}
            named(ground.plot(*path.T, **look, label=_short(rule))[0], f"path-{rule}")
            heights = np.clip(np.nan_to_num(found.heights[rule], nan=1e9, posinf=1e9), FLOOR, 1e9)
            named(fall.plot(heights, **{**look, "marker": ""})[0], f"height-{rule}")
        ground.plot(*state.begin, "D", color=INK, ms=6)
        ground.plot(*np.transpose(land.goals), "*", color=INK, ms=10, ls="none")
        for rule in found.missing:
            ground.plot([], [], ls="none", label=f"{_short(rule)}:\nnot written yet")
        ground.set_xlim(*land.across)
        ground.set_ylim(*land.along)
        ground.set_title(f"The {state.loss}: from ◆ to ★, {state.steps} steps")
        ground.set_xlabel("w₁")
        ground.set_ylabel("w₂")
        ground.grid(False)
        log_axis(fall.yaxis)
        fall.set_ylim(FLOOR / 2, 100)
        fall.set_title("Height above the lowest place")
        fall.set_xlabel("step")
        figure.legend(*ground.get_legend_handles_labels(), loc="center left", bbox_to_anchor=(0.8, 0.55))
        ends = ", ".join(f"{rule} {heights[-1]:.1e}" for rule, heights in found.heights.items())
        drawing = svg(figure, f"Six rules on the {state.loss}", f"height after the last step: {ends}")
        x, y = (
            axis_of(ground, along, value, ends_of, 0.05)
            for along, value, ends_of in zip("xy", state.begin, (land.across, land.along), strict=True)
        )
        return with_grips(drawing, handle("start", "where the walks begin", knob(4), x=x, y=y))

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
        figure, ((losses, train, val),) = panels(1, 3, height=2.6)
        for rule, run in found.items():
            look = {**_LOOKS[rule], "ms": 4}
            loss = _smooth(run.loss)
            named(losses.plot(np.arange(len(loss)), loss, **{**look, "marker": ""}, label=rule)[0], f"loss-{rule}")
            for ax, name, values in ((train, "train", run.train), (val, "val", run.val)):
                named(ax.plot(np.arange(1, len(values) + 1), 100 * np.array(values), **look)[0], f"{name}-{rule}")
        losses.set_title("Training loss")
        losses.set_xlabel("iteration")
        losses.set_ylim(0.8, 3)
        losses.legend(loc="lower left", ncols=2, fontsize=6.5, columnspacing=1, handlelength=2.2)
        for ax, title in ((train, "Training accuracy, %"), (val, "Validation accuracy, %")):
            ax.set_title(title)
            ax.set_xlabel("epoch")
            ax.set_xlim(0.8, 5.2)
            ax.set_ylim(10, 70)
        said = "; ".join(f"{rule} {best(run.val)}" for rule, run in found.items())
        return svg(figure, "The race in a net of six layers", f"best validation accuracy: {said}")


@cache
def _terrain(loss: str) -> tuple[Any, ...]:
    """What `contour` draws: both coordinates, the heights, and at which of them lines run."""
    land = LANDSCAPES[loss]
    across, along = np.linspace(*land.across, 80), np.linspace(*land.along, 60)
    heights = land.height(np.stack(np.meshgrid(across, along), axis=-1))
    return across, along, heights, np.geomspace(max(heights.min(), heights.max() / 400), heights.max(), 10)


def _short(rule: str) -> str:
    """A rule's name, not wider than a legend."""
    return rule.replace("sgd_nesterov_", "sgd_nesterov_\n")


def _smooth(values: list[float], width: int = 9) -> Any:
    """A running mean, so that six noisy curves can be told apart."""
    array = np.minimum(np.nan_to_num(values, nan=1e3, posinf=1e3), 1e3)
    return array if len(array) < width else np.convolve(array, np.ones(width) / width, "valid")
