"""Detectors for the direction in which an output is wrong: too large, too far from 0, of the right sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compare import close
from .wrong_output import Observation, WrongOutput, distinct

EVERY_WRONG_CASE = "in every case in which it is wrong"


def direction(output: WrongOutput) -> Iterator[Observation]:
    """All that is wrong is too large, or all is too small."""
    expected, got = output.arrays
    wrong = ~np.asarray(close(expected, got, output.inputs))
    off = (got - expected)[wrong]
    name = "each wrong entry" if expected.size > 1 else "it"
    for key, holds in (("too large", (off > 0).all()), ("too small", (off < 0).all())):
        if holds:
            yield Observation(key, f"{name} is {key}, {EVERY_WRONG_CASE}", _numbers(output, off))


def distance(output: WrongOutput) -> Iterator[Observation]:
    """All that is wrong has the right sign, and is too far from 0, or too near."""
    expected, got = output.arrays
    wrong = ~np.asarray(close(expected, got, output.inputs))
    right, seen, off = expected[wrong], got[wrong], (got - expected)[wrong]
    if not (right * seen > 0).all():
        return
    for key, holds in (
        ("too far from 0", (abs(seen) > abs(right)).all()),
        ("too near to 0", (abs(seen) < abs(right)).all()),
    ):
        if holds:
            yield Observation(key, f"each wrong entry has the right sign and is {key}", _numbers(output, off))
    yield Observation("right signs", "each wrong entry has the right sign; its size is wrong", _numbers(output, off))


def _numbers(output: WrongOutput, off: np.ndarray) -> int:
    """How much the signs of what is wrong say; that of one entry is right by chance in every second case."""
    return output.weight if output.arrays[0].size == 1 else distinct(off) // 2
