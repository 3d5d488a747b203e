"""Detectors for an output of the wrong shape: what would make the right answer of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from .wrong_output import Observation, WrongOutput


def transposed(output: WrongOutput) -> Iterator[Observation]:
    """The right numbers with more than two axes in another order; the rule itself recognises a transposed matrix."""
    expected, got = output.arrays
    if not expected.ndim == got.ndim > 2 or got.ndim > 4:
        return
    for axes in permutations(range(got.ndim)):
        if output.same(expected, got.transpose(axes)):
            yield Observation(
                f"axes {axes}", f"the numbers are right, with the axes in another order: transpose to {axes}"
            )


def unsummed(output: WrongOutput) -> Iterator[Observation]:
    """An axis that should have been summed or averaged over is still there."""
    expected, got = output.arrays
    for count in range(1, got.ndim + 1):
        for axes in combinations(range(got.ndim), count):
            words = f"axis {axes[0]}" if count == 1 else f"axes {', '.join(map(str, axes))}"
            for keep in (False, True):
                if output.same(expected, np.asarray(got.sum(axis=axes, keepdims=keep))):
                    yield Observation(f"sum {axes}", f"it is still to be summed over {words}")
                elif output.same(expected, np.asarray(got.mean(axis=axes, keepdims=keep))):
                    yield Observation(f"mean {axes}", f"it is still to be averaged over {words}")


def flattened(output: WrongOutput) -> Iterator[Observation]:
    """The right numbers in another shape and another order."""
    expected, got = output.arrays
    if expected.size == got.size > 1 and output.same(np.sort(expected, axis=None), np.sort(got, axis=None)):
        yield Observation(
            "scattered", "the numbers are right but in another order: a transpose is needed, not only a reshape"
        )


def summed(output: WrongOutput) -> Iterator[Observation]:
    """The right answer, summed or averaged over an axis that should have stayed."""
    expected, got = output.arrays
    for count in range(1, expected.ndim + 1):
        for axes in combinations(range(expected.ndim), count):
            words = f"axis {axes[0]}" if count == 1 else f"axes {', '.join(map(str, axes))}"
            for keep in (False, True):
                if output.same(np.asarray(expected.sum(axis=axes, keepdims=keep)), got):
                    yield Observation(
                        f"summed {axes}", f"it is the right answer summed over {words}; that axis should stay"
                    )
                elif output.same(np.asarray(expected.mean(axis=axes, keepdims=keep)), got):
                    yield Observation(
                        f"averaged {axes}", f"it is the right answer averaged over {words}; keep that axis"
                    )


def cropped(output: WrongOutput) -> Iterator[Observation]:
    """A part of the right answer, or the right answer with something around it."""
    expected, got = output.arrays
    if expected.ndim != got.ndim or not got.size:
        return
    for large, small, words in (
        (got, expected, "the right answer stands inside it: something has to be cut off {where}"),
        (expected, got, "it is a part of the right answer: what is missing stood {where}"),
    ):
        spare = [one - other for one, other in zip(large.shape, small.shape, strict=True)]
        if min(spare) < 0:
            continue
        for starts, where in (
            ([0] * len(spare), "at the end"),
            (spare, "at the start"),
            ([n // 2 for n in spare], "around it"),
        ):
            part = tuple(slice(at, at + size) for at, size in zip(starts, small.shape, strict=True))
            if output.same(large[part], small):
                yield Observation(f"{words} {where}", words.format(where=where))
