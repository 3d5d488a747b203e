"""How far numeric derivatives are from the true one, step size by step size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..state import State
from ..student import Trouble, running

Array = NDArray[Any]
STEPS = np.logspace(-12, 0, 73)  # the step sizes of the curves
KINDS = ("one-sided", "central")
PRECISIONS = ("float32", "float64")

Function = Callable[[Any], Any]  # of one number, a numpy scalar
Pair = tuple[Function, Function]
PLAIN: dict[str, Pair] = {  # each function and its derivative
    "sin(x)": (np.sin, np.cos),
    "exp(x)": (np.exp, np.exp),
    "|x|": (np.abs, np.sign),
}
LAYERS = ("relu layer", "batch norm layer")  # the student's own, forward and backward
NEIGHBOURS = np.array([-1.3, 0.4, 0.7, 2.1])  # other numbers in the layers' input, which stay where they are
UPSTREAM = np.array([0.8, -1.1, 0.5, 1.7, -0.6])


@dataclass(frozen=True)
class GradientCheck(State):
    """The state of the gradient-check explorer.

    Attributes
    ----------
    function : str
        One of `PLAIN` or `LAYERS`.
    x : float
        Where the derivative is taken.
    h : float
        The step that is drawn.
    """

    function: str = "sin(x)"
    x: float = 1.0
    h: float = 1e-5

    name: ClassVar[str] = "gradient-check"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "function": (*PLAIN, *LAYERS), "x": (-2.0, 2.0), "h": (1e-12, 1.0),
    }  # fmt: skip


@dataclass(frozen=True)
class Errors:
    """Numeric derivatives of one function at one place.

    Attributes
    ----------
    slope : float
        The derivative, as the formula has it (in float64); of a student's layer, as its backward has it.
    error : dict of (kind, precision) to ndarray of shape (len(STEPS),)
        |numeric − slope|; NaN where x + h rounds to x.
    truncation : dict of kind to ndarray of shape (len(STEPS),)
        What Taylor's formula says of exact arithmetic: ½ |f''| h for the one-sided, |f'''| h²/6 for the central one.
    rounding : dict of precision to ndarray of shape (len(STEPS),)
        What rounding f(x) alone may add: half a unit in its last place over h.
    """

    slope: float
    error: dict[tuple[str, str], Array]
    truncation: dict[str, Array]
    rounding: dict[str, Array]


def pair(function: str, layers: ModuleType | None) -> Pair:
    """A function of one number and its derivative; both keep the precision of what they are given.

    Raises
    ------
    Trouble
        For a layer, when no `layers` were handed over.
    """
    if function in PLAIN:
        return PLAIN[function]
    if layers is None:
        raise Trouble(
            f"<b>The {function} is your own.</b> Hand your layers over: <code>GradientExplorer(layers)</code>, after "
            "<code>from nndl import layers</code>."
        )
    return _relu(layers) if function == "relu layer" else _batchnorm(layers)


def numeric(f: Function, x: float, h: float, kind: str, precision: str) -> float:
    """A numeric derivative; all is rounded to `precision`, as in a net of that precision.

    Returns
    -------
    float
        NaN where the step is lost in the rounding of x.
    """
    number = np.dtype(precision).type
    above = number(x) + number(h)
    below = number(x) - number(h) if kind == "central" else number(x)
    step = float(above) - float(below)  # the step that was really taken
    if step == 0:
        return float("nan")
    return (float(f(above)) - float(f(below))) / step


def errors(state: GradientCheck, layers: ModuleType | None = None) -> Errors:
    """Numeric against exact, for every step size, both differences and both precisions.

    W. Press et al., "Numerical recipes", third edition, 2007, section 5.7.
    """
    x = state.x
    with running(0):
        f, df = pair(state.function, layers)
        slope = float(df(np.float64(x)))
        error = {
            (kind, precision): np.array([abs(numeric(f, x, h, kind, precision) - slope) for h in STEPS])
            for kind in KINDS
            for precision in PRECISIONS
        }
        # The higher derivatives from the exact first one, with steps that suit float64.
        near = [float(df(np.float64(x + shift))) for shift in (-1e-3, 0.0, 1e-3)]
        size = abs(float(f(np.float64(x))))
    second, third = (near[2] - near[0]) / 2e-3, (near[2] - 2 * near[1] + near[0]) / 1e-6
    return Errors(
        slope,
        error,
        {"one-sided": abs(second) / 2 * STEPS, "central": abs(third) / 6 * STEPS**2},
        {precision: size * float(np.finfo(precision).eps) / 2 / STEPS for precision in PRECISIONS},
    )


def _relu(layers: ModuleType) -> Pair:
    """The student's ReLU, in one of five numbers."""

    def f(x: np.floating[Any]) -> Any:
        out, _ = layers.relu_forward(_row(x))
        return np.sum(out * UPSTREAM.astype(out.dtype))

    def df(x: np.floating[Any]) -> Any:
        _, cache = layers.relu_forward(_row(x))
        return layers.relu_backward(UPSTREAM[None], cache)[0, 0]

    return f, df


def _batchnorm(layers: ModuleType) -> Pair:
    """The student's batch normalisation of one feature, in one of five examples."""

    def forward(x: np.floating[Any]) -> Any:
        column = _row(x).T
        one, zero = np.ones(1, dtype=column.dtype), np.zeros(1, dtype=column.dtype)
        return layers.batchnorm_forward(column, one, zero, {"mode": "train"})

    def f(x: np.floating[Any]) -> Any:
        out, _ = forward(x)
        return np.sum(out[:, 0] * UPSTREAM.astype(out.dtype))

    def df(x: np.floating[Any]) -> Any:
        _, cache = forward(x)
        return layers.batchnorm_backward(UPSTREAM[:, None], cache)[0][0, 0]

    return f, df


def _row(x: np.floating[Any]) -> Array:
    return np.concatenate([[x], NEIGHBOURS.astype(x.dtype)])[None]
