"""Word verdicts and points for people, and make untrusted text safe to show, in tables, notebooks and pages alike."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal, NamedTuple

VerdictName = Literal["pass", "partial", "fail", "error", "missing", "timeout", "killed"]


class Wording(NamedTuple):
    """How a verdict is shown to people.

    Attributes
    ----------
    symbol : str
        One character, so that the verdict can be told without colours.
    words : str
        What the symbol means; shown beside the exercise's name.
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

# Escape sequences of terminals, as in ECMA-48: CSI, OSC and others, begun by ESC or by their one-character form.
_TERMINAL: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Unicode categories of characters that are not visible: control, format (bidirectional marks, zero-width), surrogate,
# private and unassigned characters, line and paragraph separators.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that are drawn as nothing: the fillers of Hangul and Braille, a joiner, two vowels of Khmer, and the
# variation selectors except the two that emoji use.
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef]"
)
_PLAIN: Final = re.compile(r"[ -~\n\t]*")
_MARKS: Final = 4  # combining marks on one letter; no script has more, and a pile of them would cover other lines
_SPACES: Final = re.compile(r"[^\S\n\t]{2,}")


def points(number: float) -> str:
    """Write a number of points with at most two decimals: ``"6"``, ``"4.5"``, ``"0.33"``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def visible(text: str, limit: int = 2000) -> str:
    r"""Make untrusted text safe to show: everything in it becomes visible.

    Escape sequences of terminals are removed. Every other character that is invisible, changes the order of its
    neighbours or covers them is written as an escape. Line ends and tabs stay.

    Parameters
    ----------
    text : str
        A name, a hint, a message: any text that a submission may have influenced.
    limit : int, default 2000
        The number of characters after which the text is cut, and an ellipsis added.

    Returns
    -------
    str
        Plain text that can be encoded as UTF-8. In HTML it still has to be escaped.

    Examples
    --------
    >>> visible("\x1b[31mred\x1b[0m")
    'red'
    >>> visible("ada\u202egnp.exe")
    'ada\\u202egnp.exe'
    """
    # Cut before the work begins, so that a huge text takes no time, but not to `limit`, because removing escape
    # sequences makes the text shorter.
    text = text[: 8 * limit]
    if _PLAIN.fullmatch(text):  # as nearly all texts are
        return text if len(text) <= limit else f"{text[:limit]}…"
    text = _TERMINAL.sub("", text).replace("\r\n", "\n")
    shown: list[str] = []
    length = marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        hidden = (category in _INVISIBLE and character not in "\n\t") or _BLANK.match(character)
        shown.append(_escape(character) if hidden or marks > _MARKS else character)
        length += len(shown[-1])
        if length > limit:
            return "".join(shown)[:limit] + "…"
    return "".join(shown)


def one_line(text: str, limit: int = 2000) -> str:
    r"""Make untrusted text safe to show beside the grader's own words: like `visible`, but on one line.

    Otherwise a message could contain a line that looks like one of the grader's results. Line ends and tabs become
    escapes. Several spaces become one, because a long row of spaces would push the rest into the next line.

    Parameters
    ----------
    text : str
        Any text that a submission may have influenced.
    limit : int, default 2000
        The number of characters after which the text is cut.

    Returns
    -------
    str
        Plain text on one line. In HTML it still has to be escaped.

    Examples
    --------
    >>> one_line("no\n✓ layers.relu_forward   6 / 6")
    'no\\n✓ layers.relu_forward 6 / 6'
    """
    return _SPACES.sub(" ", visible(text, limit)).replace("\n", "\\n").replace("\t", "\\t")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
