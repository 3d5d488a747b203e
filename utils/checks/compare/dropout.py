"""The rule for the output of dropout, whatever generator drew the mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

from . import tolerance
from .chance import ALARM, repeats_itself, unlikely_count
from .equality import Equal
from .rule import Fault, FaultKind, RandomRule, incomparable
from .tolerance import Array, as_array, close, input_values


@dataclass(frozen=True)
class Dropped(Equal):
    """An input after inverted dropout: each entry 0 with probability p, by itself, and divided by 1 − p otherwise.

    Any generator may have drawn. The share of zeros among n entries has to lie within six standard errors,
    ``sqrt(p (1 − p) / n)``, of p: a false-alarm rate of 2e-9.

    Parameters
    ----------
    of : str
        Name of the input that entries are dropped from; where it is 0 itself, nothing can be seen.
    p : str
        Name of the input that holds the probability of dropping.
    """

    of: str = "x"
    p: str = "p"

    def array_faults(self, path: str, expected: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        malformed = [
            fault for fault in super().array_faults(path, expected, got, inputs) if fault.kind is not FaultKind.VALUE
        ]
        array = as_array(got)
        if malformed or array is None:
            return malformed
        x, p = np.asarray(inputs[self.of]), float(str(inputs[self.p]))
        live, gone = x != 0, array == 0
        strange = ~gone & ~close(x / (1 - p), array, inputs)
        count, share = int(live.sum()), float(gone[live].mean())
        if strange.any():
            where = tuple(int(i) for i in np.argwhere(strange)[0])
            index, kept = ", ".join(map(str, where)), x[where] / (1 - p)
            said = f"{path}[{index}] is {array[where]:.6g} where an entry is either dropped, 0, or kept, {kept:.6g}"
        elif not abs(share - p) <= 6 * np.sqrt(p * (1 - p) / count):
            said = f"{share:.0%} of the entries of {path} are dropped where p = {p:.3g} is expected"
        elif live.all() and count >= 100 and not shared_axes(gone, p) and repeats_itself(gone.astype(float)):
            said = f"the entries of {path} that are dropped follow a pattern; each is dropped by itself, at random"
        elif live.all() and shared_axes(gone, p):
            axis = shared_axes(gone, p)[0]
            said = f"{path} has the same entries dropped at every index of axis {axis}; each has its own"
        else:
            return []
        return [Fault(path, FaultKind.VALUE, said, None, array)]

    def is_drawn(self, expected: object) -> bool:
        return True

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether two masks may be of one distribution: share of zeros, factors, and the axes that share a mask."""
        x, p = np.asarray(inputs[self.of]), float(str(inputs[self.p]))
        theirs, ours = as_array(other), as_array(got)
        if theirs is None or ours is None or not theirs.shape == ours.shape == x.shape:
            return super().same(other, got, inputs)
        shared = shared_axes(ours == 0, p)
        if self.dtype and theirs.dtype != ours.dtype:
            return False
        if shared_axes(theirs == 0, p) != shared:
            return _alike_by_chance(theirs == 0, ours == 0, p) or _alike_by_chance(ours == 0, theirs == 0, p)
        factors = [array[x != 0] / x[x != 0] for array in (theirs, ours)]
        kept = [factor[factor != 0] for factor in factors]
        chance = 9 / np.sqrt(_draws(ours == 0, p))  # entries that share a draw count as one
        if min(map(len, kept)) == 0 or not all(np.isfinite(factor).all() for factor in factors):
            return max(map(len, kept)) == 0
        share = abs(np.mean(factors[0] == 0) - np.mean(factors[1] == 0))
        mean, spread = (abs(measure(kept[0]) - measure(kept[1])) for measure in (np.mean, np.std))
        allowed = chance * float(np.std(kept[0])) + tolerance.rtol(theirs, *input_values(inputs)) * float(
            np.abs(kept[0]).max()
        )
        return bool(share <= chance / 2 and mean <= allowed and spread <= allowed)


@dataclass(frozen=True)
class DroppedCounts(RandomRule):
    """How many entries each of many calls of inverted dropout has dropped, as an array with one number for each call.

    If each entry is dropped by itself, these numbers are binomial. Counted are the entries of all calls together, and
    the calls whose number is near the expected one; each has a bound on its false-alarm rate, `chance.ALARM`, that
    holds for any number of calls and entries.

    Parameters
    ----------
    calls, size : str
        Names of the inputs that hold the number of calls, and of the entries of each.
    p : str
        Name of the input that holds the probability of dropping.
    """

    calls: str = "calls"
    size: str = "size"
    p: str = "p"

    def faults(self, path: str, expected: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        calls, size, p = (float(str(inputs[name])) for name in (self.calls, self.size, self.p))
        counts = as_array(got)
        if counts is None or counts.shape != (calls,) or not ((counts >= 0) & (counts <= size)).all():
            return [incomparable(path, expected, got)]
        total, draws, entries = int(counts.sum()), int(calls * size), int(size)
        near = np.abs(np.arange(entries + 1) - size * p) <= 0.7 * np.sqrt(size * p * (1 - p))
        is_near = int(near[counts.astype(int)].sum())
        probability = sum(_binomial(int(count), entries, p) for count in np.flatnonzero(near))
        by_chance = max(_binomial(count, entries, p) for count in range(entries + 1)) ** (calls - 1)
        if by_chance < ALARM and (counts == counts[0]).all():
            reason = "constant"
            said = f"{counts[0]:.0f} of {entries} entries are dropped in every call; each entry is dropped by itself"
        elif unlikely_count(total, draws, p):
            reason = "share"
            said = f"{total / draws:.1%} of the entries are dropped in {calls:.0f} calls where p = {p:.3g} is expected"
        elif unlikely_count(is_near, int(calls), probability):
            reason = "too even" if is_near / calls > probability else "too uneven"
            much = "little" if reason == "too even" else "much"
            said = (
                f"the number of entries that are dropped differs too {much} from call to "
                f"call ({counts.min():.0f} to {counts.max():.0f} of {entries}); each entry is dropped by itself"
            )
        else:
            return []
        return [Fault(path, FaultKind.VALUE, said, expected, got, (reason,))]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether both are wrong in the same way, and drop equal shares where it is the share that is wrong."""
        if not super().same(other, got, inputs):
            return False
        theirs, ours = as_array(other), as_array(got)
        if theirs is None or ours is None or not theirs.size or "share" not in _reasons(self, got, inputs):
            return True
        size = float(str(inputs[self.size]))
        return bool(abs(theirs.mean() - ours.mean()) <= 9 * np.sqrt(size / theirs.size) / 2)


def _reasons(rule: DroppedCounts, got: object, inputs: Mapping[str, object]) -> set[object]:
    return {part for fault in rule.faults("", None, got, inputs) for part in fault.reason}


def _binomial(count: int, draws: int, p: float) -> float:
    """Return the probability that of so many draws exactly `count` come out, each with probability `p`."""
    return float(comb(draws, count) * p**count * (1 - p) ** (draws - count))


def shared_axes(gone: npt.NDArray[np.bool_], p: float) -> list[int]:
    """List the axes along which a mask repeats itself, but not those along which a right one might by chance.

    Parameters
    ----------
    gone : ndarray of bool
        Which entries were dropped.
    p : float
        The probability of dropping.

    Returns
    -------
    list of int
    """
    axes = []
    for axis, size in enumerate(gone.shape):
        by_chance = (p**size + (1 - p) ** size) ** (gone.size / max(size, 1))
        if by_chance < 1e-9 and (gone == gone.take([0], axis)).all():
            axes.append(axis)
    return axes


def _draws(gone: npt.NDArray[np.bool_], p: float) -> float:
    """Return the number of entries of a mask that differ but by repeating along an axis."""
    return gone.size / float(np.prod([gone.shape[axis] for axis in shared_axes(gone, p)]))


def _alike_by_chance(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], p: float) -> bool:
    """Whether a mask drops all or nothing, and another one repeats itself so often that it might have done so, too."""
    draws = _draws(other, p)
    return bool(one.all() or not one.any()) and p**draws + (1 - p) ** draws > 1e-4
