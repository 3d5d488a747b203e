"""Run mutants through the hidden and the visible checks of their exercise."""

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

LIMIT = 5.0  # seconds of CPU for one case; a mutant that needs more is one that never ends
CHUNK = 40  # mutants that one process takes at a time


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    Attributes
    ----------
    mutant : Mutant
    hidden, visible : str
        The exercise whose hidden (visible) cases reject it: its own, or one that builds on it, as a backward pass
        on what its forward pass kept; ``""`` where none does.
    """

    mutant: Mutant
    hidden: str
    visible: str

    @property
    def rejected(self) -> bool:
        """Whether both the grader and the student's own check notice."""
        return bool(self.hidden and self.visible)


def prove(course: Course, exercises: Sequence[str] = (), *, jobs: int | None = None) -> Iterator[tuple[int, Outcome]]:
    """Run every mutant of some exercises; yields as they end, in no order.

    Parameters
    ----------
    course : Course
    exercises : sequence of str
        Names; all that have a solution by default.
    jobs : int, optional
        Processes; one for each processor by default.

    Yields
    ------
    total : int
        How many mutants there are.
    outcome : Outcome
    """
    reference = Reference.of(course)
    work = []
    for name in exercises or solved(course):
        found = mutants(name, reference)
        watching = (name, *followers(course, name))
        work += [(watching, found[start : start + CHUNK]) for start in range(0, len(found), CHUNK)]
    total = sum(len(chunk) for _, chunk in work)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_one_blas_thread) as pool:
        futures = [pool.submit(outcomes, course.root, watching, chunk) for watching, chunk in work]
        for future in as_completed(futures):
            for outcome in future.result():
                yield total, outcome


def solved(course: Course) -> list[str]:
    """The exercises that have a solution to spoil: all but the trained nets, and those whose package is absent."""
    return [e.name for _, e in course.exercises(further=True) if e.score is None and not course.absent(e.module)]


def followers(course: Course, name: str) -> list[str]:
    """The exercises of the same file that build on one."""
    module = name.split(".", 1)[0]
    return [e.name for _, e in course.exercises() if name in e.requires and e.module == module]


def outcomes(root: Path, watching: Sequence[str], chunk: Sequence[Mutant]) -> list[Outcome]:
    """What becomes of some mutants of one exercise.

    Parameters
    ----------
    root : Path
        The course folder.
    watching : sequence of str
        The exercise, and those that build on it.
    chunk : sequence of Mutant
    """
    found = []
    for mutant in chunk:
        module = _module(mutant, _reference(root))
        hidden = next(
            (name for name in watching if rejects(recipe(_reference(root), name), _hidden(root, name), module)), ""
        )
        visible = next(
            (name for name in watching if rejects(recipe(_reference(root), name), _visible(root, name), module)), ""
        )
        found.append(Outcome(mutant, hidden, visible))
    return found


Expected = tuple[tuple[Case, dict[str, object]], ...]


def rejects(spec: Recipe, cases: Expected, module: ModuleType | None) -> bool:
    """Whether at least one case shows that a module is wrong.

    Full marks are given when no case has anything to say, so the first that has settles it.

    Parameters
    ----------
    spec : Recipe
        Of the exercise.
    cases : sequence of (Case, dict)
        With the right answers.
    module : module or None
        None for a module that cannot even be imported.
    """
    return module is None or any(_shows(spec, case, expected, module) for case, expected in cases)


def _shows(spec: Recipe, case: Case, expected: dict[str, object], module: ModuleType) -> bool:
    run = seeded_runner({spec.module: module})

    def run_within_time(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        with _limited(LIMIT):
            return run(program, inputs, fetch)

    result = CaseResult(case, expected, answer_case(case, spec.function, run_within_time))
    return isinstance(result.answer, Crash) or bool(result.faults()) or bool(result.mutated)


def _one_blas_thread() -> None:
    threadpool_limits(1)  # the processes already share out the processors


@cache
def _reference(root: Path) -> Reference:
    return Reference.of(load_course(root))


@cache
def _hidden(root: Path, exercise: str) -> Expected:
    """Cases as a student would get them, from a seed that no other use has."""
    reference = _reference(root)
    seed = zlib.crc32(f"hidden {exercise}".encode())
    return _expected(Trial(recipe(reference, exercise), reference, np.random.default_rng(seed)))


@cache
def _visible(root: Path, exercise: str) -> Expected:
    """The cases of the student's own check, as the next release makes them."""
    return _expected(visible(exercise, _reference(root)))


def _expected(trial: Trial) -> Expected:
    return tuple((case, trial.expected(index).values) for index, case in enumerate(trial.cases))


def _module(mutant: Mutant, reference: Reference) -> ModuleType | None:
    name = mutant.exercise.split(".", 1)[0]
    try:
        with _limited(LIMIT):
            return reference.execute(mutant.text, name, "mutant")
    except Exception:  # whatever happens while a spoilt module is imported, its student sees it at once
        return None


class _TooLong(BaseException):
    """Not an Exception, so that no handler in a solution swallows it."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise in the code that runs once it has used this much of the processor; other work does not count."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
