"""Read a text as Python although nobody knows who wrote it."""

from __future__ import annotations

import ast
from functools import lru_cache

DEEPEST = 100
"""How deeply a program may be nested: far more than anybody writes, and little enough for functions that recurse."""


@lru_cache(maxsize=16)
def parsed(text: str) -> ast.Module | None:
    """Parse a program. The last programs are remembered, so nobody may change a tree.

    Who works on the tree may recurse into it, as `ast.unparse` and `ast.dump` do.

    Parameters
    ----------
    text : str

    Returns
    -------
    ast.Module or None
        None where the text is not Python, or where it is nested more than `DEEPEST` deep.

    Examples
    --------
    >>> parsed("x = 1").body[0].targets[0].id
    'x'
    >>> parsed("x = = 1") is None, parsed("x = " + "-" * 1000 + "1") is None
    (True, True)
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return None if _is_deep(tree) else tree


def _is_deep(tree: ast.Module) -> bool:
    """Whether a program is nested more than `DEEPEST` deep."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
