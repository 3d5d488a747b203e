"""Draw the cases of an exercise, and compute the answers of the reference and of its misconceptions.

All of it is the course's own code, so it runs in the grading process, without a sandbox.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import ModuleType
from typing import Final

import numpy as np

from utils.checks.case import Case
from utils.checks.diagnose import CaseResult, answer_case
from utils.checks.program import Answer, Crash, Ran, seeded_runner

from ..errors import CourseError, UnusableCourseFiles
from ..recipes import Misconception, Recipe
from ..reference import Reference

PAIRS_SECONDS: Final = 0.3
"""Processor seconds for the answers of pairs of misconceptions, of one exercise of one submission."""


class Trial:
    """The cases that were drawn for an exercise, with the answers of the reference and of the misconceptions.

    Answers are computed when they are first needed, and kept.

    Parameters
    ----------
    recipe : Recipe
        The recipe of the exercise.
    reference : Reference
    rng : Generator
        The generator that the cases are drawn with.

    Attributes
    ----------
    cases : tuple of Case
        All cases but the large one.
    """

    def __init__(self, recipe: Recipe, reference: Reference, rng: np.random.Generator) -> None:
        self.recipe = recipe
        self.reference = reference
        self.cases = tuple(recipe.draw(rng))
        self._rng = rng
        self._expected: dict[int, Ran] = {}
        self._variants: dict[tuple[str, ...], ModuleType | None] = {}
        self._pair_seconds = 0.0
        self._misconceptions: dict[int, dict[str, Answer]] = {}
        self._wrong_paths: dict[int, dict[str, tuple[str, ...]]] = {}  # of the misconceptions' answers
        self._pairs: dict[tuple[str, str, int], Answer | None] = {}

    def answer(self, case: Case, module: ModuleType) -> Answer:
        """Run a case against a module that is trusted: the reference or a variant of it."""
        return answer_case(case, self.recipe.function, seeded_runner({self.recipe.module: module}))

    def run_reference(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program against the reference."""
        return seeded_runner({self.recipe.module: self.reference.module(self.recipe.module)})(program, inputs, fetch)

    def expected(self, index: int) -> Ran:
        """Return the reference's answer to the case with this index; raise CourseError if the reference crashes."""
        if index not in self._expected:
            self._expected[index] = self._reference_answer(self.cases[index])
        return self._expected[index]

    def _reference_answer(self, case: Case) -> Ran:
        answer = self.answer(case, self.reference.module(self.recipe.module))
        if isinstance(answer, Crash):
            raise CourseError(f'The reference fails its own check "{self.recipe.name}" ({case.title}): {answer}')
        return answer

    @cached_property
    def large(self) -> Case | None:
        """The case in which a numeric derivative takes too long; None if the exercise has none.

        It is drawn when it is first needed, because most answers never get that far, and it holds many numbers.
        """
        return self.recipe.large(self._rng) if self.recipe.large else None

    def expected_large(self) -> Ran:
        """Return the reference's answer to the large case; raise CourseError if the reference crashes.

        There has to be a large case.
        """
        assert self.large
        return self._reference_answer(self.large)

    def misconceptions(self, index: int) -> dict[str, Answer]:
        """Return what each misconception answers to the case with this index: id → answer.

        Misconceptions that answer this case correctly are left out.
        """
        if index not in self._misconceptions:
            wrong_answers: dict[str, Answer] = {}
            wrong_paths: dict[str, tuple[str, ...]] = {}
            for misconception in self.recipe.misconceptions:
                variant = self._variant(misconception)
                assert variant is not None
                answer = self.answer(self.cases[index], variant)
                result = CaseResult(self.cases[index], self.expected(index).values, answer)
                wrong_paths[misconception.id] = result.wrong_paths()
                if isinstance(answer, Crash) or wrong_paths[misconception.id]:
                    wrong_answers[misconception.id] = answer
            self._misconceptions[index], self._wrong_paths[index] = wrong_answers, wrong_paths
        return self._misconceptions[index]

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
        self._pair_seconds = 0.0
        results = [
            CaseResult(case, self.expected(index).values, answer)
            for index, (case, answer) in enumerate(zip(self.cases, answers, strict=True))
        ]
        if not any(isinstance(result.answer, Crash) or result.faults() for result in results):
            return results
        if all(isinstance(answer, Crash) and answer.missing for answer in answers):
            return results  # nothing is written, so there is nothing to explain
        return [
            replace(
                result,
                misconceptions=self.misconceptions(index),
                wrong_by_misconception=self._wrong_paths[index],
            )
            for index, result in enumerate(results)
        ]

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
            None where both change the same lines, or where the seconds for pairs are used up. They are counted in
            processor time and charged to the submission, like all work that a wrong answer causes.
        """
        index = next(index for index, own in enumerate(self.cases) if own is case)
        if (one, other, index) not in self._pairs:
            if self._pair_seconds > PAIRS_SECONDS:
                return None
            start = time.thread_time()
            by_id = {misconception.id: misconception for misconception in self.recipe.misconceptions}
            variant = self._variant(by_id[one], by_id[other])
            self._pairs[one, other, index] = self.answer(case, variant) if variant else None
            self._pair_seconds += time.thread_time() - start
        return self._pairs[one, other, index]

    def _variant(self, *misconceptions: Misconception) -> ModuleType | None:
        """Return the reference's module with misconceptions applied; None where two of them cannot be combined."""
        names = tuple(misconception.id for misconception in misconceptions)
        if names not in self._variants:
            hunks = [hunk for misconception in misconceptions for hunk in misconception.hunks]
            try:
                self._variants[names] = self.reference.variant(self.recipe.module, hunks)
            except (UnusableCourseFiles, SyntaxError):
                if len(misconceptions) == 1:
                    raise
                self._variants[names] = None
        return self._variants[names]
