"""A wrong output of one case as the detectors see it: its arrays, the inputs, and names for their sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ...compare import Array, as_array
from ...compare.tolerance import input_values, rtol
from ...values import walk

MAX_AXES, MAX_ENTRIES = 6, 200_000
MIN_NUMBERS = 3
"""Numbers that might have refuted an observation, in all cases together, for it to be said."""


class Observation(NamedTuple):
    """Something that holds of a wrong output.

    Attributes
    ----------
    key : str
        What was observed, in the same words for every case of an exercise.
    words : str
        The clause for the student, with the numbers of this case; ``""`` where the case agrees with the observation but
        is too small to show it.
    numbers : int
        How many different numbers of this case might have refuted it. Zeros, repetitions of one number, and a number
        that was fitted do not count: all-zero arrays agree with every factor, order and sum.
    """

    key: str
    words: str
    numbers: int


@dataclass(frozen=True)
class WrongOutput:
    """A wrong output of one case.

    Attributes
    ----------
    expected, got : object
        What was expected, and what came.
    inputs : mapping of str to object
        The case's inputs.
    """

    expected: object
    got: object
    inputs: Mapping[str, object]

    @property
    def arrays(self) -> tuple[Array, Array]:
        """The expected output and the one that came, as float64; only where it is `misshapen` or `comparable`."""
        assert self._arrays is not None
        return self._arrays

    @cached_property
    def _arrays(self) -> tuple[Array, Array] | None:
        """Both as float64; None where one is not an array, is empty, or is so large that it is not looked at."""
        right, seen = as_array(self.expected), as_array(self.got)
        if right is None or seen is None or not right.size or not seen.size:
            return None
        if (
            seen.ndim > MAX_AXES or seen.size > MAX_ENTRIES
        ):  # detectors try all subsets of the axes, and a submission may answer with anything
            return None
        return right.astype(np.float64), seen.astype(np.float64)

    @property
    def misshapen(self) -> bool:
        """Whether the output is an array of the wrong shape."""
        return self._arrays is not None and self._arrays[0].shape != self._arrays[1].shape

    @property
    def comparable(self) -> bool:
        """Whether the output is an array of the right shape and of finite numbers."""
        return self._arrays is not None and not self.misshapen and bool(np.isfinite(self._arrays[1]).all())

    @cached_property
    def coarse(self) -> bool:
        """Whether the numbers have the few digits of float32."""
        dtypes = [
            value.dtype for value in (*self.inputs_by_path.values(), as_array(self.expected)) if value is not None
        ]
        return np.dtype(np.float32) in dtypes

    @property
    def vague(self) -> bool:
        """Whether there is just one number, with so few digits that it fits many formulas."""
        return self.coarse and self._arrays is not None and self._arrays[0].size == 1

    @property
    def weight(self) -> int:
        """How much one number says for a formula without a free parameter: all digits fit, or those of float32 do."""
        return 1 if self.coarse else 2

    @cached_property
    def inputs_by_path(self) -> dict[str, Array]:
        """All numeric inputs, ``"conv_param.pad"`` for what a dict holds."""
        return numeric_inputs(self.inputs)

    @cached_property
    def counts(self) -> dict[str, int]:
        """The sizes over which a mean or a sum may be taken, by name; those above 1."""
        return {name: count for name, count in _counts(self.inputs_by_path).items() if count > 1}

    @cached_property
    def settings(self) -> dict[str, float]:
        """The inputs that are single real numbers, by name: ``"reg"``, ``"learning_rate"``, and ``"1 − momentum"``."""
        found: dict[str, float] = {}
        for name, value in self.inputs_by_path.items():
            if value.ndim == 0 and value.dtype.kind == "f" and value:
                short = name.rpartition(".")[2]
                found[short] = float(value)
                if 0 < value < 1:
                    found[f"1 − {short}"] = 1 - float(value)
        return found

    def same(self, one: Array, other: Array) -> bool:
        """Whether two arrays agree as far as this case's digits go."""
        if one.shape != other.shape:
            return False
        if np.array_equal(one, other):
            return True
        finite = np.abs(one[np.isfinite(one)])
        return bool((np.abs(one - other) <= self.rtol * finite.max(initial=0.0)).all())

    @cached_property
    def rtol(self) -> float:
        """The relative tolerance of this case, in proportion to the largest entry."""
        return rtol(*map(as_array, (self.expected,)), *input_values(self.inputs))

    @cached_property
    def numbers(self) -> int:
        """How many different numbers other than 0 were expected."""
        return distinct(self.arrays[0])

    def axis(self, axis: int) -> str:
        """Say what stands along an axis of the expected array: a row, a channel, …"""
        ndim = self.arrays[0].ndim
        names = {1: ("entry",), 2: ("row", "column"), 4: ("example", "channel", "row", "column")}
        if ndim == 4 and axis == 0 and not self._is_of_images():
            return "filter"
        return names[ndim][axis] if ndim in names else f"slice of axis {axis}"

    def _is_of_images(self) -> bool:
        """Whether the expected array has as many entries as there are images among the inputs, which come first."""
        images = next((array for array in numeric_inputs(self.inputs).values() if array.ndim == 4), None)
        return images is None or len(images) == len(self.arrays[0])


def distinct(array: Array) -> int:
    """Count the different numbers other than 0 in an array; those that agree in eight digits are one."""
    values = array[np.isfinite(array) & (array != 0)]
    largest = float(np.abs(values).max(initial=0.0))
    return len(np.unique(np.round(values / largest, 8))) if largest else 0


def numeric_inputs(inputs: Mapping[str, object]) -> dict[str, Array]:
    """Collect the inputs that are arrays or numbers, by path; lists, tuples and booleans are left out."""
    found = {}
    for path, value in walk(inputs):
        array = None if isinstance(value, bool | list | tuple) else as_array(value)
        if array is not None:
            found[path] = array
    return found


def examples(inputs: Mapping[str, Array]) -> Array | None:
    """Return the minibatch among the numeric inputs: what every exercise calls x or X; None where there is none."""
    return next((inputs[name] for name in ("x", "X") if name in inputs), None)


def _counts(inputs: Mapping[str, Array]) -> dict[str, int]:
    """Collect sizes by name, from the inputs that every exercise calls the same."""
    found: dict[str, int] = {}
    data = next((inputs[name] for name in ("x", "X") if name in inputs and inputs[name].ndim > 1), None)
    if data is not None:
        found |= _counts_of_examples(data)
    if "dout" in inputs and inputs["dout"].ndim in (2, 4):
        found |= _counts_of_gradient(inputs["dout"])
    if "w" in inputs and inputs["w"].ndim == 4:
        found["the number of weights of a filter"] = int(np.prod(inputs["w"].shape[1:]))
        found["HH · WW, the pixels of a filter"] = int(np.prod(inputs["w"].shape[2:]))
    if "pool_param.pool_height" in inputs:
        window = inputs["pool_param.pool_height"] * inputs["pool_param.pool_width"]
        found["the number of entries of a window"] = int(window)
    whole = {path: value for path, value in inputs.items() if value.ndim == 0 and value.dtype.kind in "iu"}
    by_name = {path.rpartition(".")[2]: int(value) for path, value in whole.items()}
    return found | {name: count for name, count in by_name.items() if name not in found}


def _counts_of_examples(data: Array) -> dict[str, int]:
    if data.ndim != 4:
        return {
            "N, the number of examples": len(data),
            "the number of features": int(np.prod(data.shape[1:])),
            "the number of entries of x": data.size,
        }
    return {
        "N, the number of examples": len(data),
        "H · W, the pixels of a channel": int(np.prod(data.shape[2:])),
        "the number of entries of x": data.size,
        "N · H · W, the entries of a channel": data.size // max(1, data.shape[1]),
        "C, the number of channels": data.shape[1],
        "C · H · W, the entries of an example": data.size // len(data),
    }


def _counts_of_gradient(dout: Array) -> dict[str, int]:
    if dout.ndim == 2:
        return {"the number of outputs": dout.shape[1], "the number of entries of dout": dout.size}
    return {
        "the number of filters": dout.shape[1],
        "the number of output positions": int(np.prod(dout.shape[2:])),
        "examples × output positions": dout.size // max(1, dout.shape[1]),
        "the number of entries of dout": dout.size,
    }
