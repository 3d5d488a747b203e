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
from typing import Final, ParamSpec

import numpy as np

from utils.checks.case import Case, Finding
from utils.checks.diagnose import FollowThrough, Judgement, answer_case, judge
from utils.checks.program import SEED, Answer, Crash

from ..course import Assignment, Course, Exercise
from ..errors import CourseError
from ..recipes import OwnNet, recipe, trained_net
from ..reference import Reference
from ..report import Report, Verdict
from ..sandbox import Confinement, Limits, Worker, WorkerLost
from ..sandbox.given_utils import names_used
from ..submission import Submission
from ..wording import VerdictName
from . import models, numeric_gradients, open_nets
from .answers import Answers
from .budget import Budget, OutOfBudget
from .repeated_answers import same_body
from .trial import Trial

_NOT_RUN: Final = Crash(False, "TimeoutError", "not run any more")
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
    require_packages(course, assignment)
    reference = Reference.of(course)
    budget = Budget(course.limits)
    verdicts: list[Verdict] = []
    for module, exercises in groupby(assignment.exercises, key=lambda exercise: exercise.written_in[0]):
        if module == "models":
            verdicts += [models.grade(submission, exercise, reference, secret) for exercise in exercises]
            continue
        with _Bench(submission, course, module, reference, confinement, budget) as bench:
            for exercise in exercises:
                if exercise.constructor:
                    verdict = _grade_open_net(submission, course, exercise, reference, confinement, budget, secret)
                    verdicts.append(verdict)
                else:
                    rng = case_rng(secret, student, exercise)
                    verdicts.append(_grade_exercise(bench, exercise, rng, course.follow_through(exercise)))
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


class _Bench:
    """One module of one submission on a worker, with a new worker whenever one is lost.

    What this module stands on is answered by the reference, so that no exercise is judged by another one's mistakes.
    Nothing else is: a sandwich of layers must not answer for the layer that it is made of. Of ``utils`` there are the
    functions that the given code uses, and `functions`; of packages, the one that the module is written with, and
    `packages`.
    """

    def __init__(
        self,
        submission: Submission,
        course: Course,
        module: str,
        reference: Reference,
        confinement: Confinement,
        budget: Budget,
        functions: Sequence[str] = (),
        packages: Sequence[str] = (),
    ) -> None:
        self.file = f"{course.package}/{module}.py"
        self.module = module
        self.reference = reference
        self.confinement = confinement
        self.budget = budget
        self.limits = Limits(seconds=course.limits.seconds, memory=course.limits.memory_bytes)
        # What is not graded never runs: it can be imported, so that a line left over from playing does no harm.
        never_run = {exercise.module: () for assignment in course.assignment for exercise in assignment.further}
        self.files = {
            name: submission.text(f"{course.package}/{name}.py")
            for name in reference.modules
            if f"{course.package}/{name}.py" in submission.files and name not in never_run
        }
        # Other files may hold helpers of the student's own; nothing in them is answered by the reference.
        self.proxies = (
            never_run
            | {name: () for name in self.files if name != module}
            | {name: _functions(reference, name) for name in reference.prerequisites(module)}
        )
        written = {exercise.written_in[0] for _, exercise in course.exercises()}
        # The text of another file may run, too, for a helper in it: see `sandbox.inside.package`.
        self.given = (*_used(reference, written & self.files.keys()), *functions)
        # A student may take the fast layers themselves in place of the given sandwiches of them.
        for name in _used(reference, set(reference.prerequisites(module)) - written):
            given_in, _, function = name.rpartition(".")
            if not any(other.startswith(f"{given_in}.") for other in self.given):  # else there is a copy to call
                self.proxies[f"utils.{given_in}"] = (*self.proxies.get(f"utils.{given_in}", ()), function)
        self.packages = tuple(dict.fromkeys(filter(None, (course.packages.get(module, ""), *packages))))
        self.answers = Answers(course.root, course.package, self.proxies, self.limits)
        self.unusable: WorkerLost | None = None
        self.lost: set[str] = set()  # exercises that never came back
        self.second_try = True  # where a process ends that the machine may have ended
        self._worker: Worker | None = None

    def __enter__(self) -> _Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def judge(self, trial: Trial, requires: Collection[str], follow_through: float = 0.0) -> Judgement:
        """Judge the submission's answers to a trial's cases; raises WorkerLost and OutOfBudget.

        What `requires` names and never came back is not called a second time, where there is a way around it.
        """
        self.lost.add(trial.recipe.name)  # until it comes back
        self.second_try = True
        self._open()
        again = _Reruns(self._run)

        def answer(case: Case) -> Answer:
            if self.lost & set(requires):
                return self._run(case.fallback or case.program, case.inputs, tuple(case.aspects))
            return answer_case(case, trial.recipe.function, self._run)

        results, hints = trial.results([answer(case) for case in trial.cases]), trial.recipe.hints
        judgement = judge(results, hints, again.run, FollowThrough(follow_through, trial.right))
        missed = numeric_gradients.missed(
            judgement, trial, self._in_time(answer), self._in_time(self._run), seconds=self.limits.seconds
        )
        if missed is not None:
            if missed.outputs & set(judgement.followed_outputs):
                judgement = judge(results, hints, again.run)
            judgement = missed.taken_from(judgement, trial)
        self.lost.discard(trial.recipe.name)
        return replace(judgement, findings=(*judgement.findings, *again.findings))

    def _in_time(self, run: Callable[P, Answer]) -> Callable[P, Answer | None]:
        """None from what did not end in its time; what has been judged before is not lost with the worker."""

        def answer(*args: P.args, **kwargs: P.kwargs) -> Answer | None:
            try:
                return run(*args, **kwargs)
            except OutOfBudget:
                return None
            except WorkerLost as lost:
                if lost.reason != "timeout":
                    raise
                return None

        return answer

    def run(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str], seconds: float) -> Answer:
        """Run one program that has its own time limit; raises WorkerLost and OutOfBudget."""
        self.second_try = True
        return self._run(program, inputs, fetch, seconds)

    def _run(
        self, program: str, inputs: Mapping[str, object], fetch: Sequence[str], seconds: float | None = None
    ) -> Answer:
        """Run a program; once in an exercise again where the process ended, as the machine may have ended it."""
        seconds = seconds or self.limits.seconds
        try:
            return self._run_on(self._open(), program, inputs, fetch, seconds)
        except WorkerLost as lost:
            if lost.reason != "killed" or self.unusable or not self.second_try:
                raise
        self.second_try = False
        return self._run_on(self._open(), program, inputs, fetch, seconds)

    def _run_on(
        self, worker: Worker, program: str, inputs: Mapping[str, object], fetch: Sequence[str], seconds: float
    ) -> Answer:
        """Run a program within what is left of the budget."""
        left = self.budget.left()
        before = worker.outside
        try:
            return worker.run(program, inputs, fetch, SEED, min(seconds, left))
        except WorkerLost as lost:
            self._close()
            if lost.reason == "timeout" and left < seconds:
                raise self.budget.used_up() from None
            raise
        finally:
            self.budget.charge(worker.outside - before)

    def _open(self) -> Worker:
        """The worker, with the module imported: an import that never ends is met once, not in every exercise."""
        if self.unusable:
            raise self.unusable
        if self._worker is None:
            try:
                self._worker = self._imported()
            except WorkerLost as lost:
                self.unusable = lost
                raise
        return self._worker

    def _imported(self) -> Worker:
        """A new worker that has imported the module; where that ended the process, a second one decides."""
        for attempts_left in (1, 0):
            worker = Worker(
                self.confinement,
                self.files,
                self.module,
                self.proxies,
                self.answers,
                self.limits,
                self.given,
                self.packages,
                self.reference.package,
            )
            self._worker = worker
            try:
                self._run_on(worker, "pass", {}, (), self.limits.seconds)
                break
            except WorkerLost as lost:
                if lost.reason != "killed" or not attempts_left:
                    raise
        return worker

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


class _Reruns:
    """Runs the code under test again, for follow-through and for hints.

    The answers to the cases are there by then. So what ends here, for whatever reason, takes no points away: nothing is
    run any more, and what was to be found out by it stays unknown.
    """

    def __init__(self, run: Callable[[str, Mapping[str, object], Sequence[str]], Answer]) -> None:
        self._run = run
        self.findings: tuple[Finding, ...] = ()

    def run(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        if not self.findings:
            try:
                return self._run(program, inputs, fetch)
            except (WorkerLost, OutOfBudget) as error:
                slow = isinstance(error, OutOfBudget) or error.reason == "timeout"
                why = "took too long" if slow else "ended its process"
                hint = f"What is right counts. More could not be found out, because running the code again {why}."
                self.findings = (Finding("", "timeout" if slow else "killed", hint),)
        return _NOT_RUN


def _used(reference: Reference, modules: Collection[str]) -> list[str]:
    """What the given code of these modules, all but the solutions, uses of ``utils``."""
    return sorted({name for module in modules for name in names_used(reference.source(module))})


def _functions(reference: Reference, module: str) -> tuple[str, ...]:
    loaded = reference.module(module)
    return tuple(name for name in reference.public_names(module) if isinstance(getattr(loaded, name), FunctionType))


def _grade_exercise(bench: _Bench, exercise: Exercise, rng: np.random.Generator, follow_through: float) -> Verdict:
    started = time.monotonic()
    bench.budget.begin()
    spec = recipe(bench.reference, exercise.name)
    if bench.module not in bench.files:
        judgement = _nothing("missing", f"{bench.file} was not handed in.")
    else:
        try:
            judgement = bench.judge(Trial(spec, bench.reference, rng), exercise.requires, follow_through)
        except WorkerLost as lost:
            judgement = _nothing(*_lost(lost, spec.function, bench, bench.limits.seconds))
        except OutOfBudget as error:
            judgement = _nothing("timeout", str(error))
    if judgement.share and spec.apart_from and same_body(bench.files[bench.module], spec.function, spec.apart_from):
        said = f"{spec.function} has the same body as {spec.apart_from}, which counts once; {spec.function} should be "
        judgement = _nothing("fail", f"{said}another derivation, written out by itself.")
    bench.budget.end()
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
    with _Bench(submission, course, module, reference, confinement, budget, *extra) as bench:
        try:
            verdict = open_nets.grade(submission, exercise, net, bench.run, secret)
        except WorkerLost as lost:
            why = _lost(lost, "building and running the net", bench, open_nets.SECONDS)
            verdict = models.verdict(exercise, 0.0, *why)
        except OutOfBudget as error:
            verdict = models.verdict(exercise, 0.0, "timeout", str(error))
    budget.end()
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
