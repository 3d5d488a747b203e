"""Grade one submission of an assignment, and return its report.

This code runs in the grading process, which knows the right answers and never runs a student's code. The student's code
runs in a worker process, which knows no right answers. `SubmittedModule.judge` sends inputs to the worker and compares
what comes back.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import groupby

from utils.checks.case import Finding
from utils.checks.diagnose import Judgement, endless_loop

from ..course import Assignment, Course, Exercise
from ..errors import CourseError
from ..recipes import OwnNet, trained_net
from ..reference import Reference
from ..report import Report, Verdict
from ..sandbox import Confinement, WorkerLost
from ..submission import Submission
from ..wording import VerdictName
from . import models, open_nets
from .budget import Budget, OutOfBudget
from .case_bank import case_bank
from .repeated_answers import same_body
from .rounding import in_points
from .submitted_module import SubmittedModule
from .trial import Trial


def grade(
    submission: Submission,
    course: Course,
    assignment: Assignment,
    student: str,
    *,
    confinement: Confinement,
    secret: bytes,
) -> Report:
    """Grade one submission.

    Parameters
    ----------
    submission : Submission
        The files that were handed in.
    course : Course
    assignment : Assignment
    student : str
        The student's name. The hidden cases depend on it and on `secret`, so students get different cases.
    confinement : Confinement
        How the worker is confined.
    secret : bytes
        The course's secret; see `grader.judging.secret`.

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
    reference = Reference.of(course)
    budget = Budget(course.limits)
    verdicts: list[Verdict] = []
    # One worker imports a file once, and runs all exercises that stand in it.
    for module, exercises in groupby(assignment.exercises, key=lambda exercise: exercise.written_in[0]):
        if module == "models":
            verdicts += [models.grade(submission, exercise, reference, secret) for exercise in exercises]
            continue
        with SubmittedModule(submission, course, module, reference, confinement, budget) as submitted:
            for exercise in exercises:
                if exercise.constructor:
                    verdict = _grade_open_net(submission, course, exercise, reference, confinement, budget, secret)
                    verdicts.append(verdict)
                else:
                    bank = case_bank(reference, exercise.name, secret)
                    shares = course.follow_through(exercise), course.core(exercise)
                    verdicts.append(_grade_exercise(submitted, exercise, bank.trial(student), *shares))
    return Report(assignment.name, student, confinement.name, tuple(verdicts), submission.remarks)


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


def _grade_exercise(
    submitted: SubmittedModule, exercise: Exercise, trial: Trial, follow_through: float, core: float
) -> Verdict:
    """Grade a function; `follow_through` and `core` are the shares of that name in `Grading`."""
    started = time.monotonic()
    submitted.budget.begin()
    spec = trial.recipe
    if submitted.module not in submitted.files:
        judgement = _nothing("missing", f"{submitted.file} was not handed in.")
    else:
        try:
            judgement = submitted.judge(trial, exercise.requires, follow_through, core)
        except WorkerLost as lost:
            judgement = _nothing(*_lost(lost, spec.function, submitted, submitted.limits.seconds))
        except OutOfBudget as error:
            judgement = _nothing("timeout", str(error))
    if (
        judgement.share
        and spec.apart_from
        and same_body(submitted.files[submitted.module], spec.function, spec.apart_from)
    ):
        judgement = _nothing(
            "fail",
            f"{spec.function} has the same body as {spec.apart_from}, which counts once; "
            f"{spec.function} should be another derivation, written out by itself.",
        )
    submitted.budget.end()
    seconds = time.monotonic() - started
    score, losses = in_points(judgement, exercise.points)
    verdict = verdict_name(judgement)
    followed = round(exercise.points * judgement.followed, 2)
    return Verdict(
        exercise.name, score, exercise.points, verdict, judgement.findings, round(seconds, 3), followed, losses
    )


def verdict_name(judgement: Judgement) -> VerdictName:
    """Return the verdict of a judgement; if it earns nothing, the verdict of its first finding that is not right."""
    if judgement.share >= 1:
        return "pass"
    if judgement.share > 0:
        return "partial"
    return next((finding.verdict for finding in judgement.findings if finding.verdict != "pass"), "fail")


def _grade_open_net(
    submission: Submission,
    course: Course,
    exercise: Exercise,
    reference: Reference,
    confinement: Confinement,
    budget: Budget,
    secret: bytes,
) -> Verdict:
    """Grade a trained net of the student's own design."""
    module = exercise.written_in[0]
    for file in (exercise.file, f"{course.package}/{module}.py"):
        if file not in submission.files:
            return models.verdict(exercise, 0.0, "missing", f"{file} was not handed in.")
    net = trained_net(reference, exercise.name)
    if not isinstance(net, OwnNet):
        raise CourseError(f'The recipe of "{exercise.name}" is no OwnNet, and course.toml has a constructor for it.')
    started = time.monotonic()
    budget.begin(own=open_nets.SECONDS)
    # The net gets a worker of its own, because the functions that read its weights must not be available to the code of
    # an exercise.
    extra = net.functions, net.packages
    with SubmittedModule(submission, course, module, reference, confinement, budget, *extra) as submitted:
        try:
            verdict = open_nets.grade(submission, exercise, net, submitted.run, secret)
        except WorkerLost as lost:
            why = _lost(lost, "building and running the net", submitted, open_nets.SECONDS)
            verdict = models.verdict(exercise, 0.0, *why)
        except OutOfBudget as error:
            verdict = models.verdict(exercise, 0.0, "timeout", str(error))
    budget.end()
    return replace(verdict, seconds=round(time.monotonic() - started, 3))


def _lost(lost: WorkerLost, what: str, submitted: SubmittedModule, seconds: float) -> tuple[VerdictName, str]:
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


def _nothing(verdict: VerdictName, hint: str) -> Judgement:
    """Return a judgement without points, with one finding about the whole exercise."""
    assert verdict != "partial"
    return Judgement(0.0, (Finding("", verdict, hint),))
