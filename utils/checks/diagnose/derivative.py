"""Test numerically whether a gradient is the derivative of a forward pass, which may itself be wrong.

The forward pass is run at points next to the inputs, and the difference quotient is compared with what the gradient
predicts, along a few random directions instead of along every axis: two runs for each direction, however large the
array is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..case import Case
from ..compare import Array, as_array
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
    found = _Gradient.of(case, path, gradient)
    return None if found is None else _agree(case, [found], run)


def confirmed_derivatives(case: Case, gradients: Mapping[str, object], run: RunCase) -> set[str] | None:
    """Find which of several gradients are derivatives of the case's objective, as the code under test computes it.

    All of them are tested together at first, which takes as many runs as one does: the inputs move at the same time,
    each so little that no gradient counts for more than the smallest. Only where that cannot be decided, such as at a
    kink, each is tested by itself.

    Parameters
    ----------
    case, run
        As for `is_derivative`.
    gradients : mapping of str to object
        What the code under test gave, by path.

    Returns
    -------
    set of str or None
        The paths of those that are; the others cannot be decided. None if one of them is not.
    """
    found = {path: one for path, gradient in gradients.items() if (one := _Gradient.of(case, path, gradient))}
    if len(found) > 1 and len({one.source for one in found.values()}) == len(found):
        sizes = {path: float(np.linalg.norm(one.given)) for path, one in found.items()}
        counted = {path: size for path, size in sizes.items() if size >= TOLERANCE}
        # At most 1, so that an input whose gradient is said to be 0 moves as far as by itself, and still counts.
        smallest = min([1.0, *counted.values()])
        scaled = [replace(one, scale=smallest / sizes[path] if path in counted else 1.0) for path, one in found.items()]
        together = _agree(case, scaled, run)
        if together is not None:
            return set(counted) if together else None
    confirmed = set()
    for path, one in found.items():
        alone = _agree(case, [one], run)
        if alone is False:
            return None
        if alone:
            confirmed.add(path)
    return confirmed


@dataclass(frozen=True)
class _Gradient:
    """A gradient that can be tested, and how far the input that it belongs to moves for that.

    Attributes
    ----------
    source : str
        The path of the input.
    start : ndarray of float64
        The input.
    given : ndarray
        The gradient, of the same shape.
    scale : float
        The input moves by `STEP` times this, in each of its numbers about.
    """

    source: str
    start: Array
    given: Array
    scale: float = 1.0

    @classmethod
    def of(cls, case: Case, path: str, gradient: object) -> _Gradient | None:
        """Return None where no float64 input of the same shape belongs to the gradient."""
        given, source = as_array(gradient), case.gradients.get(path, "")
        start = as_array(value_at(case.inputs, source))
        if given is None or start is None or start.dtype != np.float64 or given.shape != start.shape:
            return None
        return cls(source, start, given)


def _agree(case: Case, gradients: Sequence[_Gradient], run: RunCase) -> bool | None:
    """Whether some gradients predict the difference quotient where their inputs move at the same time; or None."""
    # The same directions each time, so that a verdict does not change from run to run.
    rng = np.random.default_rng(0)
    for _ in range(DIRECTIONS):
        directions = [one.scale * rng.standard_normal(one.start.shape) for one in gradients]
        ahead, behind = (_objective_at(case, gradients, directions, step, run) for step in (STEP, -STEP))
        if ahead is None or behind is None:
            return None
        slope = (ahead - behind) / (2 * STEP)
        predicted = sum(float(np.sum(one.given * way)) for one, way in zip(gradients, directions, strict=True))
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


def _objective_at(
    case: Case, gradients: Sequence[_Gradient], directions: Sequence[Array], step: float, run: RunCase
) -> float | None:
    inputs = case.inputs
    for one, direction in zip(gradients, directions, strict=True):
        inputs = with_value_at(inputs, one.source, one.start + step * direction)
    return objective(case, inputs, run)


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
