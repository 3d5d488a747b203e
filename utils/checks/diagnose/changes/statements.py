"""Small changes of whole statements: another assignment, another place, another depth, or left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from .source import Change, FunctionSource

_SIGNS = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}
_TERMS = ast.Add | ast.Sub
_SIMPLE = ast.Assign | ast.AugAssign | ast.Expr | ast.Return
_LEFT_OUT = ast.Assign | ast.AugAssign | ast.Expr | ast.Raise | ast.Assert
INDENT = 4


def assignments(source: FunctionSource) -> Iterator[Change]:
    """Add up what is overwritten, overwrite what is added up, or copy what is only given another name."""
    for node in source.statements:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and not isinstance(node.targets[0], ast.Tuple):
            target, value = ast.unparse(node.targets[0]), ast.unparse(node.value)
            if isinstance(node.targets[0], ast.Subscript) and not isinstance(node.value, ast.Constant):
                yield source.with_statement(node, f"{target} += {value}")
            if isinstance(node.value, ast.Name | ast.Subscript):
                yield source.with_statement(node, f"{target} = {value}.copy()")
        elif isinstance(node, ast.AugAssign) and type(node.op) in _SIGNS:
            target, value = ast.unparse(node.target), ast.unparse(node.value)
            if isinstance(node.target, ast.Name):
                loops = [one.target for one in ast.walk(source.node or node) if isinstance(one, ast.For)]
                for loop in map(ast.unparse, loops):
                    yield source.with_statement(node, f"{target}[{loop}] {_SIGNS[type(node.op)]} {value}")
            yield source.with_statement(node, "pass", f"line {node.lineno}, `{_shown(node)}`, left out")
            others = ("=", "+=", "-=") if isinstance(node.op, _TERMS) else ("=", "*=", "/=")
            for sign in others:
                if sign != _SIGNS.get(type(node.op)):
                    yield source.with_statement(node, f"{target} {sign} {value}")


def overwritten_parameters(source: FunctionSource) -> Iterator[Change]:
    """Keep a parameter of the function as it was given, where a line gives its name to something else."""
    assert source.node
    parameters = {one.arg for one in source.node.args.args}
    for node in source.statements:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            for part in target.elts if isinstance(target, ast.Tuple) else ():
                if isinstance(part, ast.Name) and part.id in parameters:
                    yield source.with_expression(part, ast.Name("_", ast.Store()))


def signs(source: FunctionSource) -> Iterator[Change]:
    """Turn the sign of what is assigned."""
    for node in source.statements:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and not isinstance(node.targets[0], ast.Tuple):
            yield source.with_statement(node, f"{ast.unparse(node.targets[0])} = -({ast.unparse(node.value)})")


def placements(source: FunctionSource) -> Iterator[Change]:
    """Exchange two statements that follow each other, leave one out, or move one out of its loop."""
    for block in _blocks(source.node):
        for one, other in pairwise(block):
            if isinstance(one, _SIMPLE) and isinstance(other, _SIMPLE) and _stand_alone(one, other):
                lines = [*source.lines_of(other), *source.lines_of(one)]
                if other.lineno == (one.end_lineno or 0) + 1:
                    said = f"lines {one.lineno} and {other.lineno} exchanged"
                    yield source.with_lines(one.lineno, lines, said)
        for node in block:
            if isinstance(node, _LEFT_OUT) and not _is_docstring(node):
                yield source.with_statement(node, "pass", f"line {node.lineno}, `{_shown(node)}`, left out")
    for node in source.statements:
        if isinstance(node, ast.For | ast.If):
            last = node.body[-1]
            if isinstance(last, _SIMPLE) and len(node.body) > 1 and last.col_offset >= 2 * INDENT:
                lines = [line[INDENT:] for line in source.lines_of(last)]
                said = f"line {last.lineno}, `{_shown(last)}`, moved out of the block of line {node.lineno}"
                yield source.with_lines(last.lineno, lines, said)


def _blocks(node: ast.AST | None) -> Iterator[list[ast.stmt]]:
    for part in ast.walk(node) if node else ():
        for name in ("body", "orelse"):
            block = getattr(part, name, None)
            if isinstance(block, list) and block:
                yield block


def _stand_alone(one: ast.stmt, other: ast.stmt) -> bool:
    return not (isinstance(one, ast.Return) or isinstance(other, ast.Return) or _is_docstring(one))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _shown(node: ast.stmt) -> str:
    text = ast.unparse(node).splitlines()[0]
    return text if len(text) <= 60 else f"{text[:59]}…"
