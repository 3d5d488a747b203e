"""Where the ticks of an axis stand, and what stands beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from .svg import width_of

SIZE = 8  # of the numbers
ROOM = {"x": 26.0, "y": 18.0}  # units of a picture that a tick has at least to itself

Ends = tuple[float, float]


def ticks(ends: Ends, length: float, along: str, *, log: bool = False) -> list[tuple[float, str]]:
    """Values between the ends of an axis, and their labels.

    Parameters
    ----------
    ends : (float, float)
        The least and the greatest value.
    length : float
        Of the axis, in units of the picture.
    along : {"x", "y"}
        Numbers stand side by side along x, and one above the other along y.
    log : bool, default False
        Whether it is logarithmic: it has ticks at powers of ten, or as any other where it is too short for two of them.

    Returns
    -------
    list of (float, str)
        In ascending order; their labels do not touch each other.
    """
    most = max(int(length / ROOM[along]), 1)
    chosen = powers if log and len(powers(ends, most)) > 1 else round_values
    found = chosen(ends, most)
    while along == "x" and most > 1 and _touch(found, ends, length, log):
        most -= 1
        found = chosen(ends, most)
    return found


def round_values(ends: Ends, most: int) -> list[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten: at most `most` steps from end to end."""
    low, high = ends
    raw = (high - low) / most
    digits = math.floor(math.log10(raw))
    factor = next((factor for factor in (1, 2, 5) if factor * 10.0**digits >= raw * (1 - 1e-9)), 10)
    if factor == 10:
        factor, digits = 1, digits + 1
    step = factor * 10.0**digits
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # A power below 1 is divided by: 3 / 10 is 0.3, and 3 * 0.1 is not.
    values = [number * factor / 10.0**-digits if digits < 0 else number * step for number in range(first, last + 1)]
    places = -digits if -5 < digits < 0 and max(map(abs, ends)) < 1e5 else None
    return [(value, said(value, places)) for value in values if low <= value <= high]


def powers(ends: Ends, most: int) -> list[tuple[float, str]]:
    """At most `most` powers of ten; the exponents have equal distances, and go through 0."""
    first, last = (math.log10(end) for end in ends)
    low, high = math.ceil(first - 1e-9), math.floor(last + 1e-9)
    step = next(step for step in range(1, high - low + 3) if len(_multiples(low, high, step)) <= max(most, 1))
    return [(10.0**exponent, power(10.0**exponent)) for exponent in _multiples(low, high, step)]


def _multiples(low: int, high: int, step: int) -> range:
    return range(math.ceil(low / step) * step, high + 1, step)


def said(value: float, places: int | None = None) -> str:
    """A number beside an axis, with so many digits after the point: ``"−0.25"``, ``"2e−7"``."""
    text = f"{value + 0.0:.10g}" if places is None else f"{value + 0.0:.{places}f}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")


def power(value: float) -> str:
    """A power of ten: ``"10⁻³"``."""
    return "10" + f"{math.log10(value):.0f}".translate(_SUPERSCRIPTS)


def _touch(found: Sequence[tuple[float, str]], ends: Ends, length: float, log: bool) -> bool:
    """Whether two labels side by side are nearer to each other than half a letter."""
    place: Callable[[float], float] = math.log if log else float
    unit = length / (place(ends[1]) - place(ends[0]))
    return any(
        (place(right) - place(left)) * unit < (width_of(one, SIZE) + width_of(other, SIZE)) / 2 + SIZE / 2
        for (left, one), (right, other) in pairwise(found)
    )


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
