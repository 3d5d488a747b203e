"""The gradient-check explorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..chart import Chart, Look, charted, ghosts, legend, row
from ..controls import choice, fraction, log_slider
from ..drawing import BLUE, DASH_DOT, DASHED, DOTTED, FAINT, ORANGE, SOLID, Drawing
from ..explorer import Explorer
from ..ghost import Trace
from ..grips import axis_of, knob
from ..picture import handle
from ..student import running
from .compute import KINDS, LAYERS, PLAIN, STEPS, Errors, GradientCheck, errors, numeric, pair

LOWEST = 1e-14  # below which errors are drawn on the axis
_INK = "currentColor"
_LOOKS = {
    ("one-sided", "float64"): Look(BLUE, SOLID, "circle", 1.1, 4.0),
    ("central", "float64"): Look(ORANGE, SOLID, "square", 1.1, 4.0),
    ("one-sided", "float32"): Look(BLUE, DOTTED, "up", 1.1, 5.0),
    ("central", "float32"): Look(ORANGE, DOTTED, "down", 1.1, 5.0),
}
_BOUNDS = {
    "truncation": Look(_INK, DASHED, width=0.8, opacity=0.6), "rounding": Look(_INK, DASH_DOT, width=0.8, opacity=0.6),
}  # fmt: skip


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
        height = 244.8
        boxes, before = row(2, height, (2, 3), right=136.0), ghosts(2)
        near, middle = self._secants(boxes[0], before[0], state, found)
        valley = Chart(boxes[1], "|numeric − exact| derivative", "step h", x_ends=(STEPS[0] / 4, STEPS[-1] * 4),
                       y_ends=(LOWEST / 2, 10), log="xy", before=before[1])  # fmt: skip
        for (kind, precision), look in _LOOKS.items():
            shown = np.maximum(found.error[kind, precision], LOWEST)
            valley.curve(f"error-{kind}-{precision}", STEPS, shown, look)
        names = [(f"{kind}, {precision}", look) for (kind, precision), look in _LOOKS.items()]
        for what, lines in (("truncation", found.truncation), ("rounding", found.rounding)):
            drawn = {name: values for name, values in lines.items() if values.max() > LOWEST}
            for name, values in drawn.items():
                valley.curve(f"{what}-{name}", STEPS, values, _BOUNDS[what])
            names += [(what, _BOUNDS[what])] * bool(drawn)
        valley.upright(state.h, Look(_INK, DOTTED, width=1.0))
        left, top, width, tall = boxes[1]
        here = int(np.argmin(np.abs(np.log(STEPS / state.h))))
        said = "; ".join(
            f"{kind} in {precision} {found.error[kind, precision][here]:.0e}" for kind, precision in _LOOKS
        )
        h = axis_of(valley.plane, "x", state.h, (1e-12, 1.0), 0.25, log=True)
        x = axis_of(near.plane, "x", state.x, (-2.0, 2.0), 0.01)
        tells = 'class="tells"'
        return charted(
            height, f"Errors of numeric derivatives of {state.function}", f"at h = {state.h:.0e}: {said}",
            (near, valley), legend(left + width + 10, top + tall / 2 - 6 * len(names), names),
            handle("x", "x in the picture", knob(), x=x, beside=float(near.plane.y(middle)), more=tells),
            handle("h", "h in the picture", knob(), x=h, beside=top + tall, more=tells),
        )  # fmt: skip

    def _secants(self, box: Any, before: Sequence[Trace], state: GradientCheck, found: Errors) -> tuple[Chart, float]:
        """The function, as wide as the step needs it, and the secants whose slopes the two differences are; f(x)."""
        x, reach = state.x, max(2.5 * state.h, 0.25)
        at = np.linspace(x - reach, x + reach, 81)
        with running(0):
            f, _ = pair(state.function, self.layers)
            values = np.array([float(f(np.float64(place))) for place in at])
            middle = float(f(np.float64(x)))
            slopes = {kind: numeric(f, x, state.h, kind, "float64") for kind in KINDS}
            ends = {kind: float(f(np.float64(x - state.h * (kind == "central")))) for kind in KINDS}
        spread = max(float(np.ptp(values)), 1e-3)
        near = Chart(box, f"{state.function} at x = {x:g}", "x",
                     y_ends=(values.min() - 0.25 * spread, values.max() + 0.25 * spread), before=before)  # fmt: skip
        near.curve("function", at, values, Look(FAINT, width=3))
        for kind, colour, dash in (("one-sided", BLUE, SOLID), ("central", ORANGE, DASHED)):
            start = x - state.h * (kind == "central")
            near.curve(f"secant-{kind}", at, ends[kind] + slopes[kind] * (at - start), Look(colour, dash, width=1.3))
        near.line([x], [middle], Look(_INK, marker="circle", width=0, size=6))
        told = f"slope {found.slope:.4f}\none-sided {slopes['one-sided']:.4f}\ncentral {slopes['central']:.4f}"
        near.note(0.03, 0.95, told, 7.5)
        return near, middle
