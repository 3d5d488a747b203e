"""A report as JSON."""

from __future__ import annotations

import msgspec

from ..verdict import Report


def report_json(report: Report) -> bytes:
    """The report as one JSON object, indented, with a newline at its end.

    Keys: ``assignment``, ``student``, ``score``, ``max_score``, ``sandbox``, ``remarks``, and ``exercises``, each with
    ``name``, ``score``, ``max_score``, ``verdict``, ``seconds`` and ``findings``; a finding has ``aspect``,
    ``verdict``, ``hint``, ``misconception`` (an id or null) and ``case``.
    """
    document = {
        "assignment": report.assignment,
        "student": report.student,
        "score": round(report.score, 2),
        "max_score": report.max_score,
        "sandbox": report.sandbox,
        "exercises": report.exercises,
        "remarks": report.remarks,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
