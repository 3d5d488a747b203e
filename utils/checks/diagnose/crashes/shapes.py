"""Work out the shape of an expression from the shapes of its operands, without computing it."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

import numpy as np

Shape = tuple[int, ...]

REDUCTIONS = {"sum", "mean", "max", "min", "amax", "amin", "var", "std", "prod", "argmax", "argmin", "any", "all"}
ENTRYWISE = {"exp", "sqrt", "log", "abs", "square", "tanh", "negative", "sign", "array", "asarray", "copy", "log1p"}
PAIRWISE = {"maximum", "minimum", "add", "subtract", "multiply", "divide", "power", "greater", "less"}
LIKE = {"zeros_like", "ones_like", "empty_like", "full_like", "nan_to_num"}
METHODS_THAT_KEEP = {"copy", "astype", "clip", "conj"}


_OF_WHOLE_NUMBERS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


class _UnknownError(Exception):
    """The shape of a part is not certain."""


def shape_of(node: ast.expr, shapes: Mapping[str, Shape], numbers: Mapping[str, str]) -> Shape | None:
    """Work out the shape of an expression.

    Parameters
    ----------
    node : ast.expr
    shapes : mapping of str to tuple of int
        The shapes of arrays, by the text of the operand.
    numbers : mapping of str to str
        Numbers and tuples of numbers, as they are written.

    Returns
    -------
    tuple of int or None
        None where the shape is not certain, or the expression itself would raise.
    """
    try:
        return _Shapes(shapes, numbers).of(node)
    except (_UnknownError, ValueError, IndexError, TypeError, ZeroDivisionError):
        return None


def number_of(node: ast.expr, shapes: Mapping[str, Shape], numbers: Mapping[str, str]) -> int | None:
    """Work out a whole number from the same knowledge; None where it is not certain."""
    try:
        return _Shapes(shapes, numbers).number(node)
    except (_UnknownError, ValueError, IndexError, TypeError, ZeroDivisionError):
        return None


class _Shapes:
    def __init__(self, shapes: Mapping[str, Shape], numbers: Mapping[str, str]) -> None:
        self._shapes, self._numbers = shapes, numbers

    def of(self, node: ast.expr) -> Shape:
        name = ast.unparse(node)
        if name in self._shapes:
            return self._shapes[name]
        if name in self._numbers or (isinstance(node, ast.Constant) and isinstance(node.value, int | float)):
            return ()
        if isinstance(node, ast.BinOp):
            left, right = self.of(node.left), self.of(node.right)
            return product(left, right) if isinstance(node.op, ast.MatMult) else np.broadcast_shapes(left, right)
        if isinstance(node, ast.UnaryOp):
            return self.of(node.operand)
        if isinstance(node, ast.Compare) and len(node.comparators) == 1:
            return np.broadcast_shapes(self.of(node.left), self.of(node.comparators[0]))
        if isinstance(node, ast.Attribute) and node.attr == "T":
            return self.of(node.value)[::-1]
        if isinstance(node, ast.Subscript):
            return self._item(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return self._call(node, node.func)
        raise _UnknownError

    def number(self, node: ast.expr) -> int:
        """Work out a whole number, such as ``x.shape[0]`` or ``-1``."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.number(node.operand)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return self.of(node.value.value)[self.number(node.slice)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            return self.of(node.args[0])[0]
        if isinstance(node, ast.BinOp) and type(node.op) in _OF_WHOLE_NUMBERS:
            return _OF_WHOLE_NUMBERS[type(node.op)](self.number(node.left), self.number(node.right))
        return int(self._numbers.get(ast.unparse(node), "unknown"))

    def _item(self, node: ast.Subscript) -> Shape:
        shape = list(self.of(node.value))
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        result: list[int] = []
        for part in parts:
            is_new = (isinstance(part, ast.Constant) and part.value is None) or ast.unparse(part) == "np.newaxis"
            if is_new:
                result.append(1)
            elif isinstance(part, ast.Slice) and not (part.lower or part.upper or part.step):
                result.append(shape.pop(0))
            else:
                self.number(part)
                shape.pop(0)
        return (*result, *shape)

    def _call(self, node: ast.Call, func: ast.Attribute) -> Shape:
        of_numpy = ast.unparse(func.value) in ("np", "numpy")
        arguments = list(node.args) if of_numpy else [func.value, *node.args]
        name = func.attr
        if name in REDUCTIONS:
            return self._reduced(arguments, {one.arg: one.value for one in node.keywords})
        if name == "outer" and of_numpy:
            return (math.prod(self.of(arguments[0])), math.prod(self.of(arguments[1])))
        if name in ("dot", "matmul", "mm"):
            return product(self.of(arguments[0]), self.of(arguments[1]))
        if name == "transpose" and len(arguments) == 1:
            return self.of(arguments[0])[::-1]
        if name == "reshape" and not node.keywords:
            return self._reshaped(self.of(arguments[0]), arguments[1:])
        if of_numpy and name in PAIRWISE:
            return np.broadcast_shapes(self.of(arguments[0]), self.of(arguments[1]))
        if (of_numpy and name in ENTRYWISE | LIKE) or (not of_numpy and name in METHODS_THAT_KEEP):
            return self.of(arguments[0])
        raise _UnknownError

    def _reduced(self, arguments: list[ast.expr], keywords: Mapping[str | None, ast.expr]) -> Shape:
        shape = self.of(arguments[0])
        axis = arguments[1] if len(arguments) > 1 else keywords.get("axis")
        keeps = "keepdims" in keywords and ast.unparse(keywords["keepdims"]) == "True"
        if axis is None or ast.unparse(axis) == "None":
            axes = set(range(len(shape)))
        else:
            parts = axis.elts if isinstance(axis, ast.Tuple) else [axis]
            axes = {range(len(shape))[self.number(part)] for part in parts}
        return tuple(1 if k in axes else size for k, size in enumerate(shape) if keeps or k not in axes)

    def _reshaped(self, shape: Shape, arguments: list[ast.expr]) -> Shape:
        if len(arguments) == 1 and isinstance(arguments[0], ast.Tuple):
            arguments = list(arguments[0].elts)
        if len(arguments) == 1 and isinstance(arguments[0], ast.Attribute) and arguments[0].attr == "shape":
            return self.of(arguments[0].value)
        sizes = [self.number(one) for one in arguments]
        if -1 in sizes:
            sizes[sizes.index(-1)] = math.prod(shape) // -math.prod(sizes)
        if math.prod(sizes) != math.prod(shape):
            raise _UnknownError
        return tuple(sizes)


def product(left: Shape, right: Shape) -> Shape:
    """Work out the shape of a matrix product of vectors and matrices; raise ValueError where it does not exist."""
    if not (1 <= len(left) <= 2 and 1 <= len(right) <= 2) or left[-1] != right[0]:
        raise ValueError
    return (*left[:-1], *right[1:])
