"""Does the result of one example depend on another? Not seen in one answer, so the code under test is run once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..case import Case
from ..program import Crash, Ran
from ..rules import as_array, close

Run = Callable[[str, Mapping[str, object], Sequence[str]], Ran | Crash]


def leaks(case: Case, path: str, got: object, run: Run) -> str:
    """Whether changing the last example changes what the others come to.

    Parameters
    ----------
    case : Case
        Its `separate` says which outputs have one entry for each example, and of which input.
    path : str
        The output.
    got : object
        What the code under test gave.
    run : callable
        ``run(program, inputs, fetch)`` runs the code under test.

    Returns
    -------
    str
        A clause; ``""`` where examples do not meet, or where it cannot be told.
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
