"""Find the loop of a function that cannot end, because nothing inside of it changes what its condition reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..python_text import parsed

CHANGING = ("append", "extend", "insert", "pop", "remove", "clear", "add", "update", "popitem", "discard", "resize")
"""Methods that change how many items something has."""
HARMLESS = ("len", "range", "print", "sum", "min", "max", "abs", "int", "float", "enumerate", "zip")


def endless_loop(text: str, function: str) -> str:
    """Describe the first ``while`` loop of a function that cannot end.

    Parameters
    ----------
    text : str
        The file.
    function : str
        The qualified name of the function.

    Returns
    -------
    str
        A clause: ``'line 12, "while i < n:", never ends, because …'``; ``""`` where no loop is known to be one.
    """
    tree = parsed(text)
    if tree is None:
        return ""
    name = function.rpartition(".")[2]
    inside = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    for loop in (node for one in inside for node in ast.walk(one) if isinstance(node, ast.While)):
        if any(isinstance(node, ast.Break | ast.Return | ast.Raise) for part in loop.body for node in ast.walk(part)):
            continue
        lengths = [node for node in ast.walk(loop.test) if _measured(node)]
        functions = {id(node.func) for node in lengths if isinstance(node, ast.Call)}
        parts = [node for node in ast.walk(loop.test) if node not in lengths and id(node) not in functions]
        names = sorted({node.id for node in parts if isinstance(node, ast.Name)})
        # Another call or an attribute in the condition may change by itself, and so may what is handed to a function.
        is_plain = not any(isinstance(node, ast.Call | ast.Attribute | ast.Subscript) for node in parts)
        measured = set(map(_measured, lengths))
        if is_plain and not set(names) & set(_set_in(loop)) and not measured & set(_may_change_length(loop)):
            shown = ast.unparse(loop.test)
            why = f"nothing inside of it changes {' or '.join(names)}" if names else "nothing inside of it leaves it"
            return f'line {loop.lineno}, "while {shown}:", never ends: {why}, and something should'
    return ""


def _set_in(loop: ast.While) -> Iterator[str]:
    for part in loop.body:
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _may_change_length(loop: ast.While) -> Iterator[str]:
    """Yield the names whose length the body of a loop may change: it is handed on, or has a method called."""
    for node in (node for part in loop.body for node in ast.walk(part)):
        found: list[ast.AST] = []
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            found += [] if called.startswith("np.") or called in HARMLESS else node.args
            found += [node.func.value] if isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING else []
        elif isinstance(node, ast.Delete):
            found += ast.walk(node)
        elif isinstance(node, ast.Assign):
            found += [node.value, *(target.value for target in node.targets if isinstance(target, ast.Subscript))]
        yield from (one.id for one in found if isinstance(one, ast.Name))


def _measured(node: ast.AST) -> str:
    """The name in ``len(name)``; ``""`` for another expression."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
        return node.args[0].id if isinstance(node.args[0], ast.Name) else ""
    return ""
