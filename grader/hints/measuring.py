"""Judge wrong answers with the hidden cases as the grader draws them, in parallel processes, and collect the hints.

The answers were written by the course's authors, so they are trusted and need no sandbox. But some of them never end,
so each run has a time limit.
"""

from __future__ import annotations

import contextlib
import io
import resource
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from utils.checks.case import Finding
from utils.checks.diagnose import Judgement, Search, Source, answer_case, endless_loop, judge
from utils.checks.program import Answer, Crash, Run, seeded_runner

from ..course import Course
from ..course import load as load_course
from ..judging.case_bank import case_bank
from ..mutation.proof import TooLong, limited
from ..reference import Reference
from .corpus import StudentAnswer

LIMIT: Final = 5.0  # processor seconds of one run
MEMORY: Final = 4 << 30  # bytes of address space of a process, PyTorch included
SECRET, STUDENT = b"the secret of a course", "a student"  # fixed, so that everybody measures with the same cases


@dataclass(frozen=True)
class Hinted:
    """What a student would be told about a wrong answer.

    Attributes
    ----------
    answer : StudentAnswer
    share : float
        The share of the exercise's points that it earns; 1 if it was not noticed that it is wrong.
    hint : str
        All hints, a line for each: ``"dx: …"``. Outputs that are right are left out.
    """

    answer: StudentAnswer
    share: float
    hint: str


def measure(course: Course, answers: Sequence[StudentAnswer], *, jobs: int | None = None) -> list[Hinted]:
    """Judge wrong answers and return what a student would be told about each, in the same order.

    Answers to exercises whose package is not installed are left out.

    Parameters
    ----------
    course : Course
    answers : sequence of StudentAnswer
    jobs : int, optional
        The number of processes; by default, one for each processor.
    """
    wanted = [answer for answer in answers if not course.absent(answer.exercise.split(".", 1)[0])]
    by_exercise = groupby(sorted(wanted, key=lambda answer: answer.exercise), key=lambda answer: answer.exercise)
    # Spawned, because a forked copy of a process whose BLAS threads hold a lock may wait for that lock for ever.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_prepare) as pool:
        chunks = [pool.submit(hinted, course.root, list(group)) for _, group in by_exercise]
        found = {result.answer.id: result for chunk in as_completed(chunks) for result in chunk.result()}
    return [found[answer.id] for answer in wanted]


def hinted(root: Path, answers: Sequence[StudentAnswer]) -> list[Hinted]:
    """Judge wrong answers to one exercise, in this process.

    Parameters
    ----------
    root : Path
        The course folder.
    answers : sequence of StudentAnswer
        Their order is kept.
    """
    results = []
    for answer in answers:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # a wrong answer may divide by zero, or print
            judgement = _judged(root, answer)
        lines = (_line(finding) for finding in judgement.findings if finding.verdict != "pass")
        results.append(Hinted(answer, judgement.share, "\n".join(lines)))
    return results


def _line(finding: Finding) -> str:
    return f"{finding.aspect}: {finding.hint}" if finding.aspect else finding.hint


def _judged(root: Path, answer: StudentAnswer) -> Judgement:
    """Judge an answer as `grader.judging` would, except for the large case, which only detects numeric derivatives."""
    course, reference = _course(root), _reference(root)
    exercise = next(e for _, e in course.exercises(further=True) if e.name == answer.exercise)
    trial = case_bank(_reference(root), answer.exercise, SECRET).trial(STUDENT)
    text = answer.module_text(reference.source(exercise.module))
    try:
        with limited(LIMIT):
            module = reference.execute(text, exercise.module, "student")
        run = _run_within_time(seeded_runner({exercise.module: module}))
        results = trial.results([answer_case(case, exercise.function, run) for case in trial.cases])
    except TooLong:
        known = endless_loop(text, exercise.function)
        why = f"{known}." if known else "is there a loop that never stops?"
        hint = f"{exercise.function} did not end within {LIMIT:g} seconds; {why}"
        return Judgement(0.0, (Finding("", "timeout", hint),))
    except Exception as error:  # at import, before any case can run
        return Judgement(0.0, (Finding("", "error", f"{type(error).__name__}: {error}"),))
    follow = trial.follow_through(course.follow_through(exercise))
    again = _left_out_when_too_long(run)
    recipe = trial.recipe
    source = Source(exercise.module, exercise.function, text, recipe.task, recipe.meanings)
    search = Search(again, source, trial.right_values)
    return judge(results, trial.recipe.hints, again, follow, together=trial.together, search=search)


def _run_within_time(run: Run) -> Run:
    """Wrap `run` to raise `TooLong` when it does not end in time."""

    def run_within_time(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        with limited(LIMIT):
            answer = run(program, inputs, fetch)
        if isinstance(answer, Crash) and answer.error == TooLong.__name__:
            raise TooLong
        return answer

    return run_within_time


def _left_out_when_too_long(run: Run) -> Run:
    """Wrap `run` for hints, which do without the answer of a run that does not end in time."""

    def run_or_crash(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        try:
            return run(program, inputs, fetch)
        except TooLong:
            return Crash(False, "TimeoutError", "took too long")

    return run_or_crash


@cache
def _course(root: Path) -> Course:
    return load_course(root)


@cache
def _reference(root: Path) -> Reference:
    return Reference.of(_course(root))


def _prepare() -> None:
    """Limit a process: wrong answers run without a sandbox here, and some fill all memory that there is."""
    threadpool_limits(1)  # each processor has a process already, so more BLAS threads would only compete
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def accepted(results: Sequence[Hinted]) -> Iterator[StudentAnswer]:
    """Yield the answers that earned all points: either they are not wrong, or the checks are blind."""
    return (result.answer for result in results if result.share >= 1)
