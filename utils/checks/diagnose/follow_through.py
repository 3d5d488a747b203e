"""Follow-through: when the right derivative of a wrong forward pass earns a part of its points.

It does where the forward pass is an *attempt* at the right one: its output has the right shape and dtype, one number of
an input changes as much of it (nothing, one entry, some, all) as of the right output, and its derivative depends on
each input that the right one depends on. Where the output is right, it is the gradient that is wrong.

So a constant, an identity or a plain sum earns nothing, however right its derivative is: what such a forward pass
leaves out is what makes the derivative worth points. A gradient that is a number times an input earns nothing either,
unless the right one is that, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import combinations_with_replacement
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ..case import Case
from ..compare import Array, as_array, close
from ..program import Crash, Run
from ..values import value_at, walk, with_value_at
from .derivative import confirmed_derivatives, objective, with_program

MAX_PLACES = 8  # so many numbers of an input are changed, each by itself, the largest first


class Extent(IntEnum):
    """How much of an array changes."""

    NONE = 0
    ONE = 1
    SOME = 2
    ALL = 3


class Gradients(NamedTuple):
    """The gradients that an answer to a case gave, by path: those that are wrong, and those that are right."""

    case: Case
    wrong: Mapping[str, object]
    right: Mapping[str, object]


@dataclass(frozen=True)
class FollowThrough:
    """What the right derivative of a wrong forward pass earns.

    Attributes
    ----------
    share : float
        Of an output's points, 0 to 1.
    reference : callable
        ``reference(program, inputs, fetch)`` runs the right answer, as `run` does the code under test.
    known : dict
        How the right answer depends on the inputs, by the identity of the case and the gradient, with the case. Whoever
        judges many answers to the same cases keeps it between them.
    """

    share: float
    reference: Run
    known: dict[tuple[int, str], tuple[Case, Dependence]] = field(default_factory=dict, compare=False)

    def is_earned(self, answers: Sequence[Gradients], run: Run) -> bool:
        """Whether the wrong gradients of an output are derivatives of a forward pass that is an attempt.

        Parameters
        ----------
        answers : sequence of Gradients
            Those of the output, in each case in which one of them is wrong. All of them have to be derivatives wherever
            that can be decided, and each wrong one in one case at least; at a kink and in float32 it cannot. An entry
            that is right although the forward pass is wrong may not be what follows from it: then the output as a
            whole is not its derivative.
        run : callable
            Runs the code under test.

        Returns
        -------
        bool
        """
        if not self.share:
            return False
        confirmed: dict[str, list[Case]] = {path: [] for answer in answers for path in answer.wrong}
        for answer in answers:
            given = {**answer.wrong, **answer.right}
            found = confirmed_derivatives(answer.case, given, with_program(run, answer.case))
            if found is None:
                return False
            for path in found & answer.wrong.keys():
                confirmed[path].append(answer.case)
        return all(confirmed.values()) and all(
            is_attempt(case, path, run, self._right(case, path))
            for path, cases in confirmed.items()
            for case in [max(cases, key=lambda case: case.size)]
        )

    def _right(self, case: Case, path: str) -> Dependence:
        key = id(case), path
        if key not in self.known:
            self.known[key] = case, Dependence.of(case, path, self.reference)
        return self.known[key][1]

    @property
    def in_words(self) -> str:
        """The share as people say it: ``"half"``, ``"25 %"``."""
        return "half" if self.share == 0.5 else "all" if self.share == 1 else f"{self.share:.0%}".replace("%", " %")


def is_attempt(case: Case, path: str, run: Run, right: Dependence) -> bool:
    """Whether a forward pass and its gradient depend on the inputs as the right ones do; see the head of this file.

    Parameters
    ----------
    case : Case
    path : str
        The gradient.
    run : callable
        Runs the code under test.
    right : Dependence
        What is known of the right answer.

    Returns
    -------
    bool
    """
    output = case.objective[0]
    probe = _Probe(case, path, run)
    given = probe.base
    if not all(_same_kind(given.get(one), right.base.get(one)) for one in (output, path)):
        return False
    if close(right.base[output], given[output], case.inputs).all():
        return False  # what differs from the derivative of a right forward pass is wrong, even if it is nearly one
    for source, value in _float_arrays(case.inputs):
        if _is_multiple(given[path], value) and not _is_multiple(right.base[path], value):
            return False
        changes, right_changes = probe.changes(source, value, {path: Extent.ONE}), right.changes[source]
        if changes[output] != right_changes[output] or (right_changes[path] and not changes[path]):
            return False
    return all(probe.interact(*pair) for pair in right.interactions)


@dataclass(frozen=True)
class Dependence:
    """How an answer depends on the inputs of a case.

    Attributes
    ----------
    base : dict of str to ndarray
        The output that is differentiated, and the gradient; empty where they cannot be had.
    changes : dict
        For each array among the inputs, how much of each of them changes with one of its numbers.
    interactions : sequence of (str, str)
        The pairs of inputs of which one changes the derivative in the other.
    """

    base: dict[str, Array]
    changes: dict[str, dict[str, Extent]]
    interactions: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, case: Case, path: str, run: Run) -> Dependence:
        """Find out how an answer depends on the inputs."""
        probe = _Probe(case, path, run)
        sources = dict(_float_arrays(case.inputs))
        changes = {source: probe.changes(source, value) for source, value in sources.items()}
        pairs = [pair for pair in combinations_with_replacement(sources, 2) if probe.interact(*pair)]
        return cls(probe.base, changes, pairs)


class _Probe:
    """Runs an answer with inputs that are changed a little.

    Attributes
    ----------
    base : dict of str to ndarray
        As in `Dependence`.
    """

    def __init__(self, case: Case, path: str, run: Run) -> None:
        self._case, self._paths, self._run = case, (case.objective[0], path), run
        self._objectives: dict[tuple[str, ...], float | None] = {}
        self.base = self._values(case.inputs) or {}

    def changes(
        self, source: str, value: Array, enough: Mapping[str, Extent] = MappingProxyType({})
    ) -> dict[str, Extent]:
        """Say how much of each output changes with one number of an input, at the place where it is most.

        More is not looked for where all change as much as in `enough`, by default in all entries.
        """
        most = dict.fromkeys(self.base, Extent.NONE)
        for place in np.argsort(-np.abs(value), axis=None, kind="stable")[:MAX_PLACES]:
            values = self._values(with_value_at(self._case.inputs, source, _with_sign_flipped(value, int(place)))) or {}
            for path in values:
                most[path] = max(most[path], _extent(self.base[path], values[path]))
            if all(extent >= enough.get(path, Extent.ALL) for path, extent in most.items()):
                break
        return most

    def interact(self, one: str, other: str) -> bool:
        """Whether one input changes the derivative in another, or that in itself; False where nothing can be run.

        Found by second differences of the objective. A forward pass that is linear in an input does not change the
        derivative in that input with it.
        """
        terms = self._moved(one, other), self._moved(one), self._moved(other), self._moved()
        if any(term is None for term in terms):
            return False
        both, first, second, here = (float(term) for term in terms if term is not None)
        return abs(both - first - second + here) > 1e-6 * max(map(abs, (both, first, second, here)))

    def _moved(self, *sources: str) -> float | None:
        """Return the objective where some inputs are moved, one of them twice if it is named twice."""
        if sources not in self._objectives:
            inputs: Mapping[str, object] = self._case.inputs
            for source in set(sources):
                value = np.asarray(value_at(inputs, source))
                step = _redrawn(value) - value.mean()
                inputs = with_value_at(inputs, source, value + sources.count(source) * step)
            self._objectives[sources] = objective(self._case, inputs, with_program(self._run, self._case))
        return self._objectives[sources]

    def _values(self, inputs: Mapping[str, object]) -> dict[str, Array] | None:
        answer = self._run(self._case.program, inputs, tuple(path.partition(".")[0] for path in self._paths))
        if isinstance(answer, Crash):
            return None
        found = {}
        for path in self._paths:
            value = as_array(value_at(answer.values, path))
            if value is None or not np.isfinite(value).all():
                return None
            found[path] = value
        return found


def _extent(before: Array, after: Array) -> Extent:
    if before.shape != after.shape:
        return Extent.ALL
    changed = int((~close(before, after)).sum())
    if not changed:
        return Extent.NONE
    if changed == before.size:
        return Extent.ALL
    return Extent.ONE if changed == 1 else Extent.SOME


def _float_arrays(inputs: Mapping[str, object]) -> Iterator[tuple[str, Array]]:
    """Yield the float64 arrays among the inputs, with their paths."""
    for path, value in walk(inputs):
        if isinstance(value, np.ndarray) and value.dtype == np.float64 and value.size:
            yield path, value


def _redrawn(value: Array) -> Array:
    """Draw other numbers of the same mean and spread, the same ones each time."""
    spread = float(value.std()) or 1.0
    return np.asarray(value.mean() + spread * np.random.default_rng(0).standard_normal(value.shape))


def _with_sign_flipped(value: Array, place: int) -> Array:
    """Flip the sign of one entry: that takes it across a kink, and a large one out of a maximum."""
    other = value.copy()
    other.flat[place] = -other.flat[place] or 1.0
    return other


def _is_multiple(gradient: Array, value: Array) -> bool:
    """Whether one array is a number times the other, both of several entries."""
    if gradient.size != value.size or value.size < 2:
        return False
    one, other = gradient.ravel(), value.ravel()
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return abs(float(one @ other)) >= (1 - 1e-12) * lengths


def _same_kind(one: Array | None, other: Array | None) -> bool:
    """Whether both are arrays, of one shape and dtype."""
    return one is not None and other is not None and one.shape == other.shape and one.dtype == other.dtype
