"""Detectors that compare the size of the numbers: all zero, a wrong sign, a factor, an offset."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from ...compare import close
from .wrong_output import Observation, WrongOutput, distinct

LARGEST_NUMBER = 1024
"""A factor that is a larger whole number is more likely no whole number at all."""

MOST_ENTRIES = 300
"""Entries of a mean that can be told from one entry more or less."""

EVERY_ENTRY_ZERO = "every entry is zero"

OF_MEANS = {
    "N, the number of examples",
    "the number of features",
    "the number of entries of x",
    "H · W, the pixels of a channel",
    "N · H · W, the entries of a channel",
    "C · H · W, the entries of an example",
}
"""Counts over which a mean may be due. What is added up for each filter is not divided by their number."""


def zero(output: WrongOutput) -> Iterator[Observation]:
    """Every entry is zero."""
    expected, got = output.arrays
    if expected.size > 1 and not got.any():
        words = f"{EVERY_ENTRY_ZERO}: is it filled in, and is what was computed returned?"
        yield Observation("zero", words, output.numbers)


def sign(output: WrongOutput) -> Iterator[Observation]:
    """The opposite sign everywhere, or the right sizes with wrong signs."""
    expected, got = output.arrays
    if output.same(-expected, got):
        words = "every entry has the opposite sign" if expected.size > 1 else "it has the opposite sign"
        yield Observation("sign", words, output.numbers)
    elif expected.size > 1 and output.same(abs(expected), abs(got)):
        said = "the sizes are right and the sign is wrong"
        if (got >= 0).all():
            yield Observation("never negative", f"{said} where it should be negative", output.numbers)
        yield Observation("signs", f"{said} in some places", output.numbers)


def factor(output: WrongOutput) -> Iterator[Observation]:
    """A constant factor, named where the case has a number of that size."""
    expected, got = output.arrays
    # The factor that fits best, by least squares; whether it fits at all is seen below.
    weight = float((expected * expected).sum())
    times = float((expected * got).sum()) / weight if weight else 0.0
    if not times or not output.same(times * expected, got):
        return
    known, fitted = output.numbers * output.weight, output.numbers - 1
    # A factor of 2 comes first, because it is more often a mistake by itself than the size of something.
    too_large, too_small = _of_number(2)
    if np.isclose(times, 2):
        yield Observation("times 2", too_large, known)
    if np.isclose(times, 1 / 2):
        yield Observation("over 2", too_small, known)
    digits = 1e-3 if output.coarse else 1e-6
    sign_too, minus = (" and has the opposite sign", "-") if times < 0 else ("", "")
    for name, size, multiplied, divided in _known_sizes(output, times):
        if abs(abs(times) - size) <= digits * size:
            yield Observation(f"{minus}times {name}", _with(multiplied, sign_too), known)
        if divided and abs(abs(times) * size - 1) <= digits:
            yield Observation(f"{minus}over {name}", _with(divided, sign_too), known)
    yield from _one_less(output, times, known)
    if expected.size > 1:
        yield Observation(f"factor {times:.3g}", f"it is {times:.4g} times the right answer", fitted)
        words = "it is the right answer times a single number, which is not the same one in all cases"
        yield Observation("factor", words, fitted)


def _one_less(output: WrongOutput, times: float, known: int) -> Iterator[Observation]:
    """A mean over n numbers that is divided by n − 1, as it stands or under a root."""
    for name, n in output.counts.items():
        # So many that one less cannot be told from another number by the digits, or no count of entries, but a setting.
        if not 1 < n <= MOST_ENTRIES or " " not in name:
            continue
        for power, ratio in (
            (1.0, "(n − 1) / n"),
            (-1.0, "n / (n − 1)"),
            (0.5, "√((n − 1) / n)"),
            (-0.5, "√(n / (n − 1))"),
        ):
            if abs(times - ((n - 1) / n) ** power) <= 1e-6:
                words = f"it is {ratio} times the right answer, n being {name}: is n − 1 used where n is due?"
                yield Observation(f"{ratio} of {name}", words, known)


def _with(clause: str, sign_too: str) -> str:
    """Add that the sign is wrong as well, before the question in which a clause may end."""
    head, colon, question = clause.partition(":")
    return f"{head}{sign_too}{colon}{question}"


def plain_factor(output: WrongOutput) -> Iterator[Observation]:
    """The opposite sign everywhere, or a factor as simple: 2, ½, or a size over which one may sum or average."""
    simple = {"sign", "times 2", "over 2", *(f"{way} {name}" for name in output.counts for way in ("times", "over"))}
    for seen in (*sign(output), *factor(output)):
        if seen.key in simple:
            yield seen


def _known_sizes(output: WrongOutput, times: float) -> Iterator[tuple[str, float, str, str]]:
    """Yield what a factor may be: name, size, and what to say of a multiple and of a fraction of that size."""
    counts = list(output.counts.items())
    # Two names of one size come first: where that is so in all cases, nobody can tell which of them is meant.
    named = [(f"{one} and {other}", size) for (one, size), (other, same) in combinations(counts, 2) if size == same]
    for name, count in (*named, *counts):
        more = less = f", {count} being {name}: look at where {name} enters, or should enter"  # a setting has no mean
        if (name, count) in named:
            more = less = f"; {count} is {name} here"
        elif " " in name:
            asked = "a sum where a mean is due, or something added" if name in OF_MEANS else "is something added up"
            more = f", {count} being {name}: {asked} that often?"
            less = f", {count} being {name}: a mean where a sum is due?"
        yield name, count, f"it is {count} times too large{more}", f"it is {count} times too small{less}"
    for name, value in output.settings.items():
        yield name, value, f"it is the right answer times {name}", f"it is the right answer divided by {name}"
    plain = [(name, value) for name, value in output.settings.items() if "−" not in name]
    for (one, first), (other, second) in permutations(plain, 2):
        said = f"it is the right answer times {one} / {other}"
        yield f"{one} / {other}", first / second, f"{said}: does {one} stand where {other} belongs?", ""
    number = round(max(abs(times), abs(1 / times)))  # the only whole number that it may be
    if 1 < number <= LARGEST_NUMBER:
        yield str(number), number, *_of_number(number)


def _of_number(number: int) -> tuple[str, str]:
    """Return what is said of an output that is so many times too large, and of one that is so many times too small."""
    often = "twice" if number == 2 else f"{number} times"
    return (
        f"it is {number} times too large: is a division by {number} missing, or something counted {often}?",
        f"it is {number} times too small: is it divided by {number} once too often, or a factor {number} missing?",
    )


def offset(output: WrongOutput) -> Iterator[Observation]:
    """One number added to all entries."""
    expected, got = output.arrays
    off = float((got - expected).mean())
    if expected.size > 1 and close(expected + off, got, output.inputs).all():
        numbers = distinct(expected) - 1
        yield Observation(f"offset {off:.3g}", f"every entry is off by the same amount, {off:.4g}", numbers)
        words = "every entry is off by the same amount, which is another one in other cases"
        yield Observation("offset", words, numbers)
