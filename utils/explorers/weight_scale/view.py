"""The weight-scale explorer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..chart import Chart, Look, charted, ghosts, legend, looks_of, row
from ..controls import choice, log_slider, slider
from ..drawing import BLUE, DOTTED, FAINT, ORANGE, Drawing
from ..explorer import Explorer
from ..grips import axis_of, knob
from ..picture import handle
from ..player import Player
from ..training import Run
from .compute import LAST, NORMS, SCALES, Layer, Sweep, WeightScale, layers_of, sweep

EDGES = np.linspace(-12, 8, 101)  # of the histograms, in powers of ten


class WeightScaleExplorer(Explorer[WeightScale]):
    """Activations and gradients layer by layer, and the course's sweep over 20 scales.

    Parameters
    ----------
    net_class : type
        Your ``FullyConnectedNet``.
    state, jobs
        As of `Explorer`.
    """

    title = "Weight scale"
    look_for = (
        "Each ridge is one hidden layer: how large its outputs are, and how large the gradients that come back to it. "
        "Ridges that wander to the left vanish, those that wander to the right explode. Drag the dot below the first "
        "ridge: it is the spread of that layer's outputs, and the weight scale with it."
    )
    question = (
        "Without normalisation, how wide is the range of scales that train at depth 7, and what does batch "
        "normalisation make of it?"
    )
    first = WeightScale()
    drives_work = ("depth", "width", "activation", "norm", "seed")
    seen_in_results = ("scale",)

    def __init__(self, net_class: type, state: WeightScale | str | None = None, **options: Any) -> None:
        self.net_class = net_class
        super().__init__({"net_class": net_class}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """Depth, width, activation, normalisation, scale, seed."""
        now = self.state
        return {
            "scale": log_slider(-5, 1, now.scale, "weight scale"),
            "depth": slider(1, 12, now.depth, "hidden layers"),
            "width": slider(5, 200, now.width, "units per layer", step=5),
            "norm": choice(NORMS, now.norm, "normalisation"),
            "activation": choice(("relu", "tanh"), now.activation, "activation"),
            "seed": slider(0, 20, now.seed, "seed"),
            "step": Player(now.step, LAST, "minibatches of training"),
        }

    def numbers(self, state: WeightScale) -> list[Layer]:
        """What the picture draws."""
        return layers_of(self.net_class, state)

    def picture(self, state: WeightScale) -> Drawing:
        """Histograms of one forward and one backward pass."""
        layers = self.numbers(state)
        count = len(layers)
        height = 72 * max(2.2, 1.0 + 0.26 * count)
        after = f", after {state.step} minibatch{'es' * (state.step > 1)}" if state.step else ""
        titles = (f"Outputs of each layer{after}", "Upstream gradients of each layer")
        charts = []
        for box, title, name, colour, before in zip(
            row(2, height), titles, ("out", "dout"), (BLUE, ORANGE), ghosts(2), strict=True
        ):
            names = [(base + 0.3, str(count - base) if name == "out" else "") for base in range(count)]
            chart = Chart(box, title, "magnitude |value|, in powers of ten", "hidden layer" if name == "out" else "",
                          x_ends=(EDGES[0], EDGES[-1]), y_ends=(0, count), y_ticks=names, before=before)  # fmt: skip
            _ridges(chart, [getattr(layer, name) for layer in layers], colour, f"weight-scale-{name}")
            charts.append(chart)
        return charted(height, "Activations and gradients layer by layer", _said(layers), charts,
                       _grip(charts[0], layers, state))  # fmt: skip

    def work(self, state: WeightScale) -> Iterator[tuple[float, Sweep]]:
        """The sweep over 20 scales."""
        return sweep(self.net_class, state)

    def results(self, state: WeightScale, found: Sweep) -> Drawing:
        """Best validation accuracy, best training accuracy and final loss against the scale."""
        height = 195.0
        measures: tuple[tuple[str, str, float, Callable[[Run], float]], ...] = (
            ("Best validation accuracy", "accuracy, %", 60, lambda run: 100 * max(run.val)),
            ("Best training accuracy", "accuracy, %", 105, lambda run: 100 * max(run.train)),
            ("Final loss", "loss", 4, lambda run: float(np.mean(run.loss[-20:]))),
        )
        norms = list(dict.fromkeys(norm for norm, _ in found.runs))
        verdicts = {run: found.verdict(*run) for run in found.runs}
        looks = looks_of(norms)
        charts = []
        for box, (title, along, top, measure), before in zip(row(3, height), measures, ghosts(3), strict=True):
            chart = Chart(box, title, "weight scale", along, x_ends=(SCALES[0] / 1.3, SCALES[-1] * 1.3),
                          y_ends=(0, top), log="x", before=before)  # fmt: skip
            for norm, look in looks.items():
                scales = [scale for scale in SCALES if (norm, scale) in found.runs]
                values = [measure(found.runs[norm, scale]) for scale in scales]
                chart.curve(f"sweep-{title.split()[1]}-{norm}", scales, np.minimum(values, 1e3), look)
            chart.upright(state.scale, Look(FAINT, DOTTED, width=1.2))
            charts.append(chart)
        for (norm, scale), verdict in verdicts.items():
            high = 3.7 - 0.35 * norms.index(norm)
            charts[2].text(scale, high, _MARKS[verdict], 8, "middle", fill=looks[norm].colour)
        if norms:
            left, top, *_ = charts[0].box
            charts[0].put(legend(left + 8, top + 9, ((_NAMES[norm], look) for norm, look in looks.items())))
            charts[2].note(0.02, 0.02, "✓ trains · ↓ vanishes · ↑ explodes", 7)
        trained = {norm: sum(verdicts[run] == "trains" for run in found.runs if run[0] == norm) for norm in norms}
        said = "; ".join(f"{_NAMES[norm]}: {count} scales train" for norm, count in trained.items())
        heading = f"Sweep over {len(found.runs)} of {2 * len(SCALES)} runs"
        return charted(height, heading, said or "no run has ended yet", charts)


_NAMES = {"none": "no normalisation", "batchnorm": "batch norm", "layernorm": "layer norm"}
_MARKS = {"trains": "✓", "vanishes": "↓", "explodes": "↑"}


def _ridges(chart: Chart, arrays: list[Any], colour: str, name: str) -> None:
    """A histogram for each layer, one above the other, the first layer on top."""
    middles = (EDGES[1:] + EDGES[:-1]) / 2
    for number, values in enumerate(arrays):
        sizes = np.abs(values[np.isfinite(values) & (values != 0)])
        # Told that all bins are equally wide, numpy need not sort what it counts.
        counts, _ = np.histogram(np.log10(sizes), len(EDGES) - 1, (EDGES[0], EDGES[-1]))
        height = 0.9 * counts / max(1, counts.max())
        base = len(arrays) - number - 1
        held = np.flatnonzero(counts)
        shown = slice(max(held[0] - 1, 0), held[-1] + 2) if held.size else slice(0)  # not the empty bins on both sides
        chart.band(middles[shown], base, base + height[shown], colour, 0.75, f"{name}-{number + 1}")
        spread = float(np.std(values)) if np.isfinite(values).all() else float("inf")
        said = f"σ {spread:.1e}, {100 * np.mean(values == 0):.0f} % zero"
        if sizes.size and np.log10(np.median(sizes)) > EDGES.mean():  # on the side where the ridge is not
            chart.text(EDGES[0] + 0.2, base + 0.2, said)
        else:
            chart.text(EDGES[-1], base + 0.2, said, anchor="end")


def _grip(chart: Chart, layers: list[Layer], state: WeightScale) -> str:
    """A handle at the standard deviation of the first layer's outputs, which grows as the scale does."""
    spread = float(np.std(layers[0].out))
    if not np.isfinite(spread) or spread == 0:
        return ""
    ends = (1e-5, 10.0)
    at = [float(np.log10(spread / state.scale * end)) for end in ends]
    axis = axis_of(chart.plane, "x", state.scale, ends, 0.1, log=True, places=(at[0], at[1]))
    says = f"{state.scale:.2g}; the first layer's outputs have standard deviation {spread:.1e}"
    return handle("scale", "scale, on the first ridge", knob(4), x=axis, beside=float(chart.plane.y(len(layers) - 1)),
                  says=says, more='class="tells"')  # fmt: skip


def _said(layers: list[Layer]) -> str:
    first, last = layers[0], layers[-1]
    return (
        f"outputs have standard deviation {np.std(first.out):.1e} in the first and {np.std(last.out):.1e} in the last "
        f"layer; gradients {np.std(first.dout):.1e} and {np.std(last.dout):.1e}"
    )
