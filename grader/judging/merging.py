"""Merge two changed versions of a text, so that a reference can be run with two misconceptions at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

TOKEN = re.compile(r"\n *|\w+|\s+|.")
"""A word, a sign, or a line break with the indentation of the next line."""


class _Change(NamedTuple):
    """Tokens ``start`` up to but not including ``stop`` become `new`."""

    start: int
    stop: int
    new: tuple[str, ...]


def merged(source: str, one: str, other: str) -> str | None:
    """Return a text with the changes of two versions of it, which may be changes of the same line.

    Parameters
    ----------
    source : str
        The text that both versions were made of.
    one, other : str
        The versions.

    Returns
    -------
    str or None
        None where both change the same words.

    Examples
    --------
    >>> merged("w - rate * dw", "w + rate * dw", "w - 2 * rate * dw")
    'w + 2 * rate * dw'
    >>> merged("w - rate * dw", "w + rate * dw", "w * rate * dw") is None
    True
    """
    return _merged(*(text.splitlines(keepends=True) for text in (source, one, other))) or _merged(
        *(TOKEN.findall(text) for text in (source, one, other))
    )


def _merged(source: Sequence[str], *versions: Sequence[str]) -> str | None:
    """Merge texts that are cut into lines, which is fast, or into words."""
    head = _common((source, *versions))
    tail = _common([text[head:][::-1] for text in (source, *versions)])
    old, *new = (list(text[head : len(text) - tail]) for text in (source, *versions))
    changes = sorted({change for version in new for change in _changes(old, version)})
    if any(after.start < before.stop or after.start == before.start for before, after in pairwise(changes)):
        return None
    for start, stop, words in reversed(changes):
        old[start:stop] = words
    return "".join([*source[:head], *old, *source[len(source) - tail :]])


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    for kind, start, stop, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield _Change(start, stop, tuple(new[first:last]))


def _common(texts: Sequence[Sequence[str]]) -> int:
    """Count the lines, or words, that several texts have in common at their beginning."""
    rows = enumerate(zip(*texts, strict=False))
    return next((index for index, row in rows if len(set(row)) > 1), min(map(len, texts)))
