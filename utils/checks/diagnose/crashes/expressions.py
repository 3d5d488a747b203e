"""Read and write the expressions of a line, and what is known of their values, as texts."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable
from itertools import islice

from ...python_text import parsed
from .shapes import Shape

MOST_NODES = 250  # of a line, as a tree
LONGEST_TEXT = 60  # characters of an expression that stand in a sentence


class _Replaced(ast.NodeTransformer):
    """Put an expression in the place of another one."""

    def __init__(self, node: ast.AST, instead: ast.expr) -> None:
        self._node, self._instead = ast.dump(ast.parse(ast.unparse(node), mode="eval").body), instead

    def visit(self, node: ast.AST) -> ast.AST:
        return self._instead if ast.dump(node) == self._node else self.generic_visit(node)


def replaced(tree: ast.expr, node: ast.AST, instead: ast.expr) -> ast.expr:
    """Return a copy of an expression with another one in place of a node."""
    result = _Replaced(node, instead).visit(ast.parse(ast.unparse(tree), mode="eval").body)
    return result if isinstance(result, ast.expr) else instead


def relatives_among(name: str, known: Iterable[str]) -> list[str]:
    """List the names that differ from a name in their digits alone."""
    return [other for other in known if of_same_form(name, other)]


def of_same_form(name: str, other: str) -> bool:
    """Whether two names differ in their digits alone: ``self.params['W1']`` and ``self.params['W2']``."""
    return other != name and re.sub(r"\d+", "0", name) == re.sub(r"\d+", "0", other)


def shapes_in(described: Iterable[str]) -> dict[str, Shape]:
    """Read ``("x (3, 4)",)``."""
    pairs = (split_operand(text) for text in described)
    return {name: _read(what) for name, what in pairs if re.fullmatch(r"\((\d+,? ?)*\)", what)}


def _read(what: str) -> Shape:
    return tuple(map(int, re.findall(r"\d+", what)))


def numbered(text: str) -> tuple[int, str]:
    """Read ``"12 out = f(x)"``."""
    number, _, source = text.partition(" ")
    return (int(number) if number.isdigit() else 0), source


def path_of(written: str) -> str:
    """Write an expression as the path of an output: ``grads['W1']`` as ``"grads.W1"``."""
    return re.sub(r"\[['\"](\w+)['\"]\]", r".\1", written)


def parsed_expression(written: str) -> ast.expr | None:
    """Parse an expression; None where it is none."""
    tree = parsed_statement(written)
    return tree.value if isinstance(tree, ast.Expr) else None


def text(node: ast.AST) -> str:
    """Write an expression in backquotes, shortened where it is long."""
    written = ast.unparse(node)
    return f"`{written if len(written) <= LONGEST_TEXT else f'{written[: LONGEST_TEXT - 1]}…'}`"


def is_cut(node: ast.AST) -> bool:
    """Whether an expression holds a slice with limits."""
    return any(isinstance(part, ast.Slice) and (part.lower or part.upper) for part in ast.walk(node))


def count(shape: Shape) -> int:
    """How many numbers an array of a shape holds."""
    return math.prod(shape)


def read_shape(written: str) -> Shape:
    """Read a shape from a message: ``"(4,7)"``."""
    return tuple(map(int, re.findall(r"\d+", written)))


def split_operand(operand: str) -> tuple[str, str]:
    """Split ``"x (2, 3)"`` into the text of the operand and what it holds."""
    match = re.fullmatch(r"(.+?) (\(.*\)|= .*|of \d+ .*|with .*|None|empty)", operand, re.DOTALL)
    return (match[1], match[2]) if match else (operand, "")


def parsed_statement(source: str) -> ast.stmt | None:
    """Parse one line of Python, which may be the head of a compound statement; None where that is impossible."""
    for candidate in (source, f"{source.rstrip()}\n    pass", f"({source})"):
        tree = parsed(candidate.strip())
        if tree is None:
            continue
        body = tree.body
        # Whoever wrote the line may want this to take long: what is too large to be a line of a student's is left.
        return body[0] if body and sum(1 for _ in islice(ast.walk(body[0]), MOST_NODES + 1)) <= MOST_NODES else None
    return None
