"""Copy what the gradebook holds about a submission into plain values, which stay valid when the database is closed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nbgrader import api
from sqlalchemy import func, select

from .grades import read_grades


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


def read_rows(session: Any, assignment: str) -> list[Row]:
    """Read the rows of all submissions of an assignment, sorted by student.

    They are read with a few queries for the whole class. nbgrader's objects would take several for each submission.

    Parameters
    ----------
    session : sqlalchemy.orm.Session
        nbgrader's, on its database.
    assignment : str
        The name of the assignment.
    """
    grades = read_grades(session.connection(), assignment)
    names = sorted({grade.cell.name for found in grades.values() for grade in found if grade.cell.kind == "markdown"})
    comments = {
        (comment.submission, comment.name): comment.comment for comment in session.execute(_comments(assignment, names))
    }
    rows = []
    for submission in session.execute(_submissions(assignment)):
        own = grades.pop(submission.id, [])
        answers = [
            WrittenGrade(
                sys.intern(grade.cell.name),
                None if grade.needs_manual_grade else grade.score,
                grade.cell.max_score,
                comments.get((submission.id, grade.cell.name)) or "",
            )
            for grade in own
            if grade.cell.kind == "markdown"
        ]
        rows.append(
            Row(
                submission.student_id,
                sum(grade.score for grade in own),
                submission.max_score,
                submission.penalty,
                any(grade.needs_manual_grade for grade in own),
                submission.timestamp.replace(tzinfo=UTC) if submission.timestamp else None,
                tuple(sorted(answers, key=lambda answer: answer.name)),
            )
        )
    return sorted(rows, key=lambda row: row.student)


def _submissions(assignment: str) -> Any:
    """Select the submissions of an assignment, with the penalties of their notebooks."""
    return (
        select(
            api.SubmittedAssignment.id,
            api.SubmittedAssignment.student_id,
            api.SubmittedAssignment.timestamp,
            select(api.Assignment.max_score)
            .where(api.Assignment.name == assignment)
            .scalar_subquery()
            .label("max_score"),
            func.coalesce(func.sum(api.SubmittedNotebook.late_submission_penalty), 0.0).label("penalty"),
        )
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .outerjoin(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .where(api.Assignment.name == assignment)
        .group_by(api.SubmittedAssignment.id, api.SubmittedAssignment.student_id, api.SubmittedAssignment.timestamp)
    )


def _comments(assignment: str, names: Sequence[str]) -> Any:
    """Select the comments on the cells with these names."""
    return (
        select(api.SubmittedNotebook.assignment_id.label("submission"), api.BaseCell.name, api.Comment.comment)
        .select_from(api.Comment)
        .join(api.SubmittedNotebook, api.Comment.notebook_id == api.SubmittedNotebook.id)
        .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .join(api.BaseCell, api.Comment.cell_id == api.BaseCell.id)
        .where(api.Assignment.name == assignment, api.BaseCell.name.in_(names))
    )
