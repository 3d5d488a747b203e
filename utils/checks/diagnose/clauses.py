"""Collect what is known of one wrong output beyond the comparison: its form, its place, what it depends on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..case import Trait
from ..compare import FaultKind, Initialised, Paired, Rule
from ..compare.kinks import AtKinks
from ..program import Crash, Run
from ..values import value_at
from .between_calls import between_calls
from .by_mode import by_mode, in_test_mode, is_drawn
from .case_result import CaseResult
from .changes import Search, Source
from .combination import combination
from .describe import WrongOutput, describe, how_far_off, locate, sizes_by_name, when_it_is_wrong
from .describe.draws import draw_clauses
from .describe.extent import EVERY_WRONG_CASE
from .describe.factors import EVERY_ENTRY_ZERO
from .exchanged import other_name
from .from_state import FOLLOWS, beside_state
from .other_outputs import enumerated, from_other_outputs
from .probes import probed
from .reach import reach
from .redrawn import redrawn
from .simpler_inputs import right_with_simpler_inputs
from .still_wrong import still_wrong
from .tried_settings import is_refuted
from .wrong_outputs import WrongAnswer, has_fewer_draws

MAX_CASES = 3  # in which it is tried what is still wrong
UNTELLING = re.compile(
    r'(?:in the case "[^"]*" )?'
    r"(?:it is wrong even when [^:]*|in test mode it is wrong, too|it is wrong in every case|[^:]* (?:is|are) right"
    r"|axis \d+ should have length \d+, not \d+(?:; axis \d+ should have length \d+, not \d+)*)$"
)
"""Clauses that say when an output is wrong, or what is right beside it, and nothing of what is wrong with it."""
RESTATING = re.compile(
    r'(?:each wrong entry|it) (?:is too|has the right sign)|what is asked for is "'
    r"|it is not (?:the derivative of|what the right formula gives with) your "
)
"""Clauses that say the numbers that are shown once more in words, what is asked for, or which other output is wrong."""
ABOUT_LOOPS = re.compile(r": (?:does a loop|is each one kept)[^?]*\?")
"""What a clause asks about a loop, with the colon before it."""


@dataclass(frozen=True)
class Runs:
    """What can be run again for a hint.

    Attributes
    ----------
    code : callable or None
        Runs the code under test.
    reference : callable or None
        Runs the right code.
    search : Search or None
        Runs the code under test with small changes.
    source : Source or None
        Where the code under test is written; where it has no loop, no question is asked about one.
    """

    code: Run | None = None
    reference: Run | None = None
    search: Search | None = None
    source: Source | None = None

    def without_questions_about_loops(self, said: str) -> str:
        """Leave out of a clause what it asks about a loop, if there is none."""
        if "?" not in said or self.source is None or self.source.has_loops:
            return said
        return ABOUT_LOOPS.sub(".", said).rstrip(".")


def collect_clauses(
    shown: WrongAnswer, answers: Sequence[WrongAnswer], results: Sequence[CaseResult], runs: Runs, *, rest: bool = False
) -> list[str]:
    """Collect what is known of a wrong output beyond the comparison.

    Parameters
    ----------
    shown : WrongAnswer
        The case that is shown.
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong.
    results : sequence of CaseResult
        All cases.
    runs : Runs
    rest : bool, default False
        Whether the cases are those that a misconception leaves unexplained; then nothing is said of all cases.

    Returns
    -------
    list of str
        Its form, what it depends on, and last, when it is wrong; ``""`` for each that is not known.
    """
    fault = shown.fault
    clauses, later = [other_name(answers)], ""
    drawn = any(map(is_drawn, answers))
    if fault.kind is FaultKind.SHAPE and isinstance(shown.result.case.aspects[fault.output], Initialised):
        shapes = [WrongOutput(one.fault.expected, one.fault.got, one.result.case.inputs) for one in answers]
        clauses[0] = clauses[0] or sizes_by_name(shapes)
    if fault.kind in (FaultKind.VALUE, FaultKind.SHAPE, FaultKind.NOT_FINITE) and not drawn:
        ordered = [shown, *(answer for answer in answers if answer.result is not shown.result)]
        outputs = [WrongOutput(one.fault.expected, one.fault.got, one.result.case.inputs) for one in ordered]
        holds = partial(_that_holds, outputs=outputs, answers=ordered, runs=runs)
        clauses[0] = clauses[0] or combination(answers) or holds(describe)
        if not clauses[0] and fault.kind is FaultKind.VALUE:
            later = between_calls(answers, results)
            before = later or beside_state(answers, runs.reference)
            probes = [] if before else probed(answers, runs.code, runs.reference, every=[one.case for one in results])
            clauses[0] = before or ("" if any(probes) else by_mode(ordered, outputs, results))
            place = "" if later or clauses[0].startswith(FOLLOWS) else runs.without_questions_about_loops(holds(locate))
            known = any((clauses[0], *probes)) or "only" in place  # which tells more than how far off it is
            clauses += [*probes, place, "" if known else _right_with_simpler_inputs(answers, runs)]
    if drawn:
        rules = [answer.result.case.aspects[answer.fault.output] for answer in answers]
        came, inputs = [one.fault.got for one in answers], [one.result.case.inputs for one in answers]
        tested = in_test_mode(answers, results)
        clauses += [*draw_clauses(rules, came, inputs, fault.clause), tested or _without_draws(answers, results)]
        clauses.append(_other_reason(shown, answers))
        plain = [one for one in answers if not is_drawn(one) and one.fault.kind is FaultKind.VALUE]
        if plain and not any(clauses):
            clauses += [
                f"in {_named(plain[0])} {said.removeprefix('here ')}"
                for said in _last_resort(plain[0], plain, runs)
                if said
            ]
    if fault.kind is FaultKind.KEY and fault.clause.endswith("it holds nothing"):
        clauses.append("is this dict filled in, and not another one?")
    failing = {id(answer.result) for answer in answers}  # by identity: arrays do not compare as a whole
    # Beside an answer of the code's own, which may be as wrong, an output that agrees need not be right.
    plain_rules = not all(_is_relative(answer.result.case.aspects[fault.output]) for answer in answers)
    others = [
        result.case
        for result in results
        if not isinstance(result.answer, Crash)
        and value_at(result.expected, fault.path) is not None
        # What stands for an array, such as a pair of numbers, says nothing of its shape.
        and (fault.kind is not FaultKind.SHAPE or isinstance(value_at(result.expected, fault.path), np.ndarray))
        and id(result) not in failing
        and not (plain_rules and _is_relative(result.case.aspects[fault.output]))
        and fault.path not in result.wrong_paths()
        and not has_fewer_draws(result, answers)
    ]
    # Where it crashed, and where it is wrong and the right value is not known, it is not right either.
    crashed = [
        one.case
        for one in results
        if isinstance(one.answer, Crash) or (id(one) not in failing and fault.path in one.wrong_paths())
    ]
    wrong = [answer.result.case for answer in answers]
    tried = partial(is_refuted, path=fault.path, failing=wrong, passing=others, code=runs.code, right=runs.reference)
    # That a single call is right is said already, with the reason.
    when = "" if later and later in clauses else when_it_is_wrong(wrong, others, crashed, tried, counted=not drawn)
    if not any(clauses) and fault.kind is FaultKind.VALUE and not drawn:
        off = "" if fault.output in shown.result.case.effects else holds(how_far_off)
        if rest:  # in the other cases, which a misconception explains, it may be wrong in the other direction
            off = off.removesuffix(f", {EVERY_WRONG_CASE}")
        elif crashed:  # what it would have been there is not known
            compared = "it is wrong and can be compared" if others else "it can be compared"
            off = off.replace(EVERY_WRONG_CASE, f"in every case in which {compared}")
        beside = "" if rest else from_other_outputs(answers, results, runs.code, everywhere=not others)
        # What follows from another wrong output may be right once that is, so no more is said of it.
        clauses += [off, *([] if "correct" in beside else _last_resort(shown, answers, runs)), beside]
    telling = [one for one in clauses if one and not UNTELLING.match(one)]
    of_numbers = fault.kind in (FaultKind.VALUE, FaultKind.SHAPE)
    asked = runs.source.task if runs.source and not rest and of_numbers else ""
    if not telling and "only" not in when and fault.output not in shown.result.case.effects:
        unused = runs.source.unused if runs.source and not rest else ""
        clauses[:0] = filter(None, [unused, f'what is asked for is "{asked}"' if asked else ""])
    return [*clauses, when]


def is_telling(clause: str) -> bool:
    """Whether a clause says more of the code under test than what came, what was expected, and in which cases."""
    return not (UNTELLING.match(clause) or RESTATING.match(clause))


def _is_relative(rule: Rule) -> bool:
    """Whether an output is compared with another answer of the code under test, which need not be right."""
    return isinstance(rule, Paired) and bool(rule.second)


def _that_holds(
    say: Callable[[Sequence[WrongOutput]], str],
    outputs: Sequence[WrongOutput],
    answers: Sequence[WrongAnswer],
    runs: Runs,
) -> str:
    """Say what is seen in wrong outputs if it is seen in them with other numbers, too."""
    said = say(outputs)
    if not said or answers[0].fault.kind is not FaultKind.VALUE:
        return said
    again = redrawn(answers, runs.code, runs.reference)
    return say([*outputs, *again]) if again else said


def _without_draws(answers: Sequence[WrongAnswer], results: Sequence[CaseResult]) -> str:
    """Describe an output in the cases in which nothing is drawn for it, if it is drawn in others.

    Where it is right in one of these cases, or wrong in another way, nothing is said of all of them: those of which
    it is said are named.
    """
    plain = [one for one in answers if not is_drawn(one) and one.fault.kind is FaultKind.VALUE]
    outputs = [WrongOutput(one.fault.expected, one.fault.got, one.result.case.inputs) for one in plain]
    words = (describe(outputs) or locate(outputs)) if outputs else ""
    if not words:
        return ""
    if words.startswith(EVERY_ENTRY_ZERO):  # what comes in the other cases is filled in and returned
        words = f"{EVERY_ENTRY_ZERO}, and should not be"
    return f"in {_cases_without_draws(plain, answers[0].fault.path, results)} {words}"


def _cases_without_draws(plain: Sequence[WrongAnswer], path: str, results: Sequence[CaseResult]) -> str:
    """Name some cases without random draws: all of them, or each by its title."""
    told = {id(one.result) for one in plain}
    for one in results:
        due = value_at(one.expected, path)
        if due is not None and id(one) not in told and not one.case.aspects[path.partition(".")[0]].is_drawn(due):
            titles = [f'"{answer.result.case.title}"' for answer in plain]
            return _named(plain[0]) if len(titles) == 1 else f"the cases {enumerated(titles)}"
    return "the cases without random draws"


def _other_reason(shown: WrongAnswer, answers: Sequence[WrongAnswer]) -> str:
    """Say what is wrong with the draws of another case, where that is something else; in one case, not all shows."""
    reasons = [answer for answer in answers if answer.fault.reason[:1] != shown.fault.reason[:1]]
    told = (answer for answer in reasons if answer.fault.kind is FaultKind.VALUE and answer.fault.reason)
    other = next(told, None)
    return f"in {_named(other)} {other.fault.clause}" if other and shown.fault.reason else ""


def _named(answer: WrongAnswer) -> str:
    return f'the case "{answer.result.case.title}"'


def _last_resort(shown: WrongAnswer, answers: Sequence[WrongAnswer], runs: Runs) -> list[str]:
    """Say what is found out of any wrong entry by running code again: on what it depends, and where it is wrong."""
    case, fault = shown.result.case, shown.fault
    if Trait.TIE in case.traits and isinstance(case.aspects[fault.output], AtKinks):
        return []  # which of several entries changes is free there
    if isinstance(case.aspects[fault.output], Paired):
        return ["the two should be equal, so look at what the code does in one of them alone, or in another order"]
    if runs.code is None or runs.reference is None:
        return []
    reached = reach(case, fault.path, fault.expected, fault.got, runs.code, runs.reference)
    cases = [case, *(one.result.case for one in answers if one.result is not shown.result)]
    return [reached or still_wrong(cases, fault.path, runs.code, runs.reference)]


def _right_with_simpler_inputs(answers: Sequence[WrongAnswer], runs: Runs) -> str:
    """Say with which simpler inputs an output is right, if it is no gradient of an output that is wrong itself."""
    result, fault = answers[0]
    if fault.path in result.case.gradients and result.case.objective[0] in {one.output for one in result.faults()}:
        return ""
    text, meanings = (runs.source.function_text, runs.source.meanings) if runs.source else ("", {})
    return right_with_simpler_inputs(answers, runs.code, runs.reference, text, meanings)
