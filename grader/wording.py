"""How verdicts, points and untrusted strings are put before a person: in tables, notebooks and pages alike."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, NamedTuple

VerdictName = Literal["pass", "partial", "fail", "error", "missing", "timeout", "killed"]


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
# Control, format (bidirectional marks, zero-width), surrogate, private and unassigned characters; line and paragraph
# separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that show nothing: fillers of Hangul and Braille, a joiner, vowels of Khmer, and selectors of
# variants other than the two that emoji are written with.
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
_MARKS: Final = 4  # above one letter; no script has more, and a pile of them covers the lines above and below
_SPACES: Final = re.compile(r"[^\S\n\t]{2,}")


def points(number: float) -> str:
    """A number of points as a person writes it: ``"6"``, ``"4.5"``, ``"0.33"``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def visible(text: str, limit: int = 2000) -> str:
    r"""Untrusted text with nothing hidden in it.

    Terminal sequences are removed; every other character that would not show, would change the order of its
    neighbours or would cover them is written as an escape. Line ends and tabs stay.

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
    shown: list[str] = []
    length = marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        hidden = (category in _UNSEEN and character not in "\n\t") or _BLANK.match(character)
        shown.append(_escape(character) if hidden or marks > _MARKS else character)
        length += len(shown[-1])
        if length > limit:
            return "".join(shown)[:limit] + "…"
    return "".join(shown)


def one_line(text: str, limit: int = 2000) -> str:
    r"""`visible`, on one line: for all that a submission had a hand in and that stands beside words of ours.

    Otherwise a message could hold a line that looks like a result. Line ends and tabs become escapes, and several
    spaces become one, because a long row of them would be wrapped into the next line.

    Parameters
    ----------
    text : str
    limit : int, optional
        Longer text is cut there; 2000 characters by default.

    Examples
    --------
    >>> one_line("no\n✓ layers.relu_forward   6 / 6")
    'no\\n✓ layers.relu_forward 6 / 6'
    """
    return _SPACES.sub(" ", visible(text, limit)).replace("\n", "\\n").replace("\t", "\\t")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
