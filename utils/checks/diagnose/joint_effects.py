"""Tell whether the effects of two misconceptions add up, or multiply, to what the code under test gave.

The search for pairs asks this some thousand times for one wrong answer, and nearly always the answer is no. So most
pairs are ruled out by a single entry of the output, before whole arrays are computed and compared.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from ..compare import Array, Equal, as_array, both_vanish
from ..program import Crash
from .evidence import Evidence

_COARSEST: Final = 0.05
"""More than any relative tolerance of `compare.tolerance.rtol`, that of float16 included."""


class _Entry(NamedTuple):
    """The entry of an output in which what came differs most from what is expected.

    Attributes
    ----------
    position : int
        Its index in the flat array.
    expected, got : float
    slack : float
        By how much a number may differ from `got` at most, so that its array may agree with the array that came.
    """

    position: int
    expected: float
    got: float
    slack: float


class JointEffects:
    """The joint effects of pairs of misconceptions, at the places of one wrong answer.

    Parameters
    ----------
    evidence : Evidence
    """

    def __init__(self, evidence: Evidence) -> None:
        self._places = evidence.places
        self.give = cache(self._give)
        self._entry = cache(self._find_entry)
        self._given = cache(self._find_given)
        self._expected = cache(self._find_expected)

    def _give(self, index: int, one: str, other: str) -> bool:
        """Whether the effects of two misconceptions add up, or multiply, to what came at the place with this index."""
        place = self._places[index]
        answers = place.result.misconceptions
        if isinstance(answers[one], Crash) or isinstance(answers[other], Crash):
            return False
        expected, first, second = self._expected(index), self._given(index, one), self._given(index, other)
        if expected is None or first is None or second is None or not expected.shape == first.shape == second.shape:
            return False
        entry = self._entry(index)
        if entry and not _may_agree(entry, float(first.flat[entry.position]), float(second.flat[entry.position])):
            return False
        return any(map(place.agrees, _combinations(expected, first, second)))

    def _find_given(self, index: int, name: str) -> Array | None:
        return as_array(self._places[index].given_by(name))

    def _find_expected(self, index: int) -> Array | None:
        return as_array(self._places[index].expected)

    def _find_entry(self, index: int) -> _Entry | None:
        """Return the telling entry of a place; None where a single entry cannot rule anything out."""
        place = self._places[index]
        rule = place.result.case.aspects[place.path.partition(".")[0]]
        if type(rule) is not Equal or rule.scale:
            return None
        expected, got = as_array(place.expected), as_array(place.got)
        if expected is None or got is None or expected.shape != got.shape or not got.size:
            return None
        if not (np.isfinite(expected).all() and np.isfinite(got).all()):
            return None
        if both_vanish(expected, got, got):  # it agrees with whatever else is that small
            return None
        at = int(np.argmax(np.abs(np.subtract(got, expected, dtype=np.float64))))
        slack = _COARSEST * float(np.max(np.abs(got)))
        return _Entry(at, float(expected.flat[at]), float(got.flat[at]), slack)


def _may_agree(entry: _Entry, one: float, other: float) -> bool:
    """Whether the sum or the product of two effects is near what came in one entry."""
    product = one * other / entry.expected if entry.expected else 0.0
    joint = one + other - entry.expected, product
    # A number that is not finite rules nothing out.
    return any(not math.isfinite(number) or abs(number - entry.got) <= entry.slack for number in joint)


def _combinations(expected: Array, one: Array, other: Array) -> list[Array]:
    """Return what two wrong answers come to when their effects add up, and when they multiply."""
    with np.errstate(all="ignore"):
        product = np.where(expected == 0, 0, one * other / np.where(expected == 0, 1, expected))
    if expected.size > 1 and _are_parallel(one - expected, other - expected):
        return [product]  # where both only scale something, any third number of it is a sum of theirs
    return [one + other - expected, product]


def _are_parallel(one: Array, other: Array) -> bool:
    """Whether one array is a number times the other."""
    first, second = one.ravel(), other.ravel()
    with np.errstate(all="ignore"):
        lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
        return abs(float(first @ second)) >= (1 - 1e-9) * lengths
