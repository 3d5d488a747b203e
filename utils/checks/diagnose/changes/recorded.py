"""Write a function so that it also keeps the values of its expressions, to compare them with those of a right one."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from ...python_text import parsed
from .source import FunctionSource

KEPT = "kept_"
"""The list in which a recorded function leaves its values: the line, the text of the expression, and an array."""

ROOM = "room_"
"""How many values and numbers may still be kept."""

LONGEST = 60  # characters of an expression that a sentence shows
MAX_VALUES, MAX_NUMBERS = 400, 200_000  # that are kept in one run of a program; all later ones are left out

PRELUDE = f"""\
{KEPT} = []
{ROOM} = [{MAX_VALUES}, {MAX_NUMBERS}]


def keep_(line_, text_, value_):
    array_ = value_.detach().cpu().numpy() if hasattr(value_, "detach") else value_
    kind_, size_ = getattr(getattr(array_, "dtype", None), "kind", ""), getattr(array_, "size", 0)
    if isinstance(array_, float) or (kind_ == "f" and size_):
        size_ = size_ or 1
        if {ROOM}[0] > 0 and {ROOM}[1] >= size_:
            {ROOM}[0], {ROOM}[1] = {ROOM}[0] - 1, {ROOM}[1] - size_
            {KEPT}.append((line_, text_, array_ + 0.0))
    return value_


def keep_later_(line_, text_, value_):
    try:
        keep_(line_, text_, value_())
    except Exception:  # there may be no such value: a loop need not have come to it
        pass


"""
"""What stands above a recorded function. What is kept is a copy, because the array may be written into later."""

_COMPUTED = ast.BinOp | ast.UnaryOp | ast.Call
_WITH_A_SCOPE = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_LEFT_AS_THEY_ARE = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.JoinedStr | ast.NamedExpr


def recorded(source: FunctionSource) -> str:
    """Return the text of a function that keeps the values of its expressions.

    Parameters
    ----------
    source : FunctionSource
        A function that was found.

    Returns
    -------
    str
        A method stands in a class of the name of its own.
    """
    assert source.node
    function = _with_recorded_body(source.node)
    function.decorator_list = []
    owner = source.name.rpartition(".")[0]
    whole: ast.stmt = function
    if owner:
        whole = ast.parse(f"class {owner}:\n    pass").body[0]
        assert isinstance(whole, ast.ClassDef)
        whole.body = [function]
    return PRELUDE + ast.unparse(ast.fix_missing_locations(whole))


def kept_sites(text: str) -> frozenset[tuple[int, str]]:
    """Return the lines and the texts of the expressions that a recorded function keeps.

    What comes back from a submission may name any others, of any text.

    Parameters
    ----------
    text : str
        What `recorded` has returned.
    """
    tree, found = parsed(text), set()
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Call(ast.Name("keep_" | "keep_later_"), [ast.Constant(int(line)), ast.Constant(str(words)), _]):
                found.add((line, words))
    return frozenset(found)


def recorded_module(text: str) -> str:
    """Return the text of a module all of whose functions and methods keep the values of their expressions."""
    tree = ast.parse(text)
    owners: list[ast.Module | ast.ClassDef] = [tree, *(one for one in tree.body if isinstance(one, ast.ClassDef))]
    for owner in owners:
        owner.body = [_with_recorded_body(one) if isinstance(one, ast.FunctionDef) else one for one in owner.body]
    return PRELUDE + ast.unparse(ast.fix_missing_locations(tree))


def _with_recorded_body(function: ast.FunctionDef) -> ast.FunctionDef:
    changed = copy.deepcopy(function)
    changed.body = list(_block(changed.body))
    return changed


def _block(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a block with what they keep, and behind each what it has given a name."""
    for node in body:
        if isinstance(node, _WITH_A_SCOPE) or _is_docstring(node):
            yield node
            continue
        later = list(_kept_behind(node))
        yield _statement(node)
        for target in later:
            nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            value = ast.Lambda(nothing, _loaded(target))
            yield ast.Expr(_kept(target.lineno, ast.unparse(target), value, "keep_later_"))


def _kept_behind(node: ast.stmt) -> Iterator[ast.expr]:
    """Yield what a statement gives a name or adds to; behind a loop, also what it fills."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            for part in target.elts if isinstance(target, ast.Tuple) else ():
                if isinstance(part, ast.Name):
                    yield part
    elif isinstance(node, ast.AugAssign):
        if not any(isinstance(part, ast.Call | ast.NamedExpr) for part in ast.walk(node.target)):
            yield node.target
    elif isinstance(node, ast.For | ast.While):
        filled: dict[str, ast.expr] = {}
        for inner in ast.walk(node):
            for place in _places(inner):
                if isinstance(place, ast.Subscript):
                    filled.setdefault(ast.unparse(place.value), place.value)
        yield from filled.values()


def _places(node: ast.AST) -> list[ast.expr]:
    """List where a statement puts a value."""
    if isinstance(node, ast.AugAssign):
        return [node.target]
    return node.targets if isinstance(node, ast.Assign) else []


def _statement(node: ast.stmt) -> ast.stmt:
    """Have the expressions of a statement kept, and those of the statements inside of it."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        node.value = _assigned(node.targets[0], node.value)
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        node.value.elts = [_expression(one) for one in node.value.elts]
    elif isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr) and node.value is not None:
        node.value = _expression(node.value)
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            setattr(node, name, list(_block(block)))
    return node


def _assigned(target: ast.expr, value: ast.expr) -> ast.expr:
    """Have a value kept under the name that it gets."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        value.elts = [_assigned(*pair) for pair in zip(target.elts, value.elts, strict=True)]
        return value
    whole = (
        isinstance(value, _COMPUTED | ast.IfExp) and not isinstance(target, ast.Tuple) and not _is_turned_sign(value)
    )
    inner = _expression(value, itself=not whole)
    return _kept(target.lineno, ast.unparse(target), inner) if whole else inner


def _expression(node: ast.expr, *, itself: bool = True) -> ast.expr:
    """Have an expression kept, and those inside of it."""
    if isinstance(node, _WITH_A_SCOPE | _LEFT_AS_THEY_ARE):
        return node
    kept = itself and isinstance(node, _COMPUTED) and not _is_turned_sign(node)
    text = ast.unparse(node) if kept else ""
    changed = _Inner().generic_visit(node)
    assert isinstance(changed, ast.expr)
    return _kept(node.lineno, text, changed) if kept and len(text) <= LONGEST else changed


class _Inner(ast.NodeTransformer):
    """Has the expressions inside of another one kept."""

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return _expression(node)
        return self.generic_visit(node)


def _is_turned_sign(node: ast.expr) -> bool:
    """Whether an expression only turns the sign of something that is looked up."""
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Name | ast.Attribute | ast.Constant)


def _kept(line: int, text: str, value: ast.expr, by: str = "keep_") -> ast.Call:
    return ast.Call(ast.Name(by, ast.Load()), [ast.Constant(line), ast.Constant(text), value], [])


def _loaded(target: ast.expr) -> ast.expr:
    found = copy.deepcopy(target)
    for node in ast.walk(found):
        if hasattr(node, "ctx"):
            node.ctx = ast.Load()
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
