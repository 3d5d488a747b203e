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
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations_with_replacement

import numpy as np

from ..case import Case
from ..compare import Array, as_array, close
from ..program import Crash, Run
from ..values import value_at, walk, with_value_at
from .derivative import is_derivative, objective, with_program

MAX_PLACES = 8  # so many numbers of an input are changed, each by itself, the largest first


class Extent(IntEnum):
    """How much of an array changes."""

    NONE = 0
    ONE = 1
    SOME = 2
    ALL = 3


@dataclass(frozen=True)
class FollowThrough:
    """What the right derivative of a wrong forward pass earns.

    Attributes
    ----------
    share : float
        Of an output's points, 0 to 1.
    reference : callable
        ``reference(program, inputs, fetch)`` runs the right answer, as `run` does the code under test.
    """

    share: float
    reference: Run

    def is_earned(self, path: str, wrong: Sequence[tuple[Case, object]], run: Run) -> bool:
        """Whether a wrong gradient is the derivative of a forward pass that is an attempt.

        Parameters
        ----------
        path : str
            The gradient, as ``"dx"`` or ``"grads.W1"``.
        wrong : sequence of (Case, object)
            The cases in which it is wrong, and what it is there. It has to be the derivative in all of them in which
            that can be decided, and in one at least; at a kink and in float32 it cannot.
        run : callable
            Runs the code under test.

        Returns
        -------
        bool
        """
        if not self.share:
            return False
        confirmed = []
        for case, got in wrong:
            verdict = is_derivative(case, path, got, with_program(run, case))
            if verdict is False:
                return False
            if verdict:
                confirmed.append(case)
        return bool(confirmed) and is_attempt(max(confirmed, key=lambda case: case.size), path, run, self.reference)

    @property
    def in_words(self) -> str:
        """The share as people say it: ``"half"``, ``"25 %"``."""
        return "half" if self.share == 0.5 else "all" if self.share == 1 else f"{self.share:.0%}".replace("%", " %")


def is_attempt(case: Case, path: str, run: Run, reference: Run) -> bool:
    """Whether a forward pass and its gradient depend on the inputs as the right ones do; see the head of this file.

    Parameters
    ----------
    case : Case
    path : str
        The gradient.
    run, reference : callable
        Run the code under test, and the right answer.

    Returns
    -------
    bool
    """
    output = case.objective[0]
    given, right = (_Dependence(case, (output, path), one) for one in (run, reference))
    if not all(_same_kind(given.base.get(one), right.base.get(one)) for one in (output, path)):
        return False
    if close(right.base[output], given.base[output], case.inputs).all():
        return False  # what differs from the derivative of a right forward pass is wrong, even if it is nearly one
    for source, value in _float_arrays(case.inputs):
        if _is_multiple(given.base[path], value) and not _is_multiple(right.base[path], value):
            return False
        given_changes, right_changes = given.changes(source, value), right.changes(source, value)
        if given_changes[output] != right_changes[output] or (right_changes[path] and not given_changes[path]):
            return False
    interactions = _interactions(case, run)
    return interactions is not None and (_interactions(case, reference) or set()) <= interactions


def _interactions(case: Case, run: Run) -> set[tuple[str, str]] | None:
    """Find the pairs of inputs of which one changes the derivative in the other; None where nothing can be run.

    Found by second differences of the objective. A forward pass that is linear in an input has no pair of that input
    with itself.
    """

    def at(*sources: str) -> float | None:
        inputs: Mapping[str, object] = case.inputs
        for source in sources:
            inputs = with_value_at(inputs, source, values[source] + sources.count(source) * steps[source])
        return objective(case, inputs, with_program(run, case))

    values = dict(_float_arrays(case.inputs))
    steps = {source: _redrawn(value) - value.mean() for source, value in values.items()}
    here, single = at(), {source: at(source) for source in values}
    found = set()
    for one, other in combinations_with_replacement(values, 2):
        terms = at(one, other), single[one], single[other], here
        if any(term is None for term in terms):
            return None
        both, first, second, base = (float(term) for term in terms if term is not None)
        if abs(both - first - second + base) > 1e-6 * max(map(abs, (both, first, second, base))):
            found.add((one, other))
    return found


class _Dependence:
    """What changes in some outputs when an input is changed.

    Attributes
    ----------
    base : dict of str to ndarray
        The outputs for the case's own inputs; empty where they cannot be had.
    """

    def __init__(self, case: Case, paths: Sequence[str], run: Run) -> None:
        self._case, self._paths, self._run = case, paths, run
        self.base = self._values(case.inputs) or {}

    def changes(self, source: str, value: Array) -> dict[str, Extent]:
        """Say how much of each output changes with one number of an input, at the place where it is most."""
        most = dict.fromkeys(self.base, Extent.NONE)
        for place in np.argsort(-np.abs(value), axis=None, kind="stable")[:MAX_PLACES]:
            values = self._values(with_value_at(self._case.inputs, source, _with_sign_flipped(value, int(place)))) or {}
            for path in values:
                most[path] = max(most[path], _extent(self.base[path], values[path]))
            if all(extent == Extent.ALL for extent in most.values()):
                break  # at the other places it cannot be more
        return most

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
