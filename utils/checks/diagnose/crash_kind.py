"""Tell whether two pieces of code crash for the same reason, however each of them is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..program import PROGRAM_FILE, Crash

# Shapes as NumPy and PyTorch write them: (3, 4), [3, 4] and 3x4.
_SHAPE = re.compile(r"\((?:\d+,? ?)*\)|\[(?:\d+,? ?)*\]|\d+x\d+")
# What NumPy says where two sizes have to be equal and are not: in np.dot, in the operator @, and in PyTorch.
_SIZES = (
    re.compile(r"(\d+) \(dim \d+\) != (\d+) \(dim \d+\)"),
    re.compile(r"\(size (\d+) is different from (\d+)\)"),
    re.compile(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)"),
)

_CALLED = re.compile(r"\s*[\w, ]+ = [\w.]+\(")


def same_kind(one: Crash, other: Crash) -> bool:
    """Whether two crashes have the same reason, as far as their exceptions tell.

    The exceptions have to be of one class. Where both messages name sizes or shapes that do not fit, they have to be
    the same ones; otherwise the messages have to consist of the same words, in any order.
    """
    if one.error != other.error:
        return False
    if not one.message or not other.message:  # not known, as in a golden pack that was made earlier
        return True
    first, second = set(_mismatch(one.message)), set(_mismatch(other.message))
    return first == second if first or second else _words(one.message) == _words(other.message)


def is_of_returned_values(crash: Crash) -> bool:
    """Whether the check could not unpack what a function returned: other values than it should, or another number.

    Where an array happens to have as many rows as there should be values, the check takes its rows for these.
    """
    return crash.file == PROGRAM_FILE and "unpack" in crash.message and bool(_CALLED.match(crash.source))


def unused_object(crash: Crash) -> str:
    """Name the object of the check whose calls it notes down and could not read, because there were none."""
    if crash.file != PROGRAM_FILE:
        return ""
    return next((found[1] for one in crash.operands if (found := re.fullmatch(r"(\w+)\.calls of 0 items", one))), "")


def is_of_unpacked_array(crash: Crash) -> bool:
    """Whether an array was unpacked into another number of names than it has rows.

    In a case in which it has as many, its rows are taken for the values, and what is wrong then follows from that.
    """
    unpacked = re.fullmatch(r"[\w, ()]+ = (\w+)", crash.source)
    if not unpacked or "values to unpack" not in crash.message:
        return False
    return any(re.fullmatch(rf"{unpacked[1]} \([\d, ]*\)", operand) for operand in crash.operands)


def _words(message: str) -> list[str]:
    return sorted(re.findall(r"\w+", message))


def _mismatch(message: str) -> Iterator[tuple[str, ...]]:
    """Yield the sizes, in any order, or the shapes that an exception says do not fit."""
    for pattern in _SIZES:
        found = pattern.search(message)
        if found:
            yield tuple(sorted(found.groups()))
            return
    yield from ((shape.replace(" ", ""),) for shape in _SHAPE.findall(message))
