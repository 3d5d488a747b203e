"""Rules for what is drawn at random: right in distribution, whatever the generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from . import tolerance
from .chance import correlated, not_normal, repeats_itself, too_even, unlikely_count
from .equal import Equal
from .rule import Fault, Rule, in_words
from .tolerance import Array, as_array, close, leaves


@dataclass(frozen=True)
class Initialised(Equal):
    """Fresh parameters: matrices drawn from N(0, std²), everything else equal to the reference's.

    The mean and the standard deviation of n draws lie within six standard errors (``std / sqrt(n)`` and
    ``std / sqrt(2 n)``) of their true values in all but two of a thousand million right answers. The other tests, for
    the shape of the distribution and for draws that depend on each other, are those of `chance`.

    Parameters
    ----------
    std : str
        Name of the input that holds the standard deviation.
    """

    std: str = "weight_scale"

    def array_faults(self, path: str, want: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        array = as_array(got)
        if want.ndim < 2 or array is None or array.shape != want.shape or array.dtype.kind != "f":
            return super().array_faults(path, want, got, inputs)
        if self.dtype and array.dtype != want.dtype:
            return super().array_faults(path, want, got, inputs)
        std = float(np.asarray(inputs[self.std]))
        n = array.size
        mean, spread = float(array.mean()), float(array.std())
        if not abs(mean) <= 6 * std / np.sqrt(n):
            said = f"{path} has mean {mean:.3g} where a normal draw around 0 is expected"
        elif not abs(spread - std) <= 6 * std / np.sqrt(2 * n):
            said = f"{path} has standard deviation {spread:.3g} where {std:.3g} ({self.std}) is expected"
        elif np.unique(array).size < n // 2 or repeats_itself(array):
            said = f"{path} repeats its entries; each weight is drawn by itself"
        elif not_normal(array / std) or too_even(array / std):
            said = f"the entries of {path} are not spread like draws from a normal distribution"
        else:
            return []
        return [Fault(path, "value", said, want, array)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Random draws agree in distribution: their means and spreads differ by chance only."""
        theirs, ours = as_array(other), as_array(got)
        if theirs is None or ours is None or theirs.ndim < 2:
            return super().same(other, got, inputs)
        if theirs.shape != ours.shape or (self.dtype and theirs.dtype != ours.dtype):
            return False
        if theirs.size == 0:  # no weights at all have no spread
            return True
        chance = 9 * max(float(theirs.std()), 1e-300) / np.sqrt(theirs.size)
        return bool(abs(theirs.mean() - ours.mean()) <= chance and abs(theirs.std() - ours.std()) <= chance)


@dataclass(frozen=True)
class DrawnAnew(Rule):
    """The parameters of two nets made one after the other, as a pair of dicts: each matrix is drawn by itself.

    What else is to be said of them is said elsewhere.
    """

    MOST: ClassVar[int] = 100
    """Entries of a net, each two of which are compared."""

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if not (
            isinstance(got, list | tuple)
            and len(got) == 2
            and all(isinstance(net, Mapping) and len(net) <= self.MOST for net in got)
        ):
            return [Fault(path, "type", f"{path} cannot be compared: it is {in_words(got)}", want, got)]
        one, other = (self._matrices(net) for net in got)
        for name in (name for name in one if name in other):
            if np.array_equal(np.sort(one[name], axis=None), np.sort(other[name], axis=None)):
                said = f"two nets made one after the other have the same numbers in {name}; draw new ones for each net"
                return [Fault(path, "value", said)]
            if correlated(one[name], other[name]):
                said = f"{name} of two nets made one after the other depend on each other; draw new ones for each net"
                return [Fault(path, "value", said)]
        for first, second in combinations(one, 2):
            if correlated(one[first], one[second]):
                said = f"{first} and {second} depend on each other; each weight is drawn by itself"
                return [Fault(path, "value", said)]
        return []

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Draws agree when the same is wrong with them."""
        theirs, ours = (self.faults("", None, value, inputs) for value in (other, got))
        return [fault.sentence for fault in theirs] == [fault.sentence for fault in ours]

    @staticmethod
    def _matrices(net: Mapping[str, object]) -> dict[str, Array]:
        arrays = {name: as_array(value) for name, value in net.items()}
        return {name: array for name, array in arrays.items() if array is not None and array.ndim > 1 and array.size}


@dataclass(frozen=True)
class Dropped(Equal):
    """An input after inverted dropout: each entry 0 with probability p, by itself, and divided by 1 − p otherwise.

    Any generator may have drawn. The share of zeros among n entries lies within six standard errors,
    ``sqrt(p (1 − p) / n)``, of p in all but two of a thousand million right answers.

    Parameters
    ----------
    of : str
        Name of the input that entries are dropped from; its own zeros say nothing.
    p : str
        Name of the input that holds the probability of dropping.
    """

    of: str = "x"
    p: str = "p"

    def array_faults(self, path: str, want: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        malformed = [fault for fault in super().array_faults(path, want, got, inputs) if fault.kind != "value"]
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
        elif live.all() and count >= 100 and not _shared(gone, p) and repeats_itself(gone.astype(float)):
            said = f"the entries of {path} that are dropped follow a pattern; each is dropped by itself, at random"
        elif live.all() and _shared(gone, p):
            said = f"{path} has the same entries dropped at every index of axis {_shared(gone, p)[0]}; each has its own"
        else:
            return []
        return [Fault(path, "value", said, None, array)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Random masks agree in distribution: in the share of zeros, in the factors, and in what is shared."""
        x, p = np.asarray(inputs[self.of]), float(str(inputs[self.p]))
        theirs, ours = as_array(other), as_array(got)
        if theirs is None or ours is None or not theirs.shape == ours.shape == x.shape:
            return super().same(other, got, inputs)
        if (self.dtype and theirs.dtype != ours.dtype) or _shared(theirs == 0, p) != _shared(ours == 0, p):
            return False
        factors = [array[x != 0] / x[x != 0] for array in (theirs, ours)]
        kept = [factor[factor != 0] for factor in factors]
        chance = 9 / np.sqrt(factors[0].size)
        if min(map(len, kept)) == 0 or not all(np.isfinite(factor).all() for factor in factors):
            return max(map(len, kept)) == 0
        share = abs(np.mean(factors[0] == 0) - np.mean(factors[1] == 0))
        mean, spread = (abs(measure(kept[0]) - measure(kept[1])) for measure in (np.mean, np.std))
        allowed = chance * float(np.std(kept[0])) + tolerance.rtol(theirs, *leaves(inputs)) * float(
            np.abs(kept[0]).max()
        )
        return bool(share <= chance / 2 and mean <= allowed and spread <= allowed)


def _shared(gone: npt.NDArray[np.bool_], p: float) -> list[int]:
    """The axes along which a mask repeats itself, those left out along which a right one might by chance."""
    axes = []
    for axis, size in enumerate(gone.shape):
        by_chance = (p**size + (1 - p) ** size) ** (gone.size / max(size, 1))
        if by_chance < 1e-9 and (gone == gone.take([0], axis)).all():
            axes.append(axis)
    return axes


@dataclass(frozen=True)
class Paired(Equal):
    """A pair of answers of the code under test, of which the first has to equal the second.

    For answers that depend on what the code itself has drawn, so that the reference's own say nothing. In a dict each
    entry is such a pair.
    """

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if isinstance(want, Mapping) and isinstance(got, Mapping):
            pairs = [(f"{path}.{key}", part, got.get(key)) for key, part in want.items()]
            return [fault for inner, part, pair in pairs for fault in self.faults(inner, part, pair, inputs)]
        if not (isinstance(got, list | tuple) and len(got) == 2 and as_array(got[1]) is not None):
            return [Fault(path, "type", f"{path} cannot be compared: it is {in_words(got)}", None, got)]
        return Equal(self.dtype, self.scale).faults(path, got[1], got[0], inputs)

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """After one and the same draw the same numbers; after different ones the same factors, in the same places."""
        theirs, ours = (self.faults("", None, pair, inputs) for pair in (other, got))
        kinds = [[fault.kind for fault in faults] for faults in (theirs, ours)]
        if kinds[0] != kinds[1] or "type" in kinds[0]:
            return [fault.sentence for fault in theirs] == [fault.sentence for fault in ours]
        return all(self._alike(one, two, inputs) for one, two in zip(theirs, ours, strict=True))

    def _alike(self, one: Fault, two: Fault, inputs: Mapping[str, object]) -> bool:
        same = Equal(self.dtype, self.scale).same
        if same(one.want, two.want, inputs):
            return same(one.got, two.got, inputs)
        found = _factors(one), _factors(two)
        return found[0] == found[1] and found[0] is not None


def _factors(fault: Fault) -> tuple[bool, bool, list[float]] | None:
    """What a wrong array holds where the right one is 0, and the factors by which it is off; None for many factors."""
    want, got = as_array(fault.want), as_array(fault.got)
    if want is None or got is None or want.shape != got.shape:
        return None
    there = want != 0
    factors = np.unique((got[there] / want[there]).round(3)).tolist()
    return (bool(got[~there].any()), bool(got[~there].all()), factors) if len(factors) <= 2 else None


@dataclass(frozen=True)
class MinibatchesAnew(Rule):
    """The rows drawn by two trainings that follow each other: uniform, at random, and not the same ones.

    The output is an array of shape (2, iterations, batch_size) of row numbers; there have to be several times as many
    rows as a minibatch holds. The order within a minibatch says nothing, so draws with replacement, draws without and a
    new permutation for each epoch pass alike, sorted or not.

    Parameters
    ----------
    rows : str
        Name of the input that holds the number of training rows.
    """

    rows: str = "num_train"

    MOST: ClassVar[int] = 1_000_000
    """Numbers that are looked at one by one."""

    SHIFTED: ClassVar[float] = 0.1
    """Above the probability that a minibatch is another one moved on by some number of rows."""

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        drawn, rows = as_array(got), int(str(inputs[self.rows]))
        if drawn is None or not self._fits(drawn, rows) or not ((drawn >= 0) & (drawn < rows)).all():
            return [Fault(path, "type", f"{path} cannot be compared: it is {in_words(got)}", want, got)]
        one, other = np.sort(drawn.astype(int), axis=2)
        counts = np.bincount(one.ravel(), minlength=rows)
        patterns = [self._pattern(batch, rows) for batch in one]
        moved_on = sum(before == after for before, after in pairwise(patterns))
        if unlikely_count(int((one == other).all(axis=1).sum()), len(one), self.SHIFTED):
            said = "two trainings draw the same minibatches; draw new ones at random in each"
        elif any(unlikely_count(int(count), one.size, 1 / rows, rows) for count in (counts.min(), counts.max())):
            said = "some training rows are drawn far more often than others; all should be equally likely"
        elif unlikely_count(moved_on, len(one) - 1, self.SHIFTED):
            said = "each minibatch is the one before it moved on by some rows; draw the rows at random"
        else:
            return []
        return [Fault(path, "value", said, want, got)]

    def _fits(self, drawn: Array, rows: int) -> bool:
        if drawn.ndim != 3 or drawn.size > self.MOST:
            return False
        trainings, iterations, batch_size = drawn.shape
        return bool(trainings == 2 and iterations > 1 and 0 < batch_size <= rows)

    @staticmethod
    def _pattern(batch: Array, rows: int) -> tuple[int, ...]:
        """What stays of a minibatch when it is moved on by any number of rows."""
        return min(tuple(np.sort((batch - start) % rows).tolist()) for start in batch)

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Draws agree when the same is wrong with them."""
        theirs, ours = (self.faults("", None, value, inputs) for value in (other, got))
        return [fault.sentence for fault in theirs] == [fault.sentence for fault in ours]


@dataclass(frozen=True)
class Minibatches(Rule):
    """Minibatches drawn from the training set: right size, rows with their own labels, not always the same.

    The output is an array of shape (iterations, batch_size, 2): for each drawn row its index in the training
    set, as the features tell it and as the labels tell it.

    Parameters
    ----------
    rows : str
        Name of the input that holds the number of training rows.
    iterations, batch_size : str
        Names of the inputs that hold the expected counts.
    """

    rows: str = "num_train"
    iterations: str = "num_iters"
    batch_size: str = "batch_size"

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        shape = (int(str(inputs[self.iterations])), int(str(inputs[self.batch_size])), 2)
        rows = int(str(inputs[self.rows]))
        drawn = as_array(got)
        if drawn is None or drawn.shape != shape:
            seen = "nothing" if drawn is None else f"shapes that stack to {drawn.shape[:2]}"
            said = f"loss was called with {seen}; {shape[0]} minibatches of {shape[1]} rows are expected"
        elif not (drawn[..., 0] == drawn[..., 1]).all():
            said = "X_batch and y_batch do not belong together: draw the indices once and use them for both"
        elif not ((drawn >= 0) & (drawn < rows)).all():
            said = "the minibatch holds rows that are not in X"
        elif shape[0] > 1 and (drawn == drawn[0]).all():
            said = "every minibatch holds the same rows; draw new ones at random in each iteration"
        elif np.unique(drawn[..., 0]).size <= rows // 2:
            said = "most training rows are never drawn: every minibatch is a fresh random sample of all rows"
        elif all((drawn[i, :, 0] == np.arange(i, i + shape[1]) % rows).all() for i in range(shape[0])):
            said = "minibatches are taken in order; draw them at random"
        else:
            return []
        return [Fault(path, "value", said, want, got)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Draws agree when the same is wrong with them."""
        theirs, ours = (self.faults("", None, value, inputs) for value in (other, got))
        return [fault.sentence for fault in theirs] == [fault.sentence for fault in ours]
