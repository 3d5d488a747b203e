"""Try whether a setting decides that an output is right, by running code again with another value of that setting.

That an output was right only in the cases with ``reg`` 0 may be chance: these may have something else in common. So one
of them is run with another ``reg``, and one of the others with 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..case import Case
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at

SETTING = re.compile(r"when (\w+) is ")


def is_refuted(
    condition: str, path: str, failing: Sequence[Case], passing: Sequence[Case], code: Run | None, right: Run | None
) -> bool:
    """Whether a run refutes that an output is wrong, or right, only under a condition.

    Parameters
    ----------
    condition : str
        Such as ``"when reg is 0"``; what is not about one setting cannot be tried.
    path : str
        The output.
    failing, passing : sequence of Case
        The cases in which the output is wrong, and those in which it is right; the condition tells them apart.
    code, right : callable or None
        Run the code under test, and the right code, where they can be run.

    Returns
    -------
    bool
        False where nothing can be found out.
    """
    setting = SETTING.match(condition)
    if code is None or setting is None or not failing or not passing:
        return False
    pairs = ((failing[0], passing[0], True), (passing[0], failing[0], False))
    tried = (_is_right(path, one, other, setting[1], code, right) for one, other, _ in pairs)
    return any(came is not None and came is not wanted for came, (_, _, wanted) in zip(tried, pairs, strict=True))


def _is_right(path: str, case: Case, other: Case, setting: str, code: Run, reference: Run | None) -> bool | None:
    """Whether an output is right in a case with the setting that another case has; None where that is not known."""
    source, value = _setting(case, setting)[0], _setting(other, setting)[1]
    rule = case.aspects.get(path.partition(".")[0])
    if not source or value == _setting(case, setting)[1] or rule is None:
        return None
    inputs = with_value_at(case.inputs, source, value)
    came, due = (one(case.program, inputs, (path.partition(".")[0],)) if one else None for one in (code, reference))
    if not isinstance(came, Ran):
        return None
    if value_at(came.values, path) is None:
        return False
    if not isinstance(due, Ran) or rule.is_drawn(value_at(due.values, path)):
        return None
    return bool(rule.agree(value_at(due.values, path), value_at(came.values, path), inputs))


def _setting(case: Case, name: str) -> tuple[str, object]:
    """Find where a setting stands in the inputs of a case, and its value."""
    found = ((path, value) for path, value in walk(case.inputs) if path.rpartition(".")[2] == name)
    return next((pair for pair in found if isinstance(pair[1], str | bool | int | float | None)), ("", None))
