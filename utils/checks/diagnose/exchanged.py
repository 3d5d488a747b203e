"""Find out whether an output holds what belongs to another one, or stands under another name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ..compare import FaultKind, as_array, close
from ..program import Crash
from ..values import value_at, walk
from .case_result import CaseResult
from .describe.wrong_output import MIN_NUMBERS, distinct
from .wrong_outputs import WrongAnswer


def other_name(answers: Sequence[WrongAnswer]) -> str:
    """Say that an output holds what belongs to another one, or that it stands under another name."""
    path = answers[0].fault.path
    results = [answer.result for answer in answers]
    holds = held_by(results, path)
    if holds:
        return _held(holds, path, results)
    stands = [name for name in _leaves(_values(results[0])) if name != path and _is_at(path, name, results)]
    if stands and answers[0].fault.kind is FaultKind.KEY:
        return f'what should be there stands under the name "{stands[0].rpartition(".")[2]}"'
    short = re.sub(r"\d+$", "", path)
    if answers[0].fault.kind is FaultKind.KEY and short != path and all(_holds(one, short) for one in results):
        return f'the number is missing in the name "{short.rpartition(".")[2]}" that is there'
    return ""


def _held(other: str, path: str, results: Sequence[CaseResult]) -> str:
    """Say what it means that an output is what another one should be; they are exchanged only if both are wrong.

    What a third output holds, too, such as a sum that two gradients have in common, need not be exchanged.
    """
    if not any(_holds(one, other) for one in results):
        return f"it is what {other} should be, and {other} is missing"
    thirds = [name for name in _leaves(_values(results[0])) if name not in (path, other)]
    exchanged = not any(_is_at(other, name, results) for name in thirds)
    if exchanged and all(other in one.wrong_paths() for one in results):
        return f"it holds what belongs to {other}: look at the order, or the names, of what is returned"
    return f"it is the same as {other} should be"


def _holds(result: CaseResult, path: str) -> bool:
    return value_at(_values(result), path) is not None


def held_by(results: Sequence[CaseResult], path: str) -> str:
    """Return the output whose right value came as another one; ``""`` where there is none."""
    others = (name for name in _leaves(results[0].expected) if name != path)
    return next((name for name in others if _is_at(name, path, results)), "")


def exchanged(answers: Mapping[str, Sequence[WrongAnswer]]) -> dict[str, str]:
    """Find the outputs that hold what belongs to another one that came, and is wrong, too.

    Parameters
    ----------
    answers : mapping of str to sequence of WrongAnswer
        The wrong outputs, and the cases in which each is wrong.

    Returns
    -------
    dict of str to str
        From each of them to the output whose value it holds; empty for a single one.
    """
    held = {path: held_by([answer.result for answer in wrong], path) for path, wrong in answers.items()}
    held = {path: other for path, other in held.items() if other in answers and _came(answers[other], other)}
    found = list(held.values())
    held = {path: other for path, other in held.items() if found.count(other) == 1}  # each place has one
    return held if len(held) > 1 else {}


def _came(answers: Sequence[WrongAnswer], path: str) -> bool:
    return any(_holds(answer.result, path) for answer in answers)


def _leaves(values: Mapping[str, object]) -> list[str]:
    return [path for path, _ in walk(values)]


def _values(result: CaseResult) -> Mapping[str, object]:
    return {} if isinstance(result.answer, Crash) else result.answer.values


def _is_at(right: str, given: str, results: Sequence[CaseResult]) -> bool:
    """Whether in all of some cases the right value of one output is what came as another."""
    numbers = 0
    for result in results:
        expected, got = (as_array(value_at(result.expected, right)), as_array(value_at(_values(result), given)))
        if expected is None or got is None or expected.shape != got.shape:
            return False
        if not close(expected, got, result.case.inputs).all():
            return False
        numbers += distinct(expected.astype(np.float64))
    return numbers >= MIN_NUMBERS
