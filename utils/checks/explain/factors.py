"""Looks at the size of the numbers: zero, the sign, a factor, an offset."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..rules import close
from .scene import Claim, Scene


def zero(scene: Scene) -> Iterator[Claim]:
    """Nothing but zeros."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if want.size > 1 and not got.any():
        yield Claim("zero", "every entry is zero: is it filled in, and is what was computed returned?")


def sign(scene: Scene) -> Iterator[Claim]:
    """All signs are the wrong way round, or there are none."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if scene.same(-want, got):
        yield Claim("sign", "every entry has the opposite sign" if want.size > 1 else "it has the opposite sign")
    elif want.size > 1 and scene.same(abs(want), abs(got)):
        where = "where it should be negative" if (got >= 0).all() else "in some places"
        yield Claim("signs", f"the sizes are right and the sign is wrong {where}")


def factor(scene: Scene) -> Iterator[Claim]:
    """A constant factor, named where the case has a number of that size."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    weight = float((want * want).sum())
    times = float((want * got).sum()) / weight if weight else 0.0
    if not times or not scene.same(times * want, got):
        return
    for number, large, small in (
        (2, "it is 2 times too large: is something counted twice, or a ½ missing?", "it is half of the right answer"),
    ):
        if np.isclose(times, number):
            yield Claim(f"times {number}", large)
        if np.isclose(times, 1 / number):
            yield Claim(f"over {number}", small)
    digits = 1e-3 if scene.coarse else 1e-6
    for name, count in scene.counts.items():
        if np.isclose(times, count, rtol=digits):
            yield Claim(
                f"times {name}", f"it is {count} times too large, {count} being {name}: a sum where a mean is due?"
            )
        if np.isclose(times, 1 / count, rtol=digits):
            yield Claim(
                f"over {name}", f"it is {count} times too small, {count} being {name}: a mean where a sum is due?"
            )
    for name, value in scene.settings.items():
        if np.isclose(times, value, rtol=digits):
            yield Claim(f"times {name}", f"it is the right answer times {name}")
        if np.isclose(times, 1 / value, rtol=digits):
            yield Claim(f"over {name}", f"it is the right answer divided by {name}")
    for number in range(2, 1025):
        if np.isclose(times, number, rtol=digits):
            words = f"it is {number} times too large: is a division by {number} missing, or something counted twice?"
            yield Claim(f"times {number}", words)
        if np.isclose(times, 1 / number, rtol=digits):
            words = f"it is {number} times too small: is it divided by {number} once too often?"
            yield Claim(f"over {number}", words)
    if want.size > 1:
        yield Claim(f"factor {times:.3g}", f"it is {times:.4g} times the right answer")
        yield Claim("factor", f"it is the right answer times one number, {times:.4g} here and another in other cases")


def offset(scene: Scene) -> Iterator[Claim]:
    """One number added to all entries."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    off = float((got - want).mean())
    if want.size > 1 and close(want + off, got, scene.inputs).all():
        yield Claim("offset", f"every entry is off by the same amount, {off:.4g}")
