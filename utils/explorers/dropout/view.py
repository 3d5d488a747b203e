"""The dropout explorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..controls import fraction, slider
from ..drawing import BLUE, COLOURS, FAINT, LINES, MARKERS, ORANGE, Drawing, named, panels, svg
from ..explorer import Explorer
from ..player import Player
from .compute import Dropout, Gaps, Layer, gaps, layer_of


class DropoutExplorer(Explorer[Dropout]):
    """The mask on a layer, the expectation that inverted scaling keeps, and the gap that dropout closes.

    Parameters
    ----------
    net_class : type
        Your ``FullyConnectedNet``.
    state, jobs
        As of `Explorer`.
    """

    title = "Dropout"
    look_for = (
        "Dropped units are 0 and the kept ones are scaled up, so that the average over many passes comes back to the "
        "value without dropout. Below, the distance between the two curves is what the net learnt by heart."
    )
    question = "Which p narrows the gap most, and at which p is the validation accuracy best?"
    first = Dropout()
    drives_work = ("units", "images", "seed")

    def __init__(self, net_class: type, state: Dropout | str | None = None, **options: Any) -> None:
        self.net_class = net_class
        super().__init__({"net_class": net_class}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """Drop probability, passes, units, images, seed."""
        now = self.state
        return {
            "p": fraction(0, 0.95, now.p, "drop probability p", step=0.05),
            "units": slider(10, 500, now.units, "hidden units", step=10),
            "images": slider(50, 1000, now.images, "training images", step=50),
            "seed": slider(0, 20, now.seed, "seed"),
            "passes": Player(now.passes, 1000, "passes to average", low=1),
        }

    def numbers(self, state: Dropout) -> Layer:
        """What the picture draws."""
        return layer_of(self.net_class, state)

    def picture(self, state: Dropout) -> Drawing:
        """One mask, and averages over many passes."""
        layer = self.numbers(state)
        figure, ((mask, means),) = panels(1, 2, height=2.7)
        rows, columns = np.nonzero(layer.out)
        empty = np.nonzero(layer.out == 0)
        named(mask.plot(columns, rows, "s", color=BLUE, ms=7)[0], "kept")
        named(mask.plot(empty[1], empty[0], "x", color=FAINT, ms=4)[0], "dropped")
        mask.invert_yaxis()
        mask.set_xticks([])
        mask.set_yticks([])
        mask.grid(False)
        kept = float(np.mean(layer.out != 0))
        scale = float(layer.out.max())
        mask.set_title(f"One pass over ones: {100 * kept:.0f} % kept (■), each now {scale:.2f}")
        for unit, value in enumerate(layer.x):
            means.axhline(value, color=FAINT, lw=1)
            look: dict[str, Any] = {"color": COLOURS[unit], "ls": LINES[unit]}
            named(means.plot(np.arange(1, len(layer.means) + 1), layer.means[:, unit], **look)[0], f"mean-{unit + 1}")
        means.set_title("Average output of five units")
        means.set_xlabel("passes averaged")
        means.set_ylabel("average output")
        means.set_ylim(0, 6)
        off = float(np.abs(layer.means[-1] / layer.x - 1).mean())
        said = f"{100 * kept:.0f} % are kept; after {state.passes} passes the averages are {100 * off:.1f} % off"
        return svg(figure, "A mask, and averages over many passes", said)

    def work(self, state: Dropout) -> Iterator[tuple[float, Gaps]]:
        """Nets with several drop probabilities."""
        return gaps(self.net_class, state)

    def results(self, state: Dropout, found: Gaps) -> Drawing:
        """Accuracies against the drop probability, and against the epoch for the one nearest to the slider."""
        figure, ((against, curves),) = panels(1, 2, height=2.7)
        ended = sorted(p for p, run in found.runs.items() if run.val)
        train = np.array([100 * found.runs[p].train[-1] for p in ended])
        val = np.array([100 * max(found.runs[p].val) for p in ended])
        if ended:
            against.fill_between(ended, val, train, color=ORANGE, alpha=0.15, lw=0)
        near = min(ended, key=lambda p: abs(p - state.p), default=0.0)
        run = found.runs.get(near)
        for number, (name, values) in enumerate((("training", train), ("validation", val))):
            look: dict[str, Any] = {"color": COLOURS[number], "ls": LINES[number], "marker": MARKERS[number]}
            named(against.plot(ended, values, label=name, **look)[0], f"gap-{name}")
            if run is not None:
                curve = 100 * np.array(run.train if name == "training" else run.val)
                named(curves.plot(np.arange(1, len(curve) + 1), curve, label=name, **look)[0], f"curve-{name}")
        against.axvline(state.p, color=FAINT, ls=":", lw=1)
        against.set_title("Training (last) and validation (best)")
        against.set_xlabel("drop probability p")
        against.set_ylabel("accuracy, %")
        against.set_xlim(-0.05, 1)
        curves.set_title(f"The net with p = {near:g}")
        curves.set_xlabel("epoch")
        for ax in (against, curves):
            ax.set_ylim(0, 102)
        against.legend(loc="upper right")
        said = "; ".join(f"p {p:g}: gap {t - v:.0f} points" for p, t, v in zip(ended, train, val, strict=True))
        return svg(figure, "Two accuracies against the drop probability", said or "no epoch has ended yet")
