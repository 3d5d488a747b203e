"""Detect that two functions of a submission are the same answer handed in twice.

Some exercises ask for a second derivation of what another exercise computes. A copy of the other function would pass
all their cases.
"""

from __future__ import annotations

import ast
import pickle

from utils.checks.python_text import parsed


def same_body(source: str, one: str, other: str) -> bool:
    """Return whether two functions consist of the same statements.

    Spacing, comments, docstrings, string constants and the names of variables make no difference.

    Parameters
    ----------
    source : str
        A module's text.
    one, other : str
        The names of two functions at its top level.

    Returns
    -------
    bool
        False if the module does not have both functions, or is not valid Python.

    Examples
    --------
    >>> same_body("def one(x):\\n    return 2 * x\\ndef two(y):\\n    return 2 * y", "one", "two")
    True
    """
    tree = parsed(source)
    first, second = _bodies(tree, (one, other)) if tree else (None, None)
    return first is not None and first == second


def _bodies(tree: ast.Module, names: tuple[str, str]) -> list[str | None]:
    """Return the normal form of each function, None for one that is not there.

    If several functions have the same name, the last one counts, as it does when the module is imported.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    # A copy of each, because `_form` changes it; the module copy takes ten times as long.
    return [_form(pickle.loads(pickle.dumps(functions[name]))) if name in functions else None for name in names]


def _form(function: ast.FunctionDef) -> str:
    """Return a function's statements as text, in a form that does not depend on the names of its variables.

    Parameters and variables are numbered in the order in which they appear. Other names, such as those of functions
    that it calls, stay. The function is changed in place.
    """
    arguments = [node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    names = {name: f"v{number}" for number, name in enumerate(arguments)}
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    nodes = [node for statement in body for node in ast.walk(statement)]
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Name) and (node.id in names or node.id in assigned):
            node.id = names.setdefault(node.id, f"v{len(names)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""  # the given code of a function may contain its name as a string
    return "\n".join(map(ast.dump, body))
