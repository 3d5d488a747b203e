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
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from typing import Final

from .source import decode

GRAM_TOKENS = 14
WINDOW_GRAMS = 8
MIN_SHARE = 0.8  # a pair is reported from this share of the smaller submission's fingerprints on
MIN_FINGERPRINTS = 12  # a smaller submission is not compared: for so little code there is one obvious way to write it
MAX_CLASS_SHARE = 0.2  # a fingerprint in more than this share of the submissions is what anybody would write

FINGERPRINT_VERSION = f"2 {GRAM_TOKENS} {WINDOW_GRAMS}"
"""Changes whenever the same text would get other fingerprints, so that stored ones are not used any more."""

# Not the module tokenize, because it takes quadratic time on an unclosed string of escaped quotes. Here, every
# quantifier is possessive, so that no match is ever tried again in a shorter form: the time is linear for any text.
_TOKEN: Final = re.compile(
    r"""
      (?P<layout> \s++ | \\\n | \#[^\n]*+ )
    | (?P<string> (?: [bBfFrRuU]{1,2}+ (?=["']) )?+ (?:
          \"{3} (?: [^"\\] | \\. | "(?!"") )*+ (?: \"{3} )?+
        | '{3} (?: [^'\\] | \\. | '(?!'') )*+ (?: '{3} )?+
        | " (?: [^"\\\n] | \\. )*+ "?+
        | ' (?: [^'\\\n] | \\. )*+ '?+ ) )
    | (?P<name> [^\W\d]\w*+ )
    | (?P<number> \.?+\d (?: [eE][+-] | [\w.] )*+ )
    | (?P<operator> \*\*=? | //=? | >>=? | <<=? | \.\.\. | [-+*/%&@|^=<>!:]= | -> | . )
    """,
    re.VERBOSE | re.DOTALL,
)
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
    grams = [" ".join(tokens[k : k + GRAM_TOKENS]).encode() for k in range(len(tokens) - GRAM_TOKENS + 1)]
    hashes = [blake2b(gram, digest_size=8).digest() for gram in grams]
    windows = max(len(hashes) - WINDOW_GRAMS + 1, min(len(hashes), 1))  # a file with fewer hashes has one short window
    return frozenset(min(hashes[k : k + WINDOW_GRAMS]) for k in range(windows))


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


def similar_pairs(own: Mapping[str, frozenset[bytes]], share: float = MIN_SHARE) -> list[Pair]:
    """Find the pairs of students whose submissions have unusually much in common.

    Parameters
    ----------
    own : mapping of str to frozenset of bytes
        Student → fingerprints; see `submission_fingerprints`.
    share : float, default 0.8
        The smallest share of common fingerprints that is reported.

    Returns
    -------
    list of Pair
        Those with the largest share first.
    """
    counts = Counter(passage for found in own.values() for passage in found)
    often = max(2, MAX_CLASS_SHARE * len(own))
    rare = {student: {one for one in found if counts[one] <= often} for student, found in own.items()}
    pairs = []
    for one, other in combinations(sorted(rare), 2):
        smaller = min(len(rare[one]), len(rare[other]))
        common = len(rare[one] & rare[other]) / smaller if smaller >= MIN_FINGERPRINTS else 0.0
        if common >= share:
            pairs.append(Pair(one, other, common))
    return sorted(pairs, key=lambda pair: (-pair.share, pair.one, pair.other))


def _tokens(text: str) -> list[str]:
    """Split a program into tokens.

    Every name becomes the word ``name``, except keywords and names that follow a dot, such as numpy's functions.
    Strings in triple quotes that begin a line, such as docstrings, are left out.
    """
    words: list[str] = []
    line_begins = True
    for token in _TOKEN.finditer(text):
        kind, string = token.lastgroup, token.group()
        if kind == "layout":
            line_begins |= "\n" in string
            continue
        if not (kind == "string" and line_begins and string.startswith(_PROSE)):
            named = kind == "name" and not keyword.iskeyword(string)
            words.append("name" if named and words[-1:] != ["."] else string)
        line_begins = False
    return words
