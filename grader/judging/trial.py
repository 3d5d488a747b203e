"""Run a recipe's cases against the reference and against its misconceptions, in the trusted half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import ModuleType

import numpy as np

from utils.checks.case import Case
from utils.checks.hearing import Answer, Hearing
from utils.checks.judge import attempt
from utils.checks.program import Crash, Ran, run_program

from ..errors import CourseError
from ..recipes import Misconception, Recipe
from ..reference import Reference

SEED = 0  # of numpy's global generator before each run, inside the sandbox as well


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
        self._wants: dict[int, Ran] = {}
        self._variants: dict[str, ModuleType] = {}
        self._suspects: dict[int, dict[str, Answer]] = {}

    def answer(self, case: Case, module: ModuleType) -> Answer:
        """What a module of the trusted half answers."""

        def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            np.random.seed(SEED)
            return run_program(program, {self.recipe.module: module}, inputs, fetch)

        return attempt(case, self.recipe.function, run)

    def right(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """What the reference answers to a program."""
        np.random.seed(SEED)
        return run_program(program, {self.recipe.module: self.reference.module(self.recipe.module)}, inputs, fetch)

    def want(self, index: int) -> Ran:
        """The reference's answer to a case; raises CourseError where it has none."""
        if index not in self._wants:
            self._wants[index] = self._expected(self.cases[index])
        return self._wants[index]

    def _expected(self, case: Case) -> Ran:
        answer = self.answer(case, self.reference.module(self.recipe.module))
        if isinstance(answer, Crash):
            raise CourseError(f'The reference fails its own check "{self.recipe.name}" ({case.title}): {answer}')
        return answer

    @cached_property
    def large(self) -> Case | None:
        """The case in which a numeric derivative takes too long; drawn when it is first asked for."""
        return self.recipe.large(self._rng) if self.recipe.large else None

    def want_large(self) -> Ran:
        """The reference's answer to the large case; raises CourseError where it has none."""
        assert self.large
        return self._expected(self.large)

    def suspects(self, index: int) -> dict[str, Answer]:
        """What each misconception answers to a case, those left out whose answer is right."""
        if index not in self._suspects:
            found: dict[str, Answer] = {}
            for misconception in self.recipe.misconceptions:
                answer = self.answer(self.cases[index], self._variant(misconception))
                hearing = Hearing(self.cases[index], self.want(index).values, answer)
                if isinstance(answer, Crash) or hearing.faults():
                    found[misconception.id] = answer
            self._suspects[index] = found
        return self._suspects[index]

    @np.errstate(all="ignore")  # what is wrong may be of any size
    def hear(self, answers: Sequence[Answer]) -> list[Hearing]:
        """The answers of the code under test, one for each case, with everything needed to judge them.

        The misconceptions are run only where an answer is wrong.
        """
        bare = [
            Hearing(case, self.want(index).values, answer)
            for index, (case, answer) in enumerate(zip(self.cases, answers, strict=True))
        ]
        if not any(isinstance(hearing.answer, Crash) or hearing.faults() for hearing in bare):
            return bare
        return [
            Hearing(hearing.case, hearing.want, hearing.answer, self.suspects(index))
            for index, hearing in enumerate(bare)
        ]

    def _variant(self, misconception: Misconception) -> ModuleType:
        if misconception.id not in self._variants:
            variant = self.reference.variant(self.recipe.module, misconception.hunks)
            self._variants[misconception.id] = variant
        return self._variants[misconception.id]
