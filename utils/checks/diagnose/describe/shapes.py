"""Detectors for an output of the wrong shape: what would make the right answer of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from .wrong_output import MIN_NUMBERS, Observation, WrongOutput, distinct


def allocated(output: WrongOutput) -> Iterator[Observation]:
    """Zeros, in an array of the wrong shape: nothing can be read from them but that."""
    expected, got = output.arrays
    if not got.any() and expected.any():
        words = f"it holds nothing but zeros, and its shape should be {expected.shape}: is it filled in?"
        yield Observation("allocated", words, output.numbers)


def reshaped(output: WrongOutput) -> Iterator[Observation]:
    """The right numbers in the right order, in another shape."""
    expected, got = output.arrays
    if expected.size == got.size and output.same(expected.ravel(), got.ravel()):
        yield Observation("reshaped", "the numbers are right, only the shape is not", output.numbers)


def transposed(output: WrongOutput) -> Iterator[Observation]:
    """The right numbers with the axes in another order."""
    expected, got = output.arrays
    if expected.ndim != got.ndim or not 1 < got.ndim <= 4:
        return
    for axes in permutations(range(got.ndim)):
        if output.same(expected, got.transpose(axes)):
            words = f"the numbers are right, with the axes in another order: {moves(axes)}"
            if got.ndim == 2:
                words = "it is the transpose of the right answer"
            yield Observation(f"axes {axes}", words, output.numbers)


def unsummed(output: WrongOutput) -> Iterator[Observation]:
    """An axis that should have been summed or averaged over is still there."""
    expected, got = output.arrays
    for count in range(1, got.ndim + 1):
        for axes in combinations(range(got.ndim), count):
            words = f"axis {axes[0]}" if count == 1 else f"axes {', '.join(map(str, axes))}"
            for keep in (False, True):
                if output.same(expected, np.asarray(got.sum(axis=axes, keepdims=keep))):
                    yield Observation(f"sum {axes}", f"it is still to be summed over {words}", output.numbers)
                elif output.same(expected, np.asarray(got.mean(axis=axes, keepdims=keep))):
                    yield Observation(f"mean {axes}", f"it is still to be averaged over {words}", output.numbers)


def flattened(output: WrongOutput) -> Iterator[Observation]:
    """The right numbers in another shape and another order."""
    expected, got = output.arrays
    if expected.size == got.size > 1 and output.same(np.sort(expected, axis=None), np.sort(got, axis=None)):
        words = "the numbers are right but in another shape and order: look at each reshape and transpose"
        yield Observation("scattered", words, output.numbers)


def summed(output: WrongOutput) -> Iterator[Observation]:
    """The right answer, summed or averaged over an axis that should have stayed."""
    expected, got = output.arrays
    for count in range(1, expected.ndim + 1):
        for axes in combinations(range(expected.ndim), count):
            # The sum over a single entry is that entry, so it shows nothing of a sum.
            numbers = distinct(got) if all(expected.shape[axis] > 1 for axis in axes) else 0
            summed_over = f"axis {axes[0]}" if count == 1 else f"axes {', '.join(map(str, axes))}"
            stays = "that axis should stay" if count == 1 else "those axes should stay"
            for keep in (False, True):
                if output.same(np.asarray(expected.sum(axis=axes, keepdims=keep)), got):
                    words = f"it is the right answer summed over {summed_over}; {stays}" if numbers else ""
                    yield Observation(f"summed {axes}", words, numbers)
                elif output.same(np.asarray(expected.mean(axis=axes, keepdims=keep)), got):
                    words = f"it is the right answer averaged over {summed_over}; {stays}" if numbers else ""
                    yield Observation(f"averaged {axes}", words, numbers)


def single(output: WrongOutput) -> Iterator[Observation]:
    """One number, where there should be one for each entry of something."""
    expected, got = output.arrays
    if got.ndim == 0 and expected.ndim:
        words = (
            f"it is a single number, and should be an array of shape {expected.shape}: does something run over all "
            "axes, such as a sum, a maximum, an argmax or a product of two vectors, where one axis or more should stay?"
        )
        yield Observation("single", words if expected.size > 1 else "", output.numbers)


def cropped(output: WrongOutput) -> Iterator[Observation]:
    """A part of the right answer, or the right answer with something around it."""
    expected, got = output.arrays
    if expected.ndim != got.ndim:
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
                numbers = distinct(np.asarray(large[part])) if small.size else 0  # a part without numbers may be any
                yield Observation(f"{words} {where}", words.format(where=where) if numbers else "", numbers)


def plainly(output: WrongOutput) -> Iterator[Observation]:
    """What the shape should be, where nothing is known of the numbers: how many axes, and how long they should be."""
    expected, got = output.arrays
    right, seen = expected.shape, got.shape
    if expected.size == got.size:
        alike = output.same(np.sort(expected, axis=None), np.sort(got, axis=None))  # they are right, or too few to tell
        words = "" if alike and output.numbers < MIN_NUMBERS else f"its shape should be {right}"
        if not alike:
            more = "besides, the numbers themselves are not right"
            yield Observation("plainly and numbers", f"{words}; {more}", MIN_NUMBERS)
    elif expected.ndim != got.ndim:
        words = f"it should have {_axes(expected.ndim)}, and has {_axes(got.ndim)}"
    else:
        wrong = [axis for axis in range(expected.ndim) if right[axis] != seen[axis]]
        words = "; ".join(f"axis {axis} should have length {right[axis]}, not {seen[axis]}" for axis in wrong)
    # A shape is no chance, however few the numbers are.
    yield Observation("plainly", words, MIN_NUMBERS)


def moves(axes: tuple[int, ...]) -> str:
    """Say where each axis belongs: of the result, because the code may hold the same numbers in a transpose already.

    Parameters
    ----------
    axes : tuple of int
        The order to which the result should be transposed.

    Returns
    -------
    str
        A clause such as ``"its axis 0 should be its axis 1 and axis 1 should be axis 0"``.
    """
    moved = [(came, due) for due, came in enumerate(axes) if came != due]
    (first, due), *others = sorted(moved) or [(0, 0)]
    said = [
        f"its axis {first} should be its axis {due}",
        *(f"axis {came} should be axis {due}" for came, due in others),
    ]
    return f"{', '.join(said[:-1])} and {said[-1]}" if others else said[0]


def _axes(count: int) -> str:
    return "no axis" if not count else "one axis" if count == 1 else f"{count} axes"
