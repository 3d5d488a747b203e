"""Describe outputs that are wrong in one way in training, and in another one in test mode."""

from __future__ import annotations

from collections.abc import Sequence

from ..case import Trait
from ..program import Crash
from .case_result import CaseResult
from .describe import WrongOutput, describe
from .wrong_outputs import WrongAnswer


def by_mode(answers: Sequence[WrongAnswer], outputs: Sequence[WrongOutput]) -> str:
    """Describe an output that is wrong in one way in training, and in another one in test mode."""
    tested = [Trait.TEST_MODE in answer.result.case.traits for answer in answers]
    if len(set(tested)) < 2:
        return ""
    groups = (("in training", False), ("in test mode", True))
    said = [(words, [one for one, test in zip(outputs, tested, strict=True) if test == mode]) for words, mode in groups]
    found = [(words, describe(group)) for words, group in said]
    if not any(clause for _, clause in found):
        return ""
    return "; ".join(f"{words} {clause or 'it is wrong, too'}" for words, clause in found)


def in_test_mode(answers: Sequence[WrongAnswer], results: Sequence[CaseResult]) -> str:
    """Describe an output of random draws in test mode, in which nothing is drawn, if it is wrong in all such cases.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong.
    results : sequence of CaseResult
        All cases.

    Returns
    -------
    str
        A clause; ``""`` where the output is right in test mode, or where no case tells.
    """
    wrong = {id(one.result) for one in answers}
    tested = [one for one in results if Trait.TEST_MODE in one.case.traits and not isinstance(one.answer, Crash)]
    others = [one for one in answers if Trait.TEST_MODE in one.result.case.traits and not is_drawn(one)]
    if not others or any(id(one) not in wrong for one in tested):
        return ""
    outputs = [WrongOutput(one.fault.expected, one.fault.got, one.result.case.inputs) for one in others]
    return f"in test mode {describe(outputs) or 'it is wrong, too'}"


def is_drawn(answer: WrongAnswer) -> bool:
    rule = answer.result.case.aspects.get(answer.fault.output)
    return rule is not None and (rule.is_drawn(answer.fault.expected) or answer.fault.expected is None)
