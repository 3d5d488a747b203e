"""The dropout explorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..chart import Chart, Look, charted, ghosts, legend, looks_of, row
from ..controls import fraction, slider
from ..drawing import BLUE, COLOURS, DASHES, DOTTED, FAINT, ORANGE, Drawing
from ..explorer import Explorer
from ..player import Player
from .compute import SHAPE, Dropout, Gaps, Layer, gaps, layer_of


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
    seen_in_results = ("p",)

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
        height = 195.0
        boxes, before = row(2, height), ghosts(2)
        kept, scale = float(np.mean(layer.out != 0)), float(layer.out.max())
        title = f"One pass over ones: {100 * kept:.0f} % kept (■), each now {scale:.2f}"
        tall, wide = SHAPE
        mask = Chart(boxes[0], title, x_ends=(-1, wide), y_ends=(tall - 0.5, -0.5), x_ticks=(), y_ticks=(), grid=False,
                     before=before[0])  # fmt: skip
        rows, columns = np.nonzero(layer.out)
        mask.curve("kept", columns, rows, Look(BLUE, marker="square", width=0, size=8))
        rows, columns = np.nonzero(layer.out == 0)
        mask.curve("dropped", columns, rows, Look(FAINT, marker="cross", width=0, size=4))
        means = Chart(boxes[1], "Average output of five units", "passes averaged", "average output", y_ends=(0, 6),
                      before=before[1])  # fmt: skip
        means.make_room([1, 10])
        for unit, value in enumerate(layer.x):
            means.level(value, Look(FAINT, width=1))
            look = Look(COLOURS[unit], DASHES[unit])
            means.curve(f"mean-{unit + 1}", np.arange(1, len(layer.means) + 1), layer.means[:, unit], look)
        off = float(np.abs(layer.means[-1] / layer.x - 1).mean())
        said = f"{100 * kept:.0f} % are kept; after {state.passes} passes the averages are {100 * off:.1f} % off"
        return charted(height, "A mask, and averages over many passes", said, (mask, means))

    def work(self, state: Dropout) -> Iterator[tuple[float, Gaps]]:
        """Nets with several drop probabilities."""
        return gaps(self.net_class, state)

    def results(self, state: Dropout, found: Gaps) -> Drawing:
        """Accuracies against the drop probability, and against the epoch for the one nearest to the slider."""
        height = 195.0
        ended = sorted(p for p, run in found.runs.items() if run.val)
        train = np.array([100 * found.runs[p].train[-1] for p in ended])
        val = np.array([100 * max(found.runs[p].val) for p in ended])
        near = min(ended, key=lambda p: abs(p - state.p), default=0.0)
        run = found.runs.get(near)
        boxes, before = row(2, height), ghosts(2)
        against = Chart(boxes[0], "Training (last) and validation (best)", "drop probability p", "accuracy, %",
                        x_ends=(-0.05, 1), y_ends=(0, 102), before=before[0])  # fmt: skip
        curves = Chart(boxes[1], f"The net with p = {near:g}", "epoch", y_ends=(0, 102), before=before[1])
        against.band(ended, val, train, ORANGE, 0.15)
        looks = looks_of(("training", "validation"))
        for (name, look), values in zip(looks.items(), (train, val), strict=True):
            against.curve(f"gap-{name}", ended, values, look)
            if run is not None:
                curve = 100 * np.array(run.train if name == "training" else run.val)
                curves.curve(f"curve-{name}", np.arange(1, len(curve) + 1), curve, look)
        against.upright(state.p, Look(FAINT, DOTTED, width=1.2))
        left, top, _, tall = boxes[0]
        against.put(legend(left + 8, top + tall - 9, looks.items(), 7.5, columns=(0, 62)))  # no net is so bad
        said = "; ".join(f"p {p:g}: gap {t - v:.0f} points" for p, t, v in zip(ended, train, val, strict=True))
        heading = "Two accuracies against the drop probability"
        return charted(height, heading, said or "no epoch has ended yet", (against, curves))
