"""Test numerically whether a gradient is the derivative of a forward pass, which may itself be wrong.

The forward pass is run at points next to the inputs, and the difference quotient is compared with what the gradient
predicts, along a few random directions instead of along every axis: two runs for each direction, however large the
array is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..case import Case
from ..compare import as_array
from ..program import Answer, Ran, Run
from ..values import value_at, with_value_at

DIRECTIONS = 2  # a wrong gradient passes one by chance, once in some thousand times
STEP = 1e-5  # the central difference is off by about STEP² and by eps / STEP: both 1e-10
TOLERANCE = 1e-4
KINK = 1e-2  # where a function is smooth, the slopes to both sides differ by about STEP

RunCase = Callable[[Mapping[str, object], Sequence[str]], "Answer | None"]
"""``run(inputs, fetch)``: runs the case's program with other inputs; None where it did not end in its time."""


def with_program(run: Run, case: Case) -> RunCase:
    """Fix the program of a `Run` to that of a case."""
    return lambda inputs, fetch: run(case.program, inputs, fetch)


def is_derivative(case: Case, path: str, gradient: object, run: RunCase) -> bool | None:
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
        Runs the code under test.

    Returns
    -------
    bool or None
        None where that cannot be decided: no float64 input, a crash, NaN, a kink, or a derivative of 0.
    """
    given = as_array(gradient)
    source = case.gradients.get(path, "")
    start = as_array(value_at(case.inputs, source))
    if given is None or start is None or start.dtype != np.float64 or given.shape != start.shape:
        return None
    # The same directions each time, so that a verdict does not change from run to run.
    rng = np.random.default_rng(0)
    for _ in range(DIRECTIONS):
        direction = rng.standard_normal(start.shape)
        ahead, behind = (
            objective(case, with_value_at(case.inputs, source, start + step * direction), run) for step in (STEP, -STEP)
        )
        if ahead is None or behind is None:
            return None
        slope = (ahead - behind) / (2 * STEP)
        predicted = float(np.sum(given * direction))
        if not np.isfinite(predicted) or max(abs(slope), abs(predicted)) < TOLERANCE:
            return None
        if not abs(slope - predicted) <= TOLERANCE * abs(slope):
            # Slopes that differ on both sides are a kink, where a derivative cannot be measured, not a wrong gradient.
            here = objective(case, case.inputs, run)
            if here is None:
                return None
            bend = (ahead - here) / STEP - (here - behind) / STEP
            return None if abs(bend) > KINK * max(abs(slope), abs(predicted)) else False
    return True


def objective(case: Case, inputs: Mapping[str, object], run: RunCase) -> float | None:
    """Compute the number that is differentiated: an output, weighted by its upstream gradient where it has one."""
    output, upstream = case.objective
    answer = run(inputs, (output,))
    value = as_array(answer.values[output]) if isinstance(answer, Ran) else None
    if value is None:
        return None
    weight = np.asarray(inputs[upstream]) if upstream else np.ones(())
    number = float(np.sum(value * weight)) if weight.shape in ((), value.shape) else np.nan
    return number if np.isfinite(number) else None
