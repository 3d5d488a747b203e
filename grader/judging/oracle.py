"""The trusted half: one submission and one assignment in, a report out.

The process that runs here knows the answers and never runs a student's code; the worker on the other side of the
wire runs it and knows nothing. Both meet in `SubmittedModule.judge`.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import replace
from itertools import groupby

import numpy as np

from utils.checks.case import Finding
from utils.checks.diagnose import Judgement

from ..course import Assignment, Course, Exercise
from ..errors import CourseError
from ..recipes import OwnNet, recipe, trained_net
from ..reference import Reference
from ..report import Report, Verdict
from ..sandbox import Confinement, WorkerLost
from ..submission import Submission
from ..wording import VerdictName
from . import models, open_nets
from .budget import Budget, OutOfBudget
from .repeated_answers import same_body
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
        What was handed in, as bytes.
    course : Course
    assignment : Assignment
    student : str
        Part of what the hidden cases are drawn from.
    confinement : Confinement
        What the student's code runs in.
    secret : bytes
        The course's secret, the other part.

    Returns
    -------
    Report

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed.
    SandboxUnavailable
        When no worker can be started. Whatever the submission does ends up in the report instead.
    """
    require_packages(course, assignment)
    reference = Reference.of(course)
    budget = Budget(course.limits)
    verdicts: list[Verdict] = []
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
                    rng = case_rng(secret, student, exercise)
                    verdicts.append(_grade_exercise(submitted, exercise, rng, course.follow_through(exercise)))
    return Report(assignment.name, student, confinement.name, tuple(verdicts), submission.remarks)


def require_packages(course: Course, assignment: Assignment) -> None:
    """Refuse an assignment that this machine cannot grade: nobody gets zero for what the grader lacks."""
    if packages := missing_packages(course, assignment):
        raise CourseError(f"{assignment.name} cannot be graded without {packages}; run: pip install {packages}")


def missing_packages(course: Course, assignment: Assignment) -> str:
    """The packages that an assignment needs and that are not installed, with blanks between; ``""`` for none."""
    absent = (course.absent(exercise.written_in[0]) for exercise in assignment.exercises)
    return " ".join(dict.fromkeys(filter(None, absent)))


def case_rng(secret: bytes, student: str, exercise: Exercise) -> np.random.Generator:
    """The generator of one student's hidden cases: HMAC-SHA256 of the course's secret, student and exercise."""
    digest = hmac.new(secret, f"{student}\0{exercise.name}".encode(errors="surrogatepass"), hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(digest))


def _grade_exercise(
    submitted: SubmittedModule, exercise: Exercise, rng: np.random.Generator, follow_through: float
) -> Verdict:
    started = time.monotonic()
    submitted.budget.begin()
    spec = recipe(submitted.reference, exercise.name)
    if submitted.module not in submitted.files:
        judgement = _nothing("missing", f"{submitted.file} was not handed in.")
    else:
        try:
            judgement = submitted.judge(Trial(spec, submitted.reference, rng), exercise.requires, follow_through)
        except WorkerLost as lost:
            judgement = _nothing(*_lost(lost, spec.function, submitted, submitted.limits.seconds))
        except OutOfBudget as error:
            judgement = _nothing("timeout", str(error))
    if (
        judgement.share
        and spec.apart_from
        and same_body(submitted.files[submitted.module], spec.function, spec.apart_from)
    ):
        said = f"{spec.function} has the same body as {spec.apart_from}, which counts once; {spec.function} should be "
        judgement = _nothing("fail", f"{said}another derivation, written out by itself.")
    submitted.budget.end()
    seconds = time.monotonic() - started
    score = round(exercise.points * judgement.share, 2)
    verdict = verdict_name(judgement)
    followed = round(exercise.points * judgement.followed, 2)
    return Verdict(exercise.name, score, exercise.points, verdict, judgement.findings, round(seconds, 3), followed)


def verdict_name(judgement: Judgement) -> VerdictName:
    """One word for a judgement."""
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
    module = exercise.written_in[0]
    for file in (exercise.file, f"{course.package}/{module}.py"):
        if file not in submission.files:
            return models.verdict(exercise, 0.0, "missing", f"{file} was not handed in.")
    net = trained_net(reference, exercise.name)
    if not isinstance(net, OwnNet):
        raise CourseError(f'The recipe of "{exercise.name}" is no OwnNet, and course.toml has a constructor for it.')
    started = time.monotonic()
    budget.begin(own=open_nets.SECONDS)
    # In a worker of its own: what reads the weights there must not be at hand while an exercise is judged.
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
    """The verdict on what never came back, and why."""
    if submitted.unusable:
        what, seconds = f"importing {submitted.file}", submitted.limits.seconds
    if lost.reason == "timeout":
        said = f"{what} did not end within {seconds:g} seconds; is there a loop that never stops?"
        return "timeout", f"{said[0].upper()}{said[1:]}" if " " in what else said
    return "killed", f"The process ended while {what} ran ({lost.message}); this earns no points."


def _nothing(verdict: VerdictName, hint: str) -> Judgement:
    assert verdict != "partial"
    return Judgement(0.0, (Finding("", verdict, hint),))
