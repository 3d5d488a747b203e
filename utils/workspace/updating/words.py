"""Merge two versions of a function where the release has changed words only: its docstring and its comments.

A new number of points or a clearer docstring then reach a function that the student has written already, without a
change to any line of the student's.
"""

from __future__ import annotations

import ast
import difflib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..syntax import parse


@dataclass(frozen=True)
class Words:
    """A student's function with the words of the release.

    Attributes
    ----------
    text : str
    left_out : bool
        Whether words of the release, other than comments, are not in `text`: the student has changed these lines.
    """

    text: str
    left_out: bool


def merge_words(base: str, mine: str, new: str) -> Words | None:
    """Merge the words of `new` into `mine`; return None where `new` has other code than `base`, not only other words.

    All three are sources of one statement, with ``"\\n"`` at the ends of lines.
    """
    codes = [_code(text) for text in (base, mine, new)]
    if None in codes or codes[0] != codes[2]:
        return None
    lines = [text.splitlines(keepends=True) for text in (base, mine, new)]
    own, given = (list(_changes(lines[0], other)) for other in lines[1:])
    wanted = [change for change in given if not any(_clash(change, other) for other in own)]
    merged = "".join(_applied(lines[0], own, wanted))
    if _code(merged) != codes[1]:
        return Words(mine, True)
    left_out = [change for change in given if change not in wanted and change not in own]
    return Words(merged, any(_says_something(lines[0][first:last] + put) for first, last, put in left_out))


Change = tuple[int, int, list[str]]
"""Lines from a first up to a last one, and what stands there instead."""


def _code(source: str) -> str | None:
    """Return what a statement does: its syntax tree without docstrings; None if it cannot be read."""
    try:
        tree = parse(textwrap.dedent(source))
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and (
            ast.get_docstring(node, clean=False) is not None
        ):
            node.body[:1] = []
    return ast.dump(tree)


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, first, last, start, stop in matcher.get_opcodes():
        if tag == "replace" and last - first == stop - start:  # line by line, so that less of it clashes
            yield from ((first + k, first + k + 1, [new[start + k]]) for k in range(last - first))
        elif tag != "equal":
            yield first, last, list(new[start:stop])


def _clash(one: Change, other: Change) -> bool:
    """Tell whether two changes are of the same lines, or both insert lines in the same place."""
    if one[0] == one[1] or other[0] == other[1]:
        return one[0] <= other[1] and other[0] <= one[1]
    return one[0] < other[1] and other[0] < one[1]


def _applied(lines: Sequence[str], *changes: Sequence[Change]) -> Iterator[str]:
    done = 0
    for first, last, put in sorted(change for some in changes for change in some):
        yield from lines[done:first]
        yield from put
        done = last
    yield from lines[done:]


def _says_something(lines: Sequence[str]) -> bool:
    """Tell whether lines are more than comments, such as the banner that a student deletes."""
    return any(line.strip() and not line.strip().startswith("#") for line in lines)
