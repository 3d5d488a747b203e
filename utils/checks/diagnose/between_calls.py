"""Say of an output that is wrong only after several calls that what one call leaves for the next is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..case import Trait
from ..compare import FaultKind
from ..program import Crash
from ..values import value_at
from .case_result import CaseResult
from .other_outputs import enumerated
from .wrong_outputs import WrongAnswer


def between_calls(answers: Sequence[WrongAnswer], results: Sequence[CaseResult]) -> str:
    """Say that a single call is right, and what is wrong between the calls.

    An output that is only wrong then depends on its inputs as it should; what is seen of it beside that would mislead.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong.
    results : sequence of CaseResult
        All cases.

    Returns
    -------
    str
        A clause; ``""`` where a single call is wrong, too, or where none shows that it is right.
    """
    path = answers[0].fault.path
    changed = dict.fromkeys(name for one in results for name in one.mutated)
    # What else a case of side effects is about is known only where it shows.
    later = {Trait.SEVERAL_STEPS, *([Trait.SIDE_EFFECT] if changed else [])}
    if not all(one.fault.kind is FaultKind.VALUE and later & one.result.case.traits for one in answers):
        return ""
    single = [one for one in results if not later & one.case.traits and value_at(one.expected, path) is not None]
    # Where a misconception explains that a single call is wrong, these cases are not among the answers.
    if not single or any(isinstance(one.answer, Crash) or path in one.wrong_paths() for one in single):
        return ""
    said = "a single call gives the right one, so look at what a call leaves behind for the next one"
    if changed:
        return f"{said}: {_are(changed)} changed in place"
    plain = (one for one in results if not later & one.case.traits and not isinstance(one.answer, Crash))
    left = dict.fromkeys(name for one in plain for name in one.wrong_paths())
    return f"{said}: {_are(left)} wrong, too" if left else said


def _are(names: Iterable[str]) -> str:
    names = list(names)
    return f"{enumerated(names)} {'is' if len(names) == 1 else 'are'}"
