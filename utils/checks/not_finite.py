"""Find the line on which NaN or infinity begins, by running a case again with NumPy's warnings as errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .case import Finding
from .compare import FaultKind
from .diagnose import CaseResult
from .program import Crash, Run

STRICT = "np.seterr(divide='raise', over='raise', invalid='raise')\n"
"""A first line for a program; `utils.checks.program.run_program` undoes it when the program has ended."""

_MESSAGE = re.compile(r"(overflow|divide by zero|invalid value) encountered in (\w+)")
_MEANING = {
    "overflow": "a result of `{0}` is too large for a float there",
    "divide by zero": "something is divided by 0 there",
    "invalid value": "`{0}` has no answer there, as 0 / 0 and the root or logarithm of a negative number have none",
}


def with_first_place(findings: Sequence[Finding], results: Sequence[CaseResult], run: Run) -> tuple[Finding, ...]:
    """Add to the first finding about NaN or infinity the line on which they begin.

    Parameters
    ----------
    findings : sequence of Finding
    results : sequence of CaseResult
        All cases.
    run : callable
        Runs the code under test.
    """
    for number, finding in enumerate(findings):
        result = next((one for one in results if one.case.title == finding.case and _has_none(one, finding)), None)
        said = _first_place(result, run) if result else ""
        if said:
            return (*findings[:number], replace(finding, hint=f"{finding.hint} {said}"), *findings[number + 1 :])
    return tuple(findings)


def _has_none(result: CaseResult, finding: Finding) -> bool:
    """Whether an output that a finding is about holds NaN or infinity in a case."""
    outputs = {name.partition(".")[0] for name in finding.aspect.split(", ")}
    return any(fault.kind is FaultKind.NOT_FINITE and fault.output in outputs for fault in result.faults())


def _first_place(result: CaseResult, run: Run) -> str:
    crash = run(STRICT + result.case.program, result.case.inputs, tuple(result.case.aspects))
    found = _MESSAGE.match(crash.message) if isinstance(crash, Crash) and crash.error == "FloatingPointError" else None
    if found is None or not isinstance(crash, Crash):
        return ""
    meaning = "the logarithm of 0 is infinite" if found[0].endswith(("in log", "in log2", "in log10")) else ""
    if not meaning or found[1] != "divide by zero":
        meaning = _MEANING[found[1]].format(found[2])
    there = f" (there: {crash.shapes})" if crash.shapes else ""
    return f"The first such number arises {crash.place}{there}: {meaning}."
