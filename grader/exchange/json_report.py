"""A report as JSON."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ..verdict import Report, Verdict
from ..wording import one_line


def report_json(report: Report) -> bytes:
    """The report as one JSON object, indented, with a newline at its end.

    Keys: ``assignment``, ``student``, ``score``, ``max_score``, ``sandbox``, ``remarks``, and ``exercises``, each with
    ``name``, ``score``, ``max_score``, ``verdict``, ``seconds`` and ``findings``; a finding has ``aspect``,
    ``verdict``, ``hint``, ``misconception`` (an id or null) and ``case``. What a submission had a hand in stands on one
    line, with everything visible, as on the pages.
    """
    document = {
        "assignment": report.assignment,
        "student": report.student,
        "score": round(report.score, 2),
        "max_score": report.max_score,
        "sandbox": report.sandbox,
        "exercises": [_readable(verdict) for verdict in report.exercises],
        "remarks": [one_line(remark) for remark in report.remarks],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _readable(verdict: Verdict) -> Verdict:
    return replace(verdict, findings=tuple(replace(one, hint=one_line(one.hint)) for one in verdict.findings))
