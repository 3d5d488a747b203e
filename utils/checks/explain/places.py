"""Looks at which entries are wrong: the border, some rows or columns, those that are no numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..rules import as_array, close
from .scene import Claim, Scene


def border(scene: Scene) -> Iterator[Claim]:
    """Inside all is right; along the edge of the images it is not."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    if want.ndim < 3:
        return
    right = np.asarray(close(want, got, scene.inputs).all(axis=tuple(range(want.ndim - 2))))
    if not right.any() and min(right.shape) <= 2:
        yield Claim("only the border", "")  # such images have no inside
    if right.all() or not right.any():
        return
    for edge, words in (
        (np.s_[-1:, :], "the last row"),
        (np.s_[:, -1:], "the last column"),
        (np.s_[:1, :], "the first row"),
        (np.s_[:, :1], "the first column"),
    ):
        if _only(right, [edge]):
            yield Claim(f"only {words}", f"only {words} of the images is wrong: how far do the windows reach there?")
    if _only(right, [np.s_[-1:, :], np.s_[:, -1:]]):
        words = "only the last row and column of the images are wrong: how far do the windows reach at the end?"
        yield Claim("only the end", words)
    if _only(right, [np.s_[:1, :], np.s_[:, :1]]):
        yield Claim("only the start", "only the first row and column of the images are wrong: look at the padding")
    for width in (1, 2, 3):
        if _only(right, [np.s_[:width, :], np.s_[-width:, :], np.s_[:, :width], np.s_[:, -width:]]):
            yield Claim("only the border", "only the border of the images is wrong, the inside is right: look at the "
                        "padding and at how it is cut off again")  # fmt: skip
            return


def slices(scene: Scene) -> Iterator[Claim]:
    """Which slices along one axis are right, or which alone are wrong."""
    want, got = scene.arrays or (np.zeros(0), np.zeros(0))
    same = close(want, got, scene.inputs)
    for axis, size in enumerate(want.shape):
        if size < 2:
            continue
        right = np.asarray(same.all(axis=tuple(other for other in range(want.ndim) if other != axis)))
        if not right.any() or right.all():
            continue
        name = scene.axis(axis)
        if right[0] and not right[1:].any():
            yield Claim(
                f"only first {name}", f"only the first {name} is right: does a loop return, or stop, too early?"
            )
        if right[:-1].all():
            yield Claim(f"not last {name}", f"only the last {name} is wrong: does a loop stop one too early?")
        if right[1:].all():
            yield Claim(f"not first {name}", f"only the first {name} is wrong")
        if right[-1] and not right[:-1].any():
            yield Claim(f"only last {name}", f"only the last {name} is right: is each one kept, or overwritten?")
        kind, some = ("right", right) if 2 * right.sum() <= size else ("wrong", ~right)
        yield Claim(f"some {name}", f"only {name} {_span(some)} {'is' if some.sum() == 1 else 'are'} {kind}")


def not_finite(scene: Scene) -> str:
    """Where NaN or infinity stands, and what that usually comes from."""
    want, got = as_array(scene.want), as_array(scene.got)
    if want is None or got is None or want.shape != got.shape or np.isfinite(got).all():
        return ""
    large = max((float(np.abs(leaf).max()) for leaf in scene.leaves.values() if leaf.size and leaf.ndim), default=0.0)
    if large > 500:
        return f"the inputs reach {large:.4g} here, and exp of such a number overflows"
    if np.isinf(got).any():
        return "infinity comes from a division by 0, the logarithm of 0, or an overflow"
    return "NaN comes from 0 / 0, the root or logarithm of a negative number, or an array that was never filled"


def _only(right: npt.NDArray[np.bool_], edges: list[tuple[slice, slice]]) -> bool:
    """Whether all that is wrong lies on the edges, each edge has its part of it, and something lies inside."""
    edge = np.zeros(right.shape, bool)
    for one in edges:
        edge[one] = True
    return not edge.all() and bool(right[~edge].all()) and all(not right[one].all() for one in edges)


def _span(some: npt.NDArray[np.bool_]) -> str:
    indices = np.flatnonzero(some).tolist()
    return ", ".join(map(str, indices[:4])) + (", …" if len(indices) > 4 else "")
