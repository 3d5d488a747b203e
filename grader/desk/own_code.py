"""Find a function in a student's file. The file may be anything, so it is searched by its lines and never parsed."""

from __future__ import annotations

import re
from typing import Final

_CLOSES: Final = re.compile(r"[)\]}]")


def function_text(text: str, name: str) -> str:
    """Return the lines of a function, or of a method.

    Parameters
    ----------
    text : str
        A Python file; it need not be valid.
    name : str
        The qualified name: ``"TwoLayerNet.loss"``.

    Returns
    -------
    str
        The lines from ``def`` to the end of the function, the last one where there are several; empty where there is
        none.
    """
    lines = text.expandtabs(4).split("\n")
    start, end, above = 0, len(lines), -1
    for part in name.split("."):
        head = re.compile(rf"( *)(?:async +)?(?:def|class) +{re.escape(part)}\b")
        found = [(number, match.end(1)) for number in range(start, end) if (match := head.match(lines[number]))]
        found = [(number, indent) for number, indent in found if indent > above]
        if not found:
            return ""
        above = min(indent for _, indent in found)
        start = max(number for number, indent in found if indent == above)
        end = _end(lines, start, end, above)
        start += 1
    return "\n".join(lines[start - 1 : end]).rstrip()


def _end(lines: list[str], start: int, end: int, indent: int) -> int:
    """Return the number of the first line after a definition."""
    in_text = lines[start].count('"""') % 2 == 1  # a docstring's lines may begin anywhere
    for number in range(start + 1, end):
        line = lines[number]
        in_text ^= line.count('"""') % 2 == 1
        if in_text:
            continue
        stripped = line.lstrip(" ")
        outside = len(line) - len(stripped) <= indent
        if stripped and outside and not stripped.startswith(("#", '"""')) and not _CLOSES.match(stripped):
            return number
    return end
