"""Looks at where the numbers stand: transposes, reshapes, permutations, copies of one slice, means of all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from ..rules import Array, close
from .scene import Claim, Scene


def transposed(scene: Scene) -> Iterator[Claim]:
    """Axes of one size are exchanged."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    for axes in _reorderings(want.ndim):
        if scene.same(want.transpose(axes), got):
            if want.ndim == 2:
                yield Claim("transpose", "it is the transpose of the right answer")
            else:
                first, second = [axis for axis, other in enumerate(axes) if axis != other][:2]
                words = f"its axes {first} and {second} are exchanged"
                yield Claim(f"axes {axes}", words if _swap(axes) else f"its axes are in the order {axes}")


def reshaped(scene: Scene) -> Iterator[Claim]:
    """A reshape stands where a transpose is needed, or the other way round."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if want.size < 2:
        return
    said = "the numbers are right but run in another order of the axes: a reshape stands where a transpose is needed"
    for axes in _reorderings(want.ndim):
        if scene.same(want.transpose(axes).reshape(want.shape), got):
            yield Claim("reshaped", said)
        sizes = tuple(want.shape[axis] for axis in axes)
        if scene.same(want.reshape(sizes).transpose(np.argsort(axes)), got):
            yield Claim("reshaped", said)


def repeated(scene: Scene) -> Iterator[Claim]:
    """Every slice along one axis is a copy of one and the same."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    for axis, size in enumerate(want.shape):
        name = scene.axis(axis)
        right, seen = np.moveaxis(want, axis, 0), np.moveaxis(got, axis, 0)
        if size < 2 or not close(np.broadcast_to(seen[:1], seen.shape).copy(), seen).all():
            continue
        if scene.same(right[0], seen[0]):
            yield Claim(f"first {name}", f"every {name} comes out like the first: is each one's own index used?")
        elif scene.same(right[-1], seen[0]):
            yield Claim(f"last {name}", f"every {name} comes out like the last: is each one kept, or overwritten?")
        elif scene.same(right.mean(axis=0), seen[0]):
            yield Claim(f"mean {name}", f"every {name} is the mean of what they should be")
        elif scene.same(right.sum(axis=0), seen[0]):
            yield Claim(f"sum {name}", f"every {name} is the sum of what they should be")
        else:
            yield Claim(f"same {name}", f"every {name} is the same: one result is broadcast to all of them")


def reordered(scene: Scene) -> Iterator[Claim]:
    """The slices along one axis are right and stand in another order."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    for axis, size in enumerate(want.shape):
        if size < 2:
            continue
        name, plural = scene.axis(axis), _plural(scene.axis(axis))
        right, seen = (np.moveaxis(array, axis, 0).reshape(size, -1) for array in (want, got))
        if scene.same(right[::-1], seen):
            yield Claim(f"reversed {name}", f"its {plural} are right but in reverse order")
        sources = [next((j for j in range(size) if scene.same(right[j], row)), -1) for row in seen]
        if sorted(sources) == list(range(size)):
            shifts = {(j - i) % size for i, j in enumerate(sources)}
            said = (
                "each stands next to its place" if shifts & {1, size - 1} and len(shifts) == 1 else "but out of order"
            )
            words = f"its {plural} are right, {said}: {name} 0 holds what belongs to {name} {sources[0]}"
            yield Claim(f"order {name}", words)
        elif min(sources) >= 0:
            yield Claim(f"picked {name}", f"each {name} is a right one, but some stand twice and others are missing")


def averaged(scene: Scene) -> Iterator[Claim]:
    """The right numbers summed up along an axis."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    for axis, size in enumerate(want.shape):
        if size > 2 and scene.same(np.cumsum(want, axis=axis), got):
            name = scene.axis(axis)
            yield Claim(f"cumulative {name}", f"each {name} holds the sum of all up to it: start each one from zero")


def scattered(scene: Scene) -> Iterator[Claim]:
    """The numbers are right, their places are not."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if want.size > 1 and scene.same(np.sort(want, axis=None), np.sort(got, axis=None)):
        yield Claim(
            "scattered", "the numbers are right but stand in the wrong places: look at each reshape and transpose"
        )


def _reorderings(ndim: int) -> list[tuple[int, ...]]:
    """All orders of the axes but the usual one, exchanges of two first."""
    if ndim > 4:
        return []
    found = [axes for axes in permutations(range(ndim)) if axes != tuple(range(ndim))]
    return sorted(found, key=lambda axes: not _swap(axes))


def _swap(axes: tuple[int, ...]) -> bool:
    return sum(axis != other for axis, other in enumerate(axes)) == 2


def _plural(name: str) -> str:
    if name == "entry":
        return "entries"
    return f"slices{name.removeprefix('slice')}" if name.startswith("slice") else f"{name}s"


def slices_of(array: Array, axis: int) -> Array:
    """An array with one axis first and all others in one."""
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
