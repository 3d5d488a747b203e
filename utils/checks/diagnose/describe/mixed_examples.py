"""Find out whether the result of one example depends on another, by running the code under test once more."""

from __future__ import annotations

from ...case import Case
from ...compare import as_array, close
from ...program import Ran, Run


def mixed_examples(case: Case, path: str, got: object, run: Run) -> str:
    """Say so where changing the last example changes the results of the others.

    Parameters
    ----------
    case : Case
        Its `separate` says which outputs have one entry for each example, and of which input.
    path : str
        The output.
    got : object
        What the code under test gave.
    run : callable
        Runs the code under test.

    Returns
    -------
    str
        A clause; ``""`` where each example stands for itself, or where that cannot be found out.
    """
    source = as_array(case.inputs.get(case.separate.get(path, "")))
    before = as_array(got)
    if source is None or before is None or source.ndim == 0 or not len(source) == len(before) > 1:
        return ""
    changed = source.copy()
    changed[-1] = 3 * changed[-1][::-1] + 1 if changed.ndim > 1 else 3 * changed[-1] + 1
    answer = run(case.program, {**case.inputs, case.separate[path]: changed}, (path,))
    after = as_array(answer.values.get(path)) if isinstance(answer, Ran) else None
    if after is None or after.shape != before.shape or close(before[:-1], after[:-1], case.inputs).all():
        return ""
    return "the result of an example changes when another example of the minibatch does; each stands for itself"
