"""Rule out changes that divide one size by another, or something by itself: they fit only by chance."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TypeGuard


def sizes_of(function: ast.FunctionDef) -> set[str]:
    """List the names of a function that hold sizes of arrays: those that are set from a shape or a length.

    Parameters
    ----------
    function : ast.FunctionDef

    Returns
    -------
    set of str
        Names of products of such sizes are among them; a parameter, such as a number of groups, is none of them.
    """
    found: set[str] = set()
    assigned = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    for node in sorted(assigned, key=lambda one: one.lineno):
        targets = [part for target in node.targets for part in _names(target)]
        if is_size(node.value, found) or _is_shape(node.value):
            found.update(targets)
        else:
            found.difference_update(targets)
    return found


def is_size(node: ast.expr, sizes: Collection[str]) -> bool:
    """Whether an expression is a size of an array, or a product of sizes."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mult) and is_size(node.left, sizes) and is_size(node.right, sizes)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "len"
    if isinstance(node, ast.Subscript):
        return _is_shape(node.value) and not isinstance(node.slice, ast.Slice)
    return (isinstance(node, ast.Name) and node.id in sizes) or (
        isinstance(node, ast.Attribute) and node.attr == "size"
    )


def makes_pointless_quotient(node: ast.expr, instead: ast.expr, above: ast.AST | None, sizes: Collection[str]) -> bool:
    """Whether a change makes a quotient of two sizes, or of something and itself, that was not there before.

    Parameters
    ----------
    node, instead : ast.expr
        What is changed, and what comes in its place.
    above : ast.AST or None
        What `node` is a part of.
    sizes : collection of str
        The names that hold sizes.
    """
    new = [one for one in ast.walk(instead) if _is_quotient(one)]
    if new:  # hardly ever; to write down what was there takes long
        before = {ast.dump(one) for one in ast.walk(node)}
        new = [one for one in new if ast.dump(one) not in before]
    if _is_quotient(above):
        left, right = (instead if one is node else one for one in (above.left, above.right))
        new.append(ast.BinOp(left, above.op, right))
    return any(_is_pointless(one, sizes) for one in new)


def _is_quotient(node: ast.AST | None) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def _is_pointless(quotient: ast.BinOp, sizes: Collection[str]) -> bool:
    both = is_size(quotient.left, sizes) and is_size(quotient.right, sizes)
    return both or ast.dump(quotient.left) == ast.dump(quotient.right)


def _is_shape(node: ast.expr) -> bool:
    """Whether an expression is the shape of an array, or a part of that."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return _is_shape(node.value)
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _names(target: ast.expr) -> Iterator[str]:
    yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
