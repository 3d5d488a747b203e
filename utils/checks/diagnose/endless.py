"""Find the loop of a function that cannot end, because nothing inside of it changes what its condition reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..python_text import parsed


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
        names = sorted({node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)})
        # A call or an attribute in the condition may change by itself.
        is_plain = not any(isinstance(node, ast.Call | ast.Attribute | ast.Subscript) for node in ast.walk(loop.test))
        if is_plain and not set(names) & set(_set_in(loop)):
            shown = ast.unparse(loop.test)
            why = f"nothing inside of it changes {' or '.join(names)}" if names else "nothing inside of it leaves it"
            return f'line {loop.lineno}, "while {shown}:", never ends: {why}, and something should'
    return ""


def _set_in(loop: ast.While) -> Iterator[str]:
    for part in loop.body:
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
