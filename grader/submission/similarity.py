"""Find pairs of submissions that are oddly similar, for a person to look at; this never changes a score.

The method is winnowing (Schleimer, Wilkerson, Aiken, SIGMOD 2003, doi:10.1145/872757.872770). Each file is split into
tokens, in which all names are replaced by the same word, and comments and layout are left out. Every run of
`GRAM_TOKENS` tokens (a gram) is hashed. Of each `WINDOW_GRAMS` hashes in a row, the smallest is kept as a fingerprint.
So two files that share a passage of ``GRAM_TOKENS + WINDOW_GRAMS - 1`` tokens always share a fingerprint.

Fingerprints of the given files are left out, and so are those that a large part of the class has.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from .source import decode

GRAM_TOKENS = 14
WINDOW_GRAMS = 8
MIN_SHARE = 0.8  # a pair is reported from this share of the smaller submission's fingerprints on
MIN_FINGERPRINTS = 12  # a smaller submission is not compared: for so little code there is one obvious way to write it
MAX_CLASS_SHARE = 0.2  # a fingerprint in more than this share of the submissions is what anybody would write
MAX_STUDENTS = 100  # and so is one that more students than this have, however large the class

FINGERPRINT_VERSION = f"3 {GRAM_TOKENS} {WINDOW_GRAMS}"
"""Changes whenever the same text would get other fingerprints, so that stored ones are not used any more."""

# Not the module tokenize, because it takes quadratic time on an unclosed string of escaped quotes. Here, every
# quantifier is possessive, so that no match is ever tried again in a shorter form: the time is linear for any text.
# A match is a token with the layout before it, or the layout at the end of the text.
_TOKEN: Final = re.compile(
    r"""
    (?P<layout> (?: \s++ | \\\n | \#[^\n]*+ )*+ )
    (?:
      (?P<string> (?: [bBfFrRuU]{1,2}+ (?=["']) )?+ (?:
          \"{3} (?: [^"\\]++ | \\. | "(?!"") )*+ (?: \"{3} )?+
        | '{3} (?: [^'\\]++ | \\. | '(?!'') )*+ (?: '{3} )?+
        | " (?: [^"\\\n]++ | \\. )*+ "?+
        | ' (?: [^'\\\n]++ | \\. )*+ '?+ ) )
    | (?P<name> [^\W\d]\w*+ )
    | (?P<number> \.?+\d (?: [eE][+-] | [\w.] )*+ )
    | (?P<operator> \*\*=? | //=? | >>=? | <<=? | \.\.\. | [-+*/%&@|^=<>!:]= | -> | . )
    | \Z
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_Hashes = npt.NDArray[np.uint64]
_Numbers = npt.NDArray[np.int64]
_NONE: Final[_Numbers] = np.zeros(0, np.int64)
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_PROSE: Final = ('"""', "'''")


@dataclass(frozen=True)
class Pair:
    """Two submissions that have unusually much in common.

    Attributes
    ----------
    one, other : str
        The students' names.
    share : float
        The share of the smaller submission's fingerprints that the other one has, too; from 0 to 1.
    """

    one: str
    other: str
    share: float


def fingerprints(text: str) -> frozenset[bytes]:
    """Compute the fingerprints of one file's text, which need not be valid Python."""
    tokens = _tokens(text)
    known = {word: int.from_bytes(blake2b(word.encode(), digest_size=8).digest()) for word in set(tokens)}
    words = np.fromiter(map(known.__getitem__, tokens), np.uint64, len(tokens))
    count = len(tokens) - GRAM_TOKENS + 1
    if count < 1:
        return frozenset()
    hashes = np.zeros(count, np.uint64)
    for k in range(GRAM_TOKENS):  # a polynomial of the words' hashes, modulo 2^64
        hashes = hashes * _BASE + words[k : k + count]
    windows = max(count - WINDOW_GRAMS + 1, 1)  # a file with fewer grams has one short window
    shifted = [hashes[k : k + windows] for k in range(min(WINDOW_GRAMS, count))]
    smallest = np.unique(np.minimum.reduce(shifted)).tobytes()
    return frozenset(smallest[k : k + 8] for k in range(0, len(smallest), 8))


def submission_fingerprints(files: Mapping[str, bytes], given: Collection[bytes] = ()) -> frozenset[bytes]:
    """Compute the fingerprints of all Python files of a submission, except those of the given code.

    Parameters
    ----------
    files : mapping of str to bytes
        Name → content. Files whose names do not end in ``.py`` are ignored.
    given : collection of bytes, default ()
        Fingerprints of the files that were given to everybody.

    Returns
    -------
    frozenset of bytes
        Hashes of 8 bytes.
    """
    found: set[bytes] = set()
    for name, data in files.items():
        if name.endswith(".py"):
            found |= fingerprints(decode(data).text)
    return frozenset(found.difference(given))


def similar_pairs(
    own: Mapping[str, Collection[bytes]] | Iterable[tuple[str, Collection[bytes] | bytes]], share: float = MIN_SHARE
) -> list[Pair]:
    """Find the pairs of students whose submissions have unusually much in common.

    Submissions are only compared where they share a fingerprint, so that the time grows with what is shared, and not
    with the number of pairs.

    Parameters
    ----------
    own : mapping of str to collection of bytes, or iterable of tuple of str and (collection of bytes or bytes)
        Student → fingerprints, without repetitions; see `submission_fingerprints`. They may also be given as bytes, one
        after the other. Of an iterable only 8 bytes are held for each fingerprint, so that a generator over a large
        class needs little memory.
    share : float, default 0.8
        The smallest share of common fingerprints that is reported.

    Returns
    -------
    list of Pair
        Those with the largest share first.
    """
    items = own.items() if isinstance(own, Mapping) else own
    packed = sorted(((student, _packed(found)) for student, found in items), key=itemgetter(0))
    everyone, (rare, sizes) = len(packed), _rare([found for _, found in packed])
    passage = np.concatenate([*rare, _NONE])
    owner = np.repeat(np.arange(everyone), np.array([len(mine) for mine in rare], np.int64))
    by_passage = np.argsort(passage, kind="stable")
    having, first = owner[by_passage], np.searchsorted(passage[by_passage], np.arange(passage.max(initial=0) + 2))
    pairs = []
    for one, mine in enumerate(rare):
        shared = [having[first[k] : first[k + 1]] for k in mine]
        common = np.bincount(np.concatenate([*shared, _NONE]), minlength=everyone)
        for other in np.flatnonzero(common[one + 1 :]) + one + 1:
            alike = float(common[other] / min(sizes[one], sizes[other]))
            if alike >= share:
                pairs.append(Pair(packed[one][0], packed[other][0], alike))
    return sorted(pairs, key=lambda pair: (-pair.share, pair.one, pair.other))


def _packed(found: Collection[bytes] | bytes) -> _Hashes:
    return np.frombuffer(found if isinstance(found, bytes) else b"".join(found), np.uint64)


def without(own: bytes, given: bytes) -> bytes:
    """Return those of some fingerprints that are not among others; both one after the other."""
    mine = _packed(own)
    return mine[~np.isin(mine, _packed(given))].tobytes()


def _rare(fingerprints: Sequence[_Hashes]) -> tuple[list[_Numbers], _Numbers]:
    """Leave out what many students have, and number the rest.

    Returns
    -------
    rare : list of array of int
        For each student the numbers of the fingerprints that somebody else has, too, but not many; none where there is
        too little to compare.
    sizes : array of int
        For each student how many fingerprints not many have, those included that nobody else has.
    """
    values, counts = _shared(fingerprints)
    often = max(2.0, min(MAX_CLASS_SHARE * len(fingerprints), MAX_STUDENTS))
    found, sizes = [], np.zeros(len(fingerprints), np.int64)
    for number, own in enumerate(fingerprints):
        places = np.searchsorted(values, own)
        known = places[values.take(places, mode="clip") == own] if len(values) else _NONE
        rare = known[counts[known] <= often]
        sizes[number] = len(own) - len(known) + len(rare)
        found.append(rare if sizes[number] >= MIN_FINGERPRINTS else _NONE)
    return found, sizes


def _shared(fingerprints: Sequence[_Hashes]) -> tuple[_Hashes, _Numbers]:
    """Return the fingerprints that more than one student has, sorted, and how many have each."""
    everything = np.concatenate([np.zeros(0, np.uint64), *fingerprints])
    everything.sort()  # in place, because this is the largest array of all
    first = np.flatnonzero(np.concatenate([[True], everything[1:] != everything[:-1]])[: len(everything)])
    counts = np.diff(first, append=len(everything))
    return everything[first[counts > 1]], counts[counts > 1]


def _tokens(text: str) -> list[str]:
    """Split a program into tokens; see `located_tokens`."""
    return [word for word, _, _ in located_tokens(text)]


def located_tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Split a program into tokens, each with its place in the text: its beginning and its end.

    Every name becomes the word ``name``, except keywords and names that follow a dot, such as numpy's functions.
    Strings in triple quotes that begin a line, such as docstrings, are left out.
    """
    word, place = "", 0
    line_begins = True
    for layout, string, name, number, operator in _TOKEN.findall(text):
        start = place + len(layout)
        line_begins |= "\n" in layout
        token = string or name or number or operator
        place = start + len(token)
        if token and not (string and line_begins and string.startswith(_PROSE)):
            word = "name" if name and word != "." and not keyword.iskeyword(name) else token
            yield word, start, place
        line_begins = False
