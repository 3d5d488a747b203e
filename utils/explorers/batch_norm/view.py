"""The batch-norm explorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..chart import Chart, Look, charted, ghosts, legend, looks_of, row
from ..controls import fraction, log_slider, slider
from ..drawing import BLUE, DASHED, FAINT, GREEN, ORANGE, Drawing
from ..explorer import Explorer
from ..player import Player
from ..words import best
from .compute import STEPS, WATCH, BatchNorm, Race, Statistics, race, statistics_of

_NAMES = {"none": "no normalisation", "batchnorm": "batch norm"}
_LOOKS = looks_of(_NAMES)


class BatchNormExplorer(Explorer[BatchNorm]):
    """Running against batch statistics, training against test mode, and training with and without.

    Parameters
    ----------
    net_class : type
        Your ``FullyConnectedNet``.
    state, jobs
        As of `Explorer`.
    """

    title = "Batch normalisation"
    look_for = (
        "Above: dots are the statistics of single minibatches, the line is what the layer keeps of them for test mode. "
        "Below: two nets that differ in nothing but batch normalisation, and what one of their units hands to its ReLU."
    )
    question = (
        "At batch size 2, what does training mode make of every example, why does test mode disagree, and what does "
        "that do to the validation accuracy?"
    )
    first = BatchNorm()
    drives_work = ("rate", "batch", "depth", "seed")

    def __init__(self, net_class: type, state: BatchNorm | str | None = None, **options: Any) -> None:
        self.net_class = net_class
        super().__init__({"net_class": net_class}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """Batch size, momentum, learning rate, depth, seed."""
        now = self.state
        return {
            "batch": slider(2, 200, now.batch, "batch size"),
            "momentum": fraction(0, 0.999, now.momentum, "momentum", step=0.001),
            "rate": log_slider(-5, 0, now.rate, "learning rate", step=0.25),
            "depth": slider(1, 8, now.depth, "hidden layers"),
            "seed": slider(0, 20, now.seed, "seed"),
            "step": Player(now.step, STEPS, "minibatches", low=1),
        }

    def numbers(self, state: BatchNorm) -> Statistics:
        """What the picture draws."""
        return statistics_of(self.net_class, state)

    def picture(self, state: BatchNorm) -> Drawing:
        """The statistics of one unit over many minibatches, and the last minibatch in both modes."""
        found = self.numbers(state)
        height = 195.0
        boxes, before = row(3, height), ghosts(3)
        ends = (0.0, STEPS + 1.0)
        mean = Chart(boxes[0], "Mean of one unit", "minibatch", x_ends=ends, before=before[0])
        var = Chart(boxes[1], "Variance of the unit", "minibatch", x_ends=ends, before=before[1])
        steps = np.arange(1, len(found.batch_mean) + 1)
        for chart, what, true in ((mean, "mean", found.mean), (var, "var", found.var)):
            dots = Look(BLUE, marker="circle", width=0, size=3)
            chart.curve(f"batch-{what}", steps, getattr(found, f"batch_{what}"), dots)
            chart.curve(f"running-{what}", steps, getattr(found, f"running_{what}"), Look(ORANGE))
            chart.level(true, Look(GREEN, DASHED, width=1.2))
        mean.beside_title("● batch", fill=BLUE)
        var.beside_title("— running", fill=ORANGE)
        mean.note(0.98, 0.04, "- - all images", 8, "end", fill=GREEN)
        reach = 1.1 * max(1e-3, float(np.abs([found.train, found.test]).max()))
        modes = Chart(boxes[2], "The last minibatch", "output in training mode", "output in test mode",
                      before=before[2])  # fmt: skip
        modes.line([-reach, reach], [-reach, reach], Look(FAINT, width=1))
        modes.curve("modes", found.train, found.test, Look(BLUE, marker="circle", width=0, opacity=0.8))
        apart = float(np.abs(found.train - found.test).mean())
        said = (
            f"running mean {found.running_mean[-1]:.2f} of {found.mean:.2f}, running variance "
            f"{found.running_var[-1]:.2f} of {found.var:.2f}; the modes differ by {apart:.2f} on average"
        )
        return charted(height, "Running and batch statistics", said, (mean, var, modes))

    def work(self, state: BatchNorm) -> Iterator[tuple[float, Race]]:
        """The two nets."""
        return race(self.net_class, state)

    def results(self, state: BatchNorm, found: Race) -> Drawing:
        """Losses, validation accuracies, and one unit's pre-activations over time."""
        height = 187.0
        boxes, before = row(4, height), ghosts(4)
        losses = Chart(boxes[0], "Training loss", "iteration", y_ends=(0, 3), before=before[0])
        right = Chart(boxes[1], "Validation accuracy, %", "epoch", before=before[1])
        units = {
            norm: Chart(box, f"One unit, {name}", "iteration", "pre-activation" if norm == "none" else "", before=last)
            for (norm, name), box, last in zip(_NAMES.items(), boxes[2:], before[2:], strict=True)
        }
        for norm, run in found.runs.items():
            look = _LOOKS[norm]
            loss = _smooth(run.loss, max(9, len(run.loss) // 60))
            losses.curve(f"loss-{norm}", np.arange(len(loss)), loss, look.but(marker=""))
            right.curve(f"val-{norm}", np.arange(len(run.val)), 100 * np.array(run.val), look)
            if found.unit[norm]:
                every = 1 + len(found.unit[norm]) // 200  # more points than pixels only take time
                low, first, middle, third, high = np.array(found.unit[norm][::every]).T
                at = every * WATCH * np.arange(len(middle))
                units[norm].band(at, low, high, look.colour, 0.25)
                units[norm].band(at, first, third, look.colour, 0.4)
                units[norm].curve(f"unit-{norm}", at, middle, Look(look.colour))
        left, top, _, tall = boxes[0]
        names = ((_NAMES[norm], look.but(marker="")) for norm, look in _LOOKS.items())
        losses.put(legend(left + 6, top + tall - 18, names, 7.5))
        said = (f"{_NAMES[norm]} {best(run.val)}" for norm, run in found.runs.items())
        heading, charts = "Training with and without batch normalisation", (losses, right, *units.values())
        return charted(height, heading, "best validation accuracy: " + "; ".join(said), charts)


def _smooth(values: list[float], width: int) -> Any:
    """A running mean, so that two noisy curves can be told apart."""
    array = np.minimum(np.nan_to_num(values, nan=1e3, posinf=1e3), 1e3)
    return array if len(array) < width else np.convolve(array, np.ones(width) / width, "valid")
