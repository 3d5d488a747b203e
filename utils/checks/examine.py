"""Run the visible cases of an exercise and judge what came: here, or in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .case import Finding
from .child import CallInterrupted, CallLost, Prints
from .diagnose import CaseResult, answer_case, judge
from .diagnose.crashes import explain_crash, explain_syntax
from .diagnose.old_python import explain_old_python
from .not_finite import with_first_place
from .pack import Pack
from .program import Run, seeded_runner
from .result import CheckResult, printed_lines
from .student_code import StudentCode


class CheckInterrupted(KeyboardInterrupt):
    """A check that somebody has stopped; it says where the code was. In a notebook it shows as its own text.

    Parameters
    ----------
    exercise, case : str
        What was running; ``""`` for the case where none was.
    stopped : CallInterrupted
    """

    def __init__(self, exercise: str, case: str, stopped: CallInterrupted) -> None:
        lines = [f"■ {exercise}: interrupted {stopped.place.place}".rstrip()]
        lines += [f"    there: {stopped.place.shapes}"] if stopped.place.shapes else []
        lines += [f"    running with: {case}"] if case else []
        lines += printed_lines(stopped.prints)
        super().__init__("\n".join(lines))

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def examine(pack: Pack, namespace: Mapping[str, object], hint_level: int = 3) -> CheckResult:
    """Run all cases of a pack in this process.

    Parameters
    ----------
    pack : Pack
    namespace : mapping of str to object
        The modules under test by their short names.
    hint_level : int, default 3
        How much the result says of what is wrong; see `utils.checks.case.Finding.at_level`.

    Returns
    -------
    CheckResult
    """
    run = seeded_runner(namespace)
    results = [golden.with_answer(answer_case(golden.case, _function(pack), run)) for golden in pack.cases]
    return _judged(pack, results, run, hint_level)


def examine_apart(pack: Pack, code: StudentCode, hint_level: int = 3) -> CheckResult:
    """Run all cases of a pack in a process of its own; whatever the code does there is a finding.

    Parameters
    ----------
    pack : Pack
    code : StudentCode
    hint_level : int, default 3
        As for `examine`.

    Returns
    -------
    CheckResult

    Raises
    ------
    CheckInterrupted
        When somebody presses Ctrl-C.
    """
    code.begin()
    results: list[CaseResult] = []
    printed: list[tuple[str, Prints]] = []
    title, doing = "", f"Importing {code.name}"
    seconds: float | None = code.limits.exercise_seconds
    try:
        if crash := code.load(pack.needs):
            why = explain_old_python(crash) or explain_syntax(crash.message) or explain_crash(crash, {}, {})
            hint = f"{code.name} cannot be imported: {crash}. {why}".rstrip()
            return _without_judgement(pack, Finding("", "error", hint), hint_level)
        doing, seconds = _function(pack), None
        for golden in pack.cases:
            title = golden.case.title
            results.append(golden.with_answer(answer_case(golden.case, doing, code.run)))
            printed += [(title, code.prints)] if code.prints.text else []
    except CallInterrupted as stopped:
        raise CheckInterrupted(pack.exercise, title, stopped) from None
    except CallLost as lost:
        hint = code.explain_loss(lost, doing, seconds)
        printed += [(title, lost.prints)] if lost.prints.text else []
        return _without_judgement(pack, Finding("", lost.reason, hint, None, title), hint_level, printed)
    try:
        return _judged(pack, results, code.run_again, hint_level, printed)
    except CallInterrupted as stopped:
        raise CheckInterrupted(pack.exercise, "", stopped) from None


def _judged(
    pack: Pack,
    results: Sequence[CaseResult],
    run: Run,
    hint_level: int,
    printed: Sequence[tuple[str, Prints]] = (),
) -> CheckResult:
    """Judge what came in all cases."""
    findings = with_first_place(judge(results, pack.hints, run).findings, results, run)
    shown = [finding for finding in findings if finding.case]
    program = _program(pack, shown[0].case) if shown and shown[0].verdict != "missing" else ""
    optional, count = pack.optional, len(pack.cases)
    return CheckResult(pack.exercise, not findings, findings, count, program, optional, hint_level, printed)


def _without_judgement(
    pack: Pack, finding: Finding, hint_level: int, printed: Sequence[tuple[str, Prints]] = ()
) -> CheckResult:
    """The result where the cases could not all be run."""
    program = _program(pack, finding.case) if finding.case else ""
    return CheckResult(pack.exercise, False, (finding,), len(pack.cases), program, pack.optional, hint_level, printed)


def _function(pack: Pack) -> str:
    """The qualified name of the function under test."""
    return pack.exercise.split(".", 1)[1]


def _program(pack: Pack, title: str) -> str:
    """The lines that were run in a case, with the shapes of the inputs they need."""
    case = next(golden.case for golden in pack.cases if golden.case.title == title)
    shown = ", ".join(f"{name} {_shape(value)}" for name, value in case.inputs.items())
    return f"# {shown}\n{case.program}"


def _shape(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.shape}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} {_shape(item)}" for key, item in value.items()) + "}"
    return repr(value)
