"""The trusted half: one submission and one assignment in, a report out.

The process that runs here knows the answers and never runs a student's code; the worker on the other side of the
wire runs it and knows nothing. Both meet in `_Bench.judge`.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from types import FunctionType
from typing import ParamSpec, TypeVar

import numpy as np

from utils.checks.case import Case, Finding
from utils.checks.follow import FollowThrough
from utils.checks.hearing import Answer
from utils.checks.judge import Judgement, attempt, judge

from . import large, models, open_nets
from .course import Assignment, Course, Exercise
from .errors import CourseError
from .exercises import NEEDS, absent, recipe, withheld
from .reference import Reference
from .same_body import same_body
from .sandbox import Confinement, Limits, Worker, WorkerLost
from .submission import Submission
from .trial import SEED, Trial
from .verdict import Report, Verdict, VerdictName

T = TypeVar("T")
P = ParamSpec("P")


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
    require_packages(assignment)
    reference = Reference(course.root)
    verdicts: list[Verdict] = []
    for module, exercises in groupby(assignment.exercises, key=lambda exercise: exercise.written_in[0]):
        if module == "models":
            verdicts += [models.grade(submission, exercise, reference, secret) for exercise in exercises]
            continue
        bench = _Bench(submission, course, module, reference, confinement)
        with bench:
            verdicts += [
                _grade_open_net(bench, submission, exercise, secret)
                if exercise.constructor
                else _grade_exercise(
                    bench, exercise, case_rng(secret, student, exercise), course.follow_through(exercise)
                )
                for exercise in exercises
            ]
    return Report(assignment.name, student, confinement.name, tuple(verdicts), submission.remarks)


def require_packages(assignment: Assignment) -> None:
    """Refuse an assignment that this machine cannot grade: nobody gets zero for what the grader lacks."""
    missing = dict.fromkeys(filter(None, (absent(exercise.written_in[0]) for exercise in assignment.exercises)))
    if missing:
        packages = " ".join(missing)
        raise CourseError(f"{assignment.name} cannot be graded without {packages}; run: pip install {packages}")


def case_rng(secret: bytes, student: str, exercise: Exercise) -> np.random.Generator:
    """The generator of one student's hidden cases: HMAC-SHA256 of the course's secret, student and exercise."""
    digest = hmac.new(secret, f"{student}\0{exercise.name}".encode(errors="surrogatepass"), hashlib.sha256).digest()
    return np.random.default_rng(int.from_bytes(digest))


class _Bench:
    """One module of one submission on a worker, with a new worker whenever one is lost.

    What this module stands on is answered by the reference, so that no exercise is judged by another one's mistakes.
    Nothing else is: a sandwich of layers must not answer for the layer that it is made of.
    """

    def __init__(
        self, submission: Submission, course: Course, module: str, reference: Reference, confinement: Confinement
    ) -> None:
        self.file = f"nndl/{module}.py"
        self.module = module
        self.reference = reference
        self.confinement = confinement
        self.limits = Limits(seconds=course.limits.seconds, memory=course.limits.memory_bytes)
        self.files = {
            name: submission.text(f"nndl/{name}.py")
            for name in reference.modules
            if f"nndl/{name}.py" in submission.files
        }
        # Other files may hold helpers of the student's own; nothing in them is answered by the reference.
        self.proxies = {name: () for name in self.files if name != module} | {
            name: _functions(reference, name) for name in reference.prerequisites(module)
        }
        self.unusable: WorkerLost | None = None
        self.lost: set[str] = set()  # exercises that never came back
        self._worker: Worker | None = None

    def __enter__(self) -> _Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def judge(self, trial: Trial, requires: Collection[str], follow_through: float = 0.0) -> Judgement:
        """Judge the submission's answers to a trial's cases; raises WorkerLost.

        What `requires` names and never came back is not called a second time, where there is a way around it.
        """
        self.lost.add(trial.recipe.name)  # until it comes back
        judgement = self._twice(lambda: self._judge(trial, requires, follow_through))
        self.lost.discard(trial.recipe.name)
        return judgement

    def run(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str], seconds: float) -> Answer:
        """Run one program that has its own time limit; raises WorkerLost."""
        return self._twice(lambda: self._open().run(program, inputs, fetch, SEED, seconds))

    def _twice(self, attempt: Callable[[], T]) -> T:
        known = self.unusable
        try:
            return attempt()
        except WorkerLost as lost:
            self._close()
            if lost.reason != "killed" or known:
                raise
        # The machine may have ended it (no memory left, a stray kill): a second process decides.
        self.unusable = None
        try:
            return attempt()
        except WorkerLost:
            self._close()
            raise

    def _judge(self, trial: Trial, requires: Collection[str], follow_through: float) -> Judgement:
        self._open()

        def answer(case: Case) -> Answer:
            if self.lost & set(requires):
                return self._run(case.fallback or case.program, case.inputs, tuple(case.aspects))
            return attempt(case, trial.recipe.function, self._run)

        hearings, hints = trial.hear([answer(case) for case in trial.cases]), trial.recipe.hints
        judgement = judge(hearings, hints, self._run, FollowThrough(follow_through, trial.right))
        missed = large.missed(
            judgement, trial, self._in_time(answer), self._in_time(self._run), seconds=self.limits.seconds
        )
        if missed is None:
            return judgement
        if missed.outputs & set(judgement.followed_outputs):
            judgement = judge(hearings, hints, self._run)
        return missed.taken_from(judgement, trial)

    def _in_time(self, run: Callable[P, Answer]) -> Callable[P, Answer | None]:
        """None from what did not end in its time; what has been judged before is not lost with the worker."""

        def answer(*args: P.args, **kwargs: P.kwargs) -> Answer | None:
            try:
                return run(*args, **kwargs)
            except WorkerLost as lost:
                if lost.reason != "timeout":
                    raise
                self._close()
                return None

        return answer

    def _run(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return self._open().run(program, inputs, fetch, SEED)

    def _open(self) -> Worker:
        """The worker, with the module imported: an import that never ends is met once, not in every exercise."""
        if self.unusable:
            raise self.unusable
        if self._worker is None:
            self._worker = Worker(
                self.confinement,
                self.files,
                self.module,
                self.proxies,
                self._ask,
                self.limits,
                withheld(self.module),
                NEEDS.get(self.module, ""),
            )
            try:
                self._worker.run("pass", {}, ())
            except WorkerLost as lost:
                self._close()
                self.unusable = lost
                raise
        return self._worker

    def _ask(self, module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """A call of a prerequisite, answered by the reference."""
        with np.errstate(all="ignore"):
            return getattr(self.reference.module(module), function)(*args, **kwargs)

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _functions(reference: Reference, module: str) -> tuple[str, ...]:
    loaded = reference.module(module)
    return tuple(name for name in reference.public_names(module) if isinstance(getattr(loaded, name), FunctionType))


def _grade_exercise(bench: _Bench, exercise: Exercise, rng: np.random.Generator, follow_through: float) -> Verdict:
    started = time.monotonic()
    spec = recipe(exercise.name)
    if bench.module not in bench.files:
        judgement = _nothing("missing", f"{bench.file} was not handed in.")
    else:
        try:
            judgement = bench.judge(Trial(spec, bench.reference, rng), exercise.requires, follow_through)
        except WorkerLost as lost:
            judgement = _nothing(*_lost(lost, spec.function, bench, bench.limits.seconds))
    if judgement.share and spec.apart_from and same_body(bench.files[bench.module], spec.function, spec.apart_from):
        said = f"{spec.function} has the same body as {spec.apart_from}, which counts once; {spec.function} should be "
        judgement = _nothing("fail", f"{said}another derivation, written out by itself.")
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


def _grade_open_net(bench: _Bench, submission: Submission, exercise: Exercise, secret: bytes) -> Verdict:
    for file in (exercise.file, bench.file):
        if file not in submission.files:
            return models.verdict(exercise, 0.0, "missing", f"{file} was not handed in.")
    started = time.monotonic()
    try:
        verdict = open_nets.grade(submission, exercise, bench.run, secret)
    except WorkerLost as lost:
        verdict = models.verdict(exercise, 0.0, *_lost(lost, "building and running the net", bench, open_nets.SECONDS))
    return replace(verdict, seconds=round(time.monotonic() - started, 3))


def _lost(lost: WorkerLost, what: str, bench: _Bench, seconds: float) -> tuple[VerdictName, str]:
    """The verdict on what never came back, and why."""
    if bench.unusable:
        what, seconds = f"importing {bench.file}", bench.limits.seconds
    if lost.reason == "timeout":
        said = f"{what} did not end within {seconds:g} seconds; is there a loop that never stops?"
        return "timeout", f"{said[0].upper()}{said[1:]}" if " " in what else said
    return "killed", f"The process ended while {what} ran ({lost.message}); this earns no points."


def _nothing(verdict: VerdictName, hint: str) -> Judgement:
    assert verdict != "partial"
    return Judgement(0.0, (Finding("", verdict, hint),))
