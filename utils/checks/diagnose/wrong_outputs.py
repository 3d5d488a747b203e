"""All that is wrong with the outputs of an exercise, output by output."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from ..compare import Fault, FaultKind, Paired, as_array
from ..values import value_at
from .case_result import CaseResult


class WrongAnswer(NamedTuple):
    """A case in which an output is wrong, and what is wrong with it."""

    result: CaseResult
    fault: Fault


class WrongOutputs:
    """All that is wrong with the outputs of an exercise.

    Attributes
    ----------
    by_path : dict of str to list of WrongAnswer
        By output, as ``"dx"`` or ``"grads.W1"``.
    """

    def __init__(self, results: Sequence[CaseResult]) -> None:
        self.by_path: dict[str, list[WrongAnswer]] = {}
        for result in results:
            for fault in result.faults():
                self.by_path.setdefault(fault.path, []).append(WrongAnswer(result, fault))

    @cached_property
    def aspects(self) -> set[str]:
        """The outputs in which anything is wrong: ``"grads"`` for ``"grads.W1"``."""
        return {path.partition(".")[0] for path in self.by_path}

    def beside_right_values(self) -> WrongOutputs:
        """Return the same without the cases of which nobody knows the right value, for each output that has others.

        Where two answers of the code under test have to agree, as with and without dropout, both may be wrong.
        """
        found = WrongOutputs(())
        for path, answers in self.by_path.items():
            found.by_path[path] = [one for one in answers if not _is_paired(one)] or answers
        return found

    def clearest(self, path: str, misconception: str | None = None) -> WrongAnswer:
        """Return the case in which a wrong output is easiest to understand.

        That is a small case of the core. A case that gives NaN comes last, because it shows least.

        Parameters
        ----------
        path : str
        misconception : str, optional
            Prefer the cases in which it gives this answer; beside another one, those in which it has a part.
        """
        answers = self.by_path[path]
        telling = [one for one in answers if misconception and one.result.is_given_by(misconception, path)]
        touched = [one for one in answers if misconception and _makes_wrong(misconception, path, one.result)]
        return min(telling or touched or answers, key=_unclear)


def _makes_wrong(misconception: str, path: str, result: CaseResult) -> bool:
    """Whether a misconception makes an output wrong in a case, or crashes there."""
    wrong = result.wrong_in(misconception)
    return wrong is None or path in wrong


def _unclear(answer: WrongAnswer) -> tuple[bool, bool, bool, int]:
    """The order of answers, the clearest first."""
    case = answer.result.case
    return answer.fault.kind is FaultKind.NOT_FINITE, _is_paired(answer), not case.is_core, case.size


def _is_paired(answer: WrongAnswer) -> bool:
    return isinstance(answer.result.case.aspects.get(answer.fault.output), Paired)


def has_fewer_draws(result: CaseResult, answers: Sequence[WrongAnswer]) -> bool:
    """Whether an output is a draw of fewer numbers than in a case in which it is wrong: it may pass by chance."""
    fault = answers[0].fault
    due, rule = as_array(value_at(result.expected, fault.path)), result.case.aspects.get(fault.output)
    if due is None or rule is None or not rule.is_drawn(due):
        return False
    drawn = (as_array(answer.fault.expected) for answer in answers)
    return any(one is not None and due.size < one.size for one in drawn)
