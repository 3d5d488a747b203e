"""Judge an exercise by the results of all its cases: which share of the points is earned, and what is found.

The student's own `check` and the grader both come through here. They differ in where the expected answers come from:
the first reads them from a golden pack, the second computes them with the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..case import Case, Finding
from ..compare import FaultKind
from ..program import Answer, Crash, Run
from .answer_cache import AnswerCache
from .case_result import CaseResult
from .findings import WrongOutputs, crash_finding, follow_through_findings, mutation_findings, output_findings
from .follow_through import FollowThrough

MUTATION_COSTS = 0.5  # of the points of one output


def answer_case(case: Case, function: str, run: Run) -> Answer:
    """Run a case, and its fallback where another function that it needs does not work.

    Parameters
    ----------
    case : Case
    function : str
        Qualified name of the function under test.
    run : callable
        Runs the code under test.

    Returns
    -------
    Ran or Crash
    """
    answer = run(case.program, case.inputs, tuple(case.aspects))
    if isinstance(answer, Crash) and case.fallback and answer.entered not in ("", function):
        answer = run(case.fallback, case.inputs, tuple(case.aspects))
    return answer


@dataclass(frozen=True)
class Judgement:
    """What all cases of one exercise come to.

    Attributes
    ----------
    share : float
        The part of the points that is earned, 0 to 1.
    findings : tuple of Finding
        Empty when everything is right.
    followed : float
        The part of `share` that right derivatives of a wrong forward pass have earned.
    right, followed_outputs : tuple of str
        The outputs that have earned their part of `share`, and those that have earned what follow-through gives of it.
    """

    share: float
    findings: tuple[Finding, ...]
    followed: float = 0.0
    right: tuple[str, ...] = field(default=(), compare=False)
    followed_outputs: tuple[str, ...] = field(default=(), compare=False)


@np.errstate(all="ignore")  # a wrong answer may hold numbers of any size
def judge(
    results: Sequence[CaseResult],
    hints: Mapping[str, str],
    run: Run | None = None,
    follow: FollowThrough | None = None,
) -> Judgement:
    """Judge one exercise by all of its cases.

    An output is right when it is right in every case. Each output carries an equal share of the points; changing
    an input in place costs half a share. A case that crashes counts as one in which all of its outputs are wrong; the
    cases that ran are compared as usual.

    Parameters
    ----------
    results : sequence of CaseResult
        At least one.
    hints : mapping of str to str
        The sentence of each misconception, by id, most telling first.
    run : callable, optional
        Runs the code under test again, to tell a wrong gradient from the right gradient of a wrong forward pass.
    follow : FollowThrough, optional
        What the second of these earns; nothing by default.

    Returns
    -------
    Judgement
    """
    ran = [result for result in results if not isinstance(result.answer, Crash)]
    if not ran:
        return Judgement(0.0, (crash_finding(results, hints),))
    cases = [result.case for result in results]
    # Hints and follow-through ask for many of the same runs, of the code under test and of the reference.
    run = run and AnswerCache(run, cases)
    follow = follow and replace(follow, reference=AnswerCache(follow.reference, cases))
    aspects = list(dict.fromkeys(aspect for case in cases for aspect in case.aspects))
    wrong = WrongOutputs(ran)
    crashed = {aspect for result in results if isinstance(result.answer, Crash) for aspect in result.case.aspects}
    followed = [aspect for aspect in _followed(wrong, run, follow) if aspect not in crashed]
    findings = output_findings(wrong, ran, hints, run, without=followed)
    if crashed:
        findings = _with_crash(findings, results, hints)
    if follow:
        findings = follow_through_findings(findings, followed, follow)
    mutations = mutation_findings(ran, hints)
    findings += mutations
    if not findings:
        return Judgement(1.0, (), right=tuple(aspects))
    # What is right is said, too, but only beside something that is wrong: a pass needs no words.
    right = [aspect for aspect in aspects if aspect not in wrong.aspects | crashed]
    findings += [Finding(aspect, "pass") for aspect in right]
    by_following = follow.share * len(followed) if follow else 0.0
    earned = max(0.0, len(right) + by_following - (MUTATION_COSTS if mutations else 0.0))
    share, followed_share = earned / len(aspects), min(by_following, earned) / len(aspects)
    return Judgement(share, tuple(findings), followed_share, tuple(right), tuple(followed))


def _with_crash(findings: list[Finding], results: Sequence[CaseResult], hints: Mapping[str, str]) -> list[Finding]:
    """Put the finding about a crash where it belongs: in the core before all others, else after them."""
    crash = crash_finding(results, hints)
    if crash.misconception:  # it explains the cases that ran, too
        return [crash]
    in_core = any(isinstance(result.answer, Crash) and result.case.is_core for result in results)
    return [crash, *findings] if in_core else [*findings, crash]


def _followed(wrong: WrongOutputs, run: Run | None, follow: FollowThrough | None) -> list[str]:
    """List the outputs that are the right derivative of a wrong forward pass, and have no other fault."""
    earns: dict[str, bool] = {}
    for path, answers in wrong.by_path.items():
        aspect = path.partition(".")[0]
        only_values = all(answer.fault.kind is FaultKind.VALUE for answer in answers)
        if follow and run and only_values and earns.get(aspect, True):
            given = [(answer.result.case, answer.fault.got) for answer in answers]
            earns[aspect] = follow.is_earned(path, given, run)
        else:
            earns[aspect] = False
    return [aspect for aspect, earned in earns.items() if earned]
