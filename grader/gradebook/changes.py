"""Say what has changed in the totals of a class since the last run, for whom, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from ..course import Assignment, Course
from ..course.decision_file import FILE
from ..course.decisions import Bonus, Override
from ..errors import Problem
from ..wording import one_line, points
from .total_sources import ShownTotal
from .totals import Total


@dataclass(frozen=True)
class Change:
    """What has changed in the total of one student.

    Attributes
    ----------
    assignment, student : str
    before : float or None
        The total that was last shown; None where none was.
    after : float
    why : tuple of str
        Sentences.
    """

    assignment: str
    student: str
    before: float | None
    after: float
    why: tuple[str, ...]

    def __str__(self) -> str:
        if self.before is None:
            moved = points(self.after)
        elif points(self.before) == points(self.after):
            moved = f"{points(self.after)} as before"
        else:
            moved = f"{points(self.before)} → {points(self.after)}"
        return f"{self.assignment}, {one_line(self.student, 60)}: {moved}. {' '.join(self.why)}".rstrip()


@dataclass(frozen=True)
class Applied:
    """What came of applying the decisions to an assignment.

    Attributes
    ----------
    totals : tuple of Total
        Of all submissions, sorted by student.
    changes : tuple of Change
        What has changed since it was last shown. A submission that is new is none, unless a decision touches it.
    touched : frozenset of str
        The students of whom a row of the database or a notebook was changed.
    problems : tuple of Problem
        Decisions without an effect, because their students are not known, or have not handed in.
    """

    totals: tuple[Total, ...] = ()
    changes: tuple[Change, ...] = ()
    touched: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def change(assignment: str, total: Total, before: ShownTotal | None, now: ShownTotal) -> Change | None:
    """Compare what there is to tell about a total with what was last shown; None where nothing has changed."""
    why = tuple(_why(total, before, now))
    if before is None:
        return Change(assignment, total.student, None, now.score, why) if now.notes else None
    if not why and points(before.score) != points(now.score):
        why = ("course.toml has other rules now.",)
    return Change(assignment, total.student, before.score, now.score, why) if why else None


def _why(total: Total, before: ShownTotal | None, now: ShownTotal) -> Iterator[str]:
    """Yield the reasons why a total may have changed."""
    known = before.notes if before else ()
    yield from (one_line(note, 400) for note in now.notes if note not in known)
    yield from (f"No longer: {one_line(note, 400)}" for note in known if note not in now.notes)
    if before is None:
        return
    if now.handed_in != before.handed_in and total.handed_in:
        yield f"Handed in at {total.handed_in:%Y-%m-%d %H:%M %Z}."
    for name, (score, by_person) in now.questions.items():
        earlier = before.questions.get(name)
        if earlier is not None and points(earlier[0]) != points(score):
            yield f"{name}: {points(earlier[0])} → {points(score)} by {'hand' if by_person else 'program'}."


def without_effect(
    course: Course, assignment: Assignment, known: Collection[str], here: Collection[str]
) -> list[Problem]:
    """Name the decisions that have no effect because of the students whom they are about, with their lines.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    known : collection of str
        The students of whom there is any submission.
    here : collection of str
        Those who have handed in this assignment.
    """
    problems = []
    for student, decision in course.decisions.students():
        about = getattr(decision, "assignment", None) == assignment.name
        about |= getattr(decision, "question", None) in assignment.questions
        if isinstance(decision, Override | Bonus) and about and student in known and student not in here:
            name = one_line(student, 60)
            sentence = (
                f"{name} has handed in nothing for {assignment.name}; make a folder submitted/{name}/{assignment.name}"
            )
            problems.append(Problem(FILE, decision.line, f"{sentence}, empty, for this to count."))
    return sorted({*problems, *_unknown(course, known)})


def _unknown(course: Course, known: Collection[str]) -> list[Problem]:
    """Name the decisions about students of whom there is no submission at all."""
    problems = []
    for student, decision in course.decisions.students():
        if student not in known:
            close = get_close_matches(student, known, 1)
            hint = f'did you mean "{one_line(close[0], 60)}"?' if close else "correct it, or wait for a submission."
            problems.append(Problem(FILE, decision.line, f'no student "{one_line(student, 60)}" is known; {hint}'))
    return problems
