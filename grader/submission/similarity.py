"""Submissions that are oddly similar: a question for a person, never a verdict.

Each file is read as tokens, in which every name of the student's own is the same word and comments and layout are
nothing; every run of `GRAM_TOKENS` tokens is hashed, and of each `WINDOW_GRAMS` hashes in a row the smallest is kept
(winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003, doi:10.1145/872757.872770), so that a copied passage of
``GRAM_TOKENS + WINDOW_GRAMS - 1`` tokens is always seen. What was given to everybody, and what many have, says nothing
of two.
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
MIN_SHARE = 0.8  # of the smaller submission's own passages
MIN_FINGERPRINTS = 12  # passages; below that there is one way to write it
MAX_CLASS_SHARE = 0.2  # what more than this share of a class has is what anybody would write

FINGERPRINT_VERSION = (
    f"2 {GRAM_TOKENS} {WINDOW_GRAMS}"  # what fingerprints depend on besides the text, for keeping them
)

# Not the module tokenize, which takes quadratic time on an unclosed string of escaped quotes. Every quantifier here is
# possessive and every match is kept, so each character is looked at a bounded number of times.
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
        The students.
    share : float
        The part of the smaller submission's own passages that is in the other one, too.
    """

    one: str
    other: str
    share: float


def fingerprints(text: str) -> frozenset[bytes]:
    """The fingerprints of one file; none where it is not Python."""
    words = _tokens(text)
    grams = [blake2b(" ".join(words[k : k + GRAM_TOKENS]).encode(), digest_size=8).digest() for k in range(len(words))]
    grams = grams[: max(len(words) - GRAM_TOKENS + 1, 0)]
    return frozenset(
        min(grams[k : k + WINDOW_GRAMS]) for k in range(max(len(grams) - WINDOW_GRAMS + 1, min(len(grams), 1)))
    )


def submission_fingerprints(files: Mapping[str, bytes], given: Collection[bytes] = ()) -> frozenset[bytes]:
    """The fingerprints of all Python files of a submission, those of the given text left out.

    Parameters
    ----------
    files : mapping of str to bytes
        By name; what is no Python file is passed over.
    given : collection of bytes, optional
        Fingerprints of what everybody was given; none by default.

    Returns
    -------
    frozenset of bytes
    """
    found: set[bytes] = set()
    for name, data in files.items():
        if name.endswith(".py"):
            found |= fingerprints(decode(data).text)
    return frozenset(found.difference(given))


def similar_pairs(own: Mapping[str, frozenset[bytes]], share: float = MIN_SHARE) -> list[Pair]:
    """The pairs of students whose submissions have unusually much in common, most first.

    Parameters
    ----------
    own : mapping of str to frozenset of bytes
        Each student's fingerprints; see `submission_fingerprints`.
    share : float, default 0.8
        From this share on.

    Returns
    -------
    list of Pair
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
    """The tokens of a program with every name alike, except keywords and what follows a dot; no docstrings."""
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
