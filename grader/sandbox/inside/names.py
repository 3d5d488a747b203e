"""Find out from a text of Python, without running it, which names it uses, defines and imports."""

from __future__ import annotations

import ast
import linecache
from types import FrameType


def names_used(source: str) -> frozenset[str]:
    """Collect every name that a text mentions."""
    nodes = [] if (tree := _parsed(source)) is None else ast.walk(tree)
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def names_defined(source: str) -> frozenset[str]:
    """Collect the functions, classes and variables that a text defines at module level."""
    body = _body(source)
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(names)


def names_imported(source: str, package: str) -> dict[str, tuple[str, str]]:
    """Collect what a text imports at module level, except with a star.

    Parameters
    ----------
    source : str
    package : str
        The package that the text is a module of.

    Returns
    -------
    dict of str to (str, str)
        Name → the module it comes from, and its name there; ``""`` for the module itself.
    """
    found: dict[str, tuple[str, str]] = {}
    for node in _body(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = (alias.name if alias.asname else top, "")
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, (package if node.level else "", node.module)))
            found |= {alias.asname or alias.name: (base, alias.name) for alias in node.names if alias.name != "*"}
    return found


def is_tried(frame: FrameType) -> bool:
    """Whether the line that a frame stands on is in a ``try`` with handlers."""
    tree = _parsed("".join(linecache.getlines(frame.f_code.co_filename)))
    tried = (node.body for node in ast.walk(tree or ast.Module([], [])) if isinstance(node, ast.Try) and node.handlers)
    return any(body[0].lineno <= frame.f_lineno <= (body[-1].end_lineno or 0) for body in tried)


def _body(source: str) -> list[ast.stmt]:
    tree = _parsed(source)
    return [] if tree is None else tree.body


def _parsed(source: str) -> ast.Module | None:
    """Parse a text; None where it is not valid Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
