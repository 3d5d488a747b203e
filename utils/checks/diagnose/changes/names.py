"""Small changes of names: another variable, another entry of an array, another key."""

from __future__ import annotations

import ast
import builtins
import copy
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import SequenceMatcher
from itertools import combinations, pairwise

ALIKE = 0.6
"""How similar two names are, from 0 to 1, of which one may stand by mistake for the other."""


MANY = 6
"""Names of a tuple of which only those side by side are exchanged, if there are more."""


class Names:
    """The names of a function, and which of them may be taken for each other.

    Parameters
    ----------
    node : ast.FunctionDef
    words : collection of str
        Texts that have a meaning in the exercise: the keys and the choices of its inputs.
    functions : collection of str
        The functions of the file, its own and those that it imports.
    """

    def __init__(self, node: ast.FunctionDef, words: Collection[str], functions: Collection[str] = ()) -> None:
        parameters = [one.arg for one in node.args.args if one.arg != "self"]
        stored = [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
        self.known = list(dict.fromkeys([*parameters, *stored]))
        self.attributes = _attributes(node)
        self._functions = list(functions)
        self.loops = [
            part.target.id for part in ast.walk(node) if isinstance(part, ast.For) and isinstance(part.target, ast.Name)
        ]
        self._words = list(words)
        self._together = _unpacked_together(node)

    def alike(self, node: ast.expr) -> Iterator[ast.expr]:
        """A name that is easily taken for this one: similar, or unpacked on the same line."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            beside = self._together.get(node.id, [])
            for other in self.known:
                if other != node.id and (other in beside or is_alike(node.id, other)):
                    yield ast.Name(other, ast.Load())

    def unknown(self, node: ast.expr) -> Iterator[ast.expr]:
        """What a name that stands for nothing may have been meant to be."""
        if not isinstance(node, ast.Name) or node.id in (*self.known, *self._functions) or hasattr(builtins, node.id):
            return
        yield from (ast.Name(other, ast.Load()) for other in self.known if is_alike(node.id, other))
        if self.attributes:
            yield ast.Attribute(ast.Name("self", ast.Load()), node.id, ast.Load())

    def others(self, node: ast.expr) -> Iterator[ast.expr]:
        """Any other name of the function."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            for other in self.known:
                if other != node.id and not is_alike(node.id, other):
                    yield ast.Name(other, ast.Load())
            if self.attributes:
                yield ast.Attribute(ast.Name("self", ast.Load()), node.id, ast.Load())
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from (ast.Name(other, ast.Load()) for other in self.known)

    def functions(self, node: ast.expr) -> Iterator[ast.expr]:
        """A call of another function with the same ending in its name."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            for other in self._functions:
                if other != name and other.rpartition("_")[2] == name.rpartition("_")[2]:
                    yield ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)

    def longer(self, node: ast.expr) -> Iterator[ast.expr]:
        """A call with one argument more."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for more in (*self.known, *self.attributes):
                yield ast.Call(node.func, [*node.args, ast.parse(more, mode="eval").body], node.keywords)

    def exchanged(self, node: ast.expr) -> Iterator[ast.expr]:
        """Two names that are easily taken for each other, exchanged wherever they stand."""
        if isinstance(node, ast.Subscript):
            used = dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
            for one, other in combinations([name for name in used if name in self.known], 2):
                if is_alike(one, other) or other in self._together.get(one, ()):
                    yield _with(node, {one: ast.Name(other, ast.Load()), other: ast.Name(one, ast.Load())})

    def entries(self, node: ast.expr) -> Iterator[ast.expr]:
        """One entry of an array, by the name that a loop counts."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in self.loops:
            yield from (ast.Subscript(node, ast.Name(loop, ast.Load()), ast.Load()) for loop in self.loops)
        elif isinstance(node, ast.Attribute) and node.attr == "shape":
            yield ast.Subscript(node, ast.Constant(0), ast.Load())

    def items(self, node: ast.expr) -> Iterator[ast.expr]:
        """The first or the second of several values."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield from (ast.Subscript(node, ast.Constant(place), ast.Load()) for place in (0, 1))

    def rows(self, node: ast.expr) -> Iterator[ast.expr]:
        """One entry of each row, where an index stands beside a slice of all rows."""
        if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple)):
            return
        first, *rest = node.slice.elts
        if isinstance(first, ast.Slice) and len(rest) == 1 and isinstance(rest[0], ast.Name):
            count = ast.parse(f"np.arange(len({rest[0].id}))", mode="eval").body
            yield ast.Subscript(node.value, ast.Tuple([count, rest[0]], ast.Load()), node.ctx)

    def keys(self, node: ast.expr) -> Iterator[ast.expr]:
        """Another text: a key or a choice."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(self._words) < 40:
            yield from (ast.Constant(word) for word in self._words if word != node.value)

    def steps(self, node: ast.expr) -> Iterator[ast.expr]:
        """The limits of a slice, or an index, with what a loop counts multiplied by a step."""
        if not isinstance(node, ast.Subscript):
            return
        loops = [loop for loop in self.loops if any(_is_name(part, loop) for part in ast.walk(node.slice))]
        factors = [name for name in self.known if re.search("stride|step|height|width|^s$", name, re.IGNORECASE)]
        for factor in factors:
            for chosen in [loops, *([loop] for loop in loops)] if len(loops) > 1 else [loops]:
                if chosen:
                    times = {
                        loop: ast.BinOp(ast.Name(loop, ast.Load()), ast.Mult(), ast.Name(factor, ast.Load()))
                        for loop in chosen
                    }
                    yield ast.Subscript(node.value, _with(node.slice, times), node.ctx)


def is_alike(one: str, other: str) -> bool:
    """Whether two names are easily taken for each other."""
    short = max(len(one), len(other)) <= 2
    return short or SequenceMatcher(None, one.lower(), other.lower()).ratio() >= ALIKE


class _Written(ast.NodeTransformer):
    def __init__(self, instead: Mapping[str, ast.expr]) -> None:
        self._instead = instead

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._instead.get(node.id, node)


def _with(node: ast.expr, instead: Mapping[str, ast.expr]) -> ast.expr:
    """Return a copy of an expression with others in place of some names."""
    changed = _Written(instead).visit(copy.deepcopy(node))
    assert isinstance(changed, ast.expr)
    return changed


def _attributes(node: ast.FunctionDef) -> list[str]:
    """List the attributes of ``self`` that a function reads."""
    found = (part for part in ast.walk(node) if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name))
    return list(dict.fromkeys(ast.unparse(part) for part in found if ast.unparse(part.value) == "self"))


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _unpacked_together(node: ast.FunctionDef) -> dict[str, list[str]]:
    """For each name, those that are unpacked with it from one value."""
    together: dict[str, list[str]] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Tuple) and isinstance(part.ctx, ast.Store):
            names = [item.id for item in part.elts if isinstance(item, ast.Name)]
            for name in names:
                together.setdefault(name, []).extend(names)
    return together


def unpacked_by_mistake(node: ast.stmt) -> Iterator[list[tuple[ast.expr, ast.expr]]]:
    """Two names exchanged where a tuple is unpacked, unless it is a shape; of many names, those side by side."""
    if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List)):
        return
    if isinstance(node.value, ast.Tuple | ast.List) or (
        isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    ):
        return
    items = [item for item in node.targets[0].elts if isinstance(item, ast.Name | ast.Subscript | ast.Attribute)]
    pairs = combinations(items, 2) if len(items) <= MANY else pairwise(items)
    for one, other in pairs:
        yield [(one, other), (other, one)]


def counts(node: ast.expr, loops: Collection[str]) -> Iterator[ast.expr]:
    """What a loop counts, one more or one less; the same inside of a text."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in loops:
        yield from (_moved(node.id, by) for by in (1, -1))
    elif isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value == 1:
        if isinstance(node.op, ast.Add | ast.Sub):
            yield node.left
    elif isinstance(node, ast.JoinedStr):
        for loop in loops:
            for by in (1, -1):
                moved = _with(node, {loop: _moved(loop, by)})
                if ast.unparse(moved) != ast.unparse(node):
                    yield moved


def _moved(name: str, by: int) -> ast.expr:
    return ast.BinOp(ast.Name(name, ast.Load()), ast.Add() if by > 0 else ast.Sub(), ast.Constant(1))


def ranges(node: ast.expr) -> Iterator[ast.expr]:
    """A loop that counts one more or one less, or backwards."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"):
        return
    start, stop = (node.args[0], node.args[1]) if len(node.args) > 1 else (None, node.args[0] if node.args else None)
    if stop is None:
        return
    one = ast.Constant(1)
    for last in (stop, ast.BinOp(stop, ast.Add(), one), ast.BinOp(stop, ast.Sub(), one)):
        for first in (start, one, ast.Constant(0), *(_beside(start) if start else ())):
            yield ast.Call(node.func, [*([first] if first else []), last, *node.args[2:]], [])
    yield ast.Call(ast.Name("reversed", ast.Load()), [node], [])


def _beside(node: ast.expr) -> list[ast.expr]:
    return [ast.BinOp(node, op, ast.Constant(1)) for op in (ast.Sub(), ast.Add())]
