"""One failing case as the looks see it: the arrays, the inputs, and the names of things in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..rules import Array, as_array, close

AXES, ENTRIES = 6, 200_000


class Claim(NamedTuple):
    """Something that is true of a wrong answer.

    Attributes
    ----------
    key : str
        What is claimed, in the same words for every case of an exercise.
    words : str
        The clause for the student, with the numbers of this case; ``""`` where the case is too small to tell and
        only does not speak against it.
    """

    key: str
    words: str


@dataclass(frozen=True)
class Scene:
    """A wrong output of one case.

    Attributes
    ----------
    want, got : object
        What was expected, what came.
    inputs : mapping of str to object
        The case's inputs.
    """

    want: object
    got: object
    inputs: Mapping[str, object]

    @cached_property
    def arrays(self) -> tuple[Array, Array] | None:
        """Both as float64 arrays; None where one of them is no array, or one that no simple form can have."""
        right, seen = as_array(self.want), as_array(self.got)
        if right is None or seen is None or not right.size or not seen.size:
            return None
        if seen.ndim > AXES or seen.size > ENTRIES:  # the looks try all subsets of the axes, and may be handed anything
            return None
        return right.astype(np.float64), seen.astype(np.float64)

    @property
    def misshapen(self) -> bool:
        """Whether the shape alone is wrong already."""
        return self.arrays is not None and self.arrays[0].shape != self.arrays[1].shape

    @property
    def comparable(self) -> bool:
        """Whether every entry can be held against one that was expected."""
        return self.arrays is not None and not self.misshapen and bool(np.isfinite(self.arrays[1]).all())

    @cached_property
    def coarse(self) -> bool:
        """Whether the numbers have the few digits of float32, in which a single one may fit many formulas."""
        kinds = [value.dtype for value in (*self.leaves.values(), as_array(self.want)) if value is not None]
        return np.dtype(np.float32) in kinds

    @property
    def vague(self) -> bool:
        """Whether there is just one number, with few digits."""
        return self.coarse and self.arrays is not None and self.arrays[0].size == 1

    @cached_property
    def leaves(self) -> dict[str, Array]:
        """All numeric inputs by their names, ``"conv_param.pad"`` for what a dict holds."""
        return dict(_leaves(self.inputs))

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many there are of what a mean may be taken over, by name."""
        return _counts(self.leaves)

    @cached_property
    def settings(self) -> dict[str, float]:
        """Numbers that are no counts, by name: ``"reg"``, ``"learning_rate"``, and ``"1 − momentum"``."""
        found: dict[str, float] = {}
        for name, value in self.leaves.items():
            if value.ndim == 0 and value.dtype.kind == "f" and value:
                short = name.rpartition(".")[2]
                found[short] = float(value)
                if 0 < value < 1:
                    found[f"1 − {short}"] = 1 - float(value)
        return found

    def same(self, one: Array, other: Array) -> bool:
        """Whether two arrays agree as far as this case's digits go."""
        return one.shape == other.shape and bool(close(one, other, self.inputs).all())

    def axis(self, axis: int) -> str:
        """What stands along an axis of the expected array."""
        assert self.arrays is not None
        ndim = self.arrays[0].ndim
        names = {1: ("entry",), 2: ("row", "column"), 4: ("example", "channel", "row", "column")}
        return names[ndim][axis] if ndim in names else f"slice of axis {axis}"


def _leaves(value: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, Array]]:
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, Mapping):
            yield from _leaves(item, f"{name}.")
        elif not isinstance(item, bool | list | tuple):
            array = as_array(item)
            if array is not None:
                yield name, array


def _counts(leaves: Mapping[str, Array]) -> dict[str, int]:
    """Sizes by name, from the inputs that every exercise calls the same."""
    found: dict[str, int] = {}
    data = next((leaves[name] for name in ("x", "X") if name in leaves and leaves[name].ndim > 1), None)
    if data is not None:
        found["N, the number of examples"] = len(data)
        per_example = "H · W, the pixels of a channel" if data.ndim == 4 else "the number of features"
        found[per_example] = int(np.prod(data.shape[2:] if data.ndim == 4 else data.shape[1:]))
        found["the number of entries of x"] = data.size
        if data.ndim == 4:
            found["N · H · W, the entries of a channel"] = data.size // max(1, data.shape[1])
            found["C, the number of channels"] = data.shape[1]
            found["C · H · W, the entries of an example"] = data.size // len(data)
    if "dout" in leaves and leaves["dout"].ndim in (2, 4):
        dout = leaves["dout"]
        found["the number of outputs" if dout.ndim == 2 else "the number of filters"] = dout.shape[1]
        if dout.ndim == 4:
            found["the number of output positions"] = int(np.prod(dout.shape[2:]))
            found["examples × output positions"] = dout.size // max(1, dout.shape[1])
        found["the number of entries of dout"] = dout.size
    if "w" in leaves and leaves["w"].ndim == 4:
        found["the number of weights of a filter"] = int(np.prod(leaves["w"].shape[1:]))
        found["HH · WW, the pixels of a filter"] = int(np.prod(leaves["w"].shape[2:]))
    if "pool_param.pool_height" in leaves:
        window = leaves["pool_param.pool_height"] * leaves["pool_param.pool_width"]
        found["the number of entries of a window"] = int(window)
    scalars = ((name, int(value)) for name, value in leaves.items() if value.ndim == 0 and value.dtype.kind in "iu")
    found |= {name.rpartition(".")[2]: value for name, value in scalars if name.rpartition(".")[2] not in found}
    return {name: count for name, count in found.items() if count > 1}
