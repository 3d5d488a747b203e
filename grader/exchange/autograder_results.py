"""Turn a report into the ``results.json`` that Gradescope reads.

See https://gradescope-autograders.readthedocs.io/en/latest/specs/ for its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..course import Assignment
from ..report import Report, Verdict
from ..wording import WORDING, one_line

VISIBILITY: Final = ("visible", "after_due_date", "after_published", "hidden")
_LONGEST: Final = 10_000  # characters of one test's output


def results_json(
    report: Report,
    assignment: Assignment,
    *,
    visibility: str = "visible",
    accuracies: Mapping[str, float] | None = None,
) -> bytes:
    """Return a report as ``results.json``.

    Parameters
    ----------
    report : Report
    assignment : Assignment
    visibility : str, default "visible"
        When students see the tests: one of `VISIBILITY`.
    accuracies : mapping of str to float, optional
        Trained net → its accuracy, from 0 to 1, for the leaderboard.

    Returns
    -------
    bytes
        JSON. Each exercise is a test, numbered by notebook. Gradescope adds up the scores.
    """
    verdicts = {verdict.name: verdict for verdict in report.exercises}
    tests = [
        _test(verdicts[exercise.name], f"{chapter}.{number}", notebook.name)
        for chapter, notebook in enumerate(assignment.notebook, 1)
        for number, exercise in enumerate(notebook.exercises, 1)
        if exercise.name in verdicts
    ]
    document: dict[str, Any] = {
        "output": "\n".join(one_line(remark) for remark in report.remarks),
        "output_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "execution_time": round(sum(verdict.seconds for verdict in report.exercises)),
        "tests": tests,
    }
    if accuracies:
        document["leaderboard"] = [
            {"name": name.rpartition(".")[2], "value": round(accuracy, 4), "order": "desc"}
            for name, accuracy in accuracies.items()
        ]
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _test(verdict: Verdict, number: str, notebook: str) -> dict[str, Any]:
    hints = [
        one_line(f"{finding.aspect}: {finding.hint}" if finding.aspect else finding.hint)
        for finding in verdict.findings
        if finding.hint
    ]
    lines = [WORDING[verdict.verdict].words, *hints, *([verdict.loss_in_words] if verdict.lost else [])]
    return {
        "name": verdict.name,
        "number": number,
        "score": round(verdict.score, 4),
        "max_score": verdict.max_score,
        "status": "passed" if verdict.verdict == "pass" else "failed",
        "output": "\n".join(lines)[:_LONGEST],
        "output_format": "text",
        "tags": [notebook],
    }
