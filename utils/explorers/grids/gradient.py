"""The step of a numeric derivative against the place where it is taken."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..gradient.compute import KINDS, LAYERS, PLAIN, PRECISIONS, STEPS, GradientCheck, errors, numeric, pair
from ..gradient.view import LOWEST
from ..student import running
from .grid import Control, Grid, Modules, Part, logarithms, rounded, whole

PLACES = (-2.0, -1.5, -1.0, -0.5, -0.1, -0.01, 0.0, 0.01, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0)
H = tuple(float(h) for h in STEPS[::3])  # half powers of ten; the curves have more
CURVE = np.linspace(-4.5, 4.5, 181)  # where the function is drawn


def valley(modules: Modules, state: GradientCheck) -> dict[str, Any]:
    """The errors of each kind in each precision as logarithms times 100, and what the theory says at h = 1."""
    found = errors(state, modules("layers"))
    return {
        "slope": rounded(found.slope, 6),
        "error": {f"{kind}, {precision}": logarithms(found.error[kind, precision], LOWEST)
                  for kind in KINDS for precision in PRECISIONS},
        "truncation": [rounded(found.truncation[kind][-1]) for kind in KINDS],
        "rounding": [rounded(found.rounding[precision][-1]) for precision in PRECISIONS],
    }  # fmt: skip


def secants(modules: Modules, state: GradientCheck) -> list[float | None]:
    """The two numeric derivatives in float64, and the function below, at, and above x."""
    with running(0):
        f, _ = pair(state.function, modules("layers"))
        slopes = [numeric(f, state.x, state.h, kind, "float64") for kind in KINDS]
        around = [float(f(np.float64(state.x + shift))) for shift in (-state.h, 0.0)]
    return [rounded(value, 6) for value in (*slopes, *around)]


def curve(modules: Modules, state: GradientCheck) -> list[int | None]:
    """The function at `CURVE`, times 1000."""
    with running(0):
        f, _ = pair(state.function, modules("layers"))
        return whole([float(f(np.float64(x))) for x in CURVE], 1000)


GRID = Grid(
    GradientCheck(),
    (
        Control("h", "step h", H, H[14]),
        Control("x", "x", PLACES, 1.0),
        Control("function", "function", (*PLAIN, *LAYERS), "sin(x)"),
    ),
    (
        Part("valley", ("function", "x"), valley),
        Part("secants", ("function", "x", "h"), secants),
        Part("curve", ("function",), curve),
    ),
    lambda modules: {
        "steps": [rounded(float(h)) for h in STEPS],
        "x": [round(float(x), 2) for x in CURVE],
        "flat": list(LAYERS),
    },
)
