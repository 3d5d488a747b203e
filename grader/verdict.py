"""The value types that the grader's parts pass to each other. No logic beyond adding up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from utils.checks.case import Finding

VerdictName = Literal["pass", "partial", "fail", "error", "missing", "timeout", "killed"]


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
