"""Apply hunks, as of a unified diff, to functions in a module's text.

The old lines of a hunk are found by their text inside of the named function, not by line numbers. So a hunk still
applies after other parts of the module have changed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from itertools import pairwise

from .errors import Problem, UnusableCourseFiles

MODULE = "<module>"
"""The name for everything that stands outside of all functions, as in Python's own tracebacks."""


@dataclass(frozen=True)
class Hunk:
    """A block of lines in one function, and the block that replaces it.

    Attributes
    ----------
    function : str
        Qualified name of the function or class in which the old lines are searched, or `MODULE`.
    old, new : tuple of str
        Whole lines with their indentation. Context lines stand in both.
    file : str, default ""
        The file in which the hunk is written, for errors.
    line : int, default 0
        Its line there, counted from 1.
    """

    function: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    def error(self, sentence: str) -> UnusableCourseFiles:
        """Make the error that says where the hunk is written and why it cannot be applied."""
        return UnusableCourseFiles([Problem(self.file, self.line, sentence)])


@dataclass(frozen=True)
class _Change:
    """A hunk located in a text: lines ``start`` up to but not including ``stop``, counted from 0, become `new`."""

    start: int
    stop: int
    new: tuple[str, ...]
    hunk: Hunk

    @property
    def growth(self) -> int:
        """By how many lines the text becomes longer."""
        return len(self.new) - (self.stop - self.start)


def apply(text: str, hunks: Iterable[Hunk], file: str) -> str:
    """Apply hunks to a module's text.

    Parameters
    ----------
    text : str
        Valid Python.
    hunks : iterable of Hunk
        Their old lines all refer to `text`, not to what the hunks before have made of it.
    file : str
        The text's path, for errors.

    Returns
    -------
    str
        The changed text.

    Raises
    ------
    UnusableCourseFiles
        When the text does not have a hunk's function, when that function does not have the old lines exactly once, or
        when two hunks change the same lines.
    """
    lines = text.split("\n")
    for change in reversed(_changes(text, hunks, file)):  # from the end, so that earlier line numbers stay valid
        lines[change.start : change.stop] = change.new
    return "\n".join(lines)


def changed_functions(text: str, hunks: Iterable[Hunk], file: str) -> dict[str, str]:
    """Return the changed text of each function that hunks change, by its name; for the arguments see `apply`."""
    changes, spans = _changes(text, hunks, file), _spans(text)
    lines = apply(text, (change.hunk for change in changes), file).split("\n")
    found = {}
    for name in sorted({change.hunk.function for change in changes}):
        first, last = (0, len(text)) if name == MODULE else (spans[name][0], spans[name][-1] + 1)
        before = sum(change.growth for change in changes if change.start < first)
        inside = sum(change.growth for change in changes if first <= change.start <= last)
        found[name] = "\n".join(lines[first + before : last + before + inside])
    return found


def _changes(text: str, hunks: Iterable[Hunk], file: str) -> list[_Change]:
    """Locate hunks in a text, sort them by line, and check that no two change the same lines."""
    lines = text.split("\n")
    changes = [_located(hunk, text, lines, file) for hunk in hunks]
    changes.sort(key=lambda change: (change.start, change.stop))
    for one, other in pairwise(changes):
        if other.start < one.stop or (one.start, one.stop) == (other.start, other.stop):
            place = f"{one.hunk.file}, line {one.hunk.line}"
            raise other.hunk.error(f"this changes lines that are changed by {place}, too; join them.")
    return changes


def shown(text: str) -> str:
    """Cut a text to 120 characters, for an error message."""
    return text if len(text) <= 120 else f"{text[:119]}…"


def _located(hunk: Hunk, text: str, lines: Sequence[str], file: str) -> _Change:
    """Locate a hunk in a text. Context lines at its ends are left out, so that neighbouring hunks may share them."""
    spans = _spans(text)
    if hunk.function not in spans:
        last = {name.rpartition(".")[2]: name for name in spans}
        near = get_close_matches(hunk.function.rpartition(".")[2], last, 1)
        known = ", ".join(name for name in spans if name != MODULE)
        also = f"is it {last[near[0]]}?" if near else f"there are {known}."
        raise hunk.error(f"{file} has no function {shown(hunk.function)}; {also}")
    inside = set(spans[hunk.function])
    found = [
        start
        for start in sorted(inside)
        if tuple(lines[start : start + len(hunk.old)]) == hunk.old
        and inside.issuperset(range(start, start + len(hunk.old)))
    ]
    if len(found) != 1:
        raise hunk.error(_not_located(hunk, [lines[index] for index in sorted(inside)], found, file))
    old, new, start = list(hunk.old), list(hunk.new), found[0]
    while old and new and old[-1] == new[-1]:
        old.pop(), new.pop()
    while old and new and old[0] == new[0]:
        old.pop(0), new.pop(0)
        start += 1
    return _Change(start, start + len(old), tuple(new), hunk)


def _not_located(hunk: Hunk, inside: Sequence[str], found: Sequence[int], file: str) -> str:
    """Say why a hunk cannot be located, and what to do about it."""
    place = "outside all functions" if hunk.function == MODULE else f"in {shown(hunk.function)}"
    if found:
        return f"these lines stand {len(found)} times {place} of {file}; add a line of context to say which."
    missing = next((line for line in hunk.old if line not in inside), "")
    if not missing:
        return f"these lines do not follow each other {place} of {file}; bring them up to date."
    near = get_close_matches(missing, inside, 1, 0.5)
    also = f'the nearest is "{shown(near[0])}"; ' if near else ""
    return f'there is no line "{shown(missing)}" {place} of {file}; {also}bring this up to date.'


@cache
def _spans(text: str) -> dict[str, Sequence[int]]:
    """Find the lines, counted from 0, of each function and class by qualified name, and of `MODULE`."""
    spans: dict[str, Sequence[int]] = dict(_definitions(ast.parse(text)))
    owned = {line for span in spans.values() for line in span}
    return spans | {MODULE: [line for line in range(text.count("\n") + 1) if line not in owned]}


def _definitions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, range]]:
    """Yield the qualified name and the lines of each function and class; functions inside of functions are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            yield prefix + child.name, range(first - 1, child.end_lineno or first)
            if isinstance(child, ast.ClassDef):
                yield from _definitions(child, f"{prefix}{child.name}.")
