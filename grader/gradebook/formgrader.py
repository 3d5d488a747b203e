"""Let formgrader's lists show totals: nbgrader's own leave out what lateness takes off."""

from __future__ import annotations

from typing import Any, Final

from nbgrader import api
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy import func, select

_READ: Final = {name: getattr(NbGraderAPI, name) for name in ("get_submission", "get_submissions", "get_students")}


def show_totals() -> None:
    """Replace the functions that formgrader's lists of submissions and of students are made with."""
    NbGraderAPI.get_submission = _submission
    NbGraderAPI.get_submissions = _submissions
    NbGraderAPI.get_students = _students


def _submission(self: NbGraderAPI, assignment_id: str, student_id: str, **known: Any) -> dict[str, Any] | None:
    found: dict[str, Any] | None = _READ["get_submission"](self, assignment_id, student_id, **known)
    if found:
        _take_off([found], "student", _penalties(self, assignment_id))
    return found


def _submissions(self: NbGraderAPI, assignment_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _READ["get_submissions"](self, assignment_id)
    graded = [row for row in found if row["autograded"]]  # the others have come through `_submission`
    _take_off(graded, "student", _penalties(self, assignment_id))
    return found


def _students(self: NbGraderAPI) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _READ["get_students"](self)
    _take_off(found, "id", _penalties(self))
    return found


def _take_off(rows: list[dict[str, Any]], name: str, penalties: dict[str, float]) -> None:
    for row in rows:
        row["score"] = max(0.0, row["score"] - penalties.get(row[name], 0.0))


def _penalties(self: NbGraderAPI, assignment: str | None = None) -> dict[str, float]:
    """Return what lateness takes off, by student: of one assignment, or of all together."""
    total = func.sum(api.SubmittedNotebook.late_submission_penalty)
    query = (
        select(api.SubmittedAssignment.student_id, total)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .group_by(api.SubmittedAssignment.student_id)
    )
    if assignment is not None:
        query = query.where(api.Assignment.name == assignment)
    with self.gradebook as gb:
        return {student: penalty or 0.0 for student, penalty in gb.db.execute(query)}
