"""What a submission earned: verdicts and reports, and a report as JSON for other programs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from utils.checks.case import Finding

from .wording import VerdictName, one_line


@dataclass(frozen=True)
class Verdict:
    """What one exercise of one submission earned.

    Attributes
    ----------
    name : str
        The exercise, as in course.toml: ``"layers.affine_backward"``.
    score, max_score : float
        Points.
    verdict : str
        ``"pass"``, ``"partial"``, ``"fail"``, ``"error"`` (it raised), ``"missing"`` (not written or not handed
        in), ``"timeout"`` or ``"killed"`` (memory, ``os._exit``, a broken wire).
    findings : tuple of Finding
        What to tell the student, most important first.
    seconds : float
        Wall-clock time spent.
    followed : float
        The points of `score` that right derivatives of a wrong forward pass have earned.
    """

    name: str
    score: float
    max_score: float
    verdict: VerdictName
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    followed: float = 0.0


@dataclass(frozen=True)
class Report:
    """What one submission of one assignment earned.

    Attributes
    ----------
    assignment, student : str
        Names.
    sandbox : str
        What confined the student's code: ``"sandlock"``, ``"bubblewrap"`` or ``"none"``.
    exercises : tuple of Verdict
        In the order of course.toml.
    remarks : tuple of str
        Sentences about the submission as a whole: what was ignored, what could not be read.
    """

    assignment: str
    student: str
    sandbox: str
    exercises: tuple[Verdict, ...]
    remarks: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Points earned."""
        return sum(verdict.score for verdict in self.exercises)

    @property
    def max_score(self) -> float:
        """Points that could be earned."""
        return sum(verdict.max_score for verdict in self.exercises)


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
