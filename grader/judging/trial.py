"""Hold the cases of an exercise that one submission gets, with the right answers and those of known mistakes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import ModuleType
from typing import Final

import numpy as np

from utils.checks.case import Case
from utils.checks.compare import Array
from utils.checks.diagnose import CaseResult, FollowThrough, WrongForward
from utils.checks.program import Answer, Crash, Ran, Run, seeded_runner

from ..recipes import Recipe
from ..reference import Reference
from .forward_mistakes import find_wrong_forward
from .known_answers import KnownAnswers, Versions

MAX_PAIR_RUNS: Final = 300
"""Runs of pairs of misconceptions for one submission's answers to an exercise.

The limit is a count and not a time, and includes runs whose answers are known already. So a hint depends neither on how
fast the machine is, nor on what was graded before.
"""


class Trial:
    """The cases of an exercise for one submission, with the answers of the reference and of the misconceptions.

    Parameters
    ----------
    versions : Versions
        Versions of the exercise's module.
    known : sequence of KnownAnswers
        The cases with the answers to them, which other trials may share.
    large : callable
        Returns the large case with the answers to it; None if the exercise has none. It is called only when the large
        case is needed, because most wrong answers never get that far, and it holds many numbers.

    Attributes
    ----------
    recipe : Recipe
        The recipe of the exercise.
    cases : tuple of Case
        All cases but the large one.
    """

    def __init__(
        self, versions: Versions, known: Sequence[KnownAnswers], large: Callable[[], KnownAnswers | None]
    ) -> None:
        self.recipe = versions.recipe
        self.cases = tuple(one.case for one in known)
        self._versions, self._known, self._draw_large = versions, tuple(known), large
        self._pairs_asked: set[tuple[str, str, int]] = set()

    @classmethod
    def drawn(cls, recipe: Recipe, reference: Reference, rng: np.random.Generator) -> Trial:
        """Draw the cases of a trial from a generator."""
        versions = Versions(recipe, reference)
        known = [KnownAnswers(case, versions) for case in recipe.draw(rng)]
        return cls(versions, known, lambda: KnownAnswers(recipe.large(rng), versions) if recipe.large else None)

    def answer(self, case: Case, module: ModuleType) -> Answer:
        """Run a case against a module that is trusted: the reference or a version of it."""
        return self._versions.answer(case, module)

    def run_reference(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program against the reference."""
        run = seeded_runner({self.recipe.module: self._versions.right}, restore=False)
        return run(program, inputs, fetch)

    def follow_through(self, share: float) -> FollowThrough:
        """Return what the right derivative of a wrong forward pass earns."""
        return FollowThrough(share, self.run_reference, self._versions.right_dependence)

    def expected(self, index: int) -> Ran:
        """Return the reference's answer to the case with this index; raise CourseError if the reference crashes."""
        return self._known[index].right

    def misconceptions(self, index: int) -> dict[str, Answer]:
        """Return what each misconception answers to the case with this index; see `KnownAnswers.misconceptions`."""
        return self._known[index].misconceptions

    @cached_property
    def _large(self) -> KnownAnswers | None:
        return self._draw_large()

    @property
    def large(self) -> Case | None:
        """The case in which a numeric derivative takes too long; None if the exercise has none."""
        return self._large.case if self._large else None

    def expected_large(self) -> Ran:
        """Return the reference's answer to the large case; raise CourseError if the reference crashes.

        There has to be a large case.
        """
        assert self._large
        return self._large.right

    @np.errstate(all="ignore")  # a wrong answer may hold numbers of any size
    def results(self, answers: Sequence[Answer]) -> list[CaseResult]:
        """Compare the answers of the code under test with the right ones.

        Parameters
        ----------
        answers : sequence of Answer
            One for each case, in the order of `cases`.

        Returns
        -------
        list of CaseResult
            One for each case. If any answer is wrong, they hold the answers of the misconceptions, too; otherwise
            the misconceptions are not run.
        """
        self._pairs_asked = set()
        results = [
            CaseResult(known.case, known.right.values, answer)
            for known, answer in zip(self._known, answers, strict=True)
        ]
        if not any(isinstance(result.answer, Crash) or result.faults() for result in results):
            return results
        if all(isinstance(answer, Crash) and answer.missing for answer in answers):
            return results  # nothing is written, so there is nothing to explain
        return [
            replace(result, misconceptions=known.misconceptions, wrong_by_misconception=known.wrong_paths)
            for known, result in zip(self._known, results, strict=True)
        ]

    def right_values(self, case: Case) -> list[Array]:
        """Return the values that right solutions compute in a case; see `Versions.right_values`."""
        return self._versions.right_values(case)

    def wrong_forward(self, results: Sequence[CaseResult], run: Run, requires: Collection[str]) -> WrongForward | None:
        """Look whether the answers are wrong only behind a wrong forward function; see `find_wrong_forward`."""
        return find_wrong_forward(self._versions, self._known, results, run, requires)

    def together(self, one: str, other: str, case: Case) -> Answer | None:
        """Run a case against the reference with two misconceptions at once.

        Parameters
        ----------
        one, other : str
            Their ids.
        case : Case

        Returns
        -------
        Ran, Crash or None
            None where both change the same words, or where `MAX_PAIR_RUNS` pairs were run for these answers.
        """
        index = next(index for index, own in enumerate(self.cases) if own is case)
        key = one, other, index
        if key not in self._pairs_asked and len(self._pairs_asked) >= MAX_PAIR_RUNS:
            return None
        self._pairs_asked.add(key)
        return self._known[index].of_pair(one, other)
