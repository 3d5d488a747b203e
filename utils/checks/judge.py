"""From the answers of all cases to findings: what is wrong, and which misconception gives exactly this.

The student's own `check` and the grader both come through here. They differ in where the expected answers come
from: the first reads them from a golden pack, the second computes them with the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .case import Case, Finding, value_at
from .explain import Scene, explain, leaks, numbers, when
from .follow import FollowThrough
from .hearing import Answer, Hearing
from .naming import explained_by, suspect_of
from .program import Crash
from .reruns import Reruns
from .rules import Fault
from .slope import is_derivative

IN_PLACE = "in-place"  # the id of the one misconception that shows in the inputs, not in the outputs
RERUNS = 3  # failing cases in which the code under test may be run again

Run = Callable[[str, Mapping[str, object], Sequence[str]], Answer]


def attempt(case: Case, function: str, run: Run) -> Answer:
    """Run a case, and its fallback where another function that it needs stands in the way.

    Parameters
    ----------
    case : Case
    function : str
        Qualified name of the function under test.
    run : callable
        ``run(program, inputs, fetch)``, as `utils.checks.program.run_program` with its namespace fixed.

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


@np.errstate(all="ignore")  # what is wrong may be of any size
def judge(
    hearings: Sequence[Hearing],
    hints: Mapping[str, str],
    run: Run | None = None,
    follow: FollowThrough | None = None,
) -> Judgement:
    """Judge one exercise by all of its cases.

    An output is right when it is right in every case. Each output carries an equal share of the points; changing
    an input in place costs half a share.

    Parameters
    ----------
    hearings : sequence of Hearing
        At least one.
    hints : mapping of str to str
        The sentence of each misconception, by id.
    run : callable, optional
        Runs the code under test again, to tell a wrong gradient from the right gradient of a wrong forward pass.
    follow : FollowThrough, optional
        What the second of these earns; nothing by default.

    Returns
    -------
    Judgement
    """
    crashed = [hearing for hearing in hearings if isinstance(hearing.answer, Crash)]
    if crashed:
        return Judgement(0.0, (_crash_finding(crashed, hearings, hints),))

    cases = [hearing.case for hearing in hearings]
    run = run and Reruns(run, cases)
    follow = follow and replace(follow, reference=Reruns(follow.reference, cases))
    aspects = list(dict.fromkeys(aspect for hearing in hearings for aspect in hearing.case.aspects))
    wrong: dict[str, list[tuple[Hearing, Fault]]] = {}
    for hearing in hearings:
        for fault in hearing.faults():
            wrong.setdefault(fault.path, []).append((hearing, fault))
    wrong_aspects = {path.split(".")[0] for path in wrong}

    followed = _followed(wrong, run, follow)
    findings = []
    for suspect, paths in explained_by(tuple(wrong), hearings, hints).items():
        # One sentence for all outputs that a misconception explains; one for each that nothing explains.
        for group in [paths] if suspect else [[path] for path in paths]:
            first, fault = wrong[group[0]][0]
            if not suspect and group[0].split(".")[0] in followed:
                continue
            if not suspect and run and _follows(first, fault, run):
                findings.append(_follow_finding(fault, first))
                continue
            smallest, fault = _smallest(group[0], wrong[group[0]], suspect)
            if suspect:
                hint = f"{hints[suspect]} ({_seen(fault)}.)"
            else:
                hint = _unnamed(fault, smallest, wrong[group[0]], hearings, run)
            findings.append(Finding(", ".join(group), "fail", hint, suspect, smallest.case.title))
    for aspect in followed:
        assert follow
        said = f"earned {follow.words}: {aspect} is the right derivative of what your forward pass computes"
        said = f"{said}; it is the forward that is wrong."
        named = [
            k for k, one in enumerate(findings) if aspect in {path.split(".")[0] for path in one.aspect.split(", ")}
        ]
        for k in named[:1]:  # a mistake that has a name keeps it
            findings[k] = replace(findings[k], hint=f"{findings[k].hint} ({said})")
        if not named:
            findings.append(Finding(aspect, "fail", said))
    mutated = {name: hearing for hearing in reversed(hearings) for name in hearing.mutated}
    for name, hearing in mutated.items():
        said = f"{name} was changed in place; work on a copy, because the caller still needs it."
        findings.append(Finding(name, "fail", hints.get(IN_PLACE, said), IN_PLACE, hearing.case.title))
    if not findings:
        return Judgement(1.0, (), right=tuple(aspects))
    right = [aspect for aspect in aspects if aspect not in wrong_aspects]
    findings += [Finding(aspect, "pass") for aspect in right]
    part = follow.share * len(followed) if follow else 0.0
    earned = max(0.0, len(right) + part - (0.5 if mutated else 0.0))
    share, followed_share = earned / len(aspects), min(part, earned) / len(aspects)
    return Judgement(share, tuple(findings), followed_share, tuple(right), tuple(followed))


def _smallest(path: str, wrong: Sequence[tuple[Hearing, Fault]], suspect: str | None) -> tuple[Hearing, Fault]:
    """The failing case with the fewest numbers, of those in which the misconception shows."""
    telling = [pair for pair in wrong if not suspect or pair[0].looks_like(suspect, path)]
    return min(telling or wrong, key=lambda pair: pair[0].case.entries)


def _seen(fault: Fault) -> str:
    """What is seen and what was expected: all of the numbers where they are few, else the first that differs."""
    shown = numbers(fault.want, fault.got) if fault.sentence.startswith(f"{fault.path}: ") else ""
    return f"{fault.path}: {shown}" if shown else fault.sentence


def _unnamed(
    fault: Fault,
    smallest: Hearing,
    wrong: Sequence[tuple[Hearing, Fault]],
    hearings: Sequence[Hearing],
    run: Run | None,
) -> str:
    """What can be said of a wrong output that no misconception gives."""
    path = fault.path
    failing = [hearing for hearing, _ in wrong]
    passing = [  # by identity: arrays do not compare as a whole
        hearing
        for hearing in hearings
        if value_at(hearing.want, path) is not None and not any(hearing is other for other in failing)
    ]
    others = [Scene(one.want, one.got, hearing.case.inputs) for hearing, one in wrong if hearing is not smallest]
    clauses = [_seen(fault).removeprefix(f"{path}: ")]  # whoever shows it names the output
    if fault.kind in ("value", "shape", "nan"):
        clauses.append(explain([Scene(fault.want, fault.got, smallest.case.inputs), *others]))
    if fault.kind == "value" and run:
        few = sorted(wrong, key=lambda pair: pair[0].case.entries)[:RERUNS]
        clauses.append(next((said for hearing, one in few if (said := leaks(hearing.case, path, one.got, run))), ""))
    clauses.append(when([hearing.case for hearing in failing], [hearing.case for hearing in passing]))
    return _joined(clauses)


def _joined(clauses: Sequence[str]) -> str:
    """Clauses as text; what follows a question is a sentence of its own."""
    said = ""
    for clause in filter(None, clauses):
        if said.endswith("?"):
            said = f"{said} {clause[0].upper()}{clause[1:]}"
        else:
            said = f"{said}; {clause}" if said else clause
    return said if said.endswith("?") else f"{said}."


def _followed(
    wrong: Mapping[str, Sequence[tuple[Hearing, Fault]]], run: Run | None, follow: FollowThrough | None
) -> list[str]:
    """The outputs of which all that is wrong is the right derivative of a wrong forward pass."""
    found: dict[str, bool] = {}
    for path, places in wrong.items():
        aspect = path.split(".")[0]
        if follow and run and found.get(aspect, True) and all(fault.kind == "value" for _, fault in places):
            found[aspect] = follow.earned(path, [(hearing.case, fault.got) for hearing, fault in places], run)
        else:
            found[aspect] = False
    return [aspect for aspect, earns in found.items() if earns]


def _follows(hearing: Hearing, fault: Fault, run: Run) -> bool:
    """Whether a wrong gradient is the right one of what a wrong forward pass computes."""
    output = hearing.case.objective[0]
    forward_is_right = output in hearing.case.aspects and all(one.path != output for one in hearing.faults())
    return (
        fault.kind == "value"
        and not forward_is_right
        and is_derivative(
            hearing.case, fault.path, fault.got, lambda inputs, fetch: run(hearing.case.program, inputs, fetch)
        )
    )


def _follow_finding(fault: Fault, hearing: Hearing) -> Finding:
    said = f"{fault.path} is the right derivative of what your forward pass computes; it is the forward that is wrong"
    return Finding(fault.path, "fail", f"{said}. ({fault.sentence}.)", None, hearing.case.title)


def _crash_finding(crashed: Sequence[Hearing], hearings: Sequence[Hearing], hints: Mapping[str, str]) -> Finding:
    first = crashed[0]
    crash = first.answer
    assert isinstance(crash, Crash)
    if crash.missing:
        return Finding("", "missing", f"{crash.entered or 'This'} is not written yet.", None, first.case.title)
    suspect = suspect_of("", hearings, hints)
    hint = f"{hints[suspect]} ({crash}.)" if suspect else f"{crash}."
    return Finding("", "error", hint, suspect, first.case.title)
