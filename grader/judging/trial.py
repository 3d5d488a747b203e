"""Draw the cases of an exercise, and compute the answers of the reference and of its misconceptions.

All of it is the course's own code, so it runs in the grading process, without a sandbox.
"""

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
        self._variants: dict[str, ModuleType] = {}
        self._misconceptions: dict[int, dict[str, Answer]] = {}

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
            for misconception in self.recipe.misconceptions:
                answer = self.answer(self.cases[index], self._variant(misconception))
                result = CaseResult(self.cases[index], self.expected(index).values, answer)
                if isinstance(answer, Crash) or result.faults():
                    wrong_answers[misconception.id] = answer
            self._misconceptions[index] = wrong_answers
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
        results = [
            CaseResult(case, self.expected(index).values, answer)
            for index, (case, answer) in enumerate(zip(self.cases, answers, strict=True))
        ]
        if not any(isinstance(result.answer, Crash) or result.faults() for result in results):
            return results
        if all(isinstance(answer, Crash) and answer.missing for answer in answers):
            return results  # nothing is written, so there is nothing to explain
        return [replace(result, misconceptions=self.misconceptions(index)) for index, result in enumerate(results)]

    def _variant(self, misconception: Misconception) -> ModuleType:
        """Return the reference's module with a misconception applied."""
        if misconception.id not in self._variants:
            variant = self.reference.variant(self.recipe.module, misconception.hunks)
            self._variants[misconception.id] = variant
        return self._variants[misconception.id]
