"""Put into words what is wrong with an exercise: from the results of its cases to findings with hints."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from ..case import Finding
from ..compare import Fault, FaultKind
from ..program import Crash, Run
from ..values import value_at
from .case_result import CaseResult
from .derivative import is_derivative, with_program
from .describe import WrongOutput, describe, mixed_examples, shown_numbers, when_it_is_wrong
from .follow_through import FollowThrough
from .misconceptions import find_misconception, group_by_misconception
from .old_python import explain_old_python

IN_PLACE = "in-place"
"""The id of the one misconception that shows in the inputs, not in the outputs."""

MAX_RERUN_CASES = 3  # failing cases in which the code under test may be run again for a hint


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

    def smallest(self, path: str, misconception: str | None = None) -> WrongAnswer:
        """Return the smallest case in which an output is wrong: the one that is easiest to read.

        Parameters
        ----------
        path : str
        misconception : str, optional
            Prefer the cases in which this one shows.
        """
        answers = self.by_path[path]
        telling = [one for one in answers if misconception and one.result.is_given_by(misconception, path)]
        return min(telling or answers, key=lambda answer: answer.result.case.size)


def crash_finding(results: Sequence[CaseResult], hints: Mapping[str, str]) -> Finding:
    """Say that the code under test raises, or is not written yet; at least one result is a crash."""
    # Whatever else is wrong, a student mends the crash first; so the first of them is the one finding.
    title, crash = next((one.case.title, one.answer) for one in results if isinstance(one.answer, Crash))
    if crash.missing:
        return Finding("", "missing", f"{crash.entered or 'This'} is not written yet.", None, title)
    misconception = find_misconception("", results, hints)
    explained = hints[misconception] if misconception else explain_old_python(crash)
    hint = f"{explained} ({crash}.)" if explained else f"{crash}."
    return Finding("", "error", hint, misconception, title)


def output_findings(
    wrong: WrongOutputs,
    results: Sequence[CaseResult],
    hints: Mapping[str, str],
    run: Run | None,
    without: Collection[str] = (),
) -> list[Finding]:
    """Say what is wrong with the outputs.

    There is one finding for all outputs that one misconception explains, and one for each output that none explains.

    Parameters
    ----------
    wrong : WrongOutputs
    results : sequence of CaseResult
    hints : mapping of str to str
        The sentence of each misconception, by id.
    run : callable or None
        Runs the code under test again.
    without : collection of str
        Outputs of which nothing is said unless a misconception explains them.
    """
    findings = []
    for misconception, paths in group_by_misconception(tuple(wrong.by_path), results, hints).items():
        if misconception:
            result, fault = wrong.smallest(paths[0], misconception)
            hint = f"{hints[misconception]} ({_comparison(fault, with_name=True)}.)"
            findings.append(Finding(", ".join(paths), "fail", hint, misconception, result.case.title))
        else:
            findings += [
                _unexplained(path, wrong, results, run) for path in paths if path.partition(".")[0] not in without
            ]
    return findings


def follow_through_findings(
    findings: Sequence[Finding], followed: Sequence[str], follow: FollowThrough
) -> list[Finding]:
    """Add which outputs have earned points by follow-through, beside a misconception where one explains them."""
    findings = list(findings)
    for aspect in followed:
        said = (
            f"earned {follow.in_words}: {aspect} is the right derivative of what your forward pass computes; "
            "it is the forward that is wrong."
        )
        about = (k for k, one in enumerate(findings) if aspect in {p.partition(".")[0] for p in one.aspect.split(", ")})
        index = next(about, None)
        if index is None:
            findings.append(Finding(aspect, "fail", said))
        else:
            findings[index] = replace(findings[index], hint=f"{findings[index].hint} ({said})")
    return findings


def mutation_findings(results: Sequence[CaseResult], hints: Mapping[str, str]) -> list[Finding]:
    """Say which inputs were changed in place, though they are not the function's to change."""
    first_case = {name: result.case.title for result in reversed(results) for name in result.mutated}
    findings = []
    for name, title in first_case.items():
        said = f"{name} was changed in place; work on a copy, because the caller still needs it."
        findings.append(Finding(name, "fail", hints.get(IN_PLACE, said), IN_PLACE, title))
    return findings


def _unexplained(path: str, wrong: WrongOutputs, results: Sequence[CaseResult], run: Run | None) -> Finding:
    """Say what can be said of a wrong output that no known misconception gives."""
    # The first case is the plainest, without kinks or float32: the derivative can be measured there.
    first = wrong.by_path[path][0]
    if run and _follows_forward(first, run):
        said = f"{path} is the right derivative of what your forward pass computes; it is the forward that is wrong"
        return Finding(path, "fail", f"{said}. ({first.fault.sentence}.)", None, first.result.case.title)
    smallest = wrong.smallest(path)
    clauses = _clauses(smallest, wrong.by_path[path], results, run)
    return Finding(path, "fail", _as_sentences(clauses), None, smallest.result.case.title)


def _follows_forward(answer: WrongAnswer, run: Run) -> bool:
    """Whether a wrong gradient is the right one of what a wrong forward pass computes."""
    result, fault = answer
    output = result.case.objective[0]
    forward_is_right = output in result.case.aspects and all(one.path != output for one in result.faults())
    if fault.kind is not FaultKind.VALUE or forward_is_right:
        return False
    return is_derivative(result.case, fault.path, fault.got, with_program(run, result.case)) is True


def _clauses(
    smallest: WrongAnswer, answers: Sequence[WrongAnswer], results: Sequence[CaseResult], run: Run | None
) -> list[str]:
    """Collect all that is known of a wrong output: the comparison, its form, how examples mix, and when it is wrong."""
    fault = smallest.fault
    clauses = [_comparison(fault)]
    if fault.kind in (FaultKind.VALUE, FaultKind.SHAPE, FaultKind.NOT_FINITE):
        ordered = [smallest, *(answer for answer in answers if answer.result is not smallest.result)]
        clauses.append(
            describe([WrongOutput(one.fault.expected, one.fault.got, one.result.case.inputs) for one in ordered])
        )
    if fault.kind is FaultKind.VALUE and run:
        few = sorted(answers, key=lambda answer: answer.result.case.size)[:MAX_RERUN_CASES]
        mixed = (mixed_examples(answer.result.case, fault.path, answer.fault.got, run) for answer in few)
        clauses.append(next(filter(None, mixed), ""))
    failing = {id(answer.result) for answer in answers}  # by identity: arrays do not compare as a whole
    passing = [
        result.case
        for result in results
        if value_at(result.expected, fault.path) is not None and id(result) not in failing
    ]
    clauses.append(when_it_is_wrong([answer.result.case for answer in answers], passing))
    return clauses


def _comparison(fault: Fault, *, with_name: bool = False) -> str:
    """Say what is seen and what was expected: all of the numbers where they are few, else the first that differs."""
    shown = shown_numbers(fault.expected, fault.got) if fault.by_entry else ""
    if not shown:
        return fault.sentence if with_name else fault.clause
    return f"{fault.path}: {shown}" if with_name else shown


def _as_sentences(clauses: Sequence[str]) -> str:
    """Join clauses to text; what follows a question is a sentence of its own."""
    said = ""
    for clause in filter(None, clauses):
        if said.endswith("?"):
            said = f"{said} {clause[0].upper()}{clause[1:]}"
        else:
            said = f"{said}; {clause}" if said else clause
    return said if said.endswith("?") else f"{said}."
