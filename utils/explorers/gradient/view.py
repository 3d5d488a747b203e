"""The gradient-check explorer."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from ..controls import choice, fraction, log_slider
from ..drawing import BLUE, FAINT, INK, ORANGE, Drawing, log_axis, named, panels, svg
from ..explorer import Explorer
from ..grips import axis_of, knob, place_of, with_grips
from ..picture import handle
from ..student import running
from .compute import KINDS, LAYERS, PLAIN, STEPS, Errors, GradientCheck, errors, numeric, pair

LOWEST = 1e-14  # below which errors are drawn on the axis
_LOOKS: dict[tuple[str, str], dict[str, Any]] = {
    ("one-sided", "float64"): {"color": BLUE, "ls": "-", "marker": "o"},
    ("central", "float64"): {"color": ORANGE, "ls": "-", "marker": "s"},
    ("one-sided", "float32"): {"color": BLUE, "ls": ":", "marker": "^"},
    ("central", "float32"): {"color": ORANGE, "ls": ":", "marker": "v"},
}


class GradientExplorer(Explorer[GradientCheck]):
    """A numeric derivative against its step size, in two precisions, kinks included.

    Parameters
    ----------
    layers : module, optional
        Your ``nndl.layers``, to check your own ReLU and batch normalisation.
    state, jobs
        As of `Explorer`.
    """

    title = "Gradient check"
    look_for = (
        "Each curve is a valley: on its right the step is too long for the formula (truncation), on its left too short "
        "for the digits (rounding). The bottom of the valley is the best a gradient check can do."
    )
    question = (
        "Why is 1e-5 a good step for central differences in float64, what would you take in float32, and what goes "
        "wrong at a kink: |x| at x = 0, and at x = 0.01?"
    )
    first = GradientCheck()

    def __init__(
        self, layers: ModuleType | None = None, state: GradientCheck | str | None = None, **options: Any
    ) -> None:
        self.layers = layers
        super().__init__({"layers": layers}, state, **options)

    def controls(self) -> Mapping[str, Any]:
        """The function, the place, the step."""
        now = self.state
        return {
            "function": choice((*PLAIN, *LAYERS), now.function, "function"),
            "x": fraction(-2, 2, now.x, "x", step=0.01),
            "h": log_slider(-12, 0, now.h, "step h", step=0.25),
        }

    def numbers(self, state: GradientCheck) -> Errors:
        """What the picture draws."""
        return errors(state, self.layers)

    def picture(self, state: GradientCheck) -> Drawing:
        """The function with its two secants, and the errors against the step."""
        found = self.numbers(state)
        figure, ((near, valley),) = panels(1, 2, height=3.4, gridspec_kw={"width_ratios": (2, 3)})
        figure.subplots_adjust(right=0.79)
        middle = self._secants(near, state, found)
        for key, look in _LOOKS.items():
            shown = np.maximum(found.error[key], LOWEST)
            label = f"{key[0]}, {key[1]}"
            named(valley.plot(STEPS, shown, **look, ms=3, lw=1.1, label=label)[0], f"error-{key[0]}-{key[1]}")
        for style, what, lines in (("--", "truncation", found.truncation), ("-.", "rounding", found.rounding)):
            for name, values in lines.items():
                if values.max() > LOWEST:
                    (line,) = valley.plot(STEPS, values, color=INK, ls=style, lw=0.8, alpha=0.6, label=what)
                    named(line, f"{what}-{name}")
        valley.axvline(state.h, color=INK, lw=1, ls=":")
        log_axis(valley.xaxis)
        log_axis(valley.yaxis)
        valley.set_ylim(LOWEST / 2, 10)
        valley.set_xlabel("step h")
        valley.set_title("|numeric − exact| derivative")
        handles, labels = valley.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        figure.legend(once.values(), once.keys(), loc="center left", bbox_to_anchor=(0.795, 0.55))
        here = int(np.argmin(np.abs(np.log(STEPS / state.h))))
        said = "; ".join(
            f"{kind} in {precision} {found.error[kind, precision][here]:.0e}" for kind, precision in _LOOKS
        )
        drawing = svg(figure, f"Errors of numeric derivatives of {state.function}", f"at h = {state.h:.0e}: {said}")
        h = axis_of(valley, "x", state.h, (1e-12, 1.0), 0.25, log=True)
        x = axis_of(near, "x", state.x, (-2.0, 2.0), 0.01)
        return with_grips(
            drawing,
            handle("x", "x in the picture", knob(), x=x, beside=place_of(near, "y", middle)),
            handle("h", "h in the picture", knob(), x=h, beside=place_of(valley, "y", LOWEST / 2)),
        )

    def _secants(self, ax: Any, state: GradientCheck, found: Errors) -> float:
        """The function, as wide as the step needs it, and the secants whose slopes the two differences are; f(x)."""
        x, reach = state.x, max(2.5 * state.h, 0.25)
        at = np.linspace(x - reach, x + reach, 81)
        with running(0):
            f, _ = pair(state.function, self.layers)
            values = np.array([float(f(np.float64(place))) for place in at])
            middle = float(f(np.float64(x)))
            slopes = {kind: numeric(f, x, state.h, kind, "float64") for kind in KINDS}
            ends = {kind: float(f(np.float64(x - state.h * (kind == "central")))) for kind in KINDS}
        named(ax.plot(at, values, color=FAINT, lw=3)[0], "function")
        for kind, colour, style in (("one-sided", BLUE, "-"), ("central", ORANGE, "--")):
            start = x - state.h * (kind == "central")
            named(
                ax.plot(at, ends[kind] + slopes[kind] * (at - start), color=colour, ls=style, lw=1.3)[0],
                f"secant-{kind}",
            )
        ax.plot(x, middle, "o", color=INK, ms=5)
        spread = max(float(np.ptp(values)), 1e-3)
        ax.set_ylim(values.min() - 0.25 * spread, values.max() + 0.25 * spread)
        ax.set_title(f"{state.function} at x = {x:g}")
        ax.set_xlabel("x")
        told = f"slope {found.slope:.4f}\none-sided {slopes['one-sided']:.4f}\ncentral {slopes['central']:.4f}"
        ax.text(0.03, 0.97, told, transform=ax.transAxes, va="top", fontsize=7.5)
        return middle
