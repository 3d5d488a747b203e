"""Small changes of calls: another reduction, another axis, arguments in another order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import permutations

_OTHER_FUNCTIONS = {
    "sum": ("mean",),
    "mean": ("sum",),
    "max": ("min",),
    "min": ("max",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "var": ("std",),
    "std": ("var",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "rand": ("randn",),
    "randn": ("rand",),
    "log": ("exp",),
    "exp": ("log",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "cumsum": ("sum",),
    "prod": ("sum",),
}
_BUILTINS = ("max", "min", "sum", "abs", "pow")
_REDUCTIONS = (
    "sum",
    "mean",
    "max",
    "min",
    "argmax",
    "argmin",
    "var",
    "std",
    "amax",
    "amin",
    "average",
    "prod",
    "norm",
    "any",
    "all",
)
_AXES = ("0", "1")
_AXES_OF_IMAGES = ("(2, 3)", "(0, 2, 3)", "(1, 2, 3)", "0", "1", "2", "(0, 1)")
_MAX_ORDERED = 4
_FEW_ARGUMENTS, _MAX_ARGUMENTS = 6, 10


def functions(node: ast.expr) -> Iterator[ast.expr]:
    """Another function of the same kind."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute):
        for name in _OTHER_FUNCTIONS.get(node.func.attr, ()):
            yield ast.Call(ast.Attribute(node.func.value, name, ast.Load()), node.args, node.keywords)
    elif isinstance(node.func, ast.Name) and node.func.id in _BUILTINS:
        of_numpy = ast.Attribute(ast.Name("np", ast.Load()), node.func.id, ast.Load())
        yield ast.Call(of_numpy, node.args, node.keywords)


def axes(node: ast.expr, images: bool = False) -> Iterator[ast.expr]:
    """A reduction over another axis, or with the summed axis kept; also over axes that only images have."""
    reduced = _reduction(node)
    if reduced is None:
        return
    call, place = reduced
    written = _axis(call, place)
    kept = [keyword for keyword in call.keywords if keyword.arg != "keepdims"]
    if len(kept) < len(call.keywords):
        yield ast.Call(call.func, call.args, kept)
    elif written:
        yield _kept(call)
    for text in _AXES_OF_IMAGES if images else _AXES:
        if not written or text != ast.unparse(written):
            other = ast.parse(text, mode="eval").body
            yield with_axis(call, place, other)
            if not any(keyword.arg == "keepdims" for keyword in call.keywords):
                yield _kept(with_axis(call, place, other))


def over_all(node: ast.expr) -> Iterator[ast.expr]:
    """A reduction over all axes."""
    reduced = _reduction(node)
    if reduced is not None and _axis(*reduced):
        yield with_axis(*reduced, None)


def same_axes(nodes: list[ast.expr]) -> Iterator[tuple[list[tuple[ast.expr, ast.expr]], str]]:
    """Every reduction over one axis, over another one."""
    reduced = [found for found in map(_reduction, nodes) if found]
    written = {ast.unparse(axis) for call, place in reduced if (axis := _axis(call, place))}
    for old in sorted(written):
        for new in (old, *(text for text in _AXES if text != old)):
            other = ast.parse(new, mode="eval").body
            chosen = [one for one in reduced if (axis := _axis(*one)) and ast.unparse(axis) == old]
            if len(chosen) < 2 or _overlap([call for call, _ in chosen]):
                continue
            lines = sorted({call.lineno for call, _ in chosen})
            where = f"lines {', '.join(map(str, lines))}" if len(lines) > 1 else f"line {lines[0]}"
            said = f"axis {new} in place of axis {old} on {where}" if new != old else f"axis {old} on {where}"
            if new != old:
                yield [(call, with_axis(call, place, other)) for call, place in chosen], said
            if not any(keyword.arg == "keepdims" for call, _ in chosen for keyword in call.keywords):
                yield (
                    [(call, _kept(with_axis(call, place, other))) for call, place in chosen],
                    f"{said}, and `keepdims=True`",
                )


def _overlap(nodes: list[ast.expr]) -> bool:
    """Whether one of some expressions is a part of another one."""
    inside = {id(part) for node in nodes for part in ast.walk(node) if part is not node}
    return any(id(node) in inside for node in nodes)


def arguments_of_layers(node: ast.expr) -> Iterator[ast.expr]:
    """Arguments of a function of the course in another order: two exchanged, then any; it takes none for another."""
    if isinstance(node, ast.Call) and not _is_of_library(node.func):
        yield from arguments(node)
        yield from _reordered(node)


def _reordered(node: ast.Call) -> Iterator[ast.expr]:
    """Arguments in the orders that no exchange of two gives; of many, those in which one stands at another place."""
    number = len(node.args)
    if not 2 < number <= _FEW_ARGUMENTS or any(isinstance(one, ast.Starred) for one in node.args):
        return
    plain = tuple(range(number))
    orders = permutations(plain) if number <= _MAX_ORDERED else _moved(plain)
    for order in dict.fromkeys(orders):
        if sum(one != other for one, other in zip(order, plain, strict=True)) > 2:
            yield ast.Call(node.func, [node.args[place] for place in order], node.keywords)


def _moved(items: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The orders in which one item stands at another place."""
    for place in items:
        rest = [one for one in items if one != place]
        yield from ((*rest[:to], place, *rest[to:]) for to in range(len(items)))


def _is_of_library(function: ast.expr) -> bool:
    """Whether a function is one of Python or of NumPy, or a method of an array."""
    if isinstance(function, ast.Name):
        return function.id in (*_BUILTINS, "range", "len", "zip", "enumerate", "isinstance", "int", "float")
    return ast.unparse(function).partition(".")[0] != "self"


def arguments(node: ast.expr) -> Iterator[ast.expr]:
    """Two arguments exchanged; of many, two that stand side by side."""
    if isinstance(node, ast.Call) and 2 <= len(node.args) <= _MAX_ARGUMENTS and ast.unparse(node.func) != "range":
        for first in range(len(node.args) - 1):
            last = len(node.args) if len(node.args) <= _FEW_ARGUMENTS else first + 2
            for second in range(first + 1, last):
                args = list(node.args)
                args[first], args[second] = args[second], args[first]
                yield ast.Call(node.func, args, node.keywords)


def spread(node: ast.expr) -> Iterator[ast.expr]:
    """A tuple of sizes as arguments of their own, or the reverse; an argument less."""
    if not isinstance(node, ast.Call):
        return
    if len(node.args) == 1 and isinstance(node.args[0], ast.Tuple):
        yield ast.Call(node.func, list(node.args[0].elts), node.keywords)
    elif len(node.args) > 1:
        yield ast.Call(node.func, [ast.Tuple(list(node.args), ast.Load())], node.keywords)


def other_end(node: ast.expr) -> Iterator[ast.expr]:
    """The last item of a list in place of the first one."""
    if isinstance(node, ast.Call) and ast.unparse(node).endswith(".pop(0)"):
        yield ast.Call(node.func, [], [])


def shortened(node: ast.expr) -> Iterator[ast.expr]:
    """A call with an argument less."""
    if isinstance(node, ast.Call) and node.args:
        yield ast.Call(node.func, node.args[:-1], node.keywords)


def converted(node: ast.expr) -> Iterator[ast.expr]:
    """A number as text, or as a whole number."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (ast.Call(ast.Name(name, ast.Load()), [node], []) for name in ("str", "int"))


def orders(node: ast.expr) -> Iterator[ast.expr]:
    """The items of a tuple, or the axes of a transposition, in another order."""
    if isinstance(node, ast.Tuple) and 2 <= len(node.elts) <= _MAX_ORDERED:
        if not any(isinstance(item, ast.Starred | ast.Slice) for item in node.elts):
            yield from (
                ast.Tuple(list(items), node.ctx) for items in permutations(node.elts) if list(items) != node.elts
            )
    elif isinstance(node, ast.Call) and _is_transposition(node):
        yield from (ast.Call(node.func, list(args), []) for args in permutations(node.args) if list(args) != node.args)


def _is_transposition(node: ast.Call) -> bool:
    is_method = isinstance(node.func, ast.Attribute) and node.func.attr == "transpose"
    return is_method and 2 < len(node.args) <= _MAX_ORDERED


def _reduction(node: ast.expr) -> tuple[ast.Call, int] | None:
    """Return a reduction, and the place of the axis among its arguments."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr not in _REDUCTIONS:
        return None
    of_numpy = ast.unparse(node.func.value) in ("np", "numpy", "np.linalg")
    return node, 1 if of_numpy else 0


def _axis(call: ast.Call, place: int) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "axis"]
    return next(iter([*named, *call.args[place : place + 1]]), None)


def _kept(call: ast.Call) -> ast.Call:
    return ast.Call(call.func, call.args, [*call.keywords, ast.keyword("keepdims", ast.Constant(True))])


def with_axis(call: ast.Call, place: int, axis: ast.expr | None) -> ast.Call:
    """Write a reduction over another axis; over all for None."""
    others = [keyword for keyword in call.keywords if keyword.arg != "axis"]
    own = [ast.keyword("axis", axis)] if axis else []
    return ast.Call(call.func, call.args[:place], [*own, *others])
