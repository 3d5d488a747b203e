"""Copy what the gradebook holds about a submission into plain values, which stay valid when the database is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class WrittenGrade:
    """A written answer, which a person grades.

    Attributes
    ----------
    name : str
        Name of its cell.
    score : float or None
        Points; None until a person has graded it.
    max_score : float
        Points that it is worth.
    comment : str
        The grader's comment; may be empty.
    """

    name: str
    score: float | None
    max_score: float
    comment: str


@dataclass(frozen=True)
class Row:
    """What the gradebook holds about one submission.

    Attributes
    ----------
    student : str
        The student's name.
    score : float
        Points from the program and from people together, with extra credit, before any penalty.
    max_score : float
        Points that the assignment is worth.
    penalty : float, default 0
        Points taken off for lateness.
    needs_manual_grade : bool, default False
        Whether a person still has to grade an answer.
    timestamp : datetime, optional
        When it was handed in, in UTC; None where that is not known.
    answers : tuple of WrittenGrade, default ()
        The written answers, sorted by name.
    """

    student: str
    score: float
    max_score: float
    penalty: float = 0.0
    needs_manual_grade: bool = False
    timestamp: datetime | None = None
    answers: tuple[WrittenGrade, ...] = ()


def read_row(submission: Any) -> Row:
    """Make the row of one of nbgrader's ``SubmittedAssignment`` objects."""
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
