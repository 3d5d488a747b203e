"""Recognise two misconceptions in one output.

Alone, neither gives the answer in every case. Together they do when each case shows one of them or, where a case shows
both, when their effects add up or multiply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..compare import Array, Rule, as_array
from ..program import Crash
from ..values import value_at
from .case_result import CaseResult

MAX_MISCONCEPTIONS = 60  # the pairs are the square of it, and a check should answer within a second


@dataclass(frozen=True)
class _OutputOfCase:
    """One output in one case, and what each misconception that shows in it gives."""

    rule: Rule
    expected: object
    got: object
    misconceptions: Mapping[str, object]
    inputs: Mapping[str, object]

    def is_explained_by(self, one: str, other: str) -> bool | None:
        """Whether a pair gives what came; None where both show and their joint effect is not known."""
        shown = [name for name in (one, other) if name in self.misconceptions]
        if len(shown) < 2:  # the other one gives the right answer here
            return self._agrees(self.misconceptions[shown[0]] if shown else self.expected)
        values = (self.expected, self.misconceptions[one], self.misconceptions[other])
        joint = _joint_effects(*map(as_array, values))
        return True if any(map(self._agrees, joint)) else None

    def _agrees(self, value: object) -> bool:
        return self.rule.agree(value, self.got, self.inputs)


def find_pair(path: str, results: Sequence[CaseResult], names: Sequence[str]) -> tuple[str, ...]:
    """Find the two misconceptions that together give an output in every case.

    Parameters
    ----------
    path : str
        The output, as ``"dx"`` or ``"grads.W1"``.
    results : sequence of CaseResult
        All cases.
    names : sequence of str
        The misconceptions, most telling first.

    Returns
    -------
    tuple of str
        Both, or nothing where no pair does or several do.
    """
    outputs = list(_outputs(path, results))
    visible = [name for name in names if any(name in output.misconceptions for output in outputs)]
    certain: list[tuple[str, str]] = []
    likely: list[tuple[str, str]] = []
    # A pair that one case rules out is dropped at once: there are up to 1,770 pairs, and each comparison costs.
    for one, other in combinations(visible[:MAX_MISCONCEPTIONS], 2):
        explained = []
        for output in outputs:
            explained.append(output.is_explained_by(one, other))
            if explained[-1] is False:
                break
        if False in explained:
            continue
        if None not in explained:
            certain.append((one, other))
        elif _each_shows_alone(one, other, outputs):
            likely.append((one, other))
    found = certain or likely
    # Several pairs that fit are no knowledge: naming one of them would be guessing.
    return found[0] if len(found) == 1 else ()


def _each_shows_alone(one: str, other: str, outputs: Sequence[_OutputOfCase]) -> bool:
    """Whether some case shows the first without the second, and some case the second without the first."""
    return all(
        any(here in output.misconceptions and there not in output.misconceptions for output in outputs)
        for here, there in ((one, other), (other, one))
    )


def _outputs(path: str, results: Sequence[CaseResult]) -> Iterator[_OutputOfCase]:
    for result in results:
        rule = result.case.aspects.get(path.partition(".")[0])
        expected = value_at(result.expected, path)
        if rule is None or expected is None or isinstance(result.answer, Crash):
            continue
        given = {
            name: value_at(answer.values, path)
            for name, answer in result.misconceptions.items()
            if not isinstance(answer, Crash)
        }
        inputs = result.case.inputs
        wrong = {name: value for name, value in given.items() if not rule.agree(value, expected, inputs)}
        yield _OutputOfCase(rule, expected, value_at(result.answer.values, path), wrong, inputs)


def _joint_effects(expected: Array | None, one: Array | None, other: Array | None) -> list[Array]:
    """Return what two wrong answers come to when their effects add up, and when they multiply."""
    if expected is None or one is None or other is None or not expected.shape == one.shape == other.shape:
        return []
    with np.errstate(all="ignore"):
        product = np.where(expected == 0, 0, one * other / np.where(expected == 0, 1, expected))
        return [one + other - expected, product]
