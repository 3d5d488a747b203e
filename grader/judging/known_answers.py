"""Compute what the reference, and each known mistake in it, answers to a case; each answer is computed once and kept.

All of it is the course's own code, so it runs in the grading process, without a sandbox.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Final

import numpy as np

from utils.checks.case import Case
from utils.checks.compare import Array
from utils.checks.diagnose import CaseResult, Dependence, answer_case
from utils.checks.diagnose.changes import KEPT, ROOM, recorded_module
from utils.checks.program import Answer, Crash, Ran, seeded_runner

from ..errors import CourseError, UnusableCourseFiles
from ..patch import Hunk
from ..recipes import Misconception, Recipe, recipe
from ..reference import Reference
from .kept_answers import KeptAnswers
from .merging import merged

MAX_BEHIND: Final = 3
"""Mistakes of a forward function whose effects on a backward function are kept: there are many of them, and each comes
with versions of the module, and their answers, for all misconceptions of the backward function."""

_Wrong = tuple[dict[str, Answer], dict[str, tuple[str, ...]]]
"""What misconceptions answer, and which parts of that are wrong, by the misconception's id."""


class Versions:
    """The reference's module of an exercise, and versions of it with known mistakes.

    Parameters
    ----------
    recipe : Recipe
        The recipe of the exercise.
    reference : Reference
    beside : sequence of Hunk, default ()
        Lines of the module that are replaced in every version: a mistake in another function, which is there as well.

    Attributes
    ----------
    right_dependence : dict
        How the right answer depends on the inputs of the cases that came up so far; see `FollowThrough.known`.
    """

    def __init__(self, recipe: Recipe, reference: Reference, beside: Sequence[Hunk] = ()) -> None:
        self.recipe = recipe
        self.reference = reference
        self._beside = tuple(beside)
        self._with_one: dict[str, ModuleType | None] = {}
        self._with_two: dict[tuple[str, str], ModuleType | None] = {}
        self._texts: dict[str, str] = {}
        self._behind: dict[tuple[str, str], Versions] = {}
        self._answers: dict[int, KnownAnswers] = {}
        self.right_dependence: dict[tuple[int, str], tuple[Case, Dependence]] = {}

    @cached_property
    def right(self) -> ModuleType:
        """The reference's own module, with nothing but what is `beside`."""
        module = self.recipe.module
        return self.reference.variant(module, self._beside) if self._beside else self.reference.module(module)

    def behind(self, forward: str, mistake: Misconception) -> Versions:
        """Return the versions that have a mistake of another exercise, `forward`, as well."""
        key = forward, mistake.id
        if key not in self._behind:
            if len(self._behind) >= MAX_BEHIND:
                del self._behind[next(iter(self._behind))]
            self._behind[key] = Versions(self.recipe, self.reference, mistake.hunks)
        return self._behind[key]

    def answers_to(self, case: Case) -> KnownAnswers:
        """Return the answers of these versions to a case; they are kept as long as the versions are."""
        if id(case) not in self._answers:
            self._answers[id(case)] = KnownAnswers(case, self)
        return self._answers[id(case)]

    def answer(self, case: Case, module: ModuleType) -> Answer:
        """Run a case against one of these modules, which are trusted."""
        return answer_case(case, self.recipe.function, seeded_runner({self.recipe.module: module}, restore=False))

    def right_answer(self, case: Case) -> Ran:
        """Return the reference's answer to a case; raise CourseError if the reference crashes."""
        answer = self.answer(case, self.right)
        if isinstance(answer, Crash):
            raise CourseError(f'The reference fails its own check "{self.recipe.name}" ({case.title}): {answer}')
        return answer

    def right_values(self, case: Case) -> list[Array]:
        """Return the values that the reference, and the right answers in other styles, compute in a case.

        What functions of other modules compute inside of them is not known.
        """
        module, found = self.recipe.module, []
        for one in self._recorded:
            room = list(vars(one)[ROOM])
            answer = seeded_runner({module: one}, restore=False)(case.program, case.inputs, ())
            found += [np.asarray(value) for _, _, value in vars(one)[KEPT]] if isinstance(answer, Ran) else []
            vars(one)[KEPT].clear()
            vars(one)[ROOM][:] = room
        return found

    @cached_property
    def _recorded(self) -> list[ModuleType]:
        """The reference's module and right answers in other styles, written so that they keep their values."""
        name, every = self.recipe.module, [(), *(one.hunks for one in self.recipe.right)]
        texts = (self.reference.changed(name, (*self._beside, *hunks)) for hunks in every)
        return [self.reference.execute(recorded_module(text), name, "recorded") for text in texts]

    def with_misconception(self, misconception: Misconception) -> ModuleType | None:
        """Return the module with a misconception; None where that changes the same lines as what is `beside`."""
        if misconception.id not in self._with_one:
            hunks = (*self._beside, *misconception.hunks)
            try:
                self._with_one[misconception.id] = self.reference.variant(self.recipe.module, hunks)
            except UnusableCourseFiles:
                if not self._beside:
                    raise
                self._with_one[misconception.id] = None
        return self._with_one[misconception.id]

    def with_pair(self, one: str, other: str) -> ModuleType | None:
        """Return the module with two misconceptions, by their ids; None where they cannot be combined."""
        if (one, other) not in self._with_two:
            self._with_two[one, other] = self._merged(one, other)
        return self._with_two[one, other]

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
            self._texts[name] = self.reference.changed(self.recipe.module, (*self._beside, *hunks))
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


@lru_cache(maxsize=256)
def versions_of(reference: Reference, exercise: str) -> Versions:
    """Return the versions of an exercise; each is made once in the life of a process."""
    return Versions(recipe(reference, exercise), reference)


class KnownAnswers:
    """The answers to one case, of the reference and of its versions with known mistakes.

    Parameters
    ----------
    case : Case
    versions : Versions
        Versions of the case's exercise.
    kept : KeptAnswers, optional
        Where the answers of misconceptions are kept for other processes; they are not kept by default.
    """

    def __init__(self, case: Case, versions: Versions, kept: KeptAnswers | None = None) -> None:
        self.case = case
        self._versions, self._kept = versions, kept
        self._pairs: dict[tuple[str, str], Answer | None] = {}
        self._outputs: dict[tuple[str, str], object] = {}

    @cached_property
    def right(self) -> Ran:
        """The reference's answer; CourseError is raised if the reference crashes."""
        return self._versions.right_answer(self.case)

    @cached_property
    def answer(self) -> Answer:
        """The same, but a crash is returned: beside another function's mistake the reference may crash."""
        return self._versions.answer(self.case, self._versions.right)

    @property
    def right_is_wrong(self) -> bool:
        """Whether the reference's answer breaks the case's own rules, some of which compare two of its outputs."""
        return bool(CaseResult(self.case, self.right.values, self.right).faults())

    @property
    def misconceptions(self) -> dict[str, Answer]:
        """What each misconception answers: id → answer. Those that answer this case correctly are left out."""
        return self._wrong[0]

    @property
    def wrong_paths(self) -> dict[str, tuple[str, ...]]:
        """Which parts of each misconception's answer are wrong: id → paths; see `CaseResult.wrong_paths`."""
        return self._wrong[1]

    @cached_property
    def _wrong(self) -> _Wrong:
        if self._kept is None:
            return self._computed()
        name = self._versions.recipe.name
        found: _Wrong | None = self._kept.get(name, self.case)
        if found is None:
            found = self._computed()
            self._kept.keep(name, self.case, found)
        return found

    @np.errstate(all="ignore")  # a wrong answer may hold numbers of any size
    def _computed(self) -> _Wrong:
        answers: dict[str, Answer] = {}
        paths: dict[str, tuple[str, ...]] = {}
        for misconception in self._versions.recipe.misconceptions:
            version = self._versions.with_misconception(misconception)
            if version is None:
                continue
            answer = self._versions.answer(self.case, version)
            paths[misconception.id] = CaseResult(self.case, self.right.values, answer).wrong_paths()
            if isinstance(answer, Crash) or paths[misconception.id]:
                answers[misconception.id] = answer
        return answers, paths

    def forward_output(self, forward: Versions, mistake: Misconception | None = None) -> object:
        """Return what a forward function returns in this case; None where it crashes.

        Parameters
        ----------
        forward : Versions
            Versions of the exercise that the forward function is; it stands in the same module.
        mistake : Misconception, optional
            Of the forward function; by default it is the reference's.

        Returns
        -------
        object
            The first value of the case's `objective`.
        """
        key = forward.recipe.name, mistake.id if mistake else ""
        if key not in self._outputs:
            version = forward.with_misconception(mistake) if mistake else forward.right
            assert version
            output = self.case.objective[0]
            run = seeded_runner({self._versions.recipe.module: version}, restore=False)
            answer = run(self.case.program, self.case.inputs, (output,))
            self._outputs[key] = None if isinstance(answer, Crash) else answer.values.get(output)
        return self._outputs[key]

    def of_pair(self, one: str, other: str) -> Answer | None:
        """Return the answer with two misconceptions at once; None where they cannot be combined."""
        if (one, other) not in self._pairs:
            version = self._versions.with_pair(one, other)
            self._pairs[one, other] = self._versions.answer(self.case, version) if version else None
        return self._pairs[one, other]
