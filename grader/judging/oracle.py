"""Judge the exercises of one submission, and make its report.

This code runs in the grading process, which knows the right answers and never runs a student's code. The student's code
runs in a worker process, which knows no right answers. `SubmittedModule.judge` sends inputs to the worker and compares
what comes back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from utils.checks.case import FindingVerdict
from utils.checks.diagnose import endless_loop

from ..course import Assignment, Course, Exercise
from ..errors import CourseError
from ..recipes import OwnNet, trained_net
from ..reference import Reference
from ..report import Report
from ..sandbox import Confinement, WorkerLost
from ..submission import Submission
from . import models, open_nets, unwritten
from .budget import Budget, OutOfBudget
from .case_bank import case_bank
from .known_answers import versions_of
from .outcome import Outcome, verdict
from .own_files import OwnFiles
from .repeated_answers import same_body
from .submitted_module import SubmittedModule
from .trial import Trial


def prepare(course: Course, exercises: Sequence[Exercise], secret: bytes | None = None) -> None:
    """Load what judging these exercises needs, which otherwise happens when a submission first needs it.

    Parameters
    ----------
    course : Course
    exercises : sequence of Exercise
    secret : bytes, optional
        The course's secret, to draw all hidden cases in all their forms; they are not drawn by default.

    Raises
    ------
    CourseError
        When a file of the course cannot be used.
    """
    reference = Reference.of(course)
    for exercise in exercises:
        if not exercise.score and not exercise.constructor:
            versions_of(reference, exercise.name)
            if secret is not None:
                case_bank(reference, exercise.name, secret).draw_all()


def grade(
    submission: Submission,
    course: Course,
    assignment: Assignment,
    student: str,
    *,
    confinement: Confinement,
    secret: bytes,
) -> Report:
    """Grade one submission: judge all exercises of its assignment, and return the report.

    Parameters
    ----------
    submission : Submission
        The files that were handed in.
    course : Course
    assignment : Assignment
    student, confinement, secret
        As for `judge`.

    Returns
    -------
    Report
        Whatever the submission does wrong, such as ending its process, is a verdict in the report and raises nothing.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed, or a file of the course cannot be used.
    SandboxUnavailable
        When no worker can be started.
    """
    require_packages(course, assignment)
    outcomes = judge(submission, course, assignment.exercises, student, confinement=confinement, secret=secret)
    return report(assignment, student, outcomes, confinement.name, submission.remarks)


def judge(
    submission: Submission,
    course: Course,
    exercises: Sequence[Exercise],
    student: str,
    *,
    confinement: Confinement,
    secret: bytes,
) -> dict[str, Outcome]:
    """Judge some exercises of one submission.

    Parameters
    ----------
    submission : Submission
        The files that were handed in.
    course : Course
    exercises : sequence of Exercise
        In the order of course.toml. Where an exercise is judged and another one that it builds on is not, it is taken
        that the other one ends in time.
    student : str
        The student's name. The hidden cases depend on it and on `secret`, so students get different cases.
    confinement : Confinement
        How the worker is confined.
    secret : bytes
        The course's secret; see `grader.judging.secret`.

    Returns
    -------
    dict of str to Outcome
        By exercise.

    Raises
    ------
    CourseError
        When a file of the course cannot be used.
    SandboxUnavailable
        When no worker can be started.
    """
    reference = Reference.of(course)
    budget = Budget(course.limits)
    outcomes: dict[str, Outcome] = {}
    own = OwnFiles(submission, course)
    for module, group in _by_module(exercises).items():
        if module == "models":
            outcomes |= {one.name: models.judge(submission, one, reference, secret) for one in group}
            continue
        part = own.part(module)
        if known := unwritten.known_outcomes(part, group):
            outcomes |= known
            continue
        with SubmittedModule(part, course, module, reference, confinement, budget) as submitted:
            for exercise in group:
                if exercise.constructor:
                    outcome = _judge_open_net(submission, course, exercise, reference, confinement, budget, secret)
                else:
                    trial = case_bank(reference, exercise.name, secret).trial(student)
                    shares = course.follow_through(exercise), course.core(exercise)
                    outcome = _judge_exercise(submitted, exercise, trial, *shares)
                outcomes[exercise.name] = outcome
        unwritten.remember(part, group, outcomes)
    return outcomes


def _by_module(exercises: Sequence[Exercise]) -> dict[str, list[Exercise]]:
    """Group exercises by the file that they stand in: one worker imports a file once, and runs all of them."""
    groups: dict[str, list[Exercise]] = {}
    for exercise in exercises:
        groups.setdefault(exercise.written_in[0], []).append(exercise)
    return groups


def report(
    assignment: Assignment, student: str, outcomes: Mapping[str, Outcome], sandbox: str, remarks: Sequence[str] = ()
) -> Report:
    """Make the report of a submission.

    Parameters
    ----------
    assignment : Assignment
        Says what each exercise is worth.
    student : str
    outcomes : mapping of str to Outcome
        By exercise; all of the assignment's exercises are there.
    sandbox : str
        The name of the confinement.
    remarks : sequence of str, default ()
        Those on the submission; see `Report`.
    """
    verdicts = tuple(verdict(exercise, outcomes[exercise.name]) for exercise in assignment.exercises)
    return Report(assignment.name, student, sandbox, verdicts, tuple(remarks))


def require_packages(course: Course, assignment: Assignment) -> None:
    """Raise CourseError if the assignment needs a package that is not installed.

    Otherwise the missing package would look like a mistake of the students, and cost them points.
    """
    if packages := missing_packages(course, assignment):
        raise CourseError(f"{assignment.name} cannot be graded without {packages}; run: pip install {packages}")


def missing_packages(course: Course, assignment: Assignment) -> str:
    """Return the packages that an assignment needs and that are not installed, separated by spaces; ``""`` for none."""
    absent = (course.absent(exercise.written_in[0]) for exercise in assignment.exercises)
    return " ".join(dict.fromkeys(filter(None, absent)))


def _judge_exercise(
    submitted: SubmittedModule, exercise: Exercise, trial: Trial, follow_through: float, core: float
) -> Outcome:
    """Judge a function; `follow_through` and `core` are the shares of that name in `Grading`."""
    started = time.monotonic()
    submitted.budget.begin()
    spec = trial.recipe
    lost_before = submitted.lost & set(exercise.requires)
    if submitted.module not in submitted.files:
        outcome = Outcome.nothing("missing", f"{submitted.file} was not handed in.")
    else:
        try:
            judgement = submitted.judge(trial, exercise.requires, follow_through, core)
            # The machine may have had a part in what was lost, and without that the judgement might be another one.
            provisional = bool(lost_before) or (submitted.gave_up and judgement.share < 1)
            outcome = Outcome.of(judgement, provisional=provisional)
        except WorkerLost as lost:
            outcome = Outcome.nothing(*_lost(lost, spec.function, submitted, submitted.limits.seconds))
        except OutOfBudget as error:
            outcome = Outcome.nothing("timeout", str(error))
    if (
        outcome.share
        and spec.apart_from
        and same_body(submitted.files[submitted.module], spec.function, spec.apart_from)
    ):
        outcome = Outcome.nothing(
            "fail",
            f"{spec.function} has the same body as {spec.apart_from}, which counts once; "
            f"{spec.function} should be another derivation, written out by itself.",
        )
    submitted.budget.end()
    return replace(outcome, seconds=time.monotonic() - started)


def _judge_open_net(
    submission: Submission,
    course: Course,
    exercise: Exercise,
    reference: Reference,
    confinement: Confinement,
    budget: Budget,
    secret: bytes,
) -> Outcome:
    """Judge a trained net of the student's own design."""
    module = exercise.written_in[0]
    for file in (exercise.file, f"{course.package}/{module}.py"):
        if file not in submission.files:
            return models.unusable(f"{file} was not handed in.", "missing")
    net = trained_net(reference, exercise.name)
    if not isinstance(net, OwnNet):
        raise CourseError(f'The recipe of "{exercise.name}" is no OwnNet, and course.toml has a constructor for it.')
    started = time.monotonic()
    budget.begin(own=open_nets.SECONDS)
    # The net gets a worker of its own, because the functions that read its weights must not be available to the code of
    # an exercise.
    extra, part = (net.functions, net.packages), OwnFiles(submission, course).part(module)
    with SubmittedModule(part, course, module, reference, confinement, budget, *extra) as submitted:
        try:
            outcome = open_nets.judge(submission, exercise, net, submitted.run, secret)
        except WorkerLost as lost:
            name, why = _lost(lost, "building and running the net", submitted, open_nets.SECONDS)
            outcome = models.unusable(why, name)
        except OutOfBudget as error:
            outcome = models.unusable(str(error), "timeout")
    budget.end()
    return replace(outcome, seconds=time.monotonic() - started)


def _lost(lost: WorkerLost, what: str, submitted: SubmittedModule, seconds: float) -> tuple[FindingVerdict, str]:
    """Return the verdict for a lost worker, and the sentence that says why.

    Parameters
    ----------
    lost : WorkerLost
    what : str
        What the worker was doing, to begin a sentence.
    submitted : SubmittedModule
    seconds : float
        The time limit of what it was doing.
    """
    if submitted.unusable:
        what, seconds = f"importing {submitted.file}", submitted.limits.seconds
    if lost.reason == "timeout":
        known = endless_loop(submitted.files.get(submitted.module, ""), what) if " " not in what else ""
        hint = f"{what} did not end within {seconds:g} seconds; {known or 'is there a loop that never stops?'}"
        hint = hint if hint.endswith("?") else f"{hint}."
        # A phrase begins with a capital letter; the name of a function stays as it is.
        return "timeout", f"{hint[0].upper()}{hint[1:]}" if " " in what else hint
    return "killed", f"The process ended while {what} ran ({lost.message}); this earns no points."
