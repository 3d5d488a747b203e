"""Prepare docstrings for reStructuredText, in which some signs of plain text mean something."""

from __future__ import annotations

import re

_LITERAL = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)


def escaped(docstring: str) -> str:
    """Escape the bars of a docstring, such as those of \\|x\\|, which would stand for a substitution.

    Parameters
    ----------
    docstring : str

    Returns
    -------
    str
        The same text; what stands between backquotes is as it was.
    """
    parts = _LITERAL.split(docstring)
    return "".join(part if place % 2 else part.replace("|", r"\|") for place, part in enumerate(parts))
