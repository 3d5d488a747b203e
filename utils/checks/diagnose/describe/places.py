"""Detectors for which entries are wrong: the border of an image, some rows or columns, those that are not finite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ...compare import Array, as_array, close
from .input_names import input_name
from .wrong_output import Observation, WrongOutput, distinct

Mask = npt.NDArray[np.bool_]

MOSTLY = 0.9
"""The share of wrong entries from which a slice counts as wrong as a whole: a few may be right by chance."""

LARGE_INPUT = 500
"""From about this size on, numbers overflow in an exponential."""


def border(output: WrongOutput) -> Iterator[Observation]:
    """Only the border of the images is wrong, or a part of it."""
    expected, got = output.arrays
    if expected.ndim < 3:
        return
    right = np.asarray(close(expected, got, output.inputs).all(axis=tuple(range(expected.ndim - 2))))
    if not right.any() and min(right.shape) <= 2:
        yield Observation("only the border", "", 0)  # such images have no inside: the border cannot be told from it
    if right.all() or not right.any():
        return
    numbers = min(distinct(expected[..., right]), int((~right).sum()))
    for edge, words in (
        (np.s_[-1:, :], "the last row"),
        (np.s_[:, -1:], "the last column"),
        (np.s_[:1, :], "the first row"),
        (np.s_[:, :1], "the first column"),
    ):
        if _only(right, [edge]):
            words = f"only {words} of the images is wrong"
            yield Observation(words, words, numbers)
    if _only(right, [np.s_[-1:, :], np.s_[:, -1:]]):
        words = "only the last row and column of the images are wrong"
        yield Observation("only the end", words, numbers)
    if _only(right, [np.s_[:1, :], np.s_[:, :1]]):
        words = "only the first row and column of the images are wrong: look at the padding"
        yield Observation("only the start", words, numbers)
    for width in (1, 2, 3):
        if _only(right, [np.s_[:width, :], np.s_[-width:, :], np.s_[:, :width], np.s_[:, -width:]]):
            words = "only the border of the images is wrong, the inside is right"
            advice = "look at the padding and at how it is cut off again"
            yield Observation("only the border", f"{words}: {advice}", numbers)
            return


def slices(output: WrongOutput) -> Iterator[Observation]:
    """Only some of the slices along one axis are right, or only some are wrong.

    Where wrong and right entries stand side by side in a slice, a slice that is right is right by chance, and nothing
    is said of slices.
    """
    expected, got = output.arrays
    same = np.asarray(close(expected, got, output.inputs))
    telling = ~same | (expected != 0)  # a 0 that is right may be right for any reason
    for axis, size in enumerate(expected.shape):
        if size < 2:  # a single slice agrees, and shows nothing
            for key, _ in _about(np.array([False, True]), output.axis(axis), bool(got.any())):
                yield Observation(key, "", 0)
            continue
        others = tuple(other for other in range(expected.ndim) if other != axis)
        right = np.asarray(same.all(axis=others))
        if not right.any() or right.all():
            continue
        wrong = np.take(telling, np.flatnonzero(~right), axis), np.take(same, np.flatnonzero(~right), axis)
        if (~wrong[1]).sum() < MOSTLY * wrong[0].sum():
            continue
        numbers = distinct(np.take(expected, np.flatnonzero(right), axis))
        numbers = min(numbers, distinct(np.take(got - expected, np.flatnonzero(~right), axis)))
        wrong_slices = np.s_[(slice(None),) * axis + (~right,)]
        filled = bool(got[wrong_slices].any()) or not _left_empty(expected[wrong_slices], got)
        for key, words in _about(right, output.axis(axis), filled):
            yield Observation(key, words, numbers)


def _about(right: Mask, name: str, filled: bool) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of slices that are right, and of those that are wrong, which hold numbers or zeros.

    Only zeros tell of a loop that does not come so far, or of results that are not kept.
    """
    if right[0] and not right[1:].any() and len(right) > 2:
        asked = "" if filled else ": does a loop return, or stop, too early?"
        yield f"only first {name}{asked}", f"only the first {name} is right{asked}"
        yield f"only first {name}", f"only the first {name} is right"
    if right[:-1].all():
        asked = "" if filled else ": does a loop stop one too early?"
        yield f"not last {name}{asked}", f"only the last {name} is wrong{asked}"
        yield f"not last {name}", f"only the last {name} is wrong"
    if right[1:].all():
        asked = "" if filled else ", which is 0: does a loop begin one too late, at 1 in place of 0?"
        yield f"not first {name}{asked}", f"only the first {name} is wrong{asked}"
        yield f"not first {name}", f"only the first {name} is wrong"
    if right[-1] and not right[:-1].any() and len(right) > 2:
        asked = "" if filled else ": is each one kept, or overwritten?"
        yield f"only last {name}{asked}", f"only the last {name} is right{asked}"
        yield f"only last {name}", f"only the last {name} is right"
    kind, some = ("right", right) if 2 * right.sum() <= len(right) else ("wrong", ~right)
    said = f"only {name} {_span(some)} {'is' if some.sum() == 1 else 'are'} {kind}"
    yield said, said
    if name != "entry":  # that some entries are right, and the others wrong, is seen
        yield f"some {name}", f"it is wrong whole {name} by whole {name}: some are right and the others wrong"


def empty(output: WrongOutput) -> Iterator[Observation]:
    """The first or the last slice along an axis is 0 and should not be, while more may be wrong than that."""
    expected, got = output.arrays
    for end, at, asked in (
        ("first", 0, "does a loop begin too late, at 1 in place of 0?"),
        ("last", -1, "does a loop stop too early?"),
    ):
        names, numbers, inside = [], 0, np.ones(got.shape, bool)
        for axis, size in enumerate(expected.shape):
            edge = (slice(None),) * axis + (at,)
            if size > 2 and _left_empty(expected[edge], got) and not got[edge].any():
                names.append(f"{end} {output.axis(axis)}")
                numbers += distinct(expected[edge])
                inside[edge] = False
        if not got.any():  # it agrees, and shows nothing
            names = [f"{end} row", f"{end} column"]
        elif np.count_nonzero(got[inside]) < MOSTLY * inside.sum():
            continue  # where zeros stand elsewhere, too, a slice of them is chance
        rest = not close(expected, got, output.inputs)[inside].all()
        for some in [names, *([name] for name in names)] if len(names) > 1 else [names] if names else []:
            words = f"the {' and the '.join(some)} {'is' if len(some) == 1 else 'are'} 0 everywhere, and should not be"
            for key, more in ((f"{some} and more", " Of the rest something is wrong as well"), (f"{some}", "")):
                if (rest or not more) or not got.any():
                    yield Observation(
                        f"empty {key}", f"{words}: {asked}{more}" if got.any() else "", numbers if got.any() else 0
                    )


def cut_off(output: WrongOutput) -> Iterator[Observation]:
    """No entry is negative, and many are exactly 0, where some should be negative.

    Zeros that fill a whole slice in which positive numbers are due were not written to, and a ReLU has cut off nothing.
    """
    expected, got = output.arrays
    zeros = got == 0
    below = zeros & (expected < 0)
    for axis in range(got.ndim) if got.ndim > 1 else ():
        others = tuple(other for other in range(got.ndim) if other != axis)
        below &= ~(zeros.all(axis=others, keepdims=True) & (expected > 0).any(axis=others, keepdims=True))
    if (got >= 0).all() and got.any() and below.any() and below.sum() * 5 >= (expected < 0).sum():
        seen = "no entry is negative: some that should be come out as 0"
        # Each entry that is positive might have been negative.
        yield Observation("cut off at 0", f"{seen}: is a ReLU applied that should not be?", distinct(got[~zeros]) // 2)
    elif not got.any() or not (expected < 0).any():
        yield Observation("cut off at 0", "", 0)  # it agrees, and shows nothing


def _left_empty(expected: Array, got: Array) -> bool:
    """Whether zeros in place of some numbers may not have been filled in; a ReLU makes all negative ones 0."""
    return bool((expected > 0).any() or ((expected < 0).any() and (got < 0).any()))


def whole_numbers(output: WrongOutput) -> Iterator[Observation]:
    """Every entry is a whole number, as in an array of integers, which cuts off what is written into it."""
    expected, got = output.arrays
    if (got != np.round(got)).any():
        return
    if np.unique(got).size < 2 or _only_whole(output):
        for key in ("cut off", "whole"):
            yield Observation(key, "", 0)  # it agrees, and shows nothing
        return
    numbers = distinct(expected[expected != np.round(expected)])
    if output.same(np.trunc(expected), got):
        words = "every entry is a whole number, the right one cut off: an array of integers does that, so use floats"
        yield Observation("cut off", words, numbers)
    words = (
        "every entry is a whole number: does an array of integers cut off what is written into it, or is it a count?"
    )
    yield Observation("whole", words, numbers)


def _only_whole(output: WrongOutput) -> bool:
    """Whether the inputs are whole numbers, so that sums and products of them are, too."""
    arrays = [array for array in output.inputs_by_path.values() if array.dtype.kind == "f" and array.ndim]
    return all((array == np.round(array)).all() for array in arrays)


def signs(output: WrongOutput) -> Iterator[Observation]:
    """All that is wrong stands where an input, or the right answer, is positive, or negative, or 0."""
    expected, got = output.arrays
    wrong = ~np.asarray(close(expected, got, output.inputs))
    said: dict[str, Array] = {}
    for path, array in output.inputs_by_path.items():
        name = input_name(path, output.inputs_by_path)
        if name and array.shape == expected.shape and array.dtype.kind == "f":
            said.setdefault(name, array)
    for name, array in (said | {"the right answer": expected}).items():
        for kind, where in (("negative", array < 0), ("positive", array > 0), ("0", array == 0)):
            if not _is_where(wrong, where):
                continue
            numbers = min(int(wrong.sum()), distinct(expected[~where]))
            seen = " and comes out as 0" if (got[wrong] == 0).all() else ""
            if kind == "0" and name == "the right answer" and (got[wrong] < 0).all():
                seen = " and comes out as negative: is a maximum with 0, as of a ReLU, left out?"
            yield Observation(f"where {name} {kind}{seen}", f"it is wrong only where {name} is {kind}{seen}", numbers)


def _is_where(wrong: Mask, where: Mask) -> bool:
    """Whether what is wrong is about what lies in a region, and there is something beside it that is right."""
    inside = int(where.sum())
    return bool((wrong <= where).all()) and inside < where.size and int(wrong.sum()) >= MOSTLY * inside > 0


def zeroed(output: WrongOutput) -> Iterator[Observation]:
    """All that is wrong is 0 where it should not be, or should be 0 and is not."""
    expected, got = output.arrays
    wrong = ~np.asarray(close(expected, got, output.inputs))
    numbers = min(distinct(got[wrong] - expected[wrong]), distinct(expected[~wrong]))
    if wrong.any() and (got[wrong] == 0).all():
        yield Observation("zeroed", "all entries that are wrong are 0: the others are right", numbers)
    if wrong.any() and (expected[wrong] == 0).all():
        yield Observation("not zeroed", "only entries that should be 0 are wrong: the others are right", numbers)


def misplaced(output: WrongOutput) -> Iterator[Observation]:
    """Numbers stand where zeros are due, and zeros where numbers are due."""
    expected, got = output.arrays
    wrong = ~np.asarray(close(expected, got, output.inputs))
    filled, empty = wrong & (expected == 0) & (got != 0), wrong & (expected != 0) & (got == 0)
    if not filled.any() or not empty.any() or (filled | empty).sum() < MOSTLY * wrong.sum():
        return
    words = "where 0 is due stand numbers, and 0 stands where numbers are due: is each put in its own place?"
    yield Observation("misplaced", words, min(distinct(got[filled]), distinct(expected[empty])))


def nearly(output: WrongOutput) -> Iterator[Observation]:
    """Wrong by very little, beside the numbers themselves and beside what they differ by from an input.

    A parameter after a step is nearly the one before it, whatever is wrong with the step.
    """
    expected, got = output.arrays
    inputs = (array for array in output.inputs_by_path.values() if array.shape == expected.shape and array.ndim)
    largest = min((float(np.abs(expected - array).max()) for array in inputs), default=np.inf)
    largest = min(largest, float(np.abs(expected).max()))
    off = float(np.abs(got - expected).max()) / largest if largest else 1.0
    if off < 1e-2:
        words = "it is nearly right, off by less than a hundredth of the largest entry"
        # A large mistake may make as small a difference, by what it is multiplied with.
        advice = "look for what makes a small difference here, such as an eps in another place, or a small setting"
        yield Observation("nearly", f"{words}: {advice}", output.numbers)


def not_finite(output: WrongOutput, every: Sequence[WrongOutput] = ()) -> str:
    """Say what the NaN or infinity in an output usually comes from.

    Parameters
    ----------
    output : WrongOutput
        Of the case that is shown.
    every : sequence of WrongOutput, optional
        The output in all cases in which it is wrong. What is not finite for small inputs, too, is no matter of their
        size.

    Returns
    -------
    str
        A clause; ``""`` where all numbers are finite.
    """
    if not _is_not_finite(output):
        return ""
    got, largest = np.asarray(output.got), _largest_input(output)
    if min(map(_largest_input, filter(_is_not_finite, (output, *every)))) > LARGE_INPUT:
        # Which of them it is cannot be told from the NaN: after a subtraction of the maximum, it is the second.
        return (
            f"the inputs reach {largest:.4g} here: exp overflows above 709 (in float32 above 88), and is 0 for numbers "
            "as far below 0, of which the logarithm is infinite"
        )
    if np.isinf(got).any():
        return "infinity mostly comes from a division by 0, the logarithm of 0, or an overflow"
    return "NaN mostly comes from 0 / 0, the root or logarithm of a negative number, or an array that was never filled"


def _is_not_finite(output: WrongOutput) -> bool:
    """Whether an output has the right shape and holds NaN or infinity."""
    expected, got = as_array(output.expected), as_array(output.got)
    return expected is not None and got is not None and expected.shape == got.shape and not np.isfinite(got).all()


def _largest_input(output: WrongOutput) -> float:
    """Return the largest size of a number in the arrays that an output was computed from."""
    arrays = (array for array in output.inputs_by_path.values() if array.size and array.ndim)
    return max((float(np.abs(array).max()) for array in arrays), default=0.0)


def _only(right: Mask, edges: list[tuple[slice, slice]]) -> bool:
    """Whether all that is wrong lies on the edges, each edge has a part of it, and there are entries inside."""
    edge = np.zeros(right.shape, bool)
    for one in edges:
        edge[one] = True
    return not edge.all() and bool(right[~edge].all()) and all(not right[one].all() for one in edges)


def _span(some: Mask) -> str:
    indices = np.flatnonzero(some).tolist()
    return ", ".join(map(str, indices[:4])) + (", …" if len(indices) > 4 else "")
