"""Describe outputs that are wrong in one way in training, and in another one in test mode."""

from __future__ import annotations

from collections.abc import Sequence

from ..case import Trait
from ..program import Crash
from ..values import value_at
from .case_result import CaseResult
from .describe import WrongOutput, describe
from .wrong_outputs import WrongAnswer


def by_mode(answers: Sequence[WrongAnswer], outputs: Sequence[WrongOutput], results: Sequence[CaseResult]) -> str:
    """Describe an output that is wrong in one way in training, and in another one in test mode.

    Cases of several steps are left out, because what is wrong after the last one may come from any of them. What is
    said of a mode has to hold in all other cases of it.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong.
    outputs : sequence of WrongOutput
        The same, for the detectors.
    results : sequence of CaseResult
        All cases.

    Returns
    -------
    str
        A clause; ``""`` where it is wrong in one mode alone, or in no simple way in either.
    """
    wrong = {id(answer.result) for answer in answers}
    path, said = answers[0].fault.path, []
    for words, tested in (("in training", False), ("in test mode", True)):
        group = [
            output
            for answer, output in zip(answers, outputs, strict=True)
            if (Trait.TEST_MODE in answer.result.case.traits) == tested and not _has_several_steps(answer.result)
        ]
        others = [
            one
            for one in results
            if (Trait.TEST_MODE in one.case.traits) == tested
            and not _has_several_steps(one)
            and not isinstance(one.answer, Crash)
            and value_at(one.expected, path) is not None
            and id(one) not in wrong
        ]
        if not group:
            return ""
        said.append((words, "" if others else describe(group)))
    if not any(clause for _, clause in said):
        return ""
    return "; ".join(f"{words} {clause or 'it is wrong, too'}" for words, clause in said)


def _has_several_steps(result: CaseResult) -> bool:
    return Trait.SEVERAL_STEPS in result.case.traits


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
