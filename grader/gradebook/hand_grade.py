"""Define the values that a grade given by hand consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

State = Literal["waiting", "changed", "graded", "empty"]


class Key(NamedTuple):
    """What names an answer: the assignment, the question and the student."""

    assignment: str
    question: str
    student: str


@dataclass(frozen=True)
class Mark:
    """How a grader has graded an answer.

    Attributes
    ----------
    items : tuple of str, default ()
        The names of the rubric's items that apply.
    adjustment : float, default 0
        Points that are added to theirs; may be negative.
    remark : str, default ""
        The grader's own words to the student.
    grader : str, default ""
        Who has graded it.
    """

    items: tuple[str, ...] = ()
    adjustment: float = 0.0
    remark: str = ""
    grader: str = ""


@dataclass(frozen=True)
class HandGrade:
    """What the gradebook holds about an answer that people grade.

    Attributes
    ----------
    student : str
    state : str
        ``"waiting"`` for a grade; ``"changed"``, graded, but the answer has changed since; ``"graded"``; or
        ``"empty"``: there is no answer, and no points.
    points : float or None
        Those that a person gave; None where nobody has.
    max_points : float
        Those that the question is worth.
    comment : str
        What the student reads.
    mark : Mark or None
        How it was graded at the desk; None where it was not.
    elsewhere : bool
        Whether somebody has given other points or another comment since, as in formgrader.
    claimed_by : str
        The grader who is at it now; empty where nobody is.
    """

    student: str
    state: State
    points: float | None
    max_points: float
    comment: str
    mark: Mark | None
    elsewhere: bool
    claimed_by: str = ""

    @property
    def seen(self) -> str:
        """A text that is different whenever the grade is."""
        return msgspec.json.encode((self.state, self.points, self.comment, self.mark)).decode()
