"""Run a recipe's cases against the reference and against its misconceptions, in the trusted half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import ModuleType

import numpy as np

from utils.checks.case import Case
from utils.checks.diagnose import CaseResult, answer_case
from utils.checks.program import Answer, Crash, Ran, seeded_runner

from ..errors import CourseError
from ..recipes import Misconception, Recipe
from ..reference import Reference


class Trial:
    """One recipe with drawn cases, and what the reference and the misconceptions answer.

    Parameters
    ----------
    recipe : Recipe
    reference : Reference
    rng : Generator
        Draws the cases.

    Attributes
    ----------
    cases : tuple of Case
    """

    def __init__(self, recipe: Recipe, reference: Reference, rng: np.random.Generator) -> None:
        self.recipe = recipe
        self.reference = reference
        self.cases = tuple(recipe.draw(rng))
        self._rng = rng
        self._expected: dict[int, Ran] = {}
        self._variants: dict[str, ModuleType] = {}
        self._misconceptions: dict[int, dict[str, Answer]] = {}

    def answer(self, case: Case, module: ModuleType) -> Answer:
        """Run a case against a module of the trusted half."""
        return answer_case(case, self.recipe.function, seeded_runner({self.recipe.module: module}))

    def right(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program against the reference."""
        return seeded_runner({self.recipe.module: self.reference.module(self.recipe.module)})(program, inputs, fetch)

    def expected(self, index: int) -> Ran:
        """The reference's answer to a case; raises CourseError where it has none."""
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
        """The case in which a numeric derivative takes too long; drawn when it is first asked for."""
        return self.recipe.large(self._rng) if self.recipe.large else None

    def expected_large(self) -> Ran:
        """The reference's answer to the large case; raises CourseError where it has none."""
        assert self.large
        return self._reference_answer(self.large)

    def misconceptions(self, index: int) -> dict[str, Answer]:
        """What each misconception answers to a case, by its id; those left out whose answer is right."""
        if index not in self._misconceptions:
            found: dict[str, Answer] = {}
            for misconception in self.recipe.misconceptions:
                answer = self.answer(self.cases[index], self._variant(misconception))
                result = CaseResult(self.cases[index], self.expected(index).values, answer)
                if isinstance(answer, Crash) or result.faults():
                    found[misconception.id] = answer
            self._misconceptions[index] = found
        return self._misconceptions[index]

    @np.errstate(all="ignore")  # a wrong answer may hold numbers of any size
    def results(self, answers: Sequence[Answer]) -> list[CaseResult]:
        """The results of all cases for the answers of the code under test, one for each case.

        The misconceptions are run only where an answer is wrong.
        """
        results = [
            CaseResult(case, self.expected(index).values, answer)
            for index, (case, answer) in enumerate(zip(self.cases, answers, strict=True))
        ]
        if not any(isinstance(result.answer, Crash) or result.faults() for result in results):
            return results
        return [replace(result, misconceptions=self.misconceptions(index)) for index, result in enumerate(results)]

    def _variant(self, misconception: Misconception) -> ModuleType:
        if misconception.id not in self._variants:
            variant = self.reference.variant(self.recipe.module, misconception.hunks)
            self._variants[misconception.id] = variant
        return self._variants[misconception.id]
