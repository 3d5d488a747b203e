"""Detectors for terms: the output is an input, or differs from the right one by a simple function of an input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compare import Array
from .input_names import input_name
from .wrong_output import MAX_ENTRIES, Observation, WrongOutput, distinct


def copied(output: WrongOutput) -> Iterator[Observation]:
    """The answer is an input itself, or a sum over one."""
    expected, got = output.arrays
    if output.vague:
        return
    for name, base in _bases(output, expected):
        if base.any() and output.same(base, got):
            yield Observation(f"is {name}", f"what comes back is just {name}", distinct(base) * output.weight)


def is_copied(output: WrongOutput) -> bool:
    """Whether what should come is an input itself, in whatever shape: code may hand it back that computes nothing."""
    expected = output.arrays[0]
    return expected.size > 1 and any(output.same(base, expected) for _, base in _bases(output, expected))


def whole_copy(output: WrongOutput) -> Iterator[Observation]:
    """The answer is an input itself, and not a sum over one, which may well be a step on the way."""
    for seen in copied(output):
        if "the sum" not in seen.key:
            yield seen


def term(output: WrongOutput) -> Iterator[Observation]:
    """A term is missing, counted too often, or has the wrong sign or weight."""
    expected, got = output.arrays
    if output.vague:
        return  # a single number with few digits fits too many formulas
    difference = got - expected
    # For each simple function of an input: the weight with which it explains the difference best, by least squares.
    for name, base in _bases(output, expected):
        weight = float((base * base).sum())
        times = float((difference * base).sum()) / weight if weight else 0.0
        if not times or not output.same(expected + times * base, got):
            continue
        for size, words in _weights(output):
            if np.isclose(abs(times), size, rtol=1e-3 if output.coarse else 1e-6):
                # One number, added to all entries of an array, is the same number again.
                weight_of_one = output.weight if expected.size == 1 or distinct(base) > 1 else 1
                yield _observation(times, f"{words}{name}", distinct(difference) * weight_of_one)
        if base.size > 3 and np.unique(base).size > 1:
            numbers = distinct(difference) - 1
            words = f"it is off by {times:.4g} times {name}"
            yield Observation(f"{times:.3g} times {name}", words, numbers)
            words = f"it is off by a multiple of {name}, which is not the same one in all cases"
            yield Observation(f"multiple of {name}", words, numbers)


def multiplied(output: WrongOutput) -> Iterator[Observation]:
    """The right answer times an input, or divided by one, entry by entry."""
    expected, got = output.arrays
    if output.vague or expected.size < 2:
        return
    for name, base in _bases(output, expected):
        if name.startswith("the sum") or not base.all() or np.unique(base).size < 2:
            continue
        if output.same(expected * base, got):
            yield Observation(f"times {name}", f"it is the right answer times {name}, entry by entry", output.numbers)
        elif output.same(expected / base, got):
            words = f"it is the right answer divided by {name}, entry by entry: is {name} left out?"
            yield Observation(f"over {name}", words, output.numbers)


def _observation(times: float, name: str, numbers: int) -> Observation:
    if times > 0:
        words = f"it is the right answer plus {name}: does that term belong here, and so often?"
        return Observation(f"plus {name}", words, numbers)
    # What is subtracted twice from the right answer may enter it with the wrong sign.
    asked = "is a term subtracted that should be added?" if name.startswith("2 · ") else "is that term left out?"
    return Observation(f"minus {name}", f"it is the right answer minus {name}: {asked}", numbers)


def _weights(output: WrongOutput) -> Iterator[tuple[float, str]]:
    """Yield the weights that a term may have, each with its words."""
    yield 1.0, ""
    for name, value in output.settings.items():
        shown = f"({name})" if " " in name else name
        yield value, f"{shown} · "
        yield 2 * value, f"2 · {shown} · "
        yield value / 2, f"½ · {shown} · "
    yield 2.0, "2 · "
    yield 0.5, "½ · "
    for name, count in output.counts.items():
        if name.startswith("N,"):
            yield 1 / count, "1/N · "


def _bases(output: WrongOutput, expected: Array) -> Iterator[tuple[str, Array]]:
    """Yield simple functions of the inputs that have the output's shape, each with its name."""
    squares = bias_squares = 0.0
    for path, array in output.inputs_by_path.items():
        if array.dtype.kind != "f" or array.size > MAX_ENTRIES or not np.isfinite(array).all():
            continue
        value, name = array.astype(np.float64), input_name(path, output.inputs_by_path)
        if not name:
            continue
        if expected.size == 1:
            if value.size == 1:
                yield name, np.full(expected.shape, value.item())
            elif value.ndim:
                yield f"the sum of the squares of {name}", np.full(expected.shape, (value * value).sum())
                yield f"the sum of {name}", np.full(expected.shape, value.sum())
            squares += float((value * value).sum()) if path.startswith("params.W") else 0.0
            bias_squares += float((value * value).sum()) if path.startswith("params.b") else 0.0
            continue
        yield from _shaped(name, value, expected.shape)
    if squares:
        yield "the sum of the squares of all weights", np.full(expected.shape, squares)
    if bias_squares:
        yield "the sum of the squares of all biases", np.full(expected.shape, bias_squares)


def _shaped(name: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """Yield what transposing, broadcasting, reshaping or summing an input gives, where that has the wanted shape."""
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
