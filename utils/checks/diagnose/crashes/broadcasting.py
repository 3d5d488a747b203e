"""Explain shapes that do not go together entry by entry, in arithmetic and in assignments."""

from __future__ import annotations

import ast
import re

from .shapes import REDUCTIONS, Shape
from .site import Site, count, is_cut, read_shape, text

CUT_OFF = " A slice that goes beyond the end of an axis is cut off there: look at its limits."


def _arithmetic(site: Site, match: re.Match[str]) -> str:
    a, b = read_shape(match[1]), read_shape(match[2])
    pair = _operands(site, a, b)
    letters = site.letters
    if pair is None:
        return ""
    left, right = pair
    said = f"{text(left)} is {site.written(a, left)} and {text(right)} is {site.written(b, right)}"
    clash = next(((p, q) for p, q in zip(a[::-1], b[::-1], strict=False) if p != q and 1 not in (p, q)), None)
    if clash is None:
        return ""
    said = (
        f"{said}: shapes are matched from the last axis on, where two sizes should be equal or one of them 1, "
        f"but {letters.size(clash[0])} is not {letters.size(clash[1])}."
    )
    if len(a) == len(b) and any(map(is_cut, pair)) and a[-2:] == b[-2:][::-1]:
        return f"{said} Rows and columns have changed places in one of the two."
    if len(a) == len(b) and any(map(is_cut, pair)):
        return f"{said}{CUT_OFF}"
    remedy = _remedy(site, left, a, right, b) or _remedy(site, right, b, left, a)
    return f"{said} {remedy or _of_target(site, left, a, right, b)}".strip()


def _operands(site: Site, a: Shape, b: Shape) -> tuple[ast.expr, ast.expr] | None:
    """Find the two operands that have these shapes."""
    statement = site.statement
    candidates = [(node.left, node.right) for node in site.find(ast.BinOp) if not isinstance(node.op, ast.MatMult)]
    candidates += [(node.left, node.comparators[0]) for node in site.find(ast.Compare)]
    candidates += [(node.args[0], node.args[1]) for node in site.find(ast.Call) if len(node.args) == 2]
    if isinstance(statement, ast.AugAssign):
        candidates.insert(0, (statement.target, statement.value))
    fitting = [
        pair
        for pair in candidates
        if all(known in (None, shape) for known, shape in zip(map(site.shape, pair), (a, b), strict=True))
    ]
    return fitting[0] if fitting and (len(fitting) == 1 or fitting[0] == candidates[0]) else None


def _remedy(site: Site, small: ast.expr, shape: Shape, large: ast.expr, other: Shape) -> str:
    """Say what would make one operand go with the other."""
    letters = site.letters
    reduced = _reduction(site, small, other)
    if reduced:
        return reduced
    if len(shape) == 2 and shape == other[::-1]:
        return "One of the two should be transposed."
    if len(shape) == 1 and list(other).count(shape[0]) == 1 and len(other) > 1:
        place = other.index(shape[0])
        wanted = tuple(shape[0] if k == place else 1 for k in range(len(other)))
        wanted = wanted if len(other) > 2 or place == 0 else shape
        said = f"To go along axis {place} of {text(large)}, {text(small)} should have shape {letters.shape(wanted)}"
        if len(other) == 2:
            columns = letters.shape(other[1:])
            return f"{said}; if it should hold one number for each column, {columns}, it was taken over the wrong axis."
        return f"{said}; a reshape gives that."
    if len(shape) > 1 and shape == other[: len(shape)]:
        wanted = (*shape, *(1 for _ in other[len(shape) :]))
        return f"{text(small)} should have shape {wanted}; `keepdims=True` gives that where axes were summed."
    if count(shape) == count(other) and len(shape) < len(other) and len(shape) <= 2:
        return f"Both hold {count(shape)} numbers: {text(small)} should have the shape of {text(large)}."
    return ""


def _reduction(site: Site, small: ast.expr, other: Shape) -> str:
    """Say what a sum or mean over an axis would need to go with the array that it was taken of."""
    if not (isinstance(small, ast.Call) and isinstance(small.func, ast.Attribute) and small.func.attr in REDUCTIONS):
        return ""
    of_numpy = ast.unparse(small.func.value) in ("np", "numpy")
    of = small.args[0] if of_numpy and small.args else small.func.value
    written = [keyword.value for keyword in small.keywords if keyword.arg == "axis"]
    written = written or list(small.args[1:2] if of_numpy else small.args[:1])
    if len(other) != 2 or site.shape(of) != other or len(written) != 1 or ast.unparse(written[0]) not in ("1", "-1"):
        return ""
    letters = site.letters
    return (
        f"It has one number for each row of {text(of)}: with `keepdims=True` it would be "
        f"{letters.shape((other[0], 1))}, and go with each row. One number for each column is over axis 0, "
        f"with shape {letters.shape(other[1:])}."
    )


def _of_target(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Say which operand has the shape of the output that the line computes, and which has not."""
    if not site.target:
        return ""
    name, goal = site.target
    has = [
        (node, other)
        for node, shape, other, wrong in ((left, a, right, b), (right, b, left, a))
        if shape == goal != wrong
    ]
    if len(has) != 1:
        return ""
    return f"`{name}` should have shape {site.letters.shape(goal)}, as {text(has[0][0])} has."


def _in_place(site: Site, match: re.Match[str]) -> str:
    own, both = read_shape(match[1]), read_shape(match[2])
    statement = site.statement
    if not isinstance(statement, ast.AugAssign):
        return ""
    return (
        f"{text(statement.target)} has shape {site.letters.shape(own)}, and with {text(statement.value)} the result "
        f"would have shape {site.letters.shape(both)}; what is added to it in place should not be larger than itself."
        f"{CUT_OFF if is_cut(statement.target) else ''}"
    )


def _assigned(site: Site, match: re.Match[str]) -> str:
    given, place = read_shape(match[1]), read_shape(match[2])
    statement = site.statement
    if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)):
        return ""
    target = statement.targets[0]
    shapes = site.written(place, statement), site.written(given, statement)
    said = f"{text(target)} has shape {shapes[0]}, but what is assigned to it has shape {shapes[1]}"
    if len(given) == 2 and given[::-1] == place:
        return f"{said}, its transpose; the two should agree."
    if count(given) == count(place):
        return f"{said}: as many numbers, but the axes should agree, too."
    longer = [size for size in given if size not in place]
    if len(longer) == len(given) - len(place) and longer:
        over = " and ".join(map(str, longer))
        return f"{said}; the axis of size {over} should be gone by then, by a sum or by an index."
    return f"{said}; the two should agree: look at the limits of the slice, and at what is computed for it."


def _single_number(site: Site, match: re.Match[str]) -> str:
    statement = site.statement
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        shape = site.shape(statement.value)
        what = f"an array of shape {site.letters.shape(shape)}" if shape else "an array"
        return (
            f"{text(statement.targets[0])} is a single number, but what is assigned to it is {what}; it should be "
            "brought to one number first, for instance by a sum."
        )
    return ""


EXPLANATIONS = (
    (
        r"ValueError: operands could not be broadcast together with shapes (\([\d, ]*\)) (\([\d, ]*\))[\d, ()]*$",
        _arithmetic,
    ),
    (
        r"ValueError: non-broadcastable output operand with shape (\([\d, ]*\)) doesn't match .* (\([\d, ]*\))",
        _in_place,
    ),
    (r"ValueError: could not broadcast input array from shape (\([\d, ]*\)) into shape (\([\d, ]*\))", _assigned),
    (
        r"ValueError: setting an array element with a sequence|TypeError: only .* arrays can be converted",
        _single_number,
    ),
)
