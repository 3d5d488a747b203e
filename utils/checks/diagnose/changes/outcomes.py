"""Tell what changed code makes of the outputs: which are right, how far the others are off, what explains them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from ...case import Case
from ...compare import as_array
from ...program import Crash
from ...values import value_at, walk
from ..case_result import CaseResult
from ..describe.wrong_output import distinct
from ..evidence import Evidence

MIN_NUMBERS = 3
"""Different numbers that a change has to make right, while it leaves right what is right: fewer may be chance."""


def moves_nothing_else(right: Collection[str], changed: Sequence[CaseResult], results: Sequence[CaseResult]) -> bool:
    """Whether a change moves no output that stays wrong; one that mends what is differentiated may move gradients.

    Where it moves others, an output may have become right by a second mistake that makes up for the first. It may not
    write into an input either.
    """
    if any(set(after.mutated) - set(before.mutated) for before, after in zip(results, changed, strict=True)):
        return False
    objective = results[0].case.objective[0]
    if objective in right:
        return True
    # What comes before the objective moves the objective and its gradients; it has a reason of its own to be right.
    gradients = results[0].case.gradients
    behind = {objective, *gradients} if any(path not in gradients for path in right) else set()
    for before, after in zip(results, changed, strict=True):
        if isinstance(before.answer, Crash) or isinstance(after.answer, Crash):
            continue
        for path in set(wrong_outputs(after)) - set(right) - behind:
            rule = after.case.aspects[path.partition(".")[0]]
            came, comes = (value_at(one.values, path) for one in (before.answer, after.answer))
            if not rule.agree(came, comes, after.case.inputs):
                return False
    return True


def same_outputs(one: CaseResult, other: CaseResult) -> bool:
    """Whether two codes that ran gave the same in a case, as far as it is compared."""
    if isinstance(one.answer, Crash) or isinstance(other.answer, Crash):
        return False
    ours, theirs = one.answer.values, other.answer.values
    return all(rule.agree(ours.get(name), theirs.get(name), one.case.inputs) for name, rule in one.case.aspects.items())


def crash_line(crash: Crash) -> int:
    """The line of the function under test on which a crash came about."""
    return int(crash.call.partition(" ")[0]) if crash.call and crash.function != crash.entered else crash.line


def plainest(results: Sequence[CaseResult]) -> CaseResult | None:
    """Choose the case on which changes are tried first: one of the core in which much is wrong, a small one."""
    return min(results, key=lambda one: (not one.case.is_core, -len(wrong_outputs(one)), one.case.size), default=None)


def wrong_outputs(result: CaseResult) -> tuple[str, ...]:
    """List the wrong outputs; all of them where the code crashed."""
    if isinstance(result.answer, Crash):
        return tuple(path for path, _ in walk({name: result.expected[name] for name in result.case.aspects}))
    return result.wrong_paths()


def all_wrong(results: Sequence[CaseResult]) -> set[str]:
    return {path for one in results for path in wrong_outputs(one)}


def distance(result: CaseResult, paths: Collection[str]) -> float:
    """How far some outputs are from the right ones, in proportion; infinite where shapes differ."""
    assert not isinstance(result.answer, Crash)
    total = 0.0
    for path in paths:
        expected, got = as_array(value_at(result.expected, path)), as_array(value_at(result.answer.values, path))
        if expected is None or got is None or expected.shape != got.shape or expected.dtype.kind not in "fiu":
            return np.inf
        length = float(np.linalg.norm(expected.astype(np.float64)))
        total += float(np.linalg.norm(got.astype(np.float64) - expected)) / length if length else 0.0
    return total if np.isfinite(total) else np.inf


def given_in_all(paths: Sequence[str], results: Sequence[CaseResult]) -> dict[str, str]:
    """Name for each output the misconception that gives it in all cases, where there is a single one."""
    found: dict[str, str] = {}
    evidence = Evidence(results)
    names = dict.fromkeys(name for result in results for name in result.misconceptions)
    for path in paths:
        places = evidence.of(path)
        giving = [name for name in names if places <= evidence.gives(name)]
        fewest = min((len(evidence.shows(name) - evidence.gives(name)) for name in giving), default=0)
        giving = [name for name in giving if len(evidence.shows(name) - evidence.gives(name)) == fewest]
        if len(giving) == 1 and evidence.numbers(places & evidence.wrong) >= MIN_NUMBERS:
            found[path] = giving[0]
    drawn = {place.path for place in evidence.places if place.is_drawn}
    certain = {name for path, name in found.items() if path not in drawn}
    # Draws agree roughly: another output has to agree as well.
    return {path: name for path, name in found.items() if path not in drawn or name in certain}


def count_numbers(path: str, results: Sequence[CaseResult]) -> int:
    """Count the different numbers that are expected where an output is wrong."""
    count = 0
    for result in results:
        array = as_array(value_at(result.expected, path))
        if path in wrong_outputs(result) and array is not None:
            count += max(1, distinct(array.astype(np.float64)))
    return count


def has_images(results: Sequence[CaseResult]) -> bool:
    """Whether the outputs of an exercise have four axes."""
    outputs = (value for one in results for _, value in walk(one.expected))
    return any(isinstance(value, np.ndarray) and value.ndim == 4 for value in outputs)


def known_words(results: Sequence[CaseResult]) -> list[str]:
    """List the keys and the choices of the cases' inputs, as ``"mode"`` and ``"train"``."""
    return list(dict.fromkeys(word for one in results for word in _words_of(one.case)))


def _words_of(case: Case) -> Iterator[str]:
    for path, value in walk(case.inputs):
        yield from path.split(".")[1:]
        if isinstance(value, str):
            yield value
