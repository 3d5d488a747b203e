"""Explain shapes that do not go together entry by entry, in arithmetic and in assignments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

import numpy as np

from ...values import walk
from . import remedies
from .allocation import created_otherwise, wrongly_allocated
from .assigned import few_indices
from .expressions import count, is_cut, parsed_expression, parsed_statement, read_shape, text
from .library_calls import over_other_axis
from .shapes import REDUCTIONS, Shape
from .site import Site
from .windows import explain_short_slice, may_be_cut_off

CUT_OFF = " A slice that goes beyond the end of an axis is cut off there: look at its limits."


def _arithmetic(site: Site, match: re.Match[str]) -> str:
    a, b = read_shape(match[1]), read_shape(match[2])
    pair = _operands(site, a, b)
    letters = site.letters
    sizes = _sizes_as_number(site)
    if sizes or pair is None:
        return sizes
    left, right = pair
    said = f"{text(left)} is {site.written(a, left)} and {text(right)} is {site.written(b, right)}"
    clash = next(((p, q) for p, q in zip(a[::-1], b[::-1], strict=False) if p != q and 1 not in (p, q)), None)
    if clash is None:
        return ""
    said = (
        f"{said}: shapes are matched from the last axis on, where two sizes should be equal or one of them 1, "
        f"but {letters.size(clash[0])} is not {letters.size(clash[1])}."
    )
    if not site.advises:
        return said
    if len(a) == len(b) and any(map(is_cut, pair)) and a[-2:] == b[-2:][::-1]:
        return f"{said} Rows and columns have changed places in one of the two."
    allocated = wrongly_allocated(site, pair, (a, b))
    if allocated:
        return f"{said} {allocated}"
    other_axis = over_other_axis(site, (a[0], b[0]), known=True) if len(a) == len(b) == 1 else ""
    if other_axis:
        return f"{said} {other_axis}"
    short = explain_short_slice(site, left, b) or explain_short_slice(site, right, a)
    short = short or _toofew_indices(site, left, a, right, b)
    if short:
        return f"{said} {short}"
    if len(a) == len(b) and any(may_be_cut_off(site, one) for one in pair):
        return f"{said}{CUT_OFF}"
    remedy = _of_number(site, (left, a), (right, b)) or _variant(site, left, a, right, b)
    remedy = remedy or _remedy(site, left, a, right, b) or _remedy(site, right, b, left, a)
    remedy = remedy or _of_target(site, left, a, right, b) or created_otherwise(site, left, a, right, b)
    return f"{said} {remedy}".strip()


def _sizes_as_number(site: Site) -> str:
    """Explain ``N = x.shape`` and ``1 / N``: a tuple of sizes where one of them is meant."""
    for node in ast.walk(site.failing or ast.Pass()):
        for part in (node.left, node.right) if isinstance(node, ast.BinOp) else ():
            held = site.numbers.get(ast.unparse(part), "")
            if held.startswith("("):
                origin = site.origin(part.id) if isinstance(part, ast.Name) else None
                where = f' Line {origin[0]}, "{origin[1]}", sets it.' if origin else ""
                return (
                    f"{text(part)} is a tuple of sizes, {held}, and no number: one of them is meant, such as "
                    f"`{ast.unparse(part)}[0]`.{where}"
                )
    return ""


def _variant(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Say which operand is turned, or is another one than it should be, by the shape of what the line sets."""
    node = site.failing
    if not isinstance(node, ast.expr) or not site.target:
        return ""
    name, goal = site.target[0], site.letters.shape(site.target[1])
    fitting = remedies.of_arithmetic(site, node, left, right)
    turned = [one for one in fitting if one.kind == "turned"]
    others = [one for one in fitting if one.kind == "relative"]
    products = [one for one in fitting if one.kind == "product"]
    outer = [one for one in fitting if one.kind == "outer"]
    if len(outer) == 1 and not others:
        return f"`{name}` should have shape {goal}, as an outer product has: `{outer[0].written}`."
    if len(products) == 1 and not turned and not others:
        return (
            f"`{name}` should have shape {goal}: * multiplies entry by entry, and a matrix product, @, would give that "
            f"shape: `{products[0].written}`."
        )
    if len(turned) == 1:
        operand = parsed_expression(turned[0].about)
        instead = ast.unparse(remedies.turned(operand)) if operand else ""
        offer = f" (or was `{others[0].about}` meant?)" if others else ""
        return f"`{name}` should have shape {goal}; with `{instead}` in place of `{turned[0].about}`, it would{offer}."
    if len(others) == 1 and not turned:
        return f"`{name}` should have shape {goal}; with `{others[0].about}`, `{others[0].written}`, it would."
    return ""


def _of_number(site: Site, *operands: tuple[ast.expr, Shape]) -> str:
    """Say which operand is an array where the line sets a single number, such as a loss."""
    name = ast.unparse(site.statement.targets[0]) if isinstance(site.statement, ast.Assign) else ""
    name = ast.unparse(site.statement.target) if isinstance(site.statement, ast.AugAssign) else name
    value = site.expected.get(name)
    if not site.in_entered or name not in site.expected or np.ndim(np.asarray(value)) or value is None:
        return ""
    if not isinstance(getattr(site.failing, "op", None), ast.Add | ast.Sub):
        return ""  # what is multiplied may be an array, and be summed up afterwards
    if not _is_term(site.failing, getattr(site.statement, "value", None)):
        return ""
    arrays = " and ".join(text(node) for node, shape in operands if shape and ast.unparse(node) != name)
    if not arrays:
        return ""
    return f"`{name}` should be a single number: a sum, or a mean, should make one of {arrays} before they are added."


def _is_term(node: ast.AST | None, value: ast.expr | None) -> bool:
    """Whether an operation is a term of a sum, which may be multiplied by something or be summed up.

    What is squared, or goes through another function, is no term: what makes a number of an operand of it changes more
    than the shape.
    """
    if node is None or value is None or isinstance(node, ast.AugAssign):
        return isinstance(node, ast.AugAssign)
    if ast.dump(node) == ast.dump(value):
        return True
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        return _is_term(node, value.left) or (not isinstance(value.op, ast.Div) and _is_term(node, value.right))
    if isinstance(value, ast.UnaryOp):
        return _is_term(node, value.operand)
    summed = value.args[0] if isinstance(value, ast.Call) and value.args else None
    is_sum = isinstance(value, ast.Call) and ast.unparse(value.func) in ("np.sum", "np.mean", "sum")
    return is_sum and isinstance(getattr(node, "op", None), ast.Add) and _is_term(node, summed)


def _toofew_indices(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Ask whether one entry of an array is meant where an index leaves some of its axes."""
    # Where some of the axes are as long, the whole is meant, and the part that is cut out has the wrong size.
    if any(one == other for one, other in zip(a[::-1], b[::-1], strict=False)):
        return ""
    for node, other in ((left, right), (right, left)):
        few = few_indices(site, node) if is_cut(other) else ""
        if few:
            return f"{few}; if one entry of it is meant, it should have an index for each axis."
    return ""


def _operands(site: Site, a: Shape, b: Shape) -> tuple[ast.expr, ast.expr] | None:
    """Find the two operands that have these shapes."""
    failing = site.failing
    candidates = list(_pairs([failing])) if failing else []
    # Of a line whose operations are not told apart, any may have raised.
    candidates = candidates or list(_pairs(site.find(ast.BinOp))) + list(_pairs(site.find(ast.Compare)))
    candidates = candidates or list(_pairs(site.find(ast.Call)))
    fitting = [
        pair
        for pair in candidates
        if all(known in (None, shape) for known, shape in zip(map(site.shape, pair), (a, b), strict=True))
    ]
    return fitting[0] if fitting and (len(fitting) == 1 or fitting[0] == candidates[0]) else None


def _pairs(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the two operands of each operation that goes entry by entry."""
    for node in nodes:
        if isinstance(node, ast.AugAssign):
            yield node.target, node.value
        elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult):
            yield node.left, node.right
        elif isinstance(node, ast.Compare):
            yield node.left, node.comparators[0]
        elif isinstance(node, ast.Call) and len(node.args) == 2:
            yield node.args[0], node.args[1]


def _remedy(site: Site, small: ast.expr, shape: Shape, large: ast.expr, other: Shape) -> str:
    """Say what would make one operand go with the other."""
    letters = site.letters
    reduced = _reduction(site, small, other) or _new_axis(site, small, shape, other)
    if reduced:
        return reduced
    if len(shape) == 2 and shape == other[::-1]:
        return "Each has the shape of the other's transpose: should one of the two be transposed?"
    if len(shape) == 1 and list(other).count(shape[0]) == 1 and len(other) > 1:
        place = other.index(shape[0])
        wanted = tuple(shape[0] if k == place else 1 for k in range(len(other)))
        wanted = wanted if len(other) > 2 or place == 0 else shape
        said = f"To go along axis {place} of {text(large)}, {text(small)} should have shape {letters.shape(wanted)}"
        if len(other) == 2:
            return _along_rows(site, small, other, said)
        return f"{said}; a reshape gives that."
    groups = [value for path, value in walk(site.inputs) if path.rpartition(".")[2] == "G"]
    if 1 < len(shape) < len(other) and shape[0] == other[0] and shape[-1] == 1 and shape[1:2] == tuple(groups):
        split = f"({', '.join(map(str, shape[:-1]))}, -1)"
        return (
            f"{text(small)} has an entry for each of {shape[0]} x {shape[1]} groups: the arrays of which {text(large)} "
            f"is made should be reshaped to groups, {split}, before anything is taken of them, and the result be "
            "brought back to the shape of before."
        )
    if len(shape) > 1 and shape == other[: len(shape)]:
        wanted = (*shape, *(1 for _ in other[len(shape) :]))
        return f"{text(small)} should have shape {wanted}; `keepdims=True` gives that where axes were summed."
    if count(shape) == count(other) and len(shape) < len(other) and len(shape) <= 2:
        return f"Both hold {count(shape)} numbers: should {text(small)} have the shape of {text(large)}?"
    return ""


def _new_axis(site: Site, small: ast.expr, shape: Shape, other: Shape) -> str:
    """Say that a vector would fit as it is, where a new axis makes it a column."""
    if not (isinstance(small, ast.Subscript) and shape[1:] == (1,) and shape[0] == other[-1] and len(other) == 2):
        return ""
    if site.shape(small.value) != shape[:1]:
        return ""
    return f"{text(small.value)} as it is, {site.letters.shape(shape[:1])}, would go with each row of the other."


def _along_rows(site: Site, small: ast.expr, other: Shape, said: str) -> str:
    """Say what a vector with an entry for each row should be, as far as the line that sets it tells."""
    given = site.inputs.get(small.id) if isinstance(small, ast.Name) else None
    if isinstance(given, np.ndarray) and given.dtype.kind == "i":
        rows = f"{site.tensor_module}.arange({other[0]})" if site.tensor_module else ""
        such_as = f", as `a[{rows}, {ast.unparse(small)}]` does" if rows else ""
        return (
            f"{text(small)} holds whole numbers, one for each row; as indices they should pick an entry of each row"
            f"{such_as}."
        )
    origin = site.origin(small.id) if isinstance(small, ast.Name) else None
    source = origin[1] if origin else ""
    product = _entrywise(site, origin, other)
    if product:
        return f"{text(small)} should have shape {site.letters.shape(other)}: {product}"
    columns, whole = site.letters.shape(other[1:]), site.letters.shape(other)
    if re.search(r"\b(?:rand|randn|random|random_sample|uniform|normal|binomial)\(", source) and origin:
        return (
            f"{text(small)} should be drawn in the shape that it is used with, {whole}, an entry of its own for each: "
            f'line {origin[0]}, "{source}", draws one for each row.'
        )
    if any(f"{name}(" in source for name in REDUCTIONS) or isinstance(small, ast.Call):
        return f"{said}; if it should hold one number for each column, {columns}, it was taken over the wrong axis."
    return f"{said}."


def _entrywise(site: Site, origin: tuple[int, str] | None, goal: Shape) -> str:
    """Say that a matrix product sums over an axis, where the same factors entry by entry give the shape that is due."""
    statement = parsed_statement(origin[1]) if origin else None
    value = statement.value if isinstance(statement, ast.Assign) else None
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("np.dot", "np.matmul") and len(value.args) == 2:
        one, other = value.args
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.MatMult):
        one, other = value.left, value.right
    else:
        return ""
    instead = ast.BinOp(one, ast.Mult(), other)
    if origin is None or site.shape(instead) != goal:
        return ""
    return (
        f'line {origin[0]}, "{origin[1]}", is a matrix product, which sums over the last axis; entry by entry, '
        f"`{ast.unparse(instead)}`, it would."
    )


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
        return _as_target(site, left, a, right, b) if site.to_be_reshaped else ""
    name, goal = site.target
    has = [
        (node, other)
        for node, shape, other, wrong in ((left, a, right, b), (right, b, left, a))
        if shape == goal != wrong
    ]
    if len(has) != 1:
        return _as_target(site, left, a, right, b)
    said = f"`{name}` should have shape {site.letters.shape(goal)}, as {text(has[0][0])} has."
    wrong = right if has[0][0] is left else left
    pairs = remedies.others_with_shape(site, wrong, goal)
    if len(pairs) == 1:
        return f"{said} {text(wrong)} would have it with `{pairs[0][1]}` in place of `{pairs[0][0]}`."
    origin = site.origin(wrong.id) if isinstance(wrong, ast.Name) else None
    if origin and re.search(r"\b(?:repeat|kron|tile)\(", origin[1]):
        return (
            f'{said} Line {origin[0]}, "{origin[1]}", repeats entries as blocks side by side; that fits only where '
            "blocks do not overlap and nothing is left over, and it should fit everywhere."
        )
    return said


def _as_target(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Say that an operand has as many numbers as the output that the line computes, and should have its shape."""
    name, goal = site.target or site.to_be_reshaped or ("", ())
    for node, shape, other in ((left, a, b), (right, b, a)):
        if shape != goal and count(shape) == count(goal) > 1 and _goes_along(other, goal):
            return (
                f"{text(node)} holds as many numbers as `{name}`, whose shape should be {site.letters.shape(goal)}: it "
                "should be brought to that shape before this line."
            )
    return ""


def _goes_along(shape: Shape, goal: Shape) -> bool:
    """Whether an operand goes with an array of a shape without making it larger."""
    return len(shape) <= len(goal) and all(one in (1, size) for one, size in zip(shape[::-1], goal[::-1], strict=False))


def _in_place(site: Site, match: re.Match[str]) -> str:
    own, both = read_shape(match[1]), read_shape(match[2])
    statement = site.statement
    if not isinstance(statement, ast.AugAssign):
        return ""
    if 0 in both and 0 not in own:
        return (
            f"{text(statement.value)} is empty there, and {text(statement.target)} has shape "
            f"{site.letters.shape(own)}: does a slice begin behind the end of its array?"
        )
    reason = wrongly_allocated(site, (statement.target,), (own,)) or explain_short_slice(site, statement.target, both)
    # A slice that is cut off is shorter along its own axes; what has more axes and the same sizes is larger by these.
    if not reason and both[-len(own) :] != own and may_be_cut_off(site, statement.target):
        reason = CUT_OFF.strip()
    return (
        f"{text(statement.target)} has shape {site.letters.shape(own)}, and with {text(statement.value)} the result "
        f"would have shape {site.letters.shape(both)}; what is added to it in place should not be larger than itself."
        f"{f' {reason}' if reason else ''}"
    )


EXPLANATIONS = (
    (
        r"ValueError: operands could not be broadcast together with shapes (\([\d, ]*\)) (\([\d, ]*\))[\d, ()]*$",
        _arithmetic,
    ),
    (
        r"ValueError: non-broadcastable output operand with shape (\([\d, ]*\)) doesn't match .* (\([\d, ]*\))",
        _in_place,
    ),
)
