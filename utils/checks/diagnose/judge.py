"""Judge an exercise by the results of all its cases: which share of the points is earned, and what is found.

The student's own `check` and the grader both come through here. They differ in where the expected answers come from:
the first reads them from a golden pack, the second computes them with the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..case import Case, Finding, Trait
from ..compare import Fault, FaultKind
from ..program import Answer, Crash, Run
from ..values import value_at
from .answer_cache import AnswerCache
from .case_result import CaseResult
from .changes import Search
from .clauses import Runs
from .crash_kind import is_of_returned_values, is_of_unpacked_array
from .evidence import Together
from .findings import (
    crash_finding,
    findings_behind,
    follow_through_findings,
    mutation_findings,
    other_crash_finding,
    output_findings,
)
from .follow_through import FollowThrough, Gradients
from .mended import with_mended
from .points import CORE, CORE_SHARE, Division, Part, Score, WrongParts, in_order
from .wrong_forward import WrongForward
from .wrong_outputs import WrongOutputs


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
    return with_fallback(case, function, run(case.program, case.inputs, tuple(case.aspects)), run)


def with_fallback(case: Case, function: str, answer: Answer, run: Run) -> Answer:
    """Return the answer to a case, or that of its fallback; see `answer_case`."""
    if isinstance(answer, Crash) and case.fallback and answer.entered not in ("", function):
        return run(case.fallback, case.inputs, tuple(case.aspects))
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
    right : tuple of str
        The outputs that are right in every case.
    followed_outputs : tuple of str
        The outputs that are wrong in the core and have earned what follow-through gives.
    score : Score
        What each output has earned, and by what points were lost; empty where nothing could be compared.
    """

    share: float
    findings: tuple[Finding, ...]
    followed: float = 0.0
    right: tuple[str, ...] = field(default=(), compare=False)
    followed_outputs: tuple[str, ...] = field(default=(), compare=False)
    score: Score = field(default=Score({}), compare=False)


@np.errstate(all="ignore")  # a wrong answer may hold numbers of any size
def judge(
    results: Sequence[CaseResult],
    hints: Mapping[str, str],
    run: Run | None = None,
    follow: FollowThrough | None = None,
    *,
    core: float = CORE_SHARE,
    together: Together | None = None,
    search: Search | None = None,
    forward: WrongForward | None = None,
) -> Judgement:
    """Judge one exercise by all of its cases.

    How the points are divided, see `points`. In a case that crashes, all of its outputs are wrong; the cases that ran
    are compared as usual. An input that is changed in place is a side effect of all outputs of its case.

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
    core : float, default CORE_SHARE
        The share of an output's points that its core carries, above 0 and up to 1.
    together : callable, optional
        Runs code with two misconceptions, to recognise them in one answer; only the grader has such code.
    search : Search, optional
        Runs the code under test with small changes, to find one that makes it right. Only the grader does, because
        changed code runs many times, and prints whatever the code under test prints.
    forward : WrongForward, optional
        The forward function behind which a backward function was run, if that is wrong as well. It changes what is
        said, and nothing of what is earned.

    Returns
    -------
    Judgement
    """
    cases = [result.case for result in results]
    # Hints and follow-through ask for many of the same runs, of the code under test and of the reference.
    run = run and AnswerCache(run, cases)
    follow = follow and replace(follow, reference=AnswerCache(follow.reference, cases))
    ran = [result for result in results if not isinstance(result.answer, Crash)]
    outputs = WrongOutputs(ran)
    wrong = _wrong_parts(results, outputs)
    followed = _followed(wrong, run, follow)
    score = wrong.score(core, followed, follow.share if follow else 0.0)
    runs = Runs(run, follow.reference if follow else None, search, search.source if search else None)
    findings = _findings(results, hints, outputs, wrong, followed, runs, follow, together, forward)
    if not findings:
        return Judgement(1.0, (), right=tuple(wrong.division.aspects), score=score)
    # What is right is said, too, but only beside something that is wrong: a pass needs no words.
    crashed = {aspect for result in results if isinstance(result.answer, Crash) for aspect in result.case.aspects}
    right = [aspect for aspect in wrong.division.aspects if aspect not in outputs.aspects | crashed]
    findings += [Finding(aspect, "pass") for aspect in right] if ran else []
    in_core = tuple(output for output, parts in followed.items() if CORE in parts)
    return Judgement(score.share, tuple(findings), score.followed, tuple(right), in_core, score)


def _wrong_parts(results: Sequence[CaseResult], outputs: WrongOutputs) -> WrongParts:
    """Note for each output in which parts it is wrong: by its own faults, by crashes and by changed inputs."""
    division = Division([result.case for result in results])
    wrong = WrongParts(division)
    for answers in outputs.by_path.values():
        for result, fault in answers:
            parts = division.wrong_in(result.case, fault)
            wrong.add(division.carriers(result.case, fault.output), parts, result, fault)
    for result in results:
        if isinstance(result.answer, Crash):
            wrong.add(division.carriers(result.case), division.parts(result.case), result, None)
        if result.mutated:
            wrong.add(division.carriers(result.case), [Trait.SIDE_EFFECT.value], result, None)
    return wrong


def _findings(
    results: Sequence[CaseResult],
    hints: Mapping[str, str],
    outputs: WrongOutputs,
    wrong: WrongParts,
    followed: Mapping[str, set[Part]],
    runs: Runs,
    follow: FollowThrough | None,
    together: Together | None,
    forward: WrongForward | None,
) -> list[Finding]:
    """Say everything that is wrong, and in which parts."""
    ran = [result for result in results if not isinstance(result.answer, Crash)]
    explained = [output for output, parts in followed.items() if parts and parts == wrong.faults[output].keys()]
    # Where code crashes, no change of it is right in every case but one that ends the crash, which is looked for then.
    plain = runs if len(ran) == len(results) else replace(runs, search=None)
    if forward:
        findings = findings_behind(forward, outputs, results, hints, plain, explained)
    else:
        findings = output_findings(outputs, results, hints, plain, without=explained, together=together)
    if len(ran) < len(results):
        findings = _with_crash(findings, results, hints, wrong, runs)
    if follow:
        earning = [output for output, parts in followed.items() if parts]
        findings = follow_through_findings(findings, earning, follow)
    findings = [finding if finding.parts else _with_parts(finding, outputs, wrong.division) for finding in findings]
    by_mutation = mutation_findings(ran, hints)
    return findings + [replace(finding, parts=(Trait.SIDE_EFFECT.value,)) for finding in by_mutation]


def _with_parts(finding: Finding, outputs: WrongOutputs, division: Division) -> Finding:
    """Add in which parts the outputs of a finding are wrong."""
    about = finding.aspect.split(", ")
    parts = (
        division.wrong_in(result.case, fault)
        for path, answers in outputs.by_path.items()
        for result, fault in answers
        if path in about or fault.output in about
    )
    return replace(finding, parts=in_order(*parts))


def _with_crash(
    findings: list[Finding], results: Sequence[CaseResult], hints: Mapping[str, str], wrong: WrongParts, runs: Runs
) -> list[Finding]:
    """Put the finding about a crash where it belongs: in the core before all others, else after them."""
    parts = in_order(*(wrong.division.parts(one.case) for one in results if isinstance(one.answer, Crash)))
    crash = replace(crash_finding(results, hints), parts=parts)
    found = runs.search.mend(results) if runs.search and crash.verdict != "missing" else None
    if crash.misconception:  # it explains the cases that ran, too
        crash = replace(crash, parts=in_order(*wrong.faults.values()))
        if not found or not (found.beside or len(found.changes) > 1):
            return [crash]
        findings = []
    if found:
        # What was run is known; what would fit by its shape alone may be something else.
        crash = replace(crash_finding(results, hints, advise=False), parts=crash.parts)
        crash, findings = with_mended(crash, findings, found, hints, parts)
    crashed = (one.answer for one in results if isinstance(one.answer, Crash))
    if any(is_of_returned_values(one) or is_of_unpacked_array(one) for one in crashed):
        findings = [one for one in findings if one.misconception]
    other = None if found else other_crash_finding(results, crash.case)
    crashes = [crash, *([replace(other, parts=parts)] if other else [])]
    return [*crashes, *findings] if CORE in parts else [*findings, *crashes]


def _followed(wrong: WrongParts, run: Run | None, follow: FollowThrough | None) -> dict[str, set[Part]]:
    """Find the wrong parts of each output that are right derivatives of a wrong forward pass, with no other fault."""
    if not (run and follow and follow.share):
        return {}
    followed: dict[str, set[Part]] = {}
    for output, parts in wrong.faults.items():
        core = parts.get(CORE, [])
        if _is_followed(output, [fault for faults in parts.values() for fault in faults], run, follow):
            followed[output] = set(parts)
        elif not core or _is_followed(output, core, run, follow):
            rest = {part: faults for part, faults in parts.items() if part != CORE}
            earning = {part for part, faults in rest.items() if _is_followed(output, [*core, *faults], run, follow)}
            followed[output] = earning | ({CORE} if core else set())
    return followed


def _is_followed(
    output: str, wrong: Sequence[tuple[CaseResult, Fault | None]], run: Run, follow: FollowThrough
) -> bool:
    """Whether all that is wrong with an output in some cases are the values of its gradients, and these follow."""
    found: dict[int, tuple[CaseResult, dict[str, object]]] = {}
    for result, fault in wrong:
        if fault is None or fault.kind is not FaultKind.VALUE or fault.output != output:
            return False
        found.setdefault(id(result), (result, {}))[1][fault.path] = fault.got
    answers = [Gradients(result.case, faults, _right_gradients(output, result)) for result, faults in found.values()]
    return follow.is_earned(answers, run)


def _right_gradients(output: str, result: CaseResult) -> dict[str, object]:
    """Return the gradients of an output that are right in a case, by path."""
    assert not isinstance(result.answer, Crash)
    right = result.case.gradients.keys() - result.wrong_paths()
    return {
        path: value_at(result.answer.values, path)
        for path in result.case.gradients
        if path in right and path.partition(".")[0] == output
    }
