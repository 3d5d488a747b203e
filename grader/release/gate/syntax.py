"""Bring code and prose into forms in which they can be compared.

Code is compared as syntax: spacing, comments, line breaks and the names of variables make no difference. Prose is
compared as a sequence of words: line breaks, punctuation and formulas make no difference.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

RUN = 6
"""Length of a run: two texts rarely have so many words in a row in common by chance."""

_OPERATORS = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.AugAssign)
_OTHERS = (
    *(ast.Call, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant),
    *(ast.Lambda, ast.comprehension, ast.IfExp, ast.NamedExpr, ast.Starred),
)
_PROMPT = re.compile(r"^[\s#>*`|-]*(?:\.\.\.)?\s*")
_QUOTED = re.compile(r"`+([^`]+)`+")
_WORD = re.compile(r"(?<![\\\w])[^\W\d_]{2,}")  # leaves out LaTeX commands and the single letters of formulas


def normal(node: ast.AST, names: dict[str, str] | None = None) -> str:
    """Write syntax as text in which variables are numbered in order of appearance.

    The names of attributes, of keyword arguments and of functions that are called by a bare name are kept.
    """
    names = {} if names is None else names
    if isinstance(node, ast.Name):
        return names.setdefault(node.id, f"v{len(names)}")
    if isinstance(node, ast.arg):
        return names.setdefault(node.arg, f"v{len(names)}")
    parts = []
    for name, value in ast.iter_fields(node):
        if name == "func" and isinstance(value, ast.Name):
            parts.append(value.id)
        elif name not in ("ctx", "kind", "type_comment"):
            children = value if isinstance(value, list) else [value]
            parts += [normal(child, names) if isinstance(child, ast.AST) else repr(child) for child in children]
    return f"{type(node).__name__}({' '.join(parts)})"


def weight(node: ast.AST) -> int:
    """Measure how much syntax gives away: the number of its nodes, without names and with operators counted twice."""
    return _weights(node)[node]


def _weights(tree: ast.AST) -> dict[ast.AST, int]:
    """Measure every node of a tree as `weight` does; the nodes are in the order of `ast.walk`."""
    nodes, parents = [tree], [0]
    for place, node in enumerate(nodes):  # the list grows meanwhile
        for child in ast.iter_child_nodes(node):
            nodes.append(child)
            parents.append(place)
    weights = [2 * isinstance(node, _OPERATORS) + isinstance(node, _OTHERS) for node in nodes]
    for place in range(len(nodes) - 1, 0, -1):  # children before their parents
        weights[parents[place]] += weights[place]
    return dict(zip(nodes, weights, strict=True))


def answers(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the parts of a statement that are an answer: its right-hand side, its condition, or its loop's sequence."""
    match statement:
        case ast.Assign(value=ast.expr() as value) | ast.AnnAssign(value=ast.expr() as value):
            yield from _entries(value)
        case ast.Return(value=ast.expr() as value) | ast.Expr(value=value):
            yield from _entries(value)
        case ast.AugAssign(value=value):
            yield from (statement, value)
        case ast.For(iter=value) | ast.If(test=value) | ast.While(test=value):
            yield value


def _entries(value: ast.expr) -> Iterator[ast.expr]:
    """Yield a right-hand side, or each entry if it is a tuple, list or dict."""
    match value:
        case ast.Tuple(elts=entries) | ast.List(elts=entries) | ast.Dict(values=entries):
            for entry in entries:
                yield from _entries(entry)
        case _:
            yield value


class Piece(NamedTuple):
    """A piece of a text that is valid Python: its line, its normal form, its weight, and the piece itself."""

    line: int
    form: str
    weight: int
    node: ast.AST


@lru_cache(maxsize=4096)  # a release inspects most texts twice: by themselves, and in the student edition
def pieces(text: str, least: int) -> tuple[Piece, ...]:
    """List the expressions and augmented assignments of a text that have a weight of `least` or more.

    The whole text is parsed as Python, and so are each line by itself (without comment signs and prompts) and each
    text between backquotes. Candidates that are not valid Python are skipped.
    """
    return tuple(Piece(line, normal(node), size, node) for line, node, size in _weighed(text) if size >= least)


def _weighed(text: str) -> Iterator[tuple[int, ast.AST, int]]:
    """Yield line, node and weight of every expression and augmented assignment of a text."""
    lines = text.split("\n")
    candidates = [(0, text)]
    for number, line in enumerate(lines):
        alone = _PROMPT.sub("", line).rstrip("\r `")
        candidates.append((number, f"{alone} pass" if alone.endswith(":") else alone))
        candidates += [(number, quoted) for quoted in _QUOTED.findall(line)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # prose that happens to be Python gives SyntaxWarnings
        for offset, candidate in candidates:
            try:
                tree = ast.parse(candidate)
            except (SyntaxError, ValueError):
                continue
            for node, size in _weights(tree).items():
                if isinstance(node, ast.expr | ast.AugAssign):
                    yield offset + node.lineno, node, size


def runs(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield every run of `RUN` words in a text, with the line on which it begins."""
    words = [
        (number, word.casefold()) for number, line in enumerate(text.split("\n"), 1) for word in _WORD.findall(line)
    ]
    for start in range(len(words) - RUN + 1):
        yield words[start][0], tuple(word for _, word in words[start : start + RUN])
