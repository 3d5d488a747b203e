"""Small changes of arithmetic: another operator, a term or factor left out, brackets elsewhere, a transpose."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...matrix_products import factors_of

_OTHER_OPERATORS: dict[type[ast.operator], tuple[ast.operator, ...]] = {
    ast.Add: (ast.Sub(),),
    ast.Sub: (ast.Add(),),
    ast.Mult: (ast.Div(), ast.MatMult()),
    ast.Div: (ast.Mult(), ast.FloorDiv()),
    ast.FloorDiv: (ast.Div(),),
    ast.MatMult: (ast.Mult(),),
    ast.BitXor: (ast.Pow(),),
}
_OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[ast.cmpop, ...]] = {
    ast.Lt: (ast.Gt(), ast.LtE(), ast.GtE()),
    ast.LtE: (ast.Gt(), ast.Lt(), ast.GtE()),
    ast.Gt: (ast.Lt(), ast.GtE(), ast.LtE()),
    ast.GtE: (ast.Lt(), ast.Gt(), ast.LtE()),
    ast.Eq: (ast.NotEq(),),
    ast.NotEq: (ast.Eq(),),
}
_TERMS = ast.Add | ast.Sub
_FACTORS = ast.Mult | ast.Div
_NUMBERS = (0, 1, 2, 0.5, -1)


def operators(node: ast.expr) -> Iterator[ast.expr]:
    """Another operator, the operands exchanged, or the inverse of a matrix in place of that of each entry."""
    if isinstance(node, ast.BinOp):
        yield from (ast.BinOp(node.left, op, node.right) for op in _OTHER_OPERATORS.get(type(node.op), ()))
        if isinstance(node.op, ast.Sub | ast.Div):
            yield ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.Mult):
            yield ast.BinOp(node.right, ast.Div(), node.left)
        if isinstance(node.op, ast.Pow) and ast.unparse(node.right) == "-1":
            yield ast.Call(ast.parse("np.linalg.inv", mode="eval").body, [node.left], [])


def sums(node: ast.expr) -> Iterator[ast.expr]:
    """A sum in place of a product."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        yield ast.BinOp(node.left, ast.Add(), node.right)


def comparisons(node: ast.expr) -> Iterator[ast.expr]:
    """Another comparison."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from (
            ast.Compare(node.left, [op], node.comparators) for op in _OTHER_COMPARISONS.get(type(node.ops[0]), ())
        )


def left_out(node: ast.expr) -> Iterator[ast.expr]:
    """A term, a factor, a sign or a function left out."""
    if isinstance(node, ast.BinOp):
        yield node.left
        if not isinstance(node.op, ast.Pow):
            yield node.right
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        yield node.args[0]
    elif isinstance(node, ast.Subscript):
        yield node.value


def brackets(node: ast.expr) -> Iterator[ast.expr]:
    """The brackets elsewhere: a factor taken of a whole sum, a sum taken of a whole product, a root of a whole sum."""
    if not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, _TERMS):
        yield from _of_sum(node)
    elif isinstance(node.op, ast.Mult) and isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Div):
        yield ast.BinOp(node.left.left, ast.Div(), ast.BinOp(node.left.right, ast.Mult(), node.right))
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(node.op, _TERMS) and isinstance(one, ast.Call) and len(one.args) == 1 and not one.keywords:
            yield ast.Call(one.func, [ast.BinOp(one.args[0], node.op, other)], [])


def inner_brackets(node: ast.expr) -> Iterator[ast.expr]:
    """A term of what a function is taken of, outside of the function."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        inner = node.args[0]
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, _TERMS | _FACTORS):
            yield ast.BinOp(ast.Call(node.func, [inner.left], []), inner.op, inner.right)


def _of_sum(node: ast.BinOp) -> Iterator[ast.expr]:
    first = node.left
    while isinstance(first, ast.BinOp) and isinstance(first.op, _TERMS):
        first = first.left
    if isinstance(first, ast.BinOp) and isinstance(first.op, _FACTORS):
        yield ast.BinOp(first.left, first.op, _with_first(node, first, first.right))
        head, tail = first.left, first.right
        while isinstance(head, ast.BinOp) and isinstance(head.op, ast.Mult) and isinstance(first.op, ast.Mult):
            tail = ast.BinOp(head.right, ast.Mult(), tail)
            head = head.left
            yield ast.BinOp(head, ast.Mult(), _with_first(node, first, tail))
    last = node.right
    if isinstance(last, ast.BinOp) and isinstance(last.op, _FACTORS):
        yield ast.BinOp(ast.BinOp(node.left, node.op, last.left), last.op, last.right)
    before = node.left.right if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, _TERMS) else None
    if isinstance(node.left, ast.BinOp) and isinstance(before, ast.BinOp) and isinstance(before.op, ast.Div):
        divisor = ast.BinOp(before.right, node.op, node.right)
        yield ast.BinOp(node.left.left, node.left.op, ast.BinOp(before.left, ast.Div(), divisor))
    if isinstance(first, ast.BinOp) and isinstance(first.op, ast.Div) and first is not node.left:
        yield ast.BinOp(first.left, ast.Div(), ast.BinOp(first.right, node.op, node.right))


def _with_first(node: ast.expr, first: ast.expr, instead: ast.expr) -> ast.expr:
    """Write another term in the first place of a sum."""
    if node is first:
        return instead
    assert isinstance(node, ast.BinOp)
    return ast.BinOp(_with_first(node.left, first, instead), node.op, node.right)


def transposes(node: ast.expr) -> Iterator[ast.expr]:
    """The factors of a matrix product turned or exchanged; a transpose more, or less."""
    pair = factors_of(node)
    if pair:
        left, right = pair
        for one, other in ((left, right), (right, left)):
            for first in (one, turned(one)):
                for second in (other, turned(other)):
                    if (first, second) != (left, right):
                        yield ast.BinOp(first, ast.MatMult(), second)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.BinOp):
        yield ast.BinOp(node.left, node.op, turned(node.right))
        yield ast.BinOp(turned(node.left), node.op, node.right)


def transposed_names(node: ast.expr) -> Iterator[ast.expr]:
    """A transpose more, wherever an array stands."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield turned(node)


def turned(node: ast.expr) -> ast.expr:
    """Write the transpose of an expression."""
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else ast.Attribute(node, "T", ast.Load())


def entrywise(node: ast.expr) -> Iterator[ast.expr]:
    """A product entry by entry in place of a matrix product that is written as a call, and the outer product."""
    pair = factors_of(node)
    if pair and isinstance(node, ast.Call):
        yield ast.BinOp(pair[0], ast.Mult(), pair[1])
    if pair:
        yield ast.Call(ast.parse("np.outer", mode="eval").body, list(pair), [])


def constants(node: ast.expr) -> Iterator[ast.expr]:
    """Another number."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = node.value
        assert isinstance(value, int | float)
        for other in dict.fromkeys((*_NUMBERS, value + 1, value - 1)):
            if other != value and abs(other) < 10:
                yield ast.Constant(other)


def powers(node: ast.expr) -> Iterator[ast.expr]:
    """A square or a root more, or the opposite sign."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield ast.BinOp(node, ast.Pow(), ast.Constant(2))
        yield ast.Call(ast.parse("np.sqrt", mode="eval").body, [node], [])
