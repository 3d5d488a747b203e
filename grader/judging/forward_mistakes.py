"""Recognise a known mistake in the forward function on whose cache a backward function works.

A cache is the student's own: it may hold anything, in any order. So a backward function can be run only behind the
student's forward function, and where that is wrong, even the right backward function gives wrong gradients. What it
gives then is known if the forward function's mistake is known: the reference is run with that mistake.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult, WrongForward
from utils.checks.program import Crash, Ran, Run, seeded_runner

from ..recipes import Misconception
from .known_answers import KnownAnswers, Versions, versions_of

_Pair = tuple[KnownAnswers, CaseResult]
"""What is known of a case behind a forward function's mistake, and the answer of the code under test."""

MAX_MISTAKES: Final = 3
"""Mistakes of a forward function that are tried, where several have the same effect on what it returns."""


@np.errstate(all="ignore")  # a wrong answer may hold numbers of any size
def find_wrong_forward(
    versions: Versions,
    known: Sequence[KnownAnswers],
    results: Sequence[CaseResult],
    run: Run,
    requires: Collection[str],
) -> WrongForward | None:
    """Look whether a backward function is wrong only where the forward function before it is wrong as well.

    Parameters
    ----------
    versions : Versions
        Versions of the backward function's module.
    known : sequence of KnownAnswers
        The cases.
    results : sequence of CaseResult
        The same cases, with the answers of the code under test.
    run : callable
        Runs the code under test.
    requires : collection of str
        The exercises that this one builds on.

    Returns
    -------
    WrongForward or None
        None as well where the exercise has no forward function apart from it, or where something crashes.
    """
    forward = _forward(versions.recipe.name, known, requires)
    if not forward or any(isinstance(one.answer, Crash) for one in results) or not any(one.faults() for one in results):
        return None
    others = versions_of(versions.reference, forward)
    came: dict[int, object] = {}
    for index, one in enumerate(known):
        if output := one.case.objective[0]:
            answer = run(one.case.program, one.case.inputs, (output,))
            if isinstance(answer, Crash):
                return None
            came[index] = answer.values.get(output)
    wrong = [index for index in came if not _agree(known[index], known[index].forward_output(others), came[index])]
    if not wrong or any(results[index].faults() for index in came if index not in wrong):
        return None
    name, backward = (one.recipe.function.rpartition(".")[2] for one in (others, versions))
    paths = tuple(dict.fromkeys(path for one in results for path in one.wrong_paths()))
    most: tuple[str, ...] = ()
    best: tuple[Versions, list[_Pair]] | None = None
    for mistake in _mistakes(others, known, came, wrong[0]):
        behind = versions.behind(forward, mistake)
        pairs = [(behind.answers_to(one.case), result) for one, result in zip(known, results, strict=True)]
        if any(isinstance(one.answer, Crash) for one, _ in pairs):
            continue
        pairs = [(one, result) for one, result in pairs if _is_consistent(one)]
        shown = {path for _, result in pairs for path in result.wrong_paths()}
        right = tuple(
            path for path in paths if path in shown and all(_is_given(path, one, result) for one, result in pairs)
        )
        if len(right) > len(most):
            most, best = right, (behind, pairs)
    if best is None:
        # Nothing is what the right backward function gives behind any of them, so the cache may not be that mistake's.
        return WrongForward(name, backward)
    behind, pairs = best
    compared = tuple(_compared(one, result) for one, result in pairs) if len(most) < len(paths) else ()
    return WrongForward(
        name, backward, most, compared, seeded_runner({versions.recipe.module: behind.right}, restore=False)
    )


def _forward(exercise: str, known: Sequence[KnownAnswers], requires: Collection[str]) -> str:
    """Return the exercise that is the forward function; ``""`` where there is none, or where this one contains it."""
    if not any(one.case.objective[0] for one in known):
        return ""
    if any(one.case.objective[0] in one.case.aspects for one in known):
        return ""
    module = exercise.partition(".")[0]
    found = [name for name in requires if name.partition(".")[0] == module]
    return found[0] if len(found) == 1 else ""


def _mistakes(
    others: Versions, known: Sequence[KnownAnswers], came: Mapping[int, object], first: int
) -> list[Misconception]:
    """List known mistakes of the forward function that give what it has returned, in every case."""
    order = sorted(came, key=lambda index: index != first)  # most mistakes give something else in the first case
    found = [
        mistake
        for mistake in others.recipe.misconceptions
        if all(_agree(known[index], known[index].forward_output(others, mistake), came[index]) for index in order)
    ]
    return found[:MAX_MISTAKES]


def _is_consistent(known: KnownAnswers) -> bool:
    """Whether answers to a case tell anything: where two of the same code have to agree, those of the reference do.

    They do not if the forward function's mistake lets both draw something else.
    """
    return isinstance(known.answer, Ran) and not CaseResult(known.case, known.answer.values, known.answer).faults()


def _is_given(path: str, behind: KnownAnswers, result: CaseResult) -> bool:
    """Whether an output is what the right backward function gives behind a mistake."""
    return CaseResult(result.case, result.expected, result.answer, {"": behind.answer}).is_given_by("", path)


def _compared(behind: KnownAnswers, result: CaseResult) -> CaseResult:
    """Compare what came with what the right backward function gives behind a mistake, and with its known mistakes."""
    assert isinstance(behind.answer, Ran)
    return CaseResult(result.case, behind.answer.values, result.answer, behind.misconceptions, behind.wrong_paths)


def _agree(known: KnownAnswers, other: object, came: object) -> bool:
    return other is not None and came is not None and Equal().agree(other, came, known.case.inputs)
