"""The rule for most outputs: equal to the reference's answer up to rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .rule import Fault, Rule, in_words
from .tolerance import Array, as_array, close


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

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if isinstance(want, Mapping):
            if not isinstance(got, Mapping):
                return [Fault(path, "type", f"{path} should be a dict but is {in_words(got)}", want, got)]
            found = []
            for key, part in want.items():
                inner = f"{path}.{key}"
                if key not in got:
                    present = ", ".join(map(str, got)) or "nothing"
                    found.append(Fault(inner, "key", f'{path} lacks "{key}"; it holds {present}', part, None))
                else:
                    found += self.faults(inner, part, got[key], inputs)
            return found
        return self.array_faults(path, np.asarray(want), got, inputs)

    def array_faults(self, path: str, want: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        """Compare one array (or number)."""
        array = as_array(got)
        if array is None:
            return [Fault(path, "type", f"{path} should be {in_words(want)} but is {in_words(got)}", want, got)]
        if array.shape != want.shape:
            return [Fault(path, "shape", shape_sentence(path, want, array), want, array)]
        if self.dtype and array.dtype != want.dtype:
            said = f"{path} has dtype {array.dtype} where {want.dtype} is expected"
            return [Fault(path, "dtype", said, want, array)]
        if want.dtype.kind in "fc" and not np.isfinite(array).all() and np.isfinite(want).all():
            bad = int((~np.isfinite(array)).sum())
            said = f"{path} holds {bad} NaN or infinite of {array.size} entries"
            return [Fault(path, "nan", said, want, array)]
        summed = float(np.max(np.abs(np.asarray(inputs[self.scale])))) if self.scale else 0.0
        wrong = ~close(want, array, inputs, summed)
        if wrong.any():
            wrong &= ~self.excused(want, array, inputs)
        if not wrong.any():
            return []
        return [Fault(path, "value", value_sentence(path, want, array, wrong), want, array)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        return not Equal(self.dtype, self.scale).faults("", other, got, inputs)

    def excused(self, want: Array, got: Array, inputs: Mapping[str, object]) -> npt.NDArray[np.bool_]:
        """Entries where another answer is as right as the reference's."""
        return np.zeros(want.shape, bool)


def shape_sentence(path: str, want: Array, got: Array) -> str:
    """Say that the shape is wrong, and whether only the shape is."""
    said = f"{path} has shape {got.shape} where {want.shape} is expected"
    if got.size == want.size and close(want.ravel(), got.ravel()).all():
        return f"{said}: the numbers are right, only the shape is not"
    if got.ndim == 2 == want.ndim and got.T.shape == want.shape and close(want, got.T).all():
        return f"{said}: it is the transpose of the right answer"
    return said


def value_sentence(path: str, want: Array, got: Array, wrong: npt.NDArray[np.bool_]) -> str:
    """Say how many entries differ, and show the first."""
    if want.ndim == 0:
        return f"{path} is {float(got):.6g} where {float(want):.6g} is expected"
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    index = ", ".join(map(str, where))
    number = "all" if wrong.all() else f"{int(wrong.sum())} of {wrong.size}"
    first = f"{path}[{index}] is {got[where]:.6g} where {want[where]:.6g} is expected"
    return f"{path}: {number} entries differ; {first}"
