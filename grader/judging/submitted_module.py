"""Run one module of a submission in the sandbox, and judge its answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Final, ParamSpec

from utils.checks.case import Case, Finding
from utils.checks.diagnose import FollowThrough, Judgement, answer_case, judge
from utils.checks.program import SEED, Answer, Crash

from ..course import Course
from ..reference import Reference
from ..sandbox import Confinement, Limits, Worker, WorkerLost
from ..sandbox.given_utils import names_used
from ..submission import Submission
from . import numeric_gradients
from .answers import Answers
from .budget import Budget, OutOfBudget
from .trial import Trial

_NOT_RUN: Final = Crash(False, "TimeoutError", "not run any more")
P = ParamSpec("P")


class SubmittedModule:
    """One module of a submission, running in a worker; a new worker is started whenever one is lost.

    The reference answers calls of the modules that this one imports, so that no exercise is judged by the mistakes of
    another. It answers nothing else: a function that is composed of layers must not answer for one of those layers.
    The worker gets the functions of ``utils`` that the given code uses, and the package that the module is written
    with.

    Parameters
    ----------
    submission : Submission
    course : Course
    module : str
        Which of the student's files.
    reference : Reference
    confinement : Confinement
        What the worker runs in.
    budget : Budget
        What the submission may still use up; shared by all its modules.
    functions, packages : sequence of str, optional
        Further functions of ``utils``, and packages, that the worker gets; none by default.
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
        self.lost: set[str] = set()  # exercises during which a worker was lost
        self.second_try = True  # a process that was killed is started again once: the machine may have killed it
        self._worker: Worker | None = None

    def __enter__(self) -> SubmittedModule:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def judge(self, trial: Trial, requires: Collection[str], follow_through: float = 0.0) -> Judgement:
        """Judge the submission's answers to a trial's cases.

        Parameters
        ----------
        trial : Trial
        requires : collection of str
            Exercises that this one builds on. Where one of them has lost its worker, such as by an endless loop, a
            case runs its fallback program, which does not call that exercise again.
        follow_through : float, default 0
            The share of an output's points that a right derivative of a wrong forward pass earns.

        Raises
        ------
        WorkerLost, OutOfBudget
        """
        self.lost.add(trial.recipe.name)  # taken out again below, unless the worker is lost meanwhile
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
        """Wrap `run` to return None where it runs out of time, so that what has been judged before still counts."""

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
        """Run a program; where the process was killed, run it again once for each exercise."""
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
        """Start a worker unless there is one, and import the module; an import that fails is not tried again."""
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
        """Start a worker and import the module in it; where that killed the process, try once more."""
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

    All cases have been answered by then. So a run that takes too long or ends the process costs no points: nothing is
    run any more, and the hint or the follow-through that needed it is left out.
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
    """List the functions of ``utils`` that the given code of these modules uses, outside of the solutions."""
    return sorted({name for module in modules for name in names_used(reference.source(module))})


def _functions(reference: Reference, module: str) -> tuple[str, ...]:
    """List the public functions, without classes, of a module of the reference."""
    loaded = reference.module(module)
    return tuple(name for name in reference.public_names(module) if isinstance(getattr(loaded, name), FunctionType))
