"""The weight-scale explorer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..controls import choice, log_slider, slider
from ..drawing import BLUE, COLOURS, FAINT, LINES, MARKERS, ORANGE, Drawing, log_axis, named, panels, svg
from ..explorer import Explorer
from ..grips import axis_of, knob, place_of, with_grips
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
        figure, ((left, right),) = panels(1, 2, height=max(2.2, 1.0 + 0.26 * len(layers)), sharey=True)
        for ax, name, colour in ((left, "out", BLUE), (right, "dout", ORANGE)):
            _ridges(ax, [getattr(layer, name) for layer in layers], colour, f"weight-scale-{name}")
        after = f", after {state.step} minibatch{'es' * (state.step > 1)}" if state.step else ""
        left.set_title(f"Outputs of each layer{after}")
        right.set_title("Upstream gradients of each layer")
        left.set_ylabel("hidden layer")
        for ax in (left, right):
            ax.set_xlabel("magnitude |value|, in powers of ten")
        drawing = svg(figure, "Activations and gradients layer by layer", _said(layers))
        return with_grips(drawing, *_grip(left, layers, state))

    def work(self, state: WeightScale) -> Iterator[tuple[float, Sweep]]:
        """The sweep over 20 scales."""
        return sweep(self.net_class, state)

    def results(self, state: WeightScale, found: Sweep) -> Drawing:
        """Best validation accuracy, best training accuracy and final loss against the scale."""
        figure, (axes,) = panels(1, 3, height=2.7)
        measures: tuple[tuple[str, str, Callable[[Run], float]], ...] = (
            ("Best validation accuracy", "accuracy, %", lambda run: 100 * max(run.val)),
            ("Best training accuracy", "accuracy, %", lambda run: 100 * max(run.train)),
            ("Final loss", "loss", lambda run: float(np.mean(run.loss[-20:]))),
        )
        norms = list(dict.fromkeys(norm for norm, _ in found.runs))
        for ax, (title, label, measure) in zip(axes, measures, strict=True):
            for number, norm in enumerate(norms):
                scales = [scale for scale in SCALES if (norm, scale) in found.runs]
                values = [measure(found.runs[norm, scale]) for scale in scales]
                look = {"color": COLOURS[number], "ls": LINES[number], "marker": MARKERS[number]}
                (line,) = ax.plot(scales, np.minimum(values, 1e3), label=_NAMES[norm], **look)
                named(line, f"sweep-{title.split()[1]}-{norm}")
            ax.axvline(state.scale, color=FAINT, lw=1, ls=":")
            ax.set_title(title)
            ax.set_ylabel(label)
            log_axis(ax.xaxis)
            ax.set_xlabel("weight scale")
            ax.set_xlim(SCALES[0] / 1.3, SCALES[-1] * 1.3)
        for ax, top in zip(axes, (60, 105, 4), strict=True):
            ax.set_ylim(0, top)
        for number, norm in enumerate(norms):
            for scale in SCALES:
                if (norm, scale) in found.runs:
                    mark = _MARKS[found.verdict(norm, scale)]
                    axes[2].text(scale, 3.7 - 0.35 * number, mark, color=COLOURS[number], ha="center", fontsize=8)
        if norms:
            axes[0].legend(loc="upper left")
            axes[2].text(0.02, 0.02, "✓ trains   ↓ vanishes   ↑ explodes", transform=axes[2].transAxes, fontsize=7)
        trained = {norm: sum(found.verdict(*key) == "trains" for key in found.runs if key[0] == norm) for norm in norms}
        said = "; ".join(f"{_NAMES[norm]}: {count} scales train" for norm, count in trained.items())
        return svg(figure, f"Sweep over {len(found.runs)} of {2 * len(SCALES)} runs", said or "no run has ended yet")


_NAMES = {"none": "no normalisation", "batchnorm": "batch norm", "layernorm": "layer norm"}
_MARKS = {"trains": "✓", "vanishes": "↓", "explodes": "↑"}


def _ridges(ax: Any, arrays: list[Any], colour: str, gid: str) -> None:
    """A histogram for each layer, one above the other, the first layer on top."""
    middles = (EDGES[1:] + EDGES[:-1]) / 2
    for number, values in enumerate(arrays):
        sizes = np.abs(values[np.isfinite(values) & (values != 0)])
        counts, _ = np.histogram(np.log10(sizes) if sizes.size else sizes, EDGES)
        height = 0.9 * counts / max(1, counts.max())
        base = len(arrays) - number - 1
        named(ax.fill_between(middles, base, base + height, color=colour, alpha=0.75, lw=0), f"{gid}-{number + 1}")
        spread = float(np.std(values)) if np.isfinite(values).all() else float("inf")
        said = f"σ {spread:.1e}, {100 * np.mean(values == 0):.0f} % zero"
        if sizes.size and np.log10(np.median(sizes)) > EDGES.mean():  # on the side where the ridge is not
            ax.text(EDGES[0] + 0.2, base + 0.2, said, ha="left", fontsize=7)
        else:
            ax.text(EDGES[-1], base + 0.2, said, ha="right", fontsize=7)
    ax.set_yticks([base + 0.3 for base in range(len(arrays))], [str(len(arrays) - base) for base in range(len(arrays))])
    ax.set_xlim(EDGES[0], EDGES[-1])
    ax.set_ylim(0, len(arrays))


def _grip(ax: Any, layers: list[Layer], state: WeightScale) -> list[str]:
    """A handle at the standard deviation of the first layer's outputs, which grows as the scale does."""
    spread = float(np.std(layers[0].out))
    if not np.isfinite(spread) or spread == 0:
        return []
    ends = (1e-5, 10.0)
    at = [float(np.log10(spread / state.scale * end)) for end in ends]
    axis = axis_of(ax, "x", state.scale, ends, 0.1, log=True, places=(at[0], at[1]))
    says = f"{state.scale:.2g}; the first layer's outputs have standard deviation {spread:.1e}"
    return [
        handle(
            "scale", "scale, on the first ridge", knob(4), x=axis, beside=place_of(ax, "y", len(layers) - 1), says=says
        )
    ]


def _said(layers: list[Layer]) -> str:
    first, last = layers[0], layers[-1]
    return (
        f"outputs have standard deviation {np.std(first.out):.1e} in the first and {np.std(last.out):.1e} in the last "
        f"layer; gradients {np.std(first.dout):.1e} and {np.std(last.dout):.1e}"
    )
