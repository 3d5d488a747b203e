"""Tell whether an output that leaves out an added term, such as a bias, is wrong in the rest of it, too.

What is only added does not matter where it is 0. So an output that does not depend on it should be the right one for 0;
where it is not, something else is wrong, or something else is added in its place.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..case import Case
from ..compare import Array, as_array, close
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at


def wrong_without(case: Case, path: str, source: str, run: Run, reference: Run) -> bool:
    """Whether an output is wrong even where an input is 0 that should only be added, and is not used.

    Parameters
    ----------
    case : Case
    path : str
        The output, which does not depend on `source`.
    source : str
        The path of an input.
    run, reference : callable
        Run the code under test, and the right code.

    Returns
    -------
    bool
        False where the input is more than a term, or where nothing can be found out.
    """
    value = as_array(value_at(case.inputs, source))
    if value is None or value.dtype.kind != "f":
        return False
    without = with_value_at(case.inputs, source, np.zeros_like(value) if value.ndim else 0.0)
    came, due = (_output(one, case, without, path) for one in (run, reference))
    if came is None or due is None or came.shape != due.shape or close(due, came, without).all():
        return False
    others = _with_other_numbers(case.inputs, source)
    terms = [
        _difference(_output(reference, case, inputs, path), _output(reference, case, zero, path))
        for inputs, zero in (
            (case.inputs, without),
            (others, with_value_at(others, source, np.zeros_like(value) if value.ndim else 0.0)),
        )
    ]
    first, second = terms
    return first is not None and second is not None and bool(np.allclose(first, second))


def _with_other_numbers(inputs: Mapping[str, object], source: str) -> Mapping[str, object]:
    """Draw new numbers for all arrays of floats but one; they stay about as large."""
    rng = np.random.default_rng(0)
    for path, value in walk(inputs):
        if path != source and isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            inputs = with_value_at(inputs, path, (value * rng.uniform(0.5, 1.5, value.shape)).astype(value.dtype))
    return inputs


def _difference(one: Array | None, other: Array | None) -> Array | None:
    return None if one is None or other is None or one.shape != other.shape else one - other


def _output(run: Run, case: Case, inputs: Mapping[str, object], path: str) -> Array | None:
    answer = run(case.program, inputs, (path.partition(".")[0],))
    value = as_array(value_at(answer.values, path)) if isinstance(answer, Ran) else None
    return value if value is not None and value.size and np.isfinite(value).all() else None
