"""Detectors for right numbers in the wrong places: transposed, reshaped, reordered, copied, accumulated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from ...compare import Array, close
from .wrong_output import Observation, WrongOutput, distinct


def transposed(output: WrongOutput) -> Iterator[Observation]:
    """Axes of one size are exchanged."""
    expected, got = output.arrays
    for axes in _reorderings(expected.ndim):
        if output.same(expected.transpose(axes), got):
            moved = _moved(expected, got)
            if expected.ndim == 2:
                yield Observation("transpose", "it is the transpose of the right answer", moved)
            else:
                first, second = [axis for axis, other in enumerate(axes) if axis != other][:2]
                words = f"its axes {first} and {second} are exchanged"
                words = words if _is_swap(axes) else f"its axes are in the order {axes}"
                yield Observation(f"axes {axes}", words, moved)


def reshaped(output: WrongOutput) -> Iterator[Observation]:
    """A reshape stands where a transpose is needed, or the other way round."""
    expected, got = output.arrays
    if expected.size < 2:
        return
    said = "the numbers are right but run in another order of the axes: look at each reshape and transpose"
    for axes in _reorderings(expected.ndim):
        if output.same(expected.transpose(axes).reshape(expected.shape), got):
            yield Observation("reshaped", said, _moved(expected, got))
        sizes = tuple(expected.shape[axis] for axis in axes)
        if output.same(expected.reshape(sizes).transpose(np.argsort(axes)), got):
            yield Observation("reshaped", said, _moved(expected, got))


def repeated(output: WrongOutput) -> Iterator[Observation]:
    """All slices along one axis are equal."""
    expected, got = output.arrays
    for axis, size in enumerate(expected.shape):
        name = output.axis(axis)
        right, seen = np.moveaxis(expected, axis, 0), np.moveaxis(got, axis, 0)
        # All slices of what came are equal; what they are equal to says how that may have come about.
        if size < 2 or not _all_equal(output, seen) or _all_equal(output, right):
            continue
        numbers = size * distinct(seen[0]) - 1
        if output.same(right[0], seen[0]):
            words = f"every {name} comes out like the first: is each one's own index used?"
            yield Observation(f"first {name}", words, numbers)
        elif output.same(right[-1], seen[0]):
            words = f"every {name} comes out like the last: is each one kept, or overwritten?"
            yield Observation(f"last {name}", words, numbers)
        elif output.same(right.mean(axis=0), seen[0]):
            yield Observation(f"mean {name}", f"every {name} is the mean of what they should be", numbers)
        elif output.same(right.sum(axis=0), seen[0]):
            yield Observation(f"sum {name}", f"every {name} is the sum of what they should be", numbers)


def equal(output: WrongOutput) -> Iterator[Observation]:
    """All slices along one axis are equal to each other, and to none of what they should be."""
    expected, got = output.arrays
    for axis, size in enumerate(expected.shape):
        name = output.axis(axis)
        right, seen = np.moveaxis(expected, axis, 0), np.moveaxis(got, axis, 0)
        if not _all_equal(output, seen) or (size > 1 and _all_equal(output, right)):
            continue
        words = f"every {name} is the same, and should not be: is one result used for all of them?"
        # A single slice agrees, and shows nothing.
        yield Observation(f"same {name}", words if size > 1 else "", size * distinct(seen[0]) - 1 if size > 1 else 0)


def reordered(output: WrongOutput) -> Iterator[Observation]:
    """The slices along one axis are right and stand in another order."""
    expected, got = output.arrays
    for axis, size in enumerate(expected.shape):
        if size < 2:
            continue
        name, plural = output.axis(axis), _plural(output.axis(axis))
        right, seen = (np.moveaxis(array, axis, 0).reshape(size, -1) for array in (expected, got))
        if output.same(right[::-1], seen):
            yield Observation(f"reversed {name}", f"its {plural} are right but in reverse order", distinct(seen))
        sources = _sources(output, right, seen)
        if len({row.tobytes() for row in right}) < size:
            continue  # where slices are equal, nobody can tell where one belongs
        if sorted(sources) == list(range(size)):
            shifts = {(j - i) % size for i, j in enumerate(sources)}
            if len(shifts) == 1 and shifts <= {1, size - 1}:
                words = f"its {plural} are right, but each stands next to its place"
                yield Observation(f"shifted {name}", words, distinct(seen))
            yield Observation(f"order {name}", f"its {plural} are right, but out of order", distinct(seen))
        elif len(sources) == size:
            words = f"each {name} is a right one, but some stand twice and others are missing"
            yield Observation(f"picked {name}", words, distinct(seen))


def accumulated(output: WrongOutput) -> Iterator[Observation]:
    """The right numbers, summed up along an axis."""
    expected, got = output.arrays
    for axis, size in enumerate(expected.shape):
        if size > 2 and output.same(np.cumsum(expected, axis=axis), got):
            name = output.axis(axis)
            words = f"each {name} holds the sum of all up to it: does each one start from zero?"
            yield Observation(f"cumulative {name}", words, output.numbers)


def scattered(output: WrongOutput) -> Iterator[Observation]:
    """All numbers are right and stand in the wrong places, in no order that has a name."""
    expected, got = output.arrays
    if 2 * output.numbers >= expected.size > 1 and output.same(np.sort(expected, axis=None), np.sort(got, axis=None)):
        words = "the numbers are right but stand in the wrong places: look at each index, reshape and transpose"
        yield Observation("scattered", words, _moved(expected, got))


def _moved(expected: Array, got: Array) -> int:
    """Count the different numbers that stand in another place than they should."""
    return distinct(got[~close(expected, got)])


def _all_equal(output: WrongOutput, slices: Array) -> bool:
    """Whether all slices along the first axis are equal."""
    return output.same(np.broadcast_to(slices[:1], slices.shape), slices)


def _sources(output: WrongOutput, right: Array, seen: Array) -> list[int]:
    """List where each slice of what came belongs; the list ends at one that stands nowhere in the right answer."""
    found: list[int] = []
    for row in seen:
        source = next((j for j, other in enumerate(right) if output.same(other, row)), -1)
        if source < 0:
            break
        found.append(source)
    return found


def _reorderings(ndim: int) -> list[tuple[int, ...]]:
    """List all other orders of the axes, exchanges of two first."""
    if ndim > 4:  # there are too many of them
        return []
    found = [axes for axes in permutations(range(ndim)) if axes != tuple(range(ndim))]
    return sorted(found, key=lambda axes: not _is_swap(axes))


def _is_swap(axes: tuple[int, ...]) -> bool:
    """Whether an order of the axes differs from the usual one in two axes."""
    return sum(axis != other for axis, other in enumerate(axes)) == 2


def _plural(name: str) -> str:
    if name == "entry":
        return "entries"
    return f"slices{name.removeprefix('slice')}" if name.startswith("slice") else f"{name}s"
