"""Find out how an output grows with an input, by running code again with a multiple of it.

A gradient that should be halved when x doubles and is doubled is multiplied by what it should be divided by, whatever
else is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..case import Case
from ..compare import Array, as_array
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at

LARGE = 2.0**8  # beside inputs so large, what is added to a variance or a root to keep it from 0 is nothing
TOLERANCE = 1e-3
MAX_INPUTS = 4  # each takes four runs
WORDS = {-2: "a quarter", -1: "half", 0: "the same", 1: "twice", 2: "4 times", 3: "8 times"}


def scaling(case: Case, path: str, run: Run, reference: Run) -> str:
    """Say of which input an output is a wrong power.

    Parameters
    ----------
    case : Case
    path : str
        The output.
    run, reference : callable
        Run the code under test, and the right code.

    Returns
    -------
    str
        A clause such as ``"it becomes twice as large when x does, and should become half as large"``; ``""`` where each
        input enters by the right power, or by none.
    """
    said = []
    for source, array in _arrays(case):
        right = _power(reference, case, path, source, array)
        given = _power(run, case, path, source, array) if right is not None else None
        if right is not None and given not in (None, right, 0):  # what it does not depend on at all is said elsewhere
            said.append(_said(source.rpartition(".")[2], int(given or 0), right))
    return "; ".join(said[:2])


def _said(name: str, given: int, right: int) -> str:
    def grows(power: int) -> str:
        return "stay the same" if power == 0 else f"become {WORDS[power]} as large"

    is_so = grows(given).replace("become", "becomes")
    reason = "is something multiplied that should divide, or the other one of a root and its square?"
    if right - given == 1:
        reason = f"is {name} left out somewhere?"
    if given - right == 1:
        reason = f"does {name} enter once too often, or is a division by it missing?"
    return f"when {name} becomes twice as large (and is large), it {is_so}, and should {grows(right)}: {reason}"


def _arrays(case: Case) -> list[tuple[str, Array]]:
    """List the arrays among the inputs that hold real numbers of both signs or more than one size."""
    found = [
        (path, value)
        for path, value in walk(case.inputs)
        if isinstance(value, np.ndarray) and value.dtype == np.float64 and value.size > 1 and np.ptp(value)
    ]
    return found[:MAX_INPUTS]


def _power(run: Run, case: Case, path: str, source: str, array: Array) -> int | None:
    """Return the power of an input that an output is proportional to; None where it is none of a few whole powers."""
    one, two = (
        _output(run, case, with_value_at(case.inputs, source, times * array), path) for times in (LARGE, 2 * LARGE)
    )
    if one is None or two is None or one.shape != two.shape or not one.any():
        return None
    largest = float(abs(two).max())
    for power in WORDS:
        if np.allclose(two, 2.0**power * one, rtol=0, atol=TOLERANCE * largest):
            return power
    return None


def _output(run: Run, case: Case, inputs: Mapping[str, object], path: str) -> Array | None:
    answer = run(case.program, inputs, (path.partition(".")[0],))
    value = as_array(value_at(answer.values, path)) if isinstance(answer, Ran) else None
    return value.astype(np.float64) if value is not None and value.size and np.isfinite(value).all() else None
