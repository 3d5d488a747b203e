"""Detect that two functions of a submission are the same answer handed in twice.

Some exercises ask for a second derivation of what another exercise computes. A copy of the other function would pass
all their cases.
"""

from __future__ import annotations

import ast
import pickle
import re
import unicodedata
from typing import Final

from utils.checks.python_text import parsed

_NEXT: Final = re.compile(r"^[^\s#)]", re.MULTILINE)
"""The beginning of the next statement at the top level; the head of a function may end in a line with a bracket."""


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
    functions = [_only_function(source, name) for name in (one, other)]
    if None in functions:
        tree = parsed(source)
        # If several functions have the same name, the last one counts, as it does when the module is imported.
        named = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)} if tree else {}
        functions = [named.get(name) for name in (one, other)]
    first, second = functions
    if first is None or second is None or list(map(type, _body(first))) != list(map(type, _body(second))):
        return False
    return _form(first) == _form(second)


def _only_function(source: str, name: str) -> ast.FunctionDef | None:
    """Parse a function at the top level of a module without the rest, which takes ten times as long.

    None where that is not sure: where such a function does not begin at exactly one place, which has to be the
    beginning of a line, or where what follows up to the next line without indentation is not the whole function.
    """
    head = re.compile(rf"\bdef[\s\\]+{name}\b")
    heads = list(head.finditer(source))
    # Python reads some other letters as those of the name, namely those that have this normal form.
    if len(heads) != 1 or len(head.findall(unicodedata.normalize("NFKC", source))) != 1:
        return None
    start = heads[0].start()
    if start and source[start - 1] != "\n":
        return None
    end = _NEXT.search(source, heads[0].end())
    tree = parsed(source[start : end.start() if end else None])
    return tree.body[0] if tree and len(tree.body) == 1 and isinstance(tree.body[0], ast.FunctionDef) else None


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    """Return a function's statements without its docstring and other strings that stand alone."""
    return [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]


def _form(function: ast.FunctionDef) -> str:
    """Return a function's statements as text, in a form that does not depend on the names of its variables.

    Parameters and variables are numbered in the order in which they appear. Other names, such as those of functions
    that it calls, stay.
    """
    function = pickle.loads(pickle.dumps(function))  # a copy, in a tenth of the time that the module copy takes
    arguments = [node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    names = {name: f"v{number}" for number, name in enumerate(arguments)}
    body = _body(function)
    nodes = [node for statement in body for node in ast.walk(statement)]
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Name) and (node.id in names or node.id in assigned):
            node.id = names.setdefault(node.id, f"v{len(names)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""  # the given code of a function may contain its name as a string
    return "\n".join(map(ast.dump, body))
