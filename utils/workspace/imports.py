"""Find what a file imports, without running it, and whether that is there where the file is graded."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


class Import(NamedTuple):
    """One imported name.

    Attributes
    ----------
    module : str
        As in ``"numpy.linalg"``; of another file of the package, ``".layers"``.
    name : str
        What is imported from it; ``""`` for the module itself.
    line : int
    optional : bool
        Whether it stands in a ``try`` that goes on without it.
    bound_to : str
        What the file calls it; ``"*"`` where everything in a module is imported.
    """

    module: str
    name: str
    line: int
    optional: bool
    bound_to: str

    @property
    def top(self) -> str:
        """The package that it belongs to; ``""`` for the file's own."""
        return self.module.partition(".")[0]

    @property
    def own(self) -> str:
        """The file of the package that it is, without its ending; ``""`` for the package itself, or for others."""
        return self.module.split(".")[1] if self.module.startswith(".") else ""


def imports_of(tree: ast.AST, package: str) -> list[Import]:
    """List what a file of a package, or a notebook, imports anywhere in it."""
    return list(_walk(tree, package, optional=False))


def _walk(node: ast.AST, package: str, *, optional: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            bound_to = alias.asname or alias.name.partition(".")[0]
            yield Import(_own_as_relative(alias.name, package), "", node.lineno, optional, bound_to)
    elif isinstance(node, ast.ImportFrom):
        module = _own_as_relative("." * node.level + (node.module or ""), package)
        for alias in node.names:
            place = (f".{alias.name}", "") if module == "." else (module, alias.name)  # from . import layers
            yield Import(*place, node.lineno, optional, alias.asname or alias.name)
    elif isinstance(node, ast.Try) and any(map(_catches_a_missing_module, node.handlers)):
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, package, optional=optional or child in node.body)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, package, optional=optional)


def _own_as_relative(module: str, package: str) -> str:
    return (
        "." if module == package else f".{module.removeprefix(f'{package}.')}" if _inside(module, package) else module
    )


def _inside(module: str, package: str) -> bool:
    return module.startswith(f"{package}.")


def _catches_a_missing_module(handler: ast.ExceptHandler) -> bool:
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else _MISSING
    return bool(names & _MISSING)


def not_where_graded(one: Import, module: str, rules: Mapping[str, Any]) -> tuple[bool, str]:
    """Say whether an import of another package than the student's own works where a file is graded.

    Parameters
    ----------
    one : Import
    module : str
        The file that it stands in, without its ending.
    rules : mapping of str to object
        The course's table ``imports``; see `grader.release.goldens.course_table`. Without rules nothing is said.

    Returns
    -------
    fails : bool
        Whether the whole file fails because of it.
    why : str
        The end of a sentence that begins with the import; ``""`` where all is well.
    """
    if not rules or one.top in ("", "__future__") or one.top in sys.stdlib_module_names or one.optional:
        return False, ""
    if one.top in rules["use"] or rules["use_in"].get(module) == one.top:
        return False, ""
    if one.top == "utils":
        everywhere = {name for names in rules["utils"].values() for name in names}
        allowed = rules["utils"].get(module, everywhere)  # a helper may be called from any of the files
        full = ".".join(filter(None, (one.module.removeprefix("utils").removeprefix("."), one.name)))
        fails = one.module == "utils" and not one.name
        return False, "" if full in allowed or fails else "can be imported, but not called: write it yourself"
    if one.top in rules["load"]:
        return False, "can be imported, but not called"
    return True, "is not there, so nothing in this file can be run"
