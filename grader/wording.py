"""How verdicts, points and untrusted strings are put before a person: in tables, notebooks and pages alike."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from .verdict import VerdictName


class Wording(NamedTuple):
    """A verdict for people.

    Attributes
    ----------
    symbol : str
        One character that says the same as a colour would.
    words : str
        What the symbol stands for; they stand beside the exercise's name.
    """

    symbol: str
    words: str


WORDING: Final[dict[VerdictName, Wording]] = {
    "pass": Wording("✓", "right"),
    "partial": Wording("½", "partly right"),
    "fail": Wording("✗", "not right yet"),
    "error": Wording("!", "an error"),
    "missing": Wording("–", "not there yet"),
    "timeout": Wording("∞", "too slow"),
    "killed": Wording("†", "beyond a limit"),
}

# ECMA-48: a CSI, OSC or other escape sequence, by ESC or by its one-character form.
_TERMINAL: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Control, format (bidirectional marks, zero-width), surrogate and private characters; line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def points(number: float) -> str:
    """A number of points as a person writes it: ``"6"``, ``"4.5"``, ``"0.33"``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def visible(text: str, limit: int = 2000) -> str:
    r"""Untrusted text with nothing hidden in it.

    Terminal sequences are removed; every other character that would not show, or would change the order of its
    neighbours, is written as an escape. Line ends and tabs stay.

    Parameters
    ----------
    text : str
        A name, a hint, a message: anything that a submission may have had a hand in.
    limit : int, optional
        Longer text is cut there; 2000 characters by default.

    Returns
    -------
    str
        Encodable as UTF-8. It is plain text: HTML still has to be escaped.

    Examples
    --------
    >>> visible("\x1b[31mred\x1b[0m")
    'red'
    >>> visible("ada\u202egnp.exe")
    'ada\\u202egnp.exe'
    """
    text = text[: 8 * limit]  # a sequence is removed before text is cut, but not a gigabyte of them
    text = _TERMINAL.sub("", text).replace("\r\n", "\n")
    if len(text) > limit:
        text = f"{text[:limit]}…"
    return "".join(_escape(c) if unicodedata.category(c) in _UNSEEN and c not in "\n\t" else c for c in text)


def one_line(text: str, limit: int = 200) -> str:
    """`visible`, for a place where a line end would be out of place as well: a name, a cell of a table."""
    return visible(text, limit).replace("\n", "\\n").replace("\t", "\\t")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
