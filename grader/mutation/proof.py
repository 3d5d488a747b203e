"""Run mutants through the hidden and the visible cases of their exercise, in parallel processes.

Mutants are made from the reference, so they are trusted and need no sandbox. But some of them never end, so each case
has a time limit.
"""

from __future__ import annotations

import signal
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import FrameType, ModuleType

import numpy as np
from threadpoolctl import threadpool_limits

from utils.checks.case import Case
from utils.checks.diagnose import CaseResult, answer_case
from utils.checks.program import Answer, Crash, seeded_runner

from ..course import Course
from ..course import load as load_course
from ..judging.trial import Trial
from ..recipes import Recipe, recipe
from ..reference import Reference
from ..release.goldens import visible
from .operators import Mutant, mutants

LIMIT = 5.0  # processor seconds for one case; a mutant that needs more is taken to run for ever, and is rejected
CHUNK = 40  # mutants in one task, so that drawing an exercise's cases in a process pays off


@dataclass(frozen=True)
class Outcome:
    """The result of one mutant.

    Attributes
    ----------
    mutant : Mutant
    hidden, visible : str
        The exercise whose hidden (or visible) cases reject the mutant; ``""`` if they all accept it. It is the mutant's
        own exercise, or one that builds on it, as a backward pass builds on the cache of a forward pass.
    """

    mutant: Mutant
    hidden: str
    visible: str

    @property
    def rejected(self) -> bool:
        """Whether both the grader and the student's own check reject the mutant."""
        return bool(self.hidden and self.visible)


def prove(course: Course, exercises: Sequence[str] = (), *, jobs: int | None = None) -> Iterator[tuple[int, Outcome]]:
    """Run all mutants of some exercises, and yield each outcome as soon as it is there, in no fixed order.

    Parameters
    ----------
    course : Course
    exercises : sequence of str, default ()
        The names of the exercises; ``()`` means all that `solved` returns.
    jobs : int, optional
        The number of processes; by default, one for each processor.

    Yields
    ------
    total : int
        The number of mutants of all these exercises, to show progress.
    outcome : Outcome
    """
    reference = Reference.of(course)
    work = []
    for name in exercises or solved(course):
        made = mutants(name, reference)
        watching = (name, *followers(course, name))
        work += [(watching, made[start : start + CHUNK]) for start in range(0, len(made), CHUNK)]
    total = sum(len(chunk) for _, chunk in work)
    # Spawned, because a forked copy of a process whose BLAS threads hold a lock may wait for that lock for ever.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_one_blas_thread) as pool:
        futures = [pool.submit(outcomes, course.root, watching, chunk) for watching, chunk in work]
        for future in as_completed(futures):
            for outcome in future.result():
                yield total, outcome


def solved(course: Course) -> list[str]:
    """Return the exercises that have mutants: all but trained nets and those whose package is not installed."""
    return [e.name for _, e in course.exercises(further=True) if e.score is None and not course.absent(e.module)]


def followers(course: Course, name: str) -> list[str]:
    """Return the exercises of the same file that build on an exercise."""
    module = name.split(".", 1)[0]
    return [e.name for _, e in course.exercises() if name in e.requires and e.module == module]


def outcomes(root: Path, watching: Sequence[str], chunk: Sequence[Mutant]) -> list[Outcome]:
    """Run some mutants of one exercise.

    Parameters
    ----------
    root : Path
        The course folder.
    watching : sequence of str
        The exercise, and those that build on it, whose cases are all tried in this order.
    chunk : sequence of Mutant
        The mutants.

    Returns
    -------
    list of Outcome
        In the order of `chunk`.
    """
    results = []
    for mutant in chunk:
        module = _module(mutant, _reference(root))
        hidden = next(
            (name for name in watching if rejects(recipe(_reference(root), name), _hidden(root, name), module)), ""
        )
        visible = next(
            (name for name in watching if rejects(recipe(_reference(root), name), _visible(root, name), module)), ""
        )
        results.append(Outcome(mutant, hidden, visible))
    return results


Expected = tuple[tuple[Case, dict[str, object]], ...]
"""Cases, each with the reference's answer: output → value."""


def rejects(spec: Recipe, cases: Expected, module: ModuleType | None) -> bool:
    """Return whether at least one case shows that a module is wrong.

    Cases are run until one does. An answer that no case rejects gets full marks from the grader.

    Parameters
    ----------
    spec : Recipe
        The recipe of the exercise.
    cases : sequence of (Case, dict)
        The cases with the right answers.
    module : module or None
        The module under test; None if it could not be imported, which every case rejects.
    """
    return module is None or any(_shows(spec, case, expected, module) for case, expected in cases)


def _shows(spec: Recipe, case: Case, expected: dict[str, object], module: ModuleType) -> bool:
    """Return whether a case shows that a module is wrong: a crash, a wrong output, or an input changed in place."""
    run = seeded_runner({spec.module: module})

    def run_within_time(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        with limited(LIMIT):
            return run(program, inputs, fetch)

    result = CaseResult(case, expected, answer_case(case, spec.function, run_within_time))
    return isinstance(result.answer, Crash) or bool(result.faults()) or bool(result.mutated)


def _one_blas_thread() -> None:
    threadpool_limits(1)  # each processor has a process already, so more BLAS threads would only compete


@cache
def _reference(root: Path) -> Reference:
    return Reference.of(load_course(root))


@cache
def _hidden(root: Path, exercise: str) -> Expected:
    """Draw the hidden cases of an exercise as a student would get them, from a fixed seed, so that runs agree."""
    reference = _reference(root)
    seed = zlib.crc32(f"hidden {exercise}".encode())
    return _expected(Trial.drawn(recipe(reference, exercise), reference, np.random.default_rng(seed)))


@cache
def _visible(root: Path, exercise: str) -> Expected:
    """Draw the cases of the student's own check, as the next release would."""
    return _expected(visible(exercise, _reference(root)))


def _expected(trial: Trial) -> Expected:
    """Return the cases of a trial with the reference's answers."""
    return tuple((case, trial.expected(index).values) for index, case in enumerate(trial.cases))


def _module(mutant: Mutant, reference: Reference) -> ModuleType | None:
    """Import a mutant; return None if that raises an exception."""
    name = mutant.exercise.split(".", 1)[0]
    try:
        with limited(LIMIT):
            return reference.execute(mutant.text, name, "mutant")
    except Exception:  # a student would see any error at import at once
        return None


class TooLong(BaseException):
    """A mutant used up its time. It is no Exception, so that no ``except Exception`` in a solution catches it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the body of the ``with`` statement when it has used this much processor time.

    The timer counts only the time in which this process runs its own code, so a busy machine rejects no mutant.
    """

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
