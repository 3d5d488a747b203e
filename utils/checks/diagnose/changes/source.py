"""Cut one function out of the text of a file, and write small changes into it, so that no line changes its number."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate

from ...python_text import parsed
from .quotients import sizes_of

FIXED = ("self", "np", "numpy", "range", "len")
SHORTEST = 12  # characters of an expression that is found on its line
AROUND = 24  # characters around what differs
LONGEST = 70  # characters of an expression that a sentence shows whole


@dataclass(frozen=True)
class Change:
    """A small change of a function.

    Attributes
    ----------
    line : int
        The number of the line that is changed.
    words : callable
        Returns `said`; most changes help nothing, and are never put into words.
    source : str
        The text of the changed function, every line at its own number.
    is_plain : bool
        Whether it is of a kind that hardly makes a new mistake, such as a transpose where shapes do not fit.
    around : callable
        Returns `emptied`.
    """

    line: int
    words: Callable[[], str]
    source: str
    is_plain: bool = False
    around: Callable[[], list[str]] = list

    @property
    def said(self) -> str:
        """What is changed, to follow "with": ``"`np.sum(d)` in place of `np.mean(d)` on line 12"``."""
        return self.words()

    @property
    def emptied(self) -> list[str]:
        """The function with None for an expression in which the change stands, and that is kept or returned.

        A text for each such expression, the smallest first; none where the change is no expression.
        """
        return self.around()


class FunctionSource:
    """The text of one function of a file.

    Parameters
    ----------
    text : str
        The whole file.
    name : str
        The qualified name of the function.
    functions : sequence of str, default ()
        Functions that it may call beside those of the text.

    Attributes
    ----------
    functions : list of str
        The functions that it may call.
    node : ast.FunctionDef or None
        The function; None where the file cannot be read or has no such function.
    """

    def __init__(self, text: str, name: str, functions: Sequence[str] = ()) -> None:
        self.name = name
        self._lines = [line.encode() for line in text.splitlines(keepends=True)]
        tree = parsed(text)
        self.node = _function(tree, name) if tree else None
        self.functions = [*functions, *_functions_of_file(tree)] if tree else list(functions)

    def changed(self, change: Change) -> FunctionSource:
        """Return the changed function, to change it once more."""
        return FunctionSource(change.source, self.name, self.functions)

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """The statements of the function, those inside of others included; a docstring is left out."""
        assert self.node
        found = [node for node in ast.walk(self.node) if isinstance(node, ast.stmt) and node is not self.node]
        return [node for node in found if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]

    @cached_property
    def sizes(self) -> set[str]:
        """The names that hold sizes of arrays."""
        assert self.node
        return sizes_of(self.node)

    def with_expression(self, node: ast.expr, instead: ast.expr) -> Change:
        """Write an expression in place of another one."""
        new = ast.unparse(ast.fix_missing_locations(instead))
        words = partial(self._difference, node, instead)
        return Change(node.lineno, words, self._replaced([(node, new)]), around=partial(self._emptied, node))

    def with_expressions(self, pairs: list[tuple[ast.expr, ast.expr]], said: str) -> Change:
        """Write several expressions in place of others."""
        texts = [(node, ast.unparse(ast.fix_missing_locations(instead))) for node, instead in pairs]
        return Change(pairs[0][0].lineno, lambda: said, self._replaced(texts))

    def _emptied(self, node: ast.expr) -> list[str]:
        """Write None for each expression around a node that is an item of a tuple, a list or a dict, or a whole value.

        In these places anything can stand; elsewhere None would crash.
        """
        found = []
        here: ast.AST | None = node
        while isinstance(here, ast.expr):
            above = self.above(here)
            kept = isinstance(above, ast.Assign | ast.Return) and above.value is here
            if kept or isinstance(above, ast.Tuple | ast.List | ast.Dict):
                found.append(self._replaced([(here, "None")]))
            here = above
        return found

    def with_statement(self, node: ast.stmt, instead: str, said: str = "") -> Change:
        """Write a statement of one line in place of another one."""
        said = said or f"{_in_place_of(instead, ast.unparse(node))} on line {node.lineno}"
        return Change(node.lineno, lambda: said, self._replaced([(node, instead)], brackets=False))

    def with_lines(self, first: int, lines: list[bytes], said: str) -> Change:
        """Write other lines in place of as many from one on."""
        before = first - self._first
        own = self._own.splitlines(keepends=True)
        return Change(
            first, lambda: said, self._in_place(b"".join([*own[:before], *lines, *own[before + len(lines) :]]))
        )

    def _difference(self, node: ast.expr, instead: ast.expr) -> str:
        """Say what stands in place of what: as large a part of the line as is easily found and read.

        It should stand there once; where every part that can be read stands there several times, it is said which of
        them is meant.
        """
        whole: ast.AST = node
        while len(ast.unparse(whole)) < SHORTEST or len(self._alike_on_line(whole)) > 1:
            above = self.above(whole)
            if isinstance(above, ast.Attribute) and isinstance(self.above(above), ast.Call):
                above = self.above(above)  # a method goes with its arguments
            if not isinstance(above, ast.expr) or len(ast.unparse(above)) > LONGEST:
                break
            whole = above
        changed = copy.deepcopy(whole, {id(node): instead})
        new, old = (ast.unparse(ast.fix_missing_locations(one)) for one in (changed, whole))
        alike = self._alike_on_line(whole)
        which = _ordinal([one is whole for one in alike].index(True), len(alike)) if len(alike) > 1 else ""
        return f"{_in_place_of(new, old, which)} on line {node.lineno}"

    def _alike_on_line(self, node: ast.AST) -> list[ast.expr]:
        """List the expressions that begin on the line of a node and read like it, from left to right."""
        text, line = ast.unparse(node), getattr(node, "lineno", 0)
        alike = [one for one in self._expressions_of_line.get(line, ()) if ast.unparse(one) == text]
        return sorted(alike, key=lambda one: one.col_offset)

    @cached_property
    def _expressions_of_line(self) -> dict[int, list[ast.expr]]:
        """The expressions of the function, by the line on which they begin."""
        assert self.node
        found: dict[int, list[ast.expr]] = {}
        for one in ast.walk(self.node):
            if isinstance(one, ast.expr):
                found.setdefault(one.lineno, []).append(one)
        return found

    def above(self, node: ast.AST) -> ast.AST | None:
        """Return what a node of the function is a part of."""
        return self._above.get(id(node))

    @cached_property
    def _above(self) -> dict[int, ast.AST]:
        """What each node of the function is a part of."""
        assert self.node
        return {id(child): node for node in ast.walk(self.node) for child in ast.iter_child_nodes(node)}

    def lines_of(self, node: ast.stmt) -> list[bytes]:
        """The lines on which a statement stands."""
        return self._lines[node.lineno - 1 : node.end_lineno]

    def _replaced(self, pairs: Sequence[tuple[ast.expr | ast.stmt, str]], brackets: bool = True) -> str:
        text = self._own
        for node, instead in sorted(pairs, key=lambda pair: -self._span(pair[0])[0]):
            start, end = self._span(node)
            kept = b"\n" * text[start:end].count(b"\n")  # inside of brackets, a line may end anywhere
            new = b"(" + instead.encode() + kept + b")" if brackets else instead.encode() + kept
            text = text[:start] + new + text[end:]
        return self._in_place(text)

    @cached_property
    def _first(self) -> int:
        """The first line of the function, decorators included."""
        assert self.node
        return min([self.node.lineno, *(one.lineno for one in self.node.decorator_list)])

    @cached_property
    def _own(self) -> bytes:
        """The lines of the function."""
        assert self.node
        return b"".join(self._lines[self._first - 1 : self.node.end_lineno])

    @cached_property
    def _starts(self) -> list[int]:
        """At which byte of the function's own text each line of the file starts."""
        lengths = map(len, self._lines)
        starts = list(accumulate(lengths, initial=0))
        return [start - starts[self._first - 1] for start in starts]

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def _in_place(self, own: bytes) -> str:
        """Put the function's text where it stands in the file, below empty lines, or the head of its class."""
        owner = self.name.rpartition(".")[0]
        above = "\n" * (self._first - 2) + f"class {owner}:\n" if owner else "\n" * (self._first - 1)
        return above + own.decode()


def _functions_of_file(tree: ast.Module) -> list[str]:
    """List the functions of a file, its own and those that it imports."""
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found.append(node.name)
        elif isinstance(node, ast.ImportFrom):
            found += [one.asname or one.name for one in node.names]
    return found


def _function(tree: ast.Module, name: str) -> ast.FunctionDef | None:
    body: list[ast.stmt] = tree.body
    *owners, last = name.split(".")
    for owner in owners:
        classes = (node for node in body if isinstance(node, ast.ClassDef) and node.name == owner)
        body = next((node.body for node in classes), [])
    found = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == last]
    return found[-1] if found and found[-1].lineno > 1 else None


def own_part(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions of a statement, without those of the statements inside of it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from (part for part in ast.walk(child) if isinstance(part, ast.expr) and not _is_fixed(part))


def _is_fixed(node: ast.expr) -> bool:
    """Whether a node is a name that no change is about."""
    return isinstance(node, ast.Name) and node.id in FIXED


def _ordinal(place: int, count: int) -> str:
    """Say which of several alike expressions is meant: "the first "."""
    if place == count - 1 and count > 2:
        return "the last "
    return f"the {('first', 'second', 'third', 'fourth', 'fifth')[place]} " if place < 5 else f"number {place + 1} of "


def _in_place_of(new: str, old: str, which: str = "") -> str:
    """Say what stands in place of what; of long texts, what differs and a little around it."""
    if max(len(new), len(old)) > LONGEST:
        before = max(0, _alike(new, old) - AROUND)
        after = max(0, _alike(new[::-1], old[::-1]) - AROUND)
        after = min(after, len(new) - before, len(old) - before)
        new, old = (
            f"{'…' if before else ''}{one[before : len(one) - after]}{'…' if after else ''}" for one in (new, old)
        )
    return f"`{_short(new)}` in place of {which}`{_short(old)}`"


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their start."""
    pairs = zip(one, other, strict=False)
    return next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
