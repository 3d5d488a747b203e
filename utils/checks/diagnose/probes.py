"""Run code again with other inputs, to see how an output depends on them: whatever else is wrong, that can be named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..case import Case
from ..compare import as_array
from ..program import Ran, Run
from ..values import value_at, walk
from .dependence import dependence
from .describe import mixed_examples
from .mixing import mixing
from .scaling import scaling
from .wrong_outputs import WrongAnswer

MAX_CASES = 3  # in which one thing is tried


def probed(
    answers: Sequence[WrongAnswer], code: Run | None, reference: Run | None, *, every: Sequence[Case] = ()
) -> list[str]:
    """Say what is found out about one output: each is a clause, ``""`` where there is nothing to say.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong, the plainest first.
    code, reference : callable or None
        Run the code under test, and the right code, where they can be run.
    every : sequence of Case, optional
        All cases of the exercise.

    Returns
    -------
    list of str
    """
    if code is None:
        return []
    path, case = answers[0].fault.path, answers[0].result.case
    if not _gives_again(answers[0], code):
        return []  # what differs from run to run, such as an array that was never filled, depends on no input
    few = sorted(answers, key=lambda answer: answer.result.case.size)[:MAX_CASES]
    mixed = (mixed_examples(answer.result.case, path, answer.fault.got, code) for answer in few)
    found = next(filter(None, mixed), "")
    if reference is None:
        return [found]
    others = [answer.result.case for answer in answers[1:]]
    depends = dependence(case, path, code, reference, others[:MAX_CASES], every=every)
    if not depends:
        # In a first step what is remembered is not there yet, and what only matters later has no influence.
        later = next((other for other in others if set(_paths(other)) - set(_paths(case)) and other.is_core), None)
        rest = [case, *(other for other in others if other is not later)]
        depends = dependence(later, path, code, reference, rest[:MAX_CASES], every=every) if later else ""
    if not case.is_core:  # there, sizes of 1 hide what is mixed
        return [found, depends]
    core = [case, *(other for other in others if other.is_core)]
    found = found or _mixing(core, path, code, reference)
    return [depends, found, scaling(core[:MAX_CASES], path, code, reference, depends=not depends, every=every)]


def _paths(case: Case) -> list[str]:
    """List where numbers and arrays stand among the inputs of a case."""
    return [source for source, _ in walk(case.inputs)]


def _mixing(cases: Sequence[Case], path: str, code: Run, reference: Run) -> str:
    """Say which slices an output mixes, if that is so in a second case as well: in one, sizes may fit by chance."""
    said = mixing(cases[0], path, code, reference)
    if not said:
        return ""
    again = (mixing(case, path, code, reference) for case in cases[1:MAX_CASES])
    return said if all(one in (said, None) for one in again) else ""


def _gives_again(answer: WrongAnswer, code: Run) -> bool:
    """Whether code gives the same output once more in a case."""
    case, path = answer.result.case, answer.fault.path
    again = code(case.program, case.inputs, (path.partition(".")[0],))
    one, other = as_array(answer.fault.got), as_array(value_at(again.values, path) if isinstance(again, Ran) else None)
    return one is not None and other is not None and np.array_equal(one, other, equal_nan=True)
