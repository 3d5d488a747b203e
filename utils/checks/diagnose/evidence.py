"""Compare known misconceptions with what the code under test gave: output by output, case by case.

An output of one case is a *place*. A misconception *shows* at a place where it makes the output wrong, and it *gives*
what came there when its answer is the very answer of the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from ..case import Case
from ..compare import Array, as_array, both_vanish
from ..program import Answer, Crash
from ..values import value_at, walk
from .case_result import CaseResult
from .crash_kind import same_kind

Together = Callable[[str, str, Case], "Answer | None"]
"""``together(one, other, case)``: the answer of code with both misconceptions; None where it is not known."""

Places = frozenset[int]
NOISE = 1e-12  # what rounding leaves of numbers that cancel is smaller


class Place(NamedTuple):
    """One output of one case.

    Attributes
    ----------
    result : CaseResult
    path : str
        The output, as ``"dx"`` or ``"grads.W1"``.
    wrong : bool
        Whether the code under test gave a wrong value there.
    """

    result: CaseResult
    path: str
    wrong: bool

    @property
    def got(self) -> object:
        """What the code under test gave; None where it gave nothing."""
        return None if isinstance(self.result.answer, Crash) else value_at(self.result.answer.values, self.path)

    @property
    def expected(self) -> object:
        """The right value."""
        return value_at(self.result.expected, self.path)

    def given_by(self, name: str) -> object:
        """Return what a misconception that shows in this case gives here; None where it crashes."""
        answer = self.result.misconceptions[name]
        return None if isinstance(answer, Crash) else value_at(answer.values, self.path)

    def agrees(self, value: object) -> bool:
        """Whether a value is what came; where NaN came, any NaN or infinity is. Where it crashed, no value is."""
        if self.crashed:
            return False
        rule = self.result.case.aspects[self.path.partition(".")[0]]
        if rule.agree(value, self.got, self.result.case.inputs) or both_vanish(self.expected, value, self.got):
            return True
        got = as_array(self.got)
        if got is None or np.isfinite(got).all():
            return False
        array = as_array(value)
        return array is not None and array.shape == got.shape and not np.isfinite(array).all()

    @property
    def is_drawn(self) -> bool:
        """Whether the right value is a random draw, which is compared by its distribution."""
        return self.result.case.aspects[self.path.partition(".")[0]].is_drawn(self.expected)

    @property
    def crashed(self) -> bool:
        """Whether the code under test crashed in this case."""
        return isinstance(self.result.answer, Crash)


class Evidence:
    """At which places each misconception shows, and at which it gives what came.

    Parameters
    ----------
    results : sequence of CaseResult
        All cases. Where the code under test crashed, all outputs are wrong, and a misconception gives what came if it
        crashes for the same reason.

    Attributes
    ----------
    places : list of Place
        The smallest case first.
    wrong : frozenset of int
        The indices of those places at which the answer is wrong.
    """

    def __init__(self, results: Sequence[CaseResult]) -> None:
        by_size = sorted(results, key=lambda result: result.case.size)
        self.places = [place for result in by_size for place in _places(result)]
        self.wrong: Places = frozenset(index for index, place in enumerate(self.places) if place.wrong)
        self.shows = cache(self._shows)
        self.gives = cache(self._gives)
        self.left_out = cache(self._left_out)

    @cached_property
    def crashes(self) -> Places:
        """The places of cases in which the code under test crashed."""
        return frozenset(index for index, place in enumerate(self.places) if place.crashed)

    @cached_property
    def crashes_at_the_edges(self) -> Places:
        """Those of them that are outside of the core."""
        return self.crashes & self.edges

    @cached_property
    def edges(self) -> Places:
        """The places of cases outside of the core."""
        return frozenset(index for index, place in enumerate(self.places) if not place.result.case.is_core)

    @cached_property
    def missing(self) -> Places:
        """The places of cases that ran at which nothing came, such as an entry that a dict lacks."""
        due = (index for index, place in enumerate(self.places) if place.expected is not None and not place.crashed)
        return frozenset(index for index in due if self.places[index].got is None)

    @cached_property
    def draws(self) -> Places:
        """The places of the core at which draws of the right shape came, which are compared by their distribution."""
        drawn = (index for index, place in enumerate(self.places) if place.is_drawn and not place.crashed)
        return frozenset(index for index in drawn if _is_of_right_shape(self.places[index])) - self.edges

    @cached_property
    def misshapen_draws(self) -> Places:
        """The places of the core at which an array of another shape came where a draw is due."""
        drawn = (index for index, place in enumerate(self.places) if place.is_drawn and as_array(place.got) is not None)
        return frozenset(drawn) - self.draws - self.edges

    def misshapen_alike(self, name: str) -> Places:
        """Return the places at which an array of a wrong shape came, the one that a misconception gives."""
        return frozenset(
            index
            for index in self.shows(name) & self.wrong - self.crashes
            if _shape(self.places[index].expected)
            != _shape(self.places[index].got)
            == _shape(self.places[index].given_by(name))
            != ()
        )

    def beside(self, places: Places) -> Places:
        """Return the places of the same dicts in the same cases, those given included."""
        dicts = {(id(place.result), _dict(place)) for place in map(self.places.__getitem__, places)}
        return frozenset(index for index, place in enumerate(self.places) if (id(place.result), _dict(place)) in dicts)

    def of(self, path: str) -> Places:
        """Return the places of one output."""
        return frozenset(index for index, place in enumerate(self.places) if place.path == path)

    def _shows(self, name: str) -> Places:
        """Return the places at which a misconception makes the output wrong."""
        faults: dict[int, tuple[str, ...] | None] = {}
        for result in {id(place.result): place.result for place in self.places}.values():
            faults[id(result)] = result.wrong_in(name)
        return frozenset(
            index for index, place in enumerate(self.places) if _is_among(place.path, faults[id(place.result)])
        )

    def _gives(self, name: str) -> Places:
        """Return the places at which a misconception gives what came, right places included."""
        shows = self.shows(name)
        told = (index for index in shows & self.wrong if self._is_given(index, name))
        right = (index for index in range(len(self.places)) if index not in self.wrong and index not in shows)
        return frozenset((*told, *right))

    def _left_out(self, name: str) -> Places:
        """Return the places at which a misconception gives nothing where something is due; a crash leaves out none."""
        shown = (index for index in self.shows(name) if self.places[index].expected is not None)
        ran = (index for index in shown if not isinstance(self.places[index].result.misconceptions[name], Crash))
        return frozenset(index for index in ran if self.places[index].given_by(name) is None)

    def _is_given(self, index: int, name: str) -> bool:
        place = self.places[index]
        given, came = place.result.misconceptions[name], place.result.answer
        if isinstance(given, Crash) or isinstance(came, Crash):
            return isinstance(given, Crash) and isinstance(came, Crash) and same_kind(came, given)
        return place.agrees(place.given_by(name)) and place.result.is_missing_alike(given.values, place.path)

    def only_zeros(self, places: Places) -> bool:
        """Whether nothing but zeros came at some places, which many mistakes give."""
        return bool(places) and all(_is_zero(self.places[index]) for index in places)

    def explained(self, name: str, within: Places) -> Places:
        """Return the wrong places that a misconception explains exactly."""
        return self.gives(name) & self.wrong & within

    def numbers(self, places: Places) -> int:
        """Count the different wrong numbers at some places: each might have shown that an explanation is untrue.

        An array with NaN says nothing, because many mistakes give it; neither does a crash.
        """
        return sum(_wrong_numbers(self.places[index]) for index in places)


def _is_zero(place: Place) -> bool:
    got = as_array(place.got)
    if got is None:
        return False
    if not _without_noise(got).any():
        return True
    # What a rule cannot tell from 0 is none: where large numbers cancel, the rest of them is rounding.
    rule = place.result.case.aspects[place.path.partition(".")[0]]
    zeros = np.zeros_like(got)
    return not place.is_drawn and got.ndim > 0 and rule.agree(zeros, got, place.result.case.inputs)


def _without_noise(array: Array) -> Array:
    """Set to 0 what rounding leaves of numbers that cancel: it says as little as a 0 does."""
    return np.where(np.abs(array) < NOISE, 0, array)


def _shape(value: object) -> tuple[int, ...]:
    array = as_array(value)
    return () if array is None else array.shape


def _is_of_right_shape(place: Place) -> bool:
    expected, got = as_array(place.expected), as_array(place.got)
    return got is not None and (expected is None or expected.shape == got.shape)


def _dict(place: Place) -> str:
    return place.path.rpartition(".")[0]


def _places(result: CaseResult) -> Iterator[Place]:
    faulty = result.wrong_paths()
    crashed = isinstance(result.answer, Crash)
    for path in faulty:
        if path.partition(".")[0] in result.case.aspects:
            yield Place(result, path, wrong=True)
    for path, _ in walk({name: result.expected[name] for name in result.case.aspects}):
        if not _is_among(path, faulty):
            yield Place(result, path, wrong=crashed)


def _is_among(path: str, faults: Sequence[str] | None) -> bool:
    """Whether an output, or a part of it, or what it is a part of, is among some outputs (None: all)."""
    return faults is None or any(
        path == fault or path.startswith(f"{fault}.") or fault.startswith(f"{path}.") for fault in faults
    )


def _wrong_numbers(place: Place) -> int:
    expected, got = as_array(place.expected), as_array(place.got)
    if place.crashed:
        return 0
    if expected is None or got is None:
        return 1
    if np.isfinite(expected).all() and not np.isfinite(got).all():
        return 0
    if expected.shape == got.shape:
        got = got[~np.isclose(expected, got, equal_nan=True)]
    return len(np.unique(_without_noise(got[np.isfinite(got)])))
