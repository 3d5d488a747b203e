"""Rules for the fresh parameters of a net, whatever generator they were drawn with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from .chance import correlated, not_normal, not_uniform, repeats_itself, too_even
from .equality import Equal
from .rule import Fault, FaultKind, RandomRule, incomparable
from .tolerance import Array, as_array


@dataclass(frozen=True)
class Initialised(Equal):
    """Fresh parameters: matrices drawn from N(0, std²), everything else equal to the reference's.

    The mean and the standard deviation of n draws have to lie within six standard errors (``std / sqrt(n)`` and
    ``std / sqrt(2 n)``) of their true values: a false-alarm rate of 2e-9. The other tests, for the shape of the
    distribution and for draws that depend on each other, are those of `chance`.

    Parameters
    ----------
    std : str
        Name of the input that holds the standard deviation.
    is_relative : bool, default False
        Whether the weights come divided by the standard deviation that they should have. Then the input holds 1, and
        what is said of a wrong deviation is how many times too large or too small it is.
    is_uniform : bool, default False
        Whether matrices are drawn from the uniform distribution around 0 with that standard deviation, in place of the
        normal one.
    """

    std: str = "weight_scale"
    is_relative: bool = False
    is_uniform: bool = False

    def array_faults(self, path: str, expected: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        array = as_array(got)
        if expected.ndim < 2 or array is None or array.shape != expected.shape or array.dtype.kind != "f":
            return super().array_faults(path, expected, got, inputs)
        if self.dtype and array.dtype != expected.dtype:
            return super().array_faults(path, expected, got, inputs)
        # From the broadest property to the finest, because a wrong spread makes every finer test fail as well.
        std = float(np.asarray(inputs[self.std]))
        n = array.size
        mean, spread = float(array.mean()), float(array.std())
        # Draws that spread too much have a mean as far from 0: then it is the spread that is wrong.
        if not abs(mean) <= 6 * max(std, spread) / np.sqrt(n):
            shape = "uniform" if self.is_uniform else "normal"
            said = f"{path} has mean {mean:.3g} where a {shape} draw around 0 is expected"
        elif not abs(spread - std) <= 6 * std / np.sqrt(2 * n):
            said = f"{path} has {self._deviation(spread, std)}"
        elif np.unique(array).size < n // 2 or repeats_itself(array):
            said = f"{path} repeats its entries; each weight is drawn by itself"
        elif self.is_uniform and not_uniform(array / std):
            said = f"the entries of {path} are not spread like draws from a uniform distribution"
        elif not self.is_uniform and (not_normal(array / std) or too_even(array / std)):
            said = f"the entries of {path} are not spread like draws from a normal distribution"
        else:
            return []
        return [Fault(path, FaultKind.VALUE, said, expected, array)]

    def _deviation(self, spread: float, std: float) -> str:
        if self.is_relative:
            return f"{spread / std:.3g} times the standard deviation that it should have"
        return f"standard deviation {spread:.3g} where {std:.3g} ({self.std}) is expected"

    def has_right_numbers(self, fault: Fault, inputs: Mapping[str, object]) -> bool:
        """Whether only the shape or the dtype is wrong: of draws, no shape but the right one has the right numbers."""
        return not (self.is_drawn(fault.expected) and fault.kind is FaultKind.SHAPE) and super().has_right_numbers(
            fault, inputs
        )

    def is_drawn(self, expected: object) -> bool:
        return np.ndim(expected) > 1  # type: ignore[arg-type]  # an array or a number

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether two draws may be of one distribution: their means and spreads differ by no more than chance."""
        theirs, ours = as_array(other), as_array(got)
        if theirs is None or ours is None or theirs.ndim < 2:
            return super().same(other, got, inputs)
        if theirs.shape != ours.shape or (self.dtype and theirs.dtype != ours.dtype):
            return False
        if theirs.size == 0:  # without any weights there is no mean to compare
            return True
        chance = 9 * max(float(theirs.std()), 1e-300) / np.sqrt(theirs.size)
        return bool(abs(theirs.mean() - ours.mean()) <= chance and abs(theirs.std() - ours.std()) <= chance)


@dataclass(frozen=True)
class DrawnAnew(RandomRule):
    """The parameters of two nets made one after the other, as a pair of dicts: each matrix is drawn by itself.

    Whether each net is right by itself is not looked at; `Initialised` does that.
    """

    MOST: ClassVar[int] = 100
    """Most entries that a net may have: each two of them are compared."""

    def faults(self, path: str, expected: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if not (
            isinstance(got, list | tuple)
            and len(got) == 2
            and all(isinstance(net, Mapping) and len(net) <= self.MOST for net in got)
        ):
            return [incomparable(path, expected, got)]
        # A bias that was made as a matrix is no matrix: it begins at 0 in each net.
        drawn = self._matrices(expected[0]) if isinstance(expected, list | tuple) and expected else {}
        one, other = (self._matrices(net, drawn) for net in got)
        for name in (name for name in one if name in other):
            if np.array_equal(np.sort(one[name], axis=None), np.sort(other[name], axis=None)):
                said = f"two nets made one after the other have the same numbers in {name}; draw new ones for each net"
                return [Fault(path, FaultKind.VALUE, said, reason=("the same again", name))]
            if correlated(one[name], other[name]):
                said = f"{name} of two nets made one after the other depend on each other; draw new ones for each net"
                return [Fault(path, FaultKind.VALUE, said, reason=("nets depend", name))]
        for first, second in combinations(one, 2):
            if correlated(one[first], one[second]):
                said = f"{first} and {second} depend on each other; each weight is drawn by itself"
                return [Fault(path, FaultKind.VALUE, said, reason=("matrices depend", first, second))]
        return []

    @staticmethod
    def _matrices(net: Mapping[str, object], those: Collection[str] = ()) -> dict[str, Array]:
        arrays = {name: as_array(value) for name, value in net.items() if not those or name in those}
        return {name: array for name, array in arrays.items() if array is not None and array.ndim > 1 and array.size}
