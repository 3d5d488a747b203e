"""What the gradebook holds of a submission, read once and handed around as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class WrittenGrade:
    """An answer that people grade. `score` is None until they did."""

    name: str
    score: float | None
    max_score: float
    comment: str


@dataclass(frozen=True)
class Row:
    """What the gradebook holds of one submission.

    Attributes
    ----------
    student : str
        Name.
    score, max_score : float
        Points by program and by people together, extra credit counted, before any penalty.
    penalty : float
        Points taken off for lateness.
    needs_manual_grade : bool
        Whether there is something for people to grade.
    timestamp : datetime or None
        When it was handed in, in UTC.
    answers : tuple of WrittenGrade
        What people grade.
    """

    student: str
    score: float
    max_score: float
    penalty: float = 0.0
    needs_manual_grade: bool = False
    timestamp: datetime | None = None
    answers: tuple[WrittenGrade, ...] = ()


def read_row(submission: Any) -> Row:
    """The row of one of nbgrader's SubmittedAssignments."""
    answers = []
    for notebook in submission.notebooks:
        comments = {comment.name: comment.comment or "" for comment in notebook.comments}
        for grade in notebook.grades:
            if grade.cell_type == "markdown":
                score = None if grade.needs_manual_grade else grade.score
                answers.append(WrittenGrade(grade.name, score, grade.max_score, comments.get(grade.name, "")))
    return Row(
        submission.student.id,
        submission.score,
        submission.max_score,
        sum(notebook.late_submission_penalty or 0.0 for notebook in submission.notebooks),
        submission.needs_manual_grade,
        submission.timestamp.replace(tzinfo=UTC) if submission.timestamp else None,
        tuple(sorted(answers, key=lambda answer: answer.name)),
    )
