"""Looks at an answer of the wrong shape: what would have to be done to it to make it right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from .scene import Claim, Scene


def transposed(scene: Scene) -> Iterator[Claim]:
    """The right numbers with their axes in another order; for two axes the shape's own sentence says so."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if not want.ndim == got.ndim > 2 or got.ndim > 4:
        return
    for axes in permutations(range(got.ndim)):
        if scene.same(want, got.transpose(axes)):
            yield Claim(f"axes {axes}", f"the numbers are right, with the axes in another order: transpose to {axes}")


def unsummed(scene: Scene) -> Iterator[Claim]:
    """An axis that should have been summed or averaged over is still there."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    for count in range(1, got.ndim + 1):
        for axes in combinations(range(got.ndim), count):
            words = f"axis {axes[0]}" if count == 1 else f"axes {', '.join(map(str, axes))}"
            for keep in (False, True):
                if scene.same(want, np.asarray(got.sum(axis=axes, keepdims=keep))):
                    yield Claim(f"sum {axes}", f"it is still to be summed over {words}")
                elif scene.same(want, np.asarray(got.mean(axis=axes, keepdims=keep))):
                    yield Claim(f"mean {axes}", f"it is still to be averaged over {words}")


def flattened(scene: Scene) -> Iterator[Claim]:
    """The right numbers of another shape stand in another order, too."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if want.size == got.size > 1 and scene.same(np.sort(want, axis=None), np.sort(got, axis=None)):
        yield Claim(
            "scattered", "the numbers are right but in another order: a transpose is needed, not only a reshape"
        )


def summed(scene: Scene) -> Iterator[Claim]:
    """Too much was summed or averaged: the answer is what comes of the right one."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    for count in range(1, want.ndim + 1):
        for axes in combinations(range(want.ndim), count):
            words = f"axis {axes[0]}" if count == 1 else f"axes {', '.join(map(str, axes))}"
            for keep in (False, True):
                if scene.same(np.asarray(want.sum(axis=axes, keepdims=keep)), got):
                    yield Claim(f"summed {axes}", f"it is the right answer summed over {words}; that axis should stay")
                elif scene.same(np.asarray(want.mean(axis=axes, keepdims=keep)), got):
                    yield Claim(f"averaged {axes}", f"it is the right answer averaged over {words}; keep that axis")


def cropped(scene: Scene) -> Iterator[Claim]:
    """A part of the right answer, or the right answer with something around it."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if want.ndim != got.ndim or not got.size:
        return
    for large, small, words in (
        (got, want, "the right answer stands inside it: something has to be cut off {where}"),
        (want, got, "it is a part of the right answer: what is missing stood {where}"),
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
            if scene.same(large[part], small):
                yield Claim(f"{words} {where}", words.format(where=where))
