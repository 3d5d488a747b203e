"""Whether two functions of a submission are one answer handed in twice."""

from __future__ import annotations

import ast
from typing import Final

UNREADABLE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What `ast.parse` raises for a text that is no Python, or nested too deep."""


def same_body(source: str, one: str, other: str) -> bool:
    """Whether two functions consist of the same statements.

    Spacing, comments, docstrings, texts and the names of variables make no difference.

    Parameters
    ----------
    source : str
        A module's text.
    one, other : str
        Functions at its top level.

    Returns
    -------
    bool
        False where one of them is not there.

    Examples
    --------
    >>> same_body("def one(x):\\n    return 2 * x\\ndef two(y):\\n    return 2 * y", "one", "two")
    True
    """
    try:
        first, second = _bodies(ast.parse(source), (one, other))
    except UNREADABLE:
        return False
    return first is not None and first == second


def _bodies(tree: ast.Module, names: tuple[str, str]) -> list[str | None]:
    """The statements of each function in a normal form; of several with one name, those of the last."""
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [_form(found[name]) if name in found else None for name in names]


def _form(function: ast.FunctionDef) -> str:
    """Its statements, with its own variables numbered in order of appearance."""
    arguments = [node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    names = {name: f"v{number}" for number, name in enumerate(arguments)}
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    nodes = [node for statement in body for node in ast.walk(statement)]
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Name) and (node.id in names or node.id in assigned):
            node.id = names.setdefault(node.id, f"v{len(names)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""  # the function's own name, in what is given
    return "\n".join(map(ast.dump, body))
