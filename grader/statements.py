"""Run versions of a module's text, and compile only the statements in which they differ from it.

A course has hundreds of known mistakes, each of which changes a few lines of one function in a module of several
hundred lines. Compiling the whole module for each would be most of what they cost.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import pairwise
from types import CodeType


def compiled_statements(text: str, base: str, file: str) -> tuple[CodeType, ...]:
    """Compile a version of a module's text.

    Parameters
    ----------
    text : str
        The version.
    base : str
        The text that it is a version of; valid Python without ``from __future__`` imports.
    file : str
        Its path, for tracebacks.

    Returns
    -------
    tuple of code
        Executed one after the other in one namespace, they do what executing the text does. Lines are numbered as in
        the text.

    Raises
    ------
    SyntaxError
        When the text is not valid Python.
    """
    lines, old = text.splitlines(keepends=True), base.splitlines(keepends=True)
    starts = _starts(base)
    same = _common(lines, old)
    after = _common(lines[same:][::-1], old[same:][::-1])
    # From the statement in which the first other line stands, up to the first one behind the last other line.
    first = min(bisect_right(starts, same), len(starts) - 1) - 1
    last = max(bisect_left(starts, len(old) - after), first + 1)
    growth = len(lines) - len(old)
    bounds = [*starts[: first + 1], *(start + growth for start in starts[last:])]
    try:
        return tuple(_compiled("".join(lines[start:stop]), start, file) for start, stop in pairwise(bounds))
    except SyntaxError:  # such as a statement that ends in what was one of its own
        return (_compiled(text, 0, file),)


def _common(one: list[str], other: list[str]) -> int:
    """Count the lines with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


@lru_cache(maxsize=64)
def _starts(text: str) -> list[int]:
    """Return the lines, counted from 0, at which the statements of a module begin; last, the number of its lines."""
    found = {0}
    end = 0
    for node in ast.parse(text).body:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        if first > end:  # not behind another one, on its last line
            found.add(first - 1)
        end = node.end_lineno or first
    return [*sorted(found), len(text.splitlines())]


@lru_cache(maxsize=4096)
def _compiled(text: str, above: int, file: str) -> CodeType:
    """Compile a part of a module above which there are this many lines; most parts are those of other versions."""
    return compile("\n" * above + text, file, "exec", dont_inherit=True)
