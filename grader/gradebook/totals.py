"""Compute a student's total of an assignment from the scores, the hand-in times and the decisions of instructors.

These are pure functions of plain values: nothing here opens a database or runs a student's code. Whatever shows a total
(feedback pages, formgrader, exports) gets it from here, so all of them show the same.

The steps are, in this order:

1. A question has the points that a person gave, or else those that the program gave.
2. Questions with an override have its points; then those that are void have theirs.
3. Lateness takes its share off the sum, after extensions and late days.
4. A bonus is added. The total is never below 0.
5. An override of the whole assignment replaces the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ..course import Assignment, Course
from ..course.decisions import Extension, LateDays, Override, Void, aware, concerns
from ..wording import points
from .lateness import days_late, late_penalty


@dataclass(frozen=True, slots=True)
class Question:
    """What one question of a submission has earned.

    Attributes
    ----------
    name : str
        Its name in course.toml: ``"layers.affine_forward"``.
    notebook : str
        The name of its notebook.
    score : float
        The points that a person gave, or else those that the program gave; with the extra credit of `own_extra`.
    max_score : float
        The points that it is worth.
    needs_manual_grade : bool, default False
        Whether a person still has to grade it.
    by_person : bool, default False
        Whether a person gave the points.
    own_extra : float, default 0
        The part of `score` that is extra credit, which a person has typed into formgrader.
    """

    name: str
    notebook: str
    score: float
    max_score: float
    needs_manual_grade: bool = False
    by_person: bool = False
    own_extra: float = 0.0


@dataclass(frozen=True)
class HandedIn:
    """When a submission came in.

    Attributes
    ----------
    at : datetime, optional
        None where that is not known; the submission is then on time.
    extension : timedelta, default 0
        An extension that was given in nbgrader itself. An extension of decisions.toml replaces it.
    """

    at: datetime | None
    extension: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Total:
    """A student's result of an assignment, with everything applied.

    Attributes
    ----------
    student : str
    score : float
        The total: with hand grades, decisions, and what lateness takes off.
    max_score : float
        What the assignment is worth.
    penalty : float
        Points that lateness has taken off; they are not in `score`.
    needs_manual_grade : bool
        Whether a person still has to grade an answer.
    due : datetime
        The student's due date, with extensions and late days.
    handed_in : datetime or None
    questions : tuple of Question
        With their points after decisions, in the order of course.toml.
    notes : tuple of str
        One sentence for each decision that touches this total.
    bonus : float, default 0
        Points that were added to the sum, or, by an override of the whole assignment, taken off it.
    penalties : dict of str to float
        `penalty` by notebook.
    extension : timedelta
        What `due` is later than the assignment's due date.
    """

    student: str
    score: float
    max_score: float
    penalty: float
    needs_manual_grade: bool
    due: datetime
    handed_in: datetime | None
    questions: tuple[Question, ...]
    notes: tuple[str, ...] = ()
    bonus: float = 0.0
    penalties: Mapping[str, float] = field(default_factory=dict)
    extension: timedelta = timedelta()


def total(
    course: Course,
    assignment: Assignment,
    student: str,
    questions: Sequence[Question],
    times: Mapping[str, HandedIn],
) -> Total:
    """Compute a student's total of an assignment.

    Parameters
    ----------
    course : Course
        With its decisions.
    assignment : Assignment
    student : str
    questions : sequence of Question
        The questions of the assignment, before decisions.
    times : mapping of str to HandedIn
        Assignment → when the student handed it in; of other assignments, too, because late days are spent on all.
    """
    extension, notes = _extension(course, assignment, student, times)
    due = aware(assignment.due) + extension
    decided, about_questions = _decided(course, student, questions)
    handed_in = times[assignment.name].at if assignment.name in times else None
    late = (handed_in - due).total_seconds() if handed_in else 0.0
    sums: dict[str, float] = {}
    for question in decided:
        sums[question.notebook] = sums.get(question.notebook, 0.0) + question.score
    penalties = {notebook: late_penalty(course.late, max(0.0, score), late) for notebook, score in sums.items()}
    bonus, about_bonus = _bonus(course, assignment, student)
    score = max(0.0, sum(sums.values()) - sum(penalties.values()) + bonus)
    notes = [*notes, *about_questions, *about_bonus]
    if whole := _override(course, student, assignment=assignment.name):
        score, penalties, bonus = whole.points, {}, whole.points - sum(sums.values())
        notes = [f"The total was set to {points(whole.points)}{_because(whole.reason)}"]  # nothing else counts
    return Total(
        student,
        round(score, 6),
        sum(question.max_score for question in decided),
        sum(penalties.values()),
        any(question.needs_manual_grade for question in decided),
        due,
        handed_in,
        tuple(decided),
        tuple(notes),
        bonus,
        penalties,
        extension,
    )


def late_days_left(course: Course, student: str, times: Mapping[str, HandedIn]) -> tuple[dict[str, int], int]:
    """Return how many late days a student has spent, by assignment, and how many are left.

    They are spent on the assignments in the order of their due dates, and only where they help: not on a submission
    that is so late that it earns nothing even with them.
    """
    budget = _budget(course, student)
    spent: dict[str, int] = {}
    left = budget.days if budget else 0
    for assignment in sorted(course.assignment, key=lambda one: (aware(one.due), one.name)):
        handed_in = times.get(assignment.name)
        if not budget or not handed_in or handed_in.at is None:
            continue
        due = aware(assignment.due) + _granted(course, assignment, student, handed_in)[0]
        days = days_late(course.late, (handed_in.at - due).total_seconds())
        free = min(days, left, left if budget.most is None else budget.most)
        if free and days - free <= course.late.days:
            spent[assignment.name] = free
            left -= free
    return spent, left


def _extension(
    course: Course, assignment: Assignment, student: str, times: Mapping[str, HandedIn]
) -> tuple[timedelta, list[str]]:
    """Return how much later a submission is due, late days included, and the sentences about that."""
    granted, decision = _granted(course, assignment, student, times.get(assignment.name))
    notes = []
    if decision:
        until = aware(assignment.due) + granted
        notes.append(f"Due on {until:%Y-%m-%d %H:%M} {until.tzname()}, by an extension{_because(decision.reason)}")
    spent, left = late_days_left(course, student, times)
    free = spent.get(assignment.name, 0)
    if free:
        notes.append(f"Late days spent here: {free}, of {left + sum(spent.values())} in all assignments together.")
    return granted + timedelta(days=free), notes


def _granted(
    course: Course, assignment: Assignment, student: str, handed_in: HandedIn | None
) -> tuple[timedelta, Extension | None]:
    """Return a student's extension, and the decision that gives it; None where none of decisions.toml does."""
    found = [
        decision
        for decision in course.decisions.extension
        if decision.assignment == assignment.name and concerns(decision.students, student)
    ]
    if not found:
        return (handed_in.extension if handed_in else timedelta()), None
    longest = max(found, key=lambda decision: decision.length(assignment.due))
    return longest.length(assignment.due), longest


def _budget(course: Course, student: str) -> LateDays | None:
    """Return a student's budget of late days: the last one that names the student, or else the last one of all."""
    budgets = course.decisions.late_days
    own = [budget for budget in budgets if budget.students != "all" and student in budget.students]
    common = [budget for budget in budgets if budget.students == "all"]
    return (own or common)[-1] if own or common else None


def _decided(course: Course, student: str, questions: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """Apply overrides, then voids, to the points of questions; return these and the sentences about them."""
    notes = []
    decided = {question.name: question for question in questions}
    for name, question in decided.items():
        if override := _override(course, student, question=name):
            decided[name] = replace(question, score=override.points)
            worth = points(question.max_score)
            notes.append(f"{name} was set to {points(override.points)} of {worth}{_because(override.reason)}")
        if weight := next((each for each in course.decisions.weight if each.question == name), None):
            notes.append(f"{name} is worth {points(weight.points)} points now{_because(weight.reason)}")
    overridden = {name for name in decided if _override(course, student, question=name)}
    voids = {void.question: void for void in course.decisions.void if void.question in decided.keys() - overridden}
    rest = [question for name, question in decided.items() if name not in voids]
    share = _share(rest)
    for name, void in voids.items():
        notes.append(_void(void, decided[name]))
        given = 1.0 if void.points == "given" else share
        decided[name] = replace(decided[name], score=given * decided[name].max_score, needs_manual_grade=False)
    return list(decided.values()), notes


def _share(questions: Sequence[Question]) -> float:
    """Return the share of their points that questions have earned; 1 where they are worth nothing."""
    worth = sum(question.max_score for question in questions)
    return sum(question.score for question in questions) / worth if worth else 1.0


def _void(void: Void, question: Question) -> str:
    worth = points(question.max_score)
    if void.points == "given":
        return f"{void.question} does not count; everybody gets its {worth} points{_because(void.reason)}"
    how = f"its {worth} points are divided among the other questions{_because(void.reason)}"
    return f"{void.question} does not count; {how}"


def _bonus(course: Course, assignment: Assignment, student: str) -> tuple[float, list[str]]:
    """Return the points that are added to a total, and a sentence about each bonus."""
    found = [
        bonus
        for bonus in course.decisions.bonus
        if bonus.assignment == assignment.name and concerns(bonus.students, student)
    ]
    notes = [f"Bonus: {points(bonus.points)}{_because(bonus.reason)}" for bonus in found]
    return sum(bonus.points for bonus in found), notes


def _override(
    course: Course, student: str, *, question: str | None = None, assignment: str | None = None
) -> Override | None:
    """Return the last override of a question, or of an assignment, for a student."""
    return next(
        (
            override
            for override in reversed(course.decisions.override)
            if override.student == student and (override.question, override.assignment) == (question, assignment)
        ),
        None,
    )


def _because(reason: str) -> str:
    """Return how a sentence ends that may have a reason."""
    return f": {reason.strip().rstrip('.')}." if reason.strip() else "."
