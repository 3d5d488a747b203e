"""Looks for a term: the answer is an input, or it differs from the right one by a simple function of an input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..rules import Array
from .scene import ENTRIES, Claim, Scene


def copied(scene: Scene) -> Iterator[Claim]:
    """The answer is an input itself, or a sum over one."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if scene.vague:
        return
    for name, base in _bases(scene, want):
        if base.any() and scene.same(base, got):
            yield Claim(f"is {name}", f"what comes back is just {name}")


def term(scene: Scene) -> Iterator[Claim]:
    """A term is missing, counted too often, or has the wrong sign or weight."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if scene.vague:
        return  # one number with few digits fits too many formulas
    difference = got - want
    for name, base in _bases(scene, want):
        weight = float((base * base).sum())
        times = float((difference * base).sum()) / weight if weight else 0.0
        if not times or not scene.same(want + times * base, got):
            continue
        for size, words in _weights(scene):
            if np.isclose(abs(times), size, rtol=1e-3 if scene.coarse else 1e-6):
                yield _claim(times, f"{words}{name}")
        if base.size > 3 and np.unique(base).size > 1:
            yield Claim(f"multiple of {name}", f"it is off by a multiple of {name}: {times:.4g} times as much")


def _claim(times: float, name: str) -> Claim:
    if times > 0:
        return Claim(f"plus {name}", f"it is the right answer plus {name}: does that term belong here, and so often?")
    return Claim(f"minus {name}", f"it is the right answer minus {name}: is that term left out?")


def _weights(scene: Scene) -> Iterator[tuple[float, str]]:
    """What a term may be multiplied by."""
    yield 1.0, ""
    yield 2.0, "2 · "
    yield 0.5, "½ · "
    for name, value in scene.settings.items():
        shown = f"({name})" if " " in name else name
        yield value, f"{shown} · "
        yield 2 * value, f"2 · {shown} · "
        yield value / 2, f"½ · {shown} · "
    for name, count in scene.counts.items():
        if name.startswith("N,"):
            yield 1 / count, "1/N · "


def _bases(scene: Scene, want: Array) -> Iterator[tuple[str, Array]]:
    """Simple functions of the inputs that have the answer's shape, by name."""
    squares = 0.0
    for path, leaf in scene.leaves.items():
        if leaf.dtype.kind != "f" or leaf.size > ENTRIES or not np.isfinite(leaf).all():
            continue
        value, name = leaf.astype(np.float64), path.rpartition(".")[2]
        if want.size == 1:
            if value.ndim:
                yield f"the sum of the squares of {name}", np.full(want.shape, (value * value).sum())
                yield f"the sum of {name}", np.full(want.shape, value.sum())
            else:
                yield name, np.full(want.shape, value)
            squares += float((value * value).sum()) if path.startswith("params.W") else 0.0
            continue
        yield from _shaped(name, value, want.shape)
    if squares:
        yield "the sum of the squares of all weights", np.full(want.shape, squares)


def _shaped(name: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    if value.shape == shape:
        yield name, value
    elif value.ndim == 0:
        yield name, np.full(shape, value)
    elif value.T.shape == shape:
        yield f"the transpose of {name}", value.T
    elif value.ndim == 1:
        for axis, size in enumerate(shape):
            if size == len(value) and len(shape) > 1:
                side = [1] * len(shape)
                side[axis] = size
                yield name, np.broadcast_to(value.reshape(side), shape).copy()
    elif value.ndim == len(shape) and all(a in (1, b) for a, b in zip(value.shape, shape, strict=True)):
        yield name, np.broadcast_to(value, shape).copy()
    elif value.size == np.prod(shape):
        yield name, value.reshape(shape)
    if value.ndim > 1:
        for axis in range(value.ndim):
            kept = tuple(other for other in range(value.ndim) if other != axis)
            if value.ndim == 2 and value.shape[1 - axis : 2 - axis] == shape:
                yield f"the sum of {name} over axis {axis}", value.sum(axis=axis)
            elif value.ndim > 2 and (value.shape[axis],) == shape:
                yield f"the sum of {name} over all axes but {axis}", value.sum(axis=kept)
