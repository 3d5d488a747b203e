"""Run one module of a submission in the sandbox, and judge its answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ParamSpec

from utils.checks.case import Case
from utils.checks.diagnose import (
    CORE_SHARE,
    CaseResult,
    Judgement,
    Search,
    Source,
    judge,
    with_fallback,
)
from utils.checks.program import SEED, Answer, Crash

from ..course import Course
from ..reference import Reference
from ..sandbox import Confinement, Limits, Worker, WorkerLost
from ..sandbox.worker import Job
from ..submission import Submission
from . import numeric_gradients, prerequisites
from .answers import Answers
from .budget import Budget, OutOfBudget
from .reruns import ChangedRuns, Reruns
from .trial import Trial

P = ParamSpec("P")


class SubmittedModule:
    """One module of a submission, running in a worker; when the worker is lost, the next program starts a new one.

    When the module calls a function of another module of the package, the reference answers that call, so that a
    mistake in one file costs no points in another. Only the modules that the reference's version of this module imports
    are answered; otherwise the code of a layer could call a function that is composed of layers, and get the layer's
    right answer from it.
    The worker gets the functions of ``utils`` that the given code uses, and the package that the module is written
    with.

    Use it as a context manager; leaving it ends the worker.

    Parameters
    ----------
    submission : Submission
    course : Course
    module : str
        The name of the student's file, without its ending.
    reference : Reference
    confinement : Confinement
        How the worker is confined.
    budget : Budget
        The seconds that the submission may still use; shared by all its modules.
    functions : sequence of str, default ()
        Further functions of ``utils`` that the worker gets: ``"torch_nets.restored"``.
    packages : sequence of str, default ()
        Further packages that the worker gets.
    own_prerequisites : bool, default False
        Whether the submission's own functions answer the calls of other files that were handed in, in the worker, and
        not the reference.
    answered_beside : sequence of str, default ()
        Functions of the module itself whose calls the reference answers.

    Attributes
    ----------
    file : str
        The path of the file in a submission: ``"pkg/layers.py"``.
    files : dict of str to str
        The texts of the submission's modules, by name; `module` is missing if it was not handed in.
    unusable : WorkerLost or None
        How the worker was lost while it imported the module; None if that did not happen. No program can run then.
    lost : set of str
        The exercises during which a worker was lost.
    gave_up : bool
        Whether the submission's own prerequisites are not tried any more, because they ran out of time or were killed.
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
        own_prerequisites: bool = False,
        answered_beside: Sequence[str] = (),
    ) -> None:
        self.file = f"{course.package}/{module}.py"
        self.module = module
        self.reference = reference
        self.confinement = confinement
        self.budget = budget
        self.limits = Limits(seconds=course.limits.seconds, memory=course.limits.memory_bytes)
        self.files = prerequisites.module_texts(submission, course)
        self.given = (*prerequisites.given_functions(course, reference), *functions)
        self.proxies = prerequisites.proxies(
            course, reference, module, self.files, self.given, own_prerequisites, answered_beside
        )
        self.signatures = prerequisites.signatures(reference, self.proxies)
        # The same module on the submission's own prerequisites; None where there are none, or they are used already.
        self._own: SubmittedModule | None = None
        if not own_prerequisites and prerequisites.stands_on_own(self.files, module, reference):
            shared = reference, confinement, budget, functions, packages
            self._own = SubmittedModule(submission, course, module, *shared, own_prerequisites=True)
        # What makes the same module where the reference answers calls of some of its functions; None in such a module.
        variant = partial(SubmittedModule, submission, course, module, reference, confinement, budget)
        self._with_answers = None if own_prerequisites or answered_beside else variant
        self._called_beside = partial(prerequisites.called_beside, course, reference, module)
        self.packages = tuple(dict.fromkeys(filter(None, (course.packages.get(module, ""), *packages))))
        self.answers = Answers(course.root, course.package, self.proxies, self.limits)
        self.unusable: WorkerLost | None = None
        self.lost: set[str] = set()
        self.gave_up = False
        self.second_try = True  # whether a program that is lost runs once more; see `_run`
        self._worker: Worker | None = None

    def __enter__(self) -> SubmittedModule:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        if self._own is not None:
            self._own._close()

    def judge(
        self, trial: Trial, requires: Collection[str], follow_through: float = 0.0, core: float = CORE_SHARE
    ) -> Judgement:
        """Judge the submission's answers to a trial's cases.

        Functions of other files are answered by the reference first. A student's code may open the cache of such a
        function, though, which is their own and may hold anything. So if an answer is wrong, it is tried once more with
        the submission's own functions, and the better judgement counts.

        Functions of the same file are the student's own. But where that is wrong, and the exercise is to call other
        exercises of its file, it is tried once more with these answered by the reference, so that a mistake in them
        costs nothing here, and what is said is about this function.

        Parameters
        ----------
        trial : Trial
            The cases.
        requires : collection of str
            Exercises that this one builds on. If one of them has lost its worker, such as by an endless loop, each case
            runs its fallback program, which does not call that exercise again.
        follow_through : float, default 0
            The share of an output's points that a right derivative of a wrong forward pass earns, from 0 to 1.
        core : float, default CORE_SHARE
            The share of an output's points that its core carries, above 0 and up to 1.

        Returns
        -------
        Judgement

        Raises
        ------
        WorkerLost
            When the worker ended or took too long before all cases were answered.
        OutOfBudget
            When the seconds of the exercise or of the submission were used up before that.
        CourseError
            When the reference cannot answer a case.
        """
        answered = self._judge_with_answers(trial, requires, follow_through, core)
        if answered is not None:
            return answered
        asked = self.answers.asked
        judgement, wrong = self._judge(trial, requires, follow_through, core)
        if wrong and self.answers.asked > asked:
            with_own = self._judge_on_own(trial, wrong, requires, follow_through, core)
            if with_own and with_own.share > judgement.share:
                return with_own
        return judgement

    def _judge_with_answers(
        self, trial: Trial, requires: Collection[str], follow_through: float, core: float
    ) -> Judgement | None:
        """Judge the function with right versions of the exercises that it calls in its file; see `judge`.

        Returns
        -------
        Judgement or None
            None where it calls none, or is right with the student's own, or earns more or is lost with right versions.
        """
        called = self._called_beside(trial.recipe.function)
        if not called or self._with_answers is None:
            return None
        own_share: float | None = None
        try:
            results = trial.results(self.answer_all(trial.cases, trial.recipe.function, requires))
            own_share = judge(results, {}, core=core).share
        except (WorkerLost, OutOfBudget):
            pass  # perhaps through one of those exercises
        if own_share == 1:
            return None
        with self._with_answers(answered_beside=called) as answered:
            try:
                judgement = answered.judge(trial, requires, follow_through, core)
            except (WorkerLost, OutOfBudget):
                return None
        is_enough = judgement.share > 0 if own_share is None else judgement.share >= own_share
        return judgement if is_enough else None

    def _judge_on_own(
        self, trial: Trial, wrong: Sequence[int], requires: Collection[str], follow_through: float, core: float
    ) -> Judgement | None:
        """Judge the answers that come with the submission's own prerequisites; None if they are not better.

        To save time, one of the cases with these indices is tried first, and if that is wrong again, no other one is.
        """
        if self._own is None:
            return None
        self._own.lost, self._own.second_try = set(self.lost), False
        first = min(wrong, key=lambda index: not trial.cases[index].is_core)
        try:
            (answer,) = self._own.answer_all([trial.cases[first]], trial.recipe.function, requires)
            result = CaseResult(trial.cases[first], trial.expected(first).values, answer)
            if isinstance(answer, Crash) or result.faults():
                return None
            return self._own.judge(trial, requires, follow_through, core)
        except (WorkerLost, OutOfBudget):
            self._own._close()
            self._own = None  # it would only use up more of the submission's seconds
            self.gave_up = True
            return None

    def _judge(
        self, trial: Trial, requires: Collection[str], follow_through: float, core: float
    ) -> tuple[Judgement, list[int]]:
        """Judge the answers, and return with the judgement the indices of the cases whose outputs are wrong."""
        self.lost.add(trial.recipe.name)  # removed at the end, which is not reached if the worker is lost
        self.second_try = True
        self._open().keep_programs(case.program for case in trial.cases)
        again = Reruns(self._run)
        answers = partial(self.answer_all, function=trial.recipe.function, requires=requires)
        results, hints = trial.results(answers(trial.cases)), trial.recipe.hints
        follow = trial.follow_through(follow_through)
        forward = trial.wrong_forward(results, again.run, requires)
        judgement = judge(
            results,
            hints,
            again.run,
            follow,
            core=core,
            together=trial.together,
            search=self._search(trial),
            forward=forward,
        )
        self.second_try = True
        failed = numeric_gradients.failed_gradients(
            judgement,
            trial,
            self._in_time(lambda case: answers([case])[0]),
            self._in_time(self._run),
            seconds=self.limits.seconds,
        )
        if failed is not None:
            if failed.outputs & set(judgement.followed_outputs):  # then follow-through earns nothing: judge without it
                judgement = judge(results, hints, again.run, core=core, together=trial.together, forward=forward)
            judgement = failed.subtracted_from(judgement)
        self.lost.discard(trial.recipe.name)
        wrong = [index for index, result in enumerate(results) if isinstance(result.answer, Crash) or result.faults()]
        return replace(judgement, findings=(*judgement.findings, *again.findings)), wrong

    def _search(self, trial: Trial) -> Search:
        """Make what runs the submission with small changes, to explain what is wrong with it."""
        text = self.files.get(self.module, "")
        source = Source(self.module, trial.recipe.function, text, trial.recipe.task, trial.recipe.meanings)
        return Search(ChangedRuns(self._run, self.budget).run, source, trial.right_values)

    def answer_all(self, cases: Sequence[Case], function: str, requires: Collection[str]) -> list[Answer]:
        """Run cases for a function; see `judge` for `requires` and for what is raised."""
        if self.lost & set(requires):
            return self._run_several([_job(case, case.fallback or case.program) for case in cases])
        found = self._run_several([_job(case, case.program) for case in cases])
        return [with_fallback(case, function, answer, self._run) for case, answer in zip(cases, found, strict=True)]

    def _in_time(self, run: Callable[P, Answer]) -> Callable[P, Answer | None]:
        """Wrap `run` to return None when it runs out of time, so that the cases that were judged before still count."""

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
        """Run one program with a time limit of its own, in seconds; raise WorkerLost or OutOfBudget if it is ended."""
        self.second_try = True
        return self._run(program, inputs, fetch, seconds)

    def _run(
        self, program: str, inputs: Mapping[str, object], fetch: Sequence[str], seconds: float | None = None
    ) -> Answer:
        (answer,) = self._run_several([(program, inputs, fetch)], seconds)
        return answer

    def _run_several(self, jobs: Sequence[Job], seconds: float | None = None) -> list[Answer]:
        """Run programs, by default each within the course's limit; if one is lost, run it once more in a new worker.

        There is one such second try in each exercise. The machine may have killed the process for lack of memory that
        another program used, or may have been so busy that processor time itself went further than it otherwise does.
        """
        seconds = seconds or self.limits.seconds
        answers: list[Answer] = []
        while len(answers) < len(jobs):
            try:
                # Those that were yielded before one is lost are in the list.
                answers.extend(self._run_on(self._open(), jobs[len(answers) :], seconds))
            except WorkerLost as lost:
                if self.unusable or not self.second_try or not self._may_try_again(lost, seconds):
                    raise
                self.second_try = False
        return answers

    def _may_try_again(self, lost: WorkerLost, seconds: float) -> bool:
        """Whether a lost program deserves a second try; if so, the seconds that it has lost are given back."""
        if lost.reason == "timeout":
            self.budget.give_back(seconds)
        return lost.reason in ("timeout", "killed")

    def _run_on(self, worker: Worker, jobs: Sequence[Job], seconds: float) -> Iterator[Answer]:
        """Run programs within what is left of the budget, charge what they have used, and yield their answers."""
        charged, left = worker.outside, math.inf

        def charge() -> None:
            nonlocal charged
            self.budget.charge(worker.outside - charged)
            charged = worker.outside

        def allowed() -> float:
            nonlocal left
            charge()
            left = self.budget.left()
            return min(seconds, left)

        try:
            yield from worker.run_several(jobs, SEED, allowed)
        except WorkerLost as lost:
            self._close()
            if lost.reason == "timeout" and left < seconds:  # not the program's own limit ended it, but the budget
                raise self.budget.used_up() from None
            raise
        except OutOfBudget:
            self._close()
            raise
        finally:
            charge()

    def _open(self) -> Worker:
        """Return the worker; if there is none, start one and import the module.

        An import that has lost its worker is not tried again, but raises the same error for each exercise.
        """
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
        """Start a worker and import the module in it; if the worker is lost meanwhile, try once more."""
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
                self.signatures,
            )
            self._worker = worker  # so that it is closed if the import fails
            try:
                # An empty program only imports the module.
                list(self._run_on(worker, [("pass", {}, ())], self.limits.seconds))
                break
            except WorkerLost as lost:
                if not attempts_left or not self._may_try_again(lost, self.limits.seconds):
                    raise
        return worker

    def _close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _job(case: Case, program: str) -> Job:
    return program, case.inputs, tuple(case.aspects)
