"""The rule for most outputs: equal to the reference's answer up to rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .digits import printed_apart
from .rule import Fault, FaultKind, Rule, in_words
from .tolerance import Array, all_close, as_array, close


@dataclass(frozen=True)
class Equal(Rule):
    """Equal to the reference's answer up to rounding, with exactly its shape.

    Parameters
    ----------
    dtype : bool, default False
        Whether the reference's dtype is part of the contract.
    scale : str, default ""
        Name of an input whose largest entry sets the size of the numbers that were summed, for answers in which
        everything may cancel: the gradient of a bias before batch normalisation is 0 but for rounding.
    """

    dtype: bool = False
    scale: str = ""

    def faults(self, path: str, expected: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if isinstance(expected, Mapping):
            if not isinstance(got, Mapping):
                return [Fault(path, FaultKind.TYPE, f"{path} should be a dict but is {in_words(got)}", expected, got)]
            found = []
            for key, part in expected.items():
                inner = f"{path}.{key}"
                if key not in got:
                    present = ", ".join(map(str, got)) or "nothing"
                    found.append(Fault(inner, FaultKind.KEY, f'{path} lacks "{key}"; it holds {present}', part, None))
                else:
                    found += self.faults(inner, part, got[key], inputs)
            return found
        return self.array_faults(path, np.asarray(expected), got, inputs)

    def array_faults(self, path: str, expected: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        """Compare one array (or number)."""
        array = as_array(got)
        if array is None:
            return [
                Fault(
                    path, FaultKind.TYPE, f"{path} should be {in_words(expected)} but is {in_words(got)}", expected, got
                )
            ]
        if array.shape != expected.shape:
            said = f"{path} has shape {array.shape} where {expected.shape} is expected"
            return [Fault(path, FaultKind.SHAPE, said, expected, array)]
        if self.dtype and array.dtype != expected.dtype:
            said = f"{path} has dtype {array.dtype} where {expected.dtype} is expected"
            return [Fault(path, FaultKind.DTYPE, said, expected, array)]
        if np.array_equal(array, expected):  # most right answers are the reference's to the bit
            return []
        # NaN equals no number, so it would be a wrong value anyway; said by itself it is easier to understand.
        if expected.dtype.kind in "fc" and not np.isfinite(array).all() and np.isfinite(expected).all():
            bad = int((~np.isfinite(array)).sum())
            said = f"{path} holds {bad} NaN or infinite of {array.size} entries"
            return [Fault(path, FaultKind.NOT_FINITE, said, expected, array)]
        wrong = ~close(expected, array, inputs, self._summed(inputs))
        if wrong.any():
            wrong &= ~self.excused(expected, array, inputs)
        if not wrong.any():
            return []
        return [value_fault(path, expected, array, wrong)]

    def _summed(self, inputs: Mapping[str, object]) -> float:
        """Return the size of what was summed: where large numbers cancel, what is left is rounding of that size."""
        return float(np.max(np.abs(np.asarray(inputs[self.scale])))) if self.scale else 0.0

    def has_right_numbers(self, fault: Fault, inputs: Mapping[str, object]) -> bool:
        """Whether only the shape or the dtype of an output is wrong.

        Parameters
        ----------
        fault : Fault
            What this rule has found.
        inputs : mapping of str to object
            The case's inputs.
        """
        expected, got = as_array(fault.expected), as_array(fault.got)
        if fault.kind not in (FaultKind.SHAPE, FaultKind.DTYPE) or expected is None or got is None:
            return False
        if not expected.size or got.size != expected.size:
            return False
        any_dtype = replace(self, dtype=False)
        return not any_dtype.array_faults(fault.path, expected, got.reshape(expected.shape), inputs)

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        array, expected = as_array(got), as_array(other)
        if expected is None or array is None or array.shape != expected.shape:
            return isinstance(other, Mapping) and not Equal(self.dtype, self.scale).faults("", other, got, inputs)
        if self.dtype and array.dtype != expected.dtype:
            return False
        return all_close(expected, array, inputs, self._summed(inputs))

    def excused(self, expected: Array, got: Array, inputs: Mapping[str, object]) -> npt.NDArray[np.bool_]:
        """Mark the entries where another answer is as right as the reference's; a subclass knows of some."""
        return np.zeros(expected.shape, bool)


def value_fault(path: str, expected: Array, got: Array, wrong: npt.NDArray[np.bool_]) -> Fault:
    """Say how many entries differ, and show the first."""
    if expected.ndim == 0:
        right, seen, by = printed_apart(float(expected), float(got))
        clause = f"{path} is {seen} where {right} is expected{by}"
        return Fault(path, FaultKind.VALUE, clause, expected, got)
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    index = ", ".join(map(str, where))
    number = "all" if wrong.all() else f"{int(wrong.sum())} of {wrong.size}"
    right, seen, by = printed_apart(float(expected[where]), float(got[where]))
    first = f"{path}[{index}] is {seen} where {right} is expected{by}"
    return Fault(path, FaultKind.VALUE, f"{number} entries differ; {first}", expected, got, by_entry=True)
