"""Define the decisions of instructors that decisions.toml is read into: extensions, voided questions, overrides, ….

A decision never changes what was found out about a submission. It changes what that is worth, and so it can be taken
back: `grader.gradebook.totals` computes every total anew from the scores, the hand-in times and all decisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

Students = tuple[str, ...] | str
"""Names of students, or ``"all"``; no other text."""


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all decisions have.

    Attributes
    ----------
    reason : str, default ""
        Why; the students whom it is about read it on their pages.
    line : int, default 0
        The line of decisions.toml on which it begins; no key of the file.
    """

    reason: str = ""
    line: int = 0


class Extension(Decision, frozen=True, kw_only=True):
    """A later due date. Of several for the same student, the latest counts.

    Attributes
    ----------
    assignment : str
    students : tuple of str, or "all"
    until : datetime, optional
        The new due date; UTC where it has no time zone.
    days : float, optional
        Days after the assignment's own due date, in place of `until`.
    """

    assignment: str
    students: Students
    until: datetime | None = None
    days: float | None = None

    def length(self, due: datetime) -> timedelta:
        """Return how long it is, for an assignment with this due date."""
        if self.until is not None:
            return aware(self.until) - aware(due)
        return timedelta(days=self.days or 0.0)


class LateDays(Decision, frozen=True, kw_only=True):
    """A budget of late days, which are spent without being asked for, on the assignments in the order of their dates.

    Attributes
    ----------
    days : int
        How many late days cost nothing, in all assignments together.
    students : tuple of str, or "all"
        A student's own budget counts in place of that of all.
    most : int, optional
        How many of them may be spent on one assignment; all by default.
    """

    days: int
    students: Students = "all"
    most: int | None = None


class Void(Decision, frozen=True, kw_only=True):
    """A question that does not count, because it was wrong or cannot be answered.

    Attributes
    ----------
    question : str
        An exercise or a written question.
    points : {"given", "redistributed"}
        Who gets its points: everybody gets all of them, or they are divided among the assignment's other questions. The
        latter is the same as to earn the share of them that one has earned of all others.
    """

    question: str
    points: Literal["given", "redistributed"]


class Bonus(Decision, frozen=True, kw_only=True):
    """Points that are added to the total of an assignment. Lateness takes nothing off them.

    Attributes
    ----------
    assignment : str
    students : tuple of str, or "all"
        Only those who have handed in get it.
    points : float
    """

    assignment: str
    students: Students
    points: float


class Override(Decision, frozen=True, kw_only=True):
    """The points of one student, whatever else was found; of several, the last one in the file counts.

    Attributes
    ----------
    student : str
    question : str, optional
        An exercise or a written question. Lateness takes its share off these points as off all others.
    assignment : str, optional
        In place of `question`, a whole assignment: its total is then `points`, and nothing is taken off or added.
    points : float
    """

    student: str
    points: float
    question: str | None = None
    assignment: str | None = None


class Weight(Decision, frozen=True, kw_only=True):
    """Other points for a question than course.toml says; what students have earned keeps its share of them.

    Attributes
    ----------
    question : str
        An exercise or a written question.
    points : float
        May be 0.
    """

    question: str
    points: float


class Decisions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of decisions.toml, by kind and in the order of the file."""

    extension: tuple[Extension, ...] = ()
    late_days: tuple[LateDays, ...] = ()
    void: tuple[Void, ...] = ()
    bonus: tuple[Bonus, ...] = ()
    override: tuple[Override, ...] = ()
    weight: tuple[Weight, ...] = ()

    def __iter__(self) -> Iterator[Decision]:
        """Yield all decisions, kind by kind."""
        for kind in self.__struct_fields__:
            yield from getattr(self, kind)

    def students(self) -> Iterator[tuple[str, Decision]]:
        """Yield every student whom a decision names, with the decision."""
        for decision in self:
            named = getattr(decision, "students", "all")
            yield from ((name, decision) for name in (() if named == "all" else named))
            if isinstance(decision, Override):
                yield decision.student, decision


def concerns(students: Students, student: str) -> bool:
    """Tell whether a decision about these students is about this one."""
    return students == "all" or student in students


def aware(time: datetime) -> datetime:
    """Return a time with its zone, which is UTC where it has none."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
