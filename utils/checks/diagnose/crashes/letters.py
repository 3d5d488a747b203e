"""Write shapes with the letters that an exercise gives to sizes: ``"(N, D) = (4, 7)"``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from ...values import walk
from .shapes import Shape

MATRIX = 2


class Letters:
    """The letters that a docstring gives to sizes, with the sizes of one case.

    Parameters
    ----------
    documented : iterable of str
        As ``"x (N, D)"``.
    values : mapping of str to object
        The arrays by name, inputs and right outputs.

    Attributes
    ----------
    sizes : dict of str to int
        The size that each letter stands for.
    """

    def __init__(self, documented: Iterable[str], values: Mapping[str, object]) -> None:
        sizes: dict[str, set[int]] = {}
        documented = list(documented)
        told = {text.partition(" ")[0] for text in documented}
        for text in documented:
            name, _, shape = text.partition(" ")
            letters = [letter.strip() for letter in shape.strip("()").split(",") if letter.strip()]
            value = values.get(name)
            if isinstance(value, np.ndarray) and value.ndim == len(letters):
                for letter, size in zip(letters, value.shape, strict=True):
                    if re.fullmatch(r"[A-Z][A-Z]?'?", letter):
                        sizes.setdefault(letter, set()).add(size)
        numbers = {path: value for path, value in walk(values) if type(value) is int}
        arrays = (value for name, value in values.items() if name not in told and isinstance(value, np.ndarray))
        of_images = {size for array in arrays if array.ndim > MATRIX for size in array.shape}
        for name, value in numbers.items():
            # A program that is given N or D as such. Images that nobody documents have so many axes that one of them
            # may be as long by chance.
            if re.fullmatch(r"[A-Z]", name) and value not in of_images:
                sizes.setdefault(name, set()).add(value)
        self.sizes = {letter: min(found) for letter, found in sizes.items() if len(found) == 1}
        # A size that two letters have, or that is a setting, too, does not tell which of them is meant.
        taken = [*self.sizes.values(), *(value for name, value in numbers.items() if name not in self.sizes)]
        self._of_size = {size: letter for letter, size in self.sizes.items() if size > 1 and taken.count(size) == 1}

    def leave_out_chance(
        self, shapes: Mapping[str, Shape], others: Iterable[tuple[Letters, Mapping[str, Shape]]]
    ) -> None:
        """Name no size any more that agrees with a letter here and not in another case, where sizes are others.

        Parameters
        ----------
        shapes : mapping of str to tuple of int
            The shapes of arrays in this case, by name.
        others : iterable of (Letters, mapping)
            The same of other cases.
        """
        for letters, elsewhere in others:
            for name, shape in shapes.items():
                same = elsewhere.get(name, ())
                for size, there in zip(shape, same, strict=True) if len(shape) == len(same) else ():
                    if letters.sizes.get(self._of_size.get(size, ""), there) != there:
                        del self._of_size[size]

    def leave_out_all(self) -> None:
        """Name no size any more: of a single case, nobody knows which of them agree with a letter by chance."""
        self._of_size = {}

    def size(self, size: int) -> str:
        """Write a size, as ``"N = 4"``, or ``"4"`` where no letter is known."""
        return f"{self._of_size[size]} = {size}" if size in self._of_size else str(size)

    def shape(self, shape: Shape) -> str:
        """Write a shape, as ``"(N, D) = (4, 7)"``; without letters unless each of its sizes has one."""
        comma = "," if len(shape) == 1 else ""
        letters = [self._of_size.get(size, "1" if size == 1 else "") for size in shape]
        sizes = [letter for letter in letters if letter != "1"]
        if not sizes or not all(letters) or len(set(sizes)) < len(sizes):
            return f"{shape}"
        return f"({', '.join(letters)}{comma}) = {shape}"
