"""Try whether a setting, or a single example, decides that an output is right: run code again with other inputs.

That an output was right only in the cases with ``reg`` 0 may be chance: these may have something else in common. So one
of them is run with another ``reg``, and one of the others with 0; or one of the others with its first example alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..case import Case
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at
from .describe.wrong_output import examples, numeric_inputs
from .redrawn import with_other_numbers

SETTING = re.compile(r"when (\w+) is ")
NOT_GIVEN = re.compile(r"when no (\w+) is given")
ONE_EXAMPLE = "when N = 1"
MAX_ALONE = 4  # examples that are tried alone


def is_refuted(
    condition: str, path: str, failing: Sequence[Case], passing: Sequence[Case], code: Run | None, right: Run | None
) -> bool:
    """Whether a run refutes that an output is wrong, or right, only under a condition.

    Parameters
    ----------
    condition : str
        Such as ``"when reg is 0"`` or `ONE_EXAMPLE`; others cannot be tried.
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
    if code is None or not failing or not passing:
        return False
    again = (passing[0], with_other_numbers(passing[0]), True)  # where it is right, it is so for other numbers
    for case, inputs, wanted in (*_trials(condition, failing[0], passing[0]), again):
        came = _is_right(path, case, inputs, code, right)
        if came is not None and came is not wanted:
            return True
    return False


def _trials(condition: str, failing: Case, passing: Case) -> Iterator[tuple[Case, Mapping[str, object], bool]]:
    """Yield cases with changed inputs, and whether the output should be right then if the condition decides."""
    setting, optional = SETTING.match(condition), NOT_GIVEN.match(condition)
    for case, other, wanted in ((failing, passing, True), (passing, failing, False)):
        if setting:
            source, value = _setting(case, setting[1])
            instead = _setting(other, setting[1])[1]
            if source and value != instead:
                yield case, with_value_at(case.inputs, source, instead), wanted
        elif optional:
            yield from _with_other_choice(case, other, optional[1], wanted)
        elif condition == ONE_EXAMPLE:
            data = examples(numeric_inputs(case.inputs))
            if data is not None and data.ndim and len(data) > 1:
                # One of them may be right by chance, as where its label has the largest score.
                for index in range(min(len(data), MAX_ALONE)):
                    yield case, _alone(case.inputs, index, len(data)), wanted


def _with_other_choice(
    case: Case, other: Case, name: str, wanted: bool
) -> Iterator[tuple[Case, Mapping[str, object], bool]]:
    """Yield a case without a setting that it is given, or with the one that another case is given."""
    (source, _), (from_other, value) = _setting(case, name), _setting(other, name)
    if source and not from_other:
        yield case, _without(case.inputs, source), wanted
    elif from_other and not source and isinstance(value_at(case.inputs, from_other.rpartition(".")[0]), Mapping):
        yield case, with_value_at(case.inputs, from_other, value), wanted


def _without(inputs: Mapping[str, object], path: str) -> Mapping[str, object]:
    """Return inputs without an entry of one of their dicts."""
    above, _, name = path.rpartition(".")
    held = value_at(inputs, above)
    assert isinstance(held, Mapping)
    return with_value_at(inputs, above, {key: one for key, one in held.items() if key != name})


def _is_right(path: str, case: Case, inputs: Mapping[str, object], code: Run, reference: Run | None) -> bool | None:
    """Whether an output of a case is right with other inputs; None where that is not known."""
    rule = case.aspects.get(path.partition(".")[0])
    came, due = (one(case.program, inputs, (path.partition(".")[0],)) if one else None for one in (code, reference))
    if rule is None or not isinstance(came, Ran):
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


def _alone(inputs: Mapping[str, object], index: int, count: int) -> Mapping[str, object]:
    """Keep one entry of all arrays with one for each example; where others are as long, the programs crash."""
    for path, value in walk(inputs):
        if isinstance(value, np.ndarray) and value.ndim and len(value) == count:
            inputs = with_value_at(inputs, path, value[index : index + 1])
    return inputs
