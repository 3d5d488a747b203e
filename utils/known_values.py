"""One's own numbers beside those that others have printed for the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.gradient_check import rel_error

FEW = 4  # so many numbers are shown in full; of more, the first and the last


def show_known_values(known: Mapping[str, ArrayLike], yours: Mapping[str, ArrayLike]) -> None:
    """Print a table: for each quantity the known value, your own, and the largest relative error over all its entries.

    It is there to be read. What is right or wrong, `check` says.

    Parameters
    ----------
    known : mapping of str to array-like
        The values by name, as they were printed: eight digits or so.
    yours : mapping of str to array-like
        The same names; other entries are left out of the table.

    Raises
    ------
    ValueError
        If a name is missing in `yours`, or an array has another shape than the known one.

    Examples
    --------
    >>> show_known_values({"w": [0.5, 0.25]}, {"w": [0.5, 0.24]})
             known                  yours                  relative error
    w        0.5 0.25               0.5 0.24               2.0e-02
    """
    lines = [("", "known", "yours", "relative error")]
    for name, value in known.items():
        if name not in yours:
            raise ValueError(f"There is no {name!r} among your values, only {', '.join(map(repr, yours)) or 'none'}.")
        mine = np.asarray(yours[name], dtype=float)
        value = np.asarray(value, dtype=float)
        if mine.shape != value.shape:
            raise ValueError(f"Your {name} has shape {mine.shape}; the known values have shape {value.shape}.")
        lines.append((name, _short(value), _short(mine), f"{rel_error(value, mine):.1e}"))
    width = max(8, *(len(line[0]) for line in lines))
    column = max(22, *(len(text) for line in lines for text in line[1:3]))
    for name, left, right, error in lines:
        print(f"{name:{width}} {left:{column}} {right:{column}} {error}".rstrip())


def _short(value: NDArray[Any]) -> str:
    """All numbers where they are few, else the first and the last."""
    numbers = [f"{number:.8g}" for number in value.ravel()]
    return " ".join(numbers) if len(numbers) <= FEW else f"{numbers[0]} … {numbers[-1]}"
