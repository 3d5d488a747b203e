"""Hold what a submission has earned as values, verdicts and reports, and write a report as JSON for other programs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from utils.checks.case import Finding

from .wording import VerdictName, one_line, points


@dataclass(frozen=True)
class LostPoints:
    """Points of an exercise that one of its outputs has not earned.

    Attributes
    ----------
    output : str
    part : str
        What they are lost by: ``"core"``, a trait such as ``"dtype"`` or ``"edge shape"``, ``"shape"`` or
        ``"large inputs"``; see docs/grading.md.
    points : float
        Rounded to hundredths, so that they add up to what the exercise has lost.
    """

    output: str
    part: str
    points: float


@dataclass(frozen=True)
class Verdict:
    """The result of one exercise of one submission.

    Attributes
    ----------
    name : str
        The exercise's name in course.toml: ``"layers.affine_backward"``.
    score, max_score : float
        The points that were earned, and that the exercise is worth.
    verdict : str
        ``"pass"``, ``"partial"``, ``"fail"``, ``"error"`` (the code raised an exception, or its file is unusable),
        ``"missing"`` (not written or not handed in), ``"timeout"`` or ``"killed"`` (the worker ended: too much memory,
        ``os._exit``, an invalid message).
    findings : tuple of Finding, default ()
        What to tell the student, most important first.
    seconds : float, default 0
        Wall-clock seconds that grading took.
    followed : float, default 0
        The part of `score` that right derivatives of a wrong forward pass have earned.
    lost : tuple of LostPoints, default ()
        What is missing from `score` to `max_score`, by output and part. Empty if nothing could be compared, such as
        when the code is missing or its process ended.
    """

    name: str
    score: float
    max_score: float
    verdict: VerdictName
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    followed: float = 0.0
    lost: tuple[LostPoints, ...] = ()

    @property
    def lost_by_part(self) -> dict[str, float]:
        """The points that are missing, by part: ``{"dtype": 0.5}``."""
        sums: dict[str, float] = {}
        for loss in self.lost:
            sums[loss.part] = round(sums.get(loss.part, 0.0) + loss.points, 2)
        return sums

    @property
    def loss_in_words(self) -> str:
        """What cost points: ``"Points lost, of 6: core 1.5, dtype 0.5."``; ``""`` if that is not known by part."""
        parts = ", ".join(f"{part} {points(lost)}" for part, lost in self.lost_by_part.items())
        return f"Points lost, of {points(self.max_score)}: {parts}." if parts else ""


@dataclass(frozen=True)
class Report:
    """The verdicts of one submission of one assignment.

    Attributes
    ----------
    assignment, student : str
        The names of the assignment and of the student.
    sandbox : str
        The confinement of the student's code: ``"bubblewrap"``, ``"landlock"`` or ``"none"``; ``"not run"`` if the
        submission could not be graded.
    exercises : tuple of Verdict
        One verdict for each graded exercise, in the order of course.toml.
    remarks : tuple of str, default ()
        Sentences about the submission as a whole: which files were ignored, or could not be read.
    """

    assignment: str
    student: str
    sandbox: str
    exercises: tuple[Verdict, ...]
    remarks: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The points of all exercises together."""
        return sum(verdict.score for verdict in self.exercises)

    @property
    def max_score(self) -> float:
        """The points that all exercises together are worth."""
        return sum(verdict.max_score for verdict in self.exercises)


def report_json(report: Report) -> bytes:
    """Return a report as one JSON object.

    Its keys are ``assignment``, ``student``, ``score``, ``max_score``, ``sandbox``, ``remarks`` and ``exercises``. Each
    exercise has ``name``, ``score``, ``max_score``, ``verdict``, ``seconds``, ``followed``, ``findings`` and ``lost``.
    Each finding has ``aspect``, ``verdict``, ``hint``, ``misconception`` (an id or null), ``case``, ``seen`` (what the
    hint begins from) and ``parts``: what is wrong, ``["core"]`` or traits such as ``["dtype", "tie"]``. Each entry of
    ``lost`` has ``output``, ``part`` and ``points``; together they are what is missing from ``score`` to ``max_score``.

    Parameters
    ----------
    report : Report

    Returns
    -------
    bytes
        Indented JSON in UTF-8, with a newline at the end. Hints and remarks may contain text from the submission. They
        are made safe to show, each on one line; see `grader.wording.one_line`.
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
    """Make the hints of a verdict safe to show."""
    findings = tuple(
        replace(finding, hint=one_line(finding.hint), seen=one_line(finding.seen)) for finding in verdict.findings
    )
    return replace(verdict, findings=findings)
