"""Draw the cases of an exercise, and compute the answers of the reference and of its misconceptions.

All of it is the course's own code, so it runs in the grading process, without a sandbox.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import ModuleType
from typing import Final

import numpy as np

from utils.checks.case import Case
from utils.checks.diagnose import CaseResult, answer_case
from utils.checks.program import Answer, Crash, Ran, seeded_runner

from ..errors import CourseError
from ..recipes import Misconception, Recipe
from ..reference import Reference
from .merging import merged

MAX_PAIR_RUNS: Final = 300
"""Runs of pairs of misconceptions for one submission's answers to an exercise.

The limit is a count and not a time, and includes runs whose answers are known already. So a hint depends neither on how
fast the machine is, nor on what was graded before.
"""


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
        self._pair_modules: dict[tuple[str, str], ModuleType | None] = {}
        self._texts: dict[str, str] = {}
        self._pairs_asked: set[tuple[str, str, int]] = set()
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
        self._pairs_asked = set()
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
            None where both change the same words, or where `MAX_PAIR_RUNS` pairs were run for these answers.
        """
        key = one, other, next(index for index, own in enumerate(self.cases) if own is case)
        if key not in self._pairs_asked and len(self._pairs_asked) >= MAX_PAIR_RUNS:
            return None
        self._pairs_asked.add(key)
        if key not in self._pairs:
            variant = self._pair(one, other)
            self._pairs[key] = self.answer(case, variant) if variant else None
        return self._pairs[key]

    def _variant(self, misconception: Misconception) -> ModuleType:
        """Return the reference's module with a misconception."""
        if misconception.id not in self._variants:
            self._variants[misconception.id] = self.reference.variant(self.recipe.module, misconception.hunks)
        return self._variants[misconception.id]

    def _pair(self, one: str, other: str) -> ModuleType | None:
        """Return the reference's module with two misconceptions; None where they cannot be combined."""
        if (one, other) not in self._pair_modules:
            self._pair_modules[one, other] = self._merged(one, other)
        return self._pair_modules[one, other]

    def _merged(self, one: str, other: str) -> ModuleType | None:
        start, after = self._own_lines
        source, *versions = (text.splitlines(keepends=True) for text in map(self._text, ("", one, other)))
        head, tail = source[:start], source[len(source) - after :]
        if any(lines[:start] != head or lines[len(lines) - after :] != tail for lines in versions):
            return None  # one of them changes more than the function, which takes long to run
        text = merged(*("".join(lines[start : len(lines) - after]) for lines in (source, *versions)))
        owner = self._own_path[0] if len(self._own_path) > 1 else ""
        try:
            return self.reference.execute_part(text, self.recipe.module, owner) if text else None
        except SyntaxError:  # what is left of both is no program
            return None

    def _text(self, name: str) -> str:
        """Return the text of the reference, with a misconception where one is named."""
        if name not in self._texts:
            hunks = self._by_id[name].hunks if name else ()
            self._texts[name] = self.reference.changed(self.recipe.module, hunks)
        return self._texts[name]

    @cached_property
    def _own_path(self) -> list[str]:
        return self.recipe.name.removeprefix(f"{self.recipe.module}.").split(".")

    @cached_property
    def _own_lines(self) -> tuple[int, int]:
        """How many lines of the module stand before the function or method, and how many after it."""
        text = self._text("")
        node: ast.AST = ast.parse(text)
        for name in self._own_path:
            node = next(one for one in ast.iter_child_nodes(node) if getattr(one, "name", "") == name)
        assert isinstance(node, ast.FunctionDef)
        assert node.end_lineno
        return node.lineno - 1, len(text.splitlines()) - node.end_lineno

    @cached_property
    def _by_id(self) -> dict[str, Misconception]:
        return {misconception.id: misconception for misconception in self.recipe.misconceptions}
