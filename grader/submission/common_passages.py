"""Find the passages that two programs have in common, as `similarity` compares them: without names and layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final, NamedTuple

from .similarity import GRAM_TOKENS, located_tokens

_MOST_PLACES: Final = 8  # of one gram in the other text, among which the longest passage is looked for
_Tokens = list[tuple[str, int, int]]


class Passage(NamedTuple):
    """A passage that two texts have in common: where it begins and ends in the one, and in the other."""

    start: int
    end: int
    other_start: int
    other_end: int


def grams(text: str) -> frozenset[tuple[str, ...]]:
    """Return all runs of `GRAM_TOKENS` tokens in a text."""
    return frozenset(_grams(list(located_tokens(text))))


def common_passages(one: str, other: str, given: Collection[tuple[str, ...]] = ()) -> list[Passage]:
    """Find the passages of at least `GRAM_TOKENS` tokens that two texts have in common.

    Parameters
    ----------
    one, other : str
        Two programs; untrusted, and not necessarily valid Python.
    given : collection of tuple of str, default ()
        Runs of tokens that everybody was given; see `grams`. They are no common passages.

    Returns
    -------
    list of Passage
        In the order of `one`, where none overlaps the next. The time is linear in the lengths of the texts.
    """
    mine, theirs = list(located_tokens(one)), list(located_tokens(other))
    my_grams, their_grams = _grams(mine), _grams(theirs)
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, gram in enumerate(their_grams):
        if gram not in given and len(places[gram]) < _MOST_PLACES:
            places[gram].append(number)
    found = []
    number = 0
    while number < len(my_grams):
        lengths = {
            place: _length(my_grams, their_grams, number, place, given) for place in places.get(my_grams[number], ())
        }
        place = max(lengths, key=lengths.__getitem__, default=-1)
        if place < 0:
            number += 1
            continue
        tokens = lengths[place] + GRAM_TOKENS - 1
        first, last = mine[number], mine[number + tokens - 1]
        other_first, other_last = theirs[place], theirs[place + tokens - 1]
        found.append(Passage(first[1], last[2], other_first[1], other_last[2]))
        number += tokens
    return found


def _grams(tokens: _Tokens) -> list[tuple[str, ...]]:
    words = [word for word, _, _ in tokens]
    return [tuple(words[k : k + GRAM_TOKENS]) for k in range(len(words) - GRAM_TOKENS + 1)]


def _length(
    mine: list[tuple[str, ...]],
    theirs: list[tuple[str, ...]],
    number: int,
    place: int,
    given: Collection[tuple[str, ...]],
) -> int:
    """Return how many grams in a row are the same from two places on, and were not given."""
    length = 0
    most = min(len(mine) - number, len(theirs) - place)
    while length < most and mine[number + length] == theirs[place + length] and mine[number + length] not in given:
        length += 1
    return length
