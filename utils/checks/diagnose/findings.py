"""Put into words what is wrong with an exercise: from the results of its cases to findings with hints."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..case import Finding
from ..program import Crash
from .case_result import CaseResult
from .clauses import Runs
from .crash_kind import same_kind, unused_object
from .crashes import explain_crash, without_advice
from .evidence import Together
from .exchanged import exchanged
from .follow_through import FollowThrough
from .misconceptions import Explanation, explain, find_misconception
from .old_python import explain_old_python
from .other_outputs import enumerated
from .unexplained import as_sentences, comparison, describe_rest, findings_after, unexplained_findings
from .wrong_forward import WrongForward
from .wrong_outputs import WrongOutputs

MAX_NAMES = 4  # of outputs that are right, in a list

IN_PLACE = "in-place"
"""The id of the one misconception that shows in the inputs, not in the outputs."""


def crash_finding(results: Sequence[CaseResult], hints: Mapping[str, str], *, advise: bool = True) -> Finding:
    """Say that the code under test raises, or is not written yet; at least one result is a crash.

    Parameters
    ----------
    results : sequence of CaseResult
        All cases; those that ran as well.
    hints : mapping of str to str
        The sentence of each misconception, by id.
    advise : bool, default True
        Whether to say what would fit by its shape alone.
    """
    crashes = [(one, one.answer) for one in results if isinstance(one.answer, Crash)]
    # Of several crashes the student fixes one first, so one is shown: the first in the core, if there is one.
    result, crash = min(crashes, key=lambda pair: not pair[0].case.is_core)
    title = result.case.title
    if crash.missing:
        name = crash.entered or "This"
        # A stub may run in some cases, such as in test mode, which given code answers; nothing is wrong in these.
        if len(crashes) == len(results) or (result.case.is_core and not any(one.faults() for one in results)):
            if not crash.unfinished:  # which case it is does not matter
                return Finding("", "missing", f"{name} is not written yet.")
            return Finding("", "missing", crash.unfinished, None, title)
        said = crash.unfinished or f"{name} is not finished: this case is not written yet."
        return Finding("", "error", said, None, title)
    misconception = find_misconception("", results, hints)
    if misconception:
        raised = f"({replace(crash, message=without_advice(crash.message))}.)"
        said = _explained(result, crash, results) if unused_object(crash) else raised
        hint = f"{hints[misconception]} {said}"
        return Finding("", "error", hint, misconception, title, seen=f"{crash}.")
    return Finding("", "error", _explained(result, crash, results, advise=advise), None, title, seen=f"{crash}.")


def other_crash_finding(results: Sequence[CaseResult], shown: str) -> Finding | None:
    """Say of one more crash, at another line and of another kind than that which is shown; None if there is none.

    Parameters
    ----------
    results : sequence of CaseResult
        All cases.
    shown : str
        The title of the case whose crash is shown.
    """
    crashes = [(one, one.answer) for one in results if isinstance(one.answer, Crash) and not one.answer.missing]
    first = next((crash for result, crash in crashes if result.case.title == shown), None)
    others = [(result, crash) for result, crash in crashes if first and crash.line != first.line]
    others = [(result, crash) for result, crash in others if first and not same_kind(first, crash)]
    if not others:
        return None
    result, crash = min(others, key=lambda pair: not pair[0].case.is_core)
    hint = f'In the case "{result.case.title}" it crashes elsewhere. {_explained(result, crash, results)}'
    return Finding("", "error", hint, None, result.case.title, seen=f"{crash}.")


def _explained(result: CaseResult, crash: Crash, results: Sequence[CaseResult], *, advise: bool = True) -> str:
    """Explain a crash, and say where it happened; the other results may refute what would fit in this one."""
    others = [
        (one.answer, one.case.inputs, one.expected)
        for one in results
        if one is not result and isinstance(one.answer, Crash)
    ]
    unused = unused_object(crash)
    if unused:  # the line that raised is the check's, and says nothing to a student
        return (
            f'In the case "{result.case.title}" the function returns and has not called `{unused}` at all; it should '
            "be called in every case."
        )
    explanation = explain_old_python(crash)
    explanation = explanation or explain_crash(
        crash, result.case.inputs, result.expected, advise=advise, others=others, alone=not others and len(results) > 1
    )
    return f"{explanation} ({crash.error} {crash.place}.)" if explanation else f"{crash}."


def output_findings(
    wrong: WrongOutputs,
    results: Sequence[CaseResult],
    hints: Mapping[str, str],
    runs: Runs,
    without: Collection[str] = (),
    together: Together | None = None,
    forward: WrongForward | None = None,
    last_resort: bool = True,
) -> list[Finding]:
    """Say what is wrong with the outputs.

    There is one finding for all outputs that one misconception explains, one for each output that none explains, and
    one for what a misconception leaves unexplained.

    Parameters
    ----------
    wrong : WrongOutputs
    results : sequence of CaseResult
        All cases. What is said of a crash is said by `crash_finding`.
    hints : mapping of str to str
        The sentence of each misconception, by id.
    runs : Runs
        What can be run again.
    without : collection of str
        Outputs of which nothing is said unless a misconception explains them.
    together : callable, optional
        Runs code with two misconceptions.
    forward : WrongForward, optional
        A wrong forward function before the code under test, whose mistake is not known. Then nothing is looked for
        that no misconception explains, because the reason may lie there.
    last_resort : bool, default True
        Whether the values of the code under test may be compared with those of right solutions, where nothing else is
        known of any output.
    """
    explanations = _unless_exchanged(explain(tuple(wrong.by_path), results, hints, together), wrong)
    outputs = {output for result in results for output in result.expected}
    explanations = [_unless_untrue(one, hints, wrong, outputs) for one in explanations]
    alone = {one.names[0] for one in explanations if len(one.names) == 1}
    alone -= {name for one in explanations if len(one.names) > 1 for name in one.names}
    unexplained = [one.path for one in explanations if not one.names and one.path.partition(".")[0] not in without]
    in_part = {one.path for one in explanations if one.rest}
    findings = []
    for (misconception, effect), paths in _by_misconception(explanations).items():
        result, fault = wrong.clearest(paths[0], misconception)
        beside = f" Something else is wrong, too: beside that, {as_sentences([effect])}" if effect else ""
        only = ""
        if misconception in alone:  # what two misconceptions give together, neither gives
            only = only_here(misconception, hints[misconception], paths, wrong, results)
            if in_part.intersection(paths):
                only = re.sub(r" (?=what this mistake gives|as if the following)", " in some cases ", only, count=1)
        elif _breaks_more(misconception, paths, unexplained, results):
            only = f"{_with_verb(paths)} as if the following were so: "
        sentence = _without_asides(hints[misconception], wrong)
        hint = f"{only}{sentence}{beside} ({comparison(fault, with_name=True)}.)"
        seen = comparison(fault, with_name=len(paths) > 1)
        findings.append(Finding(", ".join(paths), "fail", hint, misconception, result.case.title, seen=f"{seen}."))
    by_right_values = {
        path: [one.result for one in found] for path, found in wrong.beside_right_values().by_path.items()
    }
    for one in explanations:
        known = {id(result) for result in by_right_values[one.path]}
        rest = [result for result in one.rest if id(result) in known]
        findings += [describe_rest(one.path, one.names, rest, wrong, runs)] if rest else []
    if forward:
        return findings + findings_after(forward, unexplained, wrong, runs)
    nothing_known = not (findings or without or any(result.mutated for result in results))
    return findings + unexplained_findings(unexplained, wrong, results, runs, last_resort=last_resort and nothing_known)


def findings_behind(
    forward: WrongForward,
    wrong: WrongOutputs,
    results: Sequence[CaseResult],
    hints: Mapping[str, str],
    runs: Runs,
    without: Collection[str] = (),
) -> list[Finding]:
    """Say what is wrong with the outputs of a backward function behind a wrong forward function.

    Parameters
    ----------
    forward : WrongForward
    wrong, results, hints, runs, without
        As for `output_findings`.
    """
    if not (forward.right or forward.results):
        return output_findings(wrong, results, hints, runs, without, forward=forward)
    right = [path for path in forward.right if path.partition(".")[0] not in without]
    findings = []
    if right:
        shown = wrong.clearest(right[0])
        seen = comparison(shown.fault, with_name=len(right) > 1)
        said = f"{seen}; {forward.explained(right)}."
        findings.append(Finding(", ".join(right), "fail", said, None, shown.result.case.title, seen=f"{seen}."))
    behind = WrongOutputs(forward.results)
    behind.by_path = {
        path: answers for path, answers in behind.by_path.items() if path in wrong.by_path and path not in forward.right
    }
    runs = replace(runs, reference=forward.reference)
    rest = output_findings(behind, forward.results, hints, runs, without, last_resort=False)
    findings += [replace(one, hint=f"{one.hint} {forward.beside}") for one in rest]
    # What is wrong only where the forward function's mistake lets the right function's answers disagree, too.
    known = {*forward.right, *behind.by_path}
    left = [path for path in wrong.by_path if path not in known and path.partition(".")[0] not in without]
    return findings + findings_after(forward, left, wrong, runs)


def _unless_exchanged(explanations: Sequence[Explanation], wrong: WrongOutputs) -> list[Explanation]:
    """Leave out what explains one of two outputs that stand in each other's places, and not the other."""
    held = exchanged({one.path: wrong.by_path[one.path] for one in explanations})
    names = {one.path: one.names for one in explanations}
    return [
        one if one.path not in held or set(one.names) & set(names[held[one.path]]) else Explanation(one.path)
        for one in explanations
    ]


def _unless_untrue(
    explanation: Explanation, hints: Mapping[str, str], wrong: WrongOutputs, outputs: Collection[str]
) -> Explanation:
    """Leave out what explains an output and says of another one what is not so.

    That is one that is wrong in another way, where it explains some cases alone, or one that is right, with which the
    first is said to be exchanged.
    """
    for name in explanation.names:
        subject = re.match(r"(\S+) and (\S+) are exchanged\b", hints[name])
        if subject and explanation.path in subject.groups():
            (other,) = {*subject.groups()} - {explanation.path}
            if other in outputs and _is_right(other, wrong):
                return Explanation(explanation.path)
    for name in explanation.names if explanation.rest else ():
        for path, answers in wrong.by_path.items():
            told = (answer.result.is_given_by(name, path) for answer in answers)
            if path != explanation.path and _names(hints[name], path) and not any(told):
                return Explanation(explanation.path)
    return explanation


def _without_asides(sentence: str, wrong: WrongOutputs) -> str:
    """Leave out of a sentence what it compares with an output that is wrong, too: ``", as dbeta is"``."""
    for path in wrong.by_path:
        sentence = re.sub(rf", as (?:[^,.;:]* )?{re.escape(path)}\b[^,.;:]*(?=[.;])", "", sentence)
    return sentence


def _breaks_more(
    misconception: str, paths: Sequence[str], unexplained: Collection[str], results: Sequence[CaseResult]
) -> bool:
    """Whether a misconception that explains entries of a dict alone, as gradients, breaks a plain output differently.

    Then the gradients have something of it, such as a missing bias of one layer, but the sentence may say too much.
    """
    plain = {path for path in unexplained if "." not in path}
    ran = (result for result in results if result.case.is_core and not isinstance(result.answer, Crash))
    return all("." in path for path in paths) and any(
        path in plain for result in ran for path in result.wrong_in(misconception) or ()
    )


def only_here(
    misconception: str, sentence: str, paths: Sequence[str], wrong: WrongOutputs, results: Sequence[CaseResult]
) -> str:
    """Say for which outputs alone a misconception holds, where it would break others, too, and has not done so.

    Its sentence may speak of all of them: "dgamma and dbeta are means".
    """
    ran = [result for result in results if not isinstance(result.answer, Crash)]
    broken = dict.fromkeys(path for result in ran for path in result.wrong_in(misconception) or ())
    others = [path for path in broken if path not in paths]
    right = [path for path in others if path.partition(".")[0] not in wrong.aspects or _is_right(path, wrong)]
    open_paths = [path for path in others if path not in right and not _gives_where_it_ran(misconception, path, wrong)]
    named = [path for path in open_paths if _names(sentence, path)]
    where = " where the code runs" if right and len(ran) < len(results) else ""
    # What a sentence says of outputs that are right, or wrong in another way, is not true of this code.
    if any(_names(sentence, path) for path in right):
        itself = "itself is" if len(right) == 1 else "themselves are"
        although = f"{enumerated(right[:MAX_NAMES])} {itself} right{where}"
        return f"{_with_verb(paths)} as if the following were so, although {although}: "
    subject = re.split(r"\b(?:is|are|has|have)\b", sentence)[0]
    if any(_names(subject, path) for path in named):
        although = f"{_with_verb(named[:MAX_NAMES])} wrong in another way"
        return f"{_with_verb(paths)} as if the following were so, although {although}: "
    clauses = [
        f"{_with_verb(right[:MAX_NAMES])} right{where}" if right else "",
        f"{_with_verb(named[:MAX_NAMES])} wrong in another way" if named else "",
    ]
    said = " and ".join(filter(None, clauses))
    return f"{_with_verb(paths)} what this mistake gives, while {said}: " if said else ""


def _gives_where_it_ran(misconception: str, path: str, wrong: WrongOutputs) -> bool:
    """Whether an output that is wrong, too, is so in the same way wherever the code did not crash."""
    results = (answer.result for answer in wrong.by_path.get(path, ()))
    ran = [result for result in results if not isinstance(result.answer, Crash)]
    return bool(ran) and all(result.is_given_by(misconception, path) for result in ran)


def _with_verb(names: Sequence[str]) -> str:
    return f"{enumerated(names)} {'is' if len(names) == 1 else 'are'}"


def _names(sentence: str, path: str) -> bool:
    """Whether a sentence names an output; what it says of ``W1`` need not be about ``"grads.W1"``."""
    return re.search(rf"\b{re.escape(path)}\b", sentence) is not None


def _is_right(path: str, wrong: WrongOutputs) -> bool:
    return not any(path == other or path.startswith(f"{other}.") for other in wrong.by_path)


def _by_misconception(explanations: Sequence[Explanation]) -> dict[tuple[str, str], list[str]]:
    """Group the outputs by the misconceptions that explain them, and by what is wrong beside those."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for explanation in explanations:
        for name in explanation.names:
            grouped.setdefault((name, explanation.effect), []).append(explanation.path)
    return grouped


def follow_through_findings(
    findings: Sequence[Finding], followed: Sequence[str], follow: FollowThrough
) -> list[Finding]:
    """Add which outputs have earned points by follow-through, beside a misconception where one explains them."""
    findings = list(findings)
    for aspect in followed:
        said = (
            f"earned {follow.in_words}: {aspect} is the right derivative of what your forward pass computes, "
            "which is wrong."
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
        said = f"{name} is changed in place; it should be left as it is, because the caller still needs it."
        hint = hints.get(IN_PLACE, said)
        findings.append(Finding(name, "fail", hint, IN_PLACE, title, seen=f"{name} is changed in place."))
    return findings
