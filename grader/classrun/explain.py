"""Explain to a student why an answer is wrong, with a script that reproduces one hidden case; after the deadline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..course import Assignment, Course
from ..course.decisions import aware
from ..errors import UnusableInput
from ..judging.secret import course_secret
from ..sandbox import choose_confinement
from . import record
from .cache import Cache
from .collect import collect, read_submission
from .failed_case import find_failed_case
from .reproduce import script


def explain(
    course: Course,
    assignment: Assignment,
    student: str,
    name: str,
    submitted: Path,
    *,
    sandbox: str = "auto",
    case: str = "",
    anyway: bool = False,
    now: datetime | None = None,
) -> str:
    """Return a script that reproduces a hidden case in which a student's answer is wrong.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    student : str
    name : str
        The exercise.
    submitted : Path
        The folder with the submissions of the class.
    sandbox : str, default "auto"
        The confinement that the student's code runs in.
    case : str, default ""
        The title of the case; by default the one that the student's page names.
    anyway : bool, default False
        Also before the deadline, although other students could use the case.
    now : datetime, optional
        The time; by default that of the clock.

    Raises
    ------
    UnusableInput
        Before the deadline; when there is no such exercise or submission; when no case fails.
    CourseError, SandboxUnavailable, Interrupted
        As for `grader.classrun.grading.grade_class`.
    """
    exercise = next((one for one in assignment.exercises if one.name == name), None)
    if exercise is None:
        names = ", ".join(one.name for one in assignment.exercises)
        raise UnusableInput(f'{assignment.name} has no exercise "{name}"; it has {names}.')
    due = last_due(course, assignment)
    if (now or datetime.now(UTC)) < due and not anyway:
        raise UnusableInput(
            f"Until {due:%Y-%m-%d %H:%M %Z} somebody may still hand in {assignment.name}, and could use a hidden case; "
            "wait until then, or say --anyway."
        )
    hand_in = next((one for one in collect(submitted, assignment) if one.student == student), None)
    if hand_in is None:
        raise UnusableInput(f'There is no submission of {assignment.name} by "{student}" in {submitted}.')
    submission = read_submission(course, assignment, hand_in.path)
    with Cache(course) as cache:
        outcome = record.read(cache, assignment.name, student).outcomes.get(name)
    told = next((finding for finding in outcome.findings if finding.case), None) if outcome else None
    failed = find_failed_case(
        submission,
        course,
        exercise,
        student,
        confinement=choose_confinement(sandbox),
        secret=course_secret(course.root),
        title=case or (told.case if told else ""),
    )
    if case and failed.case.title != case:
        raise UnusableInput(f'No case "{case}" of {name} went wrong; one that did is "{failed.case.title}".')
    hint = told.hint if told and told.case == failed.case.title else ""
    return script(course, exercise, student, assignment.name, failed, hint)


def last_due(course: Course, assignment: Assignment) -> datetime:
    """Return when the last student has to hand in, with all extensions and late days of decisions.toml."""
    decisions = course.decisions
    own = [one.length(assignment.due) for one in decisions.extension if one.assignment == assignment.name]
    free = [min(one.days, one.days if one.most is None else one.most) for one in decisions.late_days]
    return aware(assignment.due) + max(own, default=timedelta()) + timedelta(days=max(free, default=0))
