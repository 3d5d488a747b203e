"""Define the lines that mark a solution region, and a pattern for other spellings of such markers."""

from __future__ import annotations

import re

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

_GAP = r"[\s_\-.:#*/]*"
_TESTS = rf"(?:hidden{_GAP}tests?|mark(?:ing)?{_GAP}schemes?)"
ANY_SPELLING = re.compile(
    rf"\b(?:begin|end|start|stop){_GAP}(?:of{_GAP})?(?:(?:the|a|model|sample|reference){_GAP})*"
    rf"(?:solutions?|answers?|{_TESTS})(?![a-z])"
    rf"|^[\s#/]*[#/][\s#/]*{_TESTS}[\s:]*$"
    rf"|(?-i:HIDDEN{_GAP}TESTS?|MARK(?:ING)?{_GAP}SCHEMES?)\b"
    r"|(?:#|//)\s*SOLUTION\s*(?:NO PROMPT\s*)?$",
    re.IGNORECASE | re.MULTILINE,
)
"""Matches the markers of nbgrader and otter-grader around solutions and hidden tests, and misspellings of them."""
