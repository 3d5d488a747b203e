"""Follow-through: when the right derivative of a wrong forward pass earns a part of its points.

It does where the forward pass is an attempt at the right one: its output has the right shape and dtype, one number of
an input touches as much of it (nothing, one place, some, all) as of the right output, and its derivative depends on
each input that the right one depends on. Where the output is right, it is the gradient that is wrong. So a constant, an
identity or a plain sum earns nothing, however right its derivative is: what it leaves out is what makes the derivative
worth points. A gradient that is a number times an input earns nothing either, unless the right one is that, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from .case import Case, value_at
from .program import Crash, Ran
from .rules import Array, as_array, close
from .slope import derivative, moved, objective

NONE, ONE, SOME, ALL = range(4)  # how much of an array changes
PLACES = 8  # so many numbers of an input are changed, each by itself, the largest first

Run = Callable[[str, Mapping[str, object], Sequence[str]], Ran | Crash]


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

    def earned(self, path: str, wrong: Sequence[tuple[Case, object]], run: Run) -> bool:
        """Whether a wrong gradient is the right one of a forward pass that was an attempt.

        Parameters
        ----------
        path : str
            The gradient, as ``"dx"`` or ``"grads.W1"``.
        wrong : sequence of (Case, object)
            The cases in which it is wrong, and what it is there. It is the derivative in all of them in which that
            can be told, and in one at least; at a kink and in float32 it cannot.
        run : callable
            Runs the code under test.

        Returns
        -------
        bool
        """
        if not self.share:
            return False
        verdicts = []
        for case, got in wrong:
            verdict = derivative(
                case, path, got, lambda inputs, fetch, program=case.program: run(program, inputs, fetch)
            )
            if verdict is False:
                return False
            verdicts.append(verdict)
        seen = [case for (case, _), verdict in zip(wrong, verdicts, strict=True) if verdict]
        return bool(seen) and is_attempt(max(seen, key=lambda case: case.entries), path, run, self.reference)

    @property
    def words(self) -> str:
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
    ours, right = (_Dependence(case, (output, path), how) for how in (run, reference))
    if not _alike(ours.base.get(output), right.base.get(output)) or not _alike(ours.base.get(path), right.base[path]):
        return False
    if close(right.base[output], ours.base[output], case.inputs).all():
        return False  # of a right forward pass, a derivative that is not the right one is only nearly a derivative
    gradient, wanted = ours.base[path], right.base[path]
    for where, value in _arrays(case.inputs):
        if _is_multiple(gradient, value) and not _is_multiple(wanted, value):
            return False
        ours_touched, right_touched = ours.touched(where, value), right.touched(where, value)
        if ours_touched[output] != right_touched[output] or (right_touched[path] and not ours_touched[path]):
            return False
    bends = _bends(case, run)
    return bends is not None and (_bends(case, reference) or set()) <= bends


def _bends(case: Case, run: Run) -> set[tuple[str, str]] | None:
    """The pairs of inputs of which one changes the derivative in the other; None where nothing can be run.

    By second differences of the objective. A forward pass that is linear in an input has no pair of it with itself.
    """

    def at(*names: str) -> float | None:
        inputs: Mapping[str, object] = case.inputs
        for name in names:
            inputs = moved(inputs, name.split("."), values[name] + names.count(name) * steps[name])
        return objective(case, inputs, lambda inputs, fetch: run(case.program, inputs, fetch))

    values = {".".join(where): value for where, value in _arrays(case.inputs)}
    steps = {name: _fresh(value) - value.mean() for name, value in values.items()}
    here, once = at(), {name: at(name) for name in values}
    found = set()
    for one, other in combinations_with_replacement(values, 2):
        terms = at(one, other), once[one], once[other], here
        if any(term is None for term in terms):
            return None
        both, first, second, base = (float(term) for term in terms if term is not None)
        if abs(both - first - second + base) > 1e-6 * max(map(abs, (both, first, second, base))):
            found.add((one, other))
    return found


class _Dependence:
    """What changes in some outputs when an input is changed."""

    def __init__(self, case: Case, paths: Sequence[str], run: Run) -> None:
        self.case, self.paths, self.run = case, paths, run
        self.base = self._values(case.inputs) or {}

    def touched(self, where: list[str], value: Array) -> dict[str, int]:
        """How much of each output changes with one number of an input, in the place where most does: see `_extent`."""
        most = dict.fromkeys(self.base, NONE)
        for place in np.argsort(-np.abs(value), axis=None, kind="stable")[:PLACES]:
            values = self._values(moved(self.case.inputs, where, _flipped(value, int(place)))) or {}
            for path in values:
                most[path] = max(most[path], _extent(self.base[path], values[path]))
        return most

    def _values(self, inputs: Mapping[str, object]) -> dict[str, Array] | None:
        answer = self.run(self.case.program, inputs, tuple(path.split(".")[0] for path in self.paths))
        if isinstance(answer, Crash):
            return None
        values = {path: as_array(value_at(answer.values, path)) for path in self.paths}
        if any(value is None or not np.isfinite(value).all() for value in values.values()):
            return None
        return values  # type: ignore[return-value]


def _extent(before: Array, after: Array) -> int:
    """How much of an array changed."""
    if before.shape != after.shape:
        return ALL
    changed = int((~close(before, after)).sum())
    return NONE if not changed else ALL if changed == before.size else ONE if changed == 1 else SOME


def _arrays(inputs: Mapping[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[list[str], Array]]:
    """The float64 arrays among the inputs, those in dicts as well."""
    for name, value in inputs.items():
        if isinstance(value, Mapping):
            yield from _arrays(value, (*above, name))
        elif isinstance(value, np.ndarray) and value.dtype == np.float64 and value.size:
            yield [*above, name], value


def _fresh(value: Array) -> Array:
    """Other numbers of the same mean and spread, the same ones each time."""
    spread = float(value.std()) or 1.0
    return np.asarray(value.mean() + spread * np.random.default_rng(0).standard_normal(value.shape))


def _flipped(value: Array, place: int) -> Array:
    """One entry with the other sign: that moves it over a kink, and a large one out of a maximum."""
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


def _alike(ours: Array | None, right: Array | None) -> bool:
    return ours is not None and right is not None and ours.shape == right.shape and ours.dtype == right.dtype
