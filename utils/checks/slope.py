"""Is a gradient the right derivative of a forward pass that may itself be wrong?

The forward pass is run at points next to the inputs and the difference quotient is compared with what the gradient
says, along a few random directions instead of along every axis: two runs for each direction, however large the array.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from .case import Case
from .program import Ran
from .rules import as_array

DIRECTIONS = 3
STEP = 1e-5  # the central difference is off by about STEP² and by eps / STEP: both 1e-10
CLOSE = 1e-4
KINK = 1e-2  # the slopes to both sides of a smooth place differ by about STEP


def is_derivative(case: Case, path: str, gradient: object, run: Any) -> bool:
    """Whether `gradient` is seen to be the derivative of the objective; as `derivative`, where doubt is no."""
    return derivative(case, path, gradient, run) is True


def derivative(case: Case, path: str, gradient: object, run: Any) -> bool | None:
    """Whether `gradient` is the derivative of the case's objective as the code under test computes it.

    Parameters
    ----------
    case : Case
        Its `gradients` say which input the gradient `path` belongs to, its `objective` what is differentiated.
    path : str
        As ``"dx"`` or ``"grads.W1"``.
    gradient : object
        What the code under test gave.
    run : callable
        ``run(inputs, fetch)`` gives `Ran` or `Crash`.

    Returns
    -------
    bool or None
        None where it cannot be told: no float64 input, a crash, NaN, a kink, a derivative that is 0 along the way.
    """
    given = as_array(gradient)
    where = case.gradients.get(path, "").split(".")
    start = _leaf(case.inputs, where)
    if given is None or start is None or start.dtype != np.float64 or given.shape != start.shape:
        return None
    here = objective(case, case.inputs, run)
    rng = np.random.default_rng(0)
    for _ in range(DIRECTIONS):
        direction = rng.standard_normal(start.shape)
        ahead, behind = (
            objective(case, moved(case.inputs, where, start + step * direction), run) for step in (STEP, -STEP)
        )
        if here is None or ahead is None or behind is None:
            return None
        slope = (ahead - behind) / (2 * STEP)
        claimed = float(np.sum(given * direction))
        if not np.isfinite(claimed) or max(abs(slope), abs(claimed)) < CLOSE:
            return None
        if not abs(slope - claimed) <= CLOSE * abs(slope):
            bend = (ahead - here) / STEP - (here - behind) / STEP
            return None if abs(bend) > KINK * max(abs(slope), abs(claimed)) else False
    return True


def objective(case: Case, inputs: Mapping[str, object], run: Any) -> float | None:
    """The number that is differentiated: an output, weighted by its upstream gradient where it has one."""
    output, upstream = case.objective
    answer = run(inputs, (output,))
    value = as_array(answer.values[output]) if isinstance(answer, Ran) else None
    if value is None:
        return None
    weight = np.asarray(inputs[upstream]) if upstream else np.ones(())
    number = float(np.sum(value * weight)) if weight.shape in ((), value.shape) else np.nan
    return number if np.isfinite(number) else None


def _leaf(inputs: Mapping[str, object], where: list[str]) -> Any:
    here: Any = inputs
    for step in where:
        here = here.get(step) if isinstance(here, Mapping) else None
    return as_array(here)


def moved(inputs: Mapping[str, object], where: list[str], value: object) -> dict[str, object]:
    """A copy of the inputs with another value at ``where``, the names on the way down to it."""
    moved = copy.deepcopy(dict(inputs))
    here: Any = moved
    for step in where[:-1]:
        here = here[step]
    here[where[-1]] = value
    return moved
