"""Detectors for which entries are wrong: the border of an image, some rows or columns, those that are not finite."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ...compare import as_array, close
from .wrong_output import Observation, WrongOutput


def border(output: WrongOutput) -> Iterator[Observation]:
    """Only the border of the images is wrong, or a part of it."""
    expected, got = output.arrays
    if expected.ndim < 3:
        return
    right = np.asarray(close(expected, got, output.inputs).all(axis=tuple(range(expected.ndim - 2))))
    if not right.any() and min(right.shape) <= 2:
        yield Observation("only the border", "")  # such images have no inside, so the border cannot be told from it
    if right.all() or not right.any():
        return
    for edge, words in (
        (np.s_[-1:, :], "the last row"),
        (np.s_[:, -1:], "the last column"),
        (np.s_[:1, :], "the first row"),
        (np.s_[:, :1], "the first column"),
    ):
        if _only(right, [edge]):
            yield Observation(
                f"only {words}", f"only {words} of the images is wrong: how far do the windows reach there?"
            )
    if _only(right, [np.s_[-1:, :], np.s_[:, -1:]]):
        words = "only the last row and column of the images are wrong: how far do the windows reach at the end?"
        yield Observation("only the end", words)
    if _only(right, [np.s_[:1, :], np.s_[:, :1]]):
        yield Observation(
            "only the start", "only the first row and column of the images are wrong: look at the padding"
        )
    for width in (1, 2, 3):
        if _only(right, [np.s_[:width, :], np.s_[-width:, :], np.s_[:, :width], np.s_[:, -width:]]):
            words = "only the border of the images is wrong, the inside is right"
            advice = "look at the padding and at how it is cut off again"
            yield Observation("only the border", f"{words}: {advice}")
            return


def slices(output: WrongOutput) -> Iterator[Observation]:
    """Only some of the slices along one axis are right, or only some are wrong."""
    expected, got = output.arrays
    same = close(expected, got, output.inputs)
    for axis, size in enumerate(expected.shape):
        if size < 2:
            continue
        right = np.asarray(same.all(axis=tuple(other for other in range(expected.ndim) if other != axis)))
        if not right.any() or right.all():
            continue
        name = output.axis(axis)
        if right[0] and not right[1:].any():
            yield Observation(
                f"only first {name}", f"only the first {name} is right: does a loop return, or stop, too early?"
            )
        if right[:-1].all():
            yield Observation(f"not last {name}", f"only the last {name} is wrong: does a loop stop one too early?")
        if right[1:].all():
            yield Observation(f"not first {name}", f"only the first {name} is wrong")
        if right[-1] and not right[:-1].any():
            yield Observation(f"only last {name}", f"only the last {name} is right: is each one kept, or overwritten?")
        kind, some = ("right", right) if 2 * right.sum() <= size else ("wrong", ~right)
        yield Observation(f"some {name}", f"only {name} {_span(some)} {'is' if some.sum() == 1 else 'are'} {kind}")


def not_finite(output: WrongOutput) -> str:
    """Say what the NaN or infinity in an output usually comes from; ``""`` where there is none."""
    expected, got = as_array(output.expected), as_array(output.got)
    if expected is None or got is None or expected.shape != got.shape or np.isfinite(got).all():
        return ""
    arrays = (array for array in output.inputs_by_path.values() if array.size and array.ndim)
    largest = max((float(np.abs(array).max()) for array in arrays), default=0.0)
    if largest > 500:
        return f"the inputs reach {largest:.4g} here, and exp of such a number overflows"
    if np.isinf(got).any():
        return "infinity comes from a division by 0, the logarithm of 0, or an overflow"
    return "NaN comes from 0 / 0, the root or logarithm of a negative number, or an array that was never filled"


def _only(right: npt.NDArray[np.bool_], edges: list[tuple[slice, slice]]) -> bool:
    """Whether all that is wrong lies on the edges, each edge has a part of it, and there are entries inside."""
    edge = np.zeros(right.shape, bool)
    for one in edges:
        edge[one] = True
    return not edge.all() and bool(right[~edge].all()) and all(not right[one].all() for one in edges)


def _span(some: npt.NDArray[np.bool_]) -> str:
    indices = np.flatnonzero(some).tolist()
    return ", ".join(map(str, indices[:4])) + (", …" if len(indices) > 4 else "")
