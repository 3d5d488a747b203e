"""Print two numbers that differ with as many digits as it takes to see the difference."""

from __future__ import annotations

MOST = 17
"""Digits that tell any two float64 numbers apart."""


def digits_apart(one: float, other: float, least: int) -> int:
    """Return the number of digits, `least` or more, with which two numbers are printed differently.

    Examples
    --------
    >>> digits_apart(-0.7861, -0.7862, 3)
    4
    """
    return next((count for count in range(least, MOST) if f"{one:.{count}g}" != f"{other:.{count}g}"), MOST)


def printed_apart(expected: float, got: float, least: int = 6) -> tuple[str, str, str]:
    """Print an expected number and a wrong one.

    Parameters
    ----------
    expected, got : float
    least : int, default 6
        Digits of each, unless more are needed to tell them apart.

    Returns
    -------
    expected, got : str
    by : str
        By how much they differ in proportion, as ``" (a relative difference of 2e-05)"``, where that is little; else
        ``""``.
    """
    count = digits_apart(expected, got, least)
    off = abs(got - expected) / abs(expected) if expected else 1.0
    return f"{expected:.{count}g}", f"{got:.{count}g}", f" (a relative difference of {off:.1g})" if off < 1e-3 else ""
