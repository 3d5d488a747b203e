"""Tell whether two pieces of code crash for the same reason, however each of them is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..program import Crash

_SHAPE = re.compile(r"\((?:\d+,? ?)*\)")
# What NumPy says where two sizes have to be equal and are not: in np.dot, in the operator @, and in PyTorch.
_SIZES = (
    re.compile(r"(\d+) \(dim \d+\) != (\d+) \(dim \d+\)"),
    re.compile(r"\(size (\d+) is different from (\d+)\)"),
    re.compile(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)"),
)
_WORDED_BY_THE_CODE = {"KeyError", "IndexError", "AttributeError", "UnboundLocalError", "NameError"}
"""Exceptions whose messages name what the code itself has asked for."""


def same_kind(one: Crash, other: Crash) -> bool:
    """Whether two crashes have the same reason, as far as their exceptions tell.

    The exceptions have to be of one class. Where both messages name sizes or shapes that do not fit, they have to be
    the same ones; lines and names of variables are not compared.
    """
    if one.error != other.error:
        return False
    if not one.message or not other.message:  # not known, as in a golden pack that was made earlier
        return True
    first, second = set(_mismatch(one.message)), set(_mismatch(other.message))
    if first and second:
        return first == second
    if one.error in _WORDED_BY_THE_CODE:
        return one.message == other.message
    return bool(first) == bool(second)


def _mismatch(message: str) -> Iterator[tuple[str, ...]]:
    """Yield the sizes, in any order, or the shapes that an exception says do not fit."""
    for pattern in _SIZES:
        found = pattern.search(message)
        if found:
            yield tuple(sorted(found.groups()))
            return
    yield from ((shape.replace(" ", ""),) for shape in _SHAPE.findall(message))
