"""The batch-norm explorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..controls import fraction, log_slider, slider
from ..drawing import BLUE, COLOURS, FAINT, GREEN, LINES, ORANGE, Drawing, named, panels, svg
from ..explorer import Explorer
from ..player import Player
from ..words import best
from .compute import STEPS, WATCH, BatchNorm, Race, Statistics, race, statistics_of

_NAMES = {"none": "no normalisation", "batchnorm": "batch norm"}


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
        figure, ((mean, var, modes),) = panels(1, 3, height=2.7)
        steps = np.arange(1, len(found.batch_mean) + 1)
        for ax, what, true in ((mean, "mean", found.mean), (var, "var", found.var)):
            named(ax.plot(steps, getattr(found, f"batch_{what}"), ".", color=BLUE, ms=4)[0], f"batch-{what}")
            named(ax.plot(steps, getattr(found, f"running_{what}"), color=ORANGE)[0], f"running-{what}")
            ax.axhline(true, color=GREEN, ls="--", lw=1.2)
            ax.set_xlabel("minibatch")
        mean.set_title("Mean of one unit")
        var.set_title("Variance of the unit")
        mean.text(0.98, 0.04, "● batch", color=BLUE, transform=mean.transAxes, ha="right", fontsize=8)
        var.text(0.98, 0.92, "— running", color=ORANGE, transform=var.transAxes, ha="right", fontsize=8)
        var.text(0.98, 0.82, "- - all images", color=GREEN, transform=var.transAxes, ha="right", fontsize=8)
        for ax in (mean, var):
            ax.set_xlim(0, STEPS + 1)
        reach = 1.1 * max(1e-3, float(np.abs([found.train, found.test]).max()))
        modes.plot([-reach, reach], [-reach, reach], color=FAINT, lw=1)
        named(modes.plot(found.train, found.test, "o", color=BLUE, ms=4, alpha=0.8)[0], "modes")
        modes.set_title("The last minibatch")
        modes.set_xlabel("output in training mode")
        modes.set_ylabel("output in test mode")
        apart = float(np.abs(found.train - found.test).mean())
        said = (
            f"running mean {found.running_mean[-1]:.2f} of {found.mean:.2f}, running variance "
            f"{found.running_var[-1]:.2f} of {found.var:.2f}; the modes differ by {apart:.2f} on average"
        )
        return svg(figure, "Running and batch statistics", said)

    def work(self, state: BatchNorm) -> Iterator[tuple[float, Race]]:
        """The two nets."""
        return race(self.net_class, state)

    def results(self, state: BatchNorm, found: Race) -> Drawing:
        """Losses, validation accuracies, and one unit's pre-activations over time."""
        figure, (axes,) = panels(1, 4, height=2.6)
        for number, (norm, run) in enumerate(found.runs.items()):
            look: dict[str, Any] = {"color": COLOURS[number], "ls": LINES[number]}
            loss = _smooth(run.loss, max(9, len(run.loss) // 60))
            named(axes[0].plot(np.arange(len(loss)), loss, label=_NAMES[norm], **look)[0], f"loss-{norm}")
            marker = "os"[number]
            named(axes[1].plot(100 * np.array(run.val), marker=marker, **look)[0], f"val-{norm}")
            ax = axes[2 + number]
            if found.unit[norm]:
                every = 1 + len(found.unit[norm]) // 200  # more points than pixels only take time
                low, first, middle, third, high = np.array(found.unit[norm][::every]).T
                at = every * WATCH * np.arange(len(middle))
                ax.fill_between(at, low, high, color=COLOURS[number], alpha=0.25, lw=0)
                ax.fill_between(at, first, third, color=COLOURS[number], alpha=0.4, lw=0)
                named(ax.plot(at, middle, color=COLOURS[number])[0], f"unit-{norm}")
            ax.set_title(f"One unit, {_NAMES[norm]}", fontsize=9)
            ax.set_xlabel("iteration")
        axes[0].set_title("Training loss")
        axes[0].set_xlabel("iteration")
        axes[0].set_ylim(0, 3)
        axes[0].legend(loc="lower left")
        axes[1].set_title("Validation accuracy, %")
        axes[1].set_xlabel("epoch")
        axes[2].set_ylabel("pre-activation")
        said = (f"{_NAMES[norm]} {best(run.val)}" for norm, run in found.runs.items())
        return svg(
            figure, "Training with and without batch normalisation", "best validation accuracy: " + "; ".join(said)
        )


def _smooth(values: list[float], width: int) -> Any:
    """A running mean, so that two noisy curves can be told apart."""
    array = np.minimum(np.nan_to_num(values, nan=1e3, posinf=1e3), 1e3)
    return array if len(array) < width else np.convolve(array, np.ones(width) / width, "valid")
