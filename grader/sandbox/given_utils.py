"""Cut down ``utils`` for a worker, to the functions that the given code of a student's file uses.

Some functions of ``utils`` compute what an exercise asks for (the fast layers, numeric gradients), so a submission must
not be able to read or call them. A worker therefore gets a copy of ``utils`` that holds the named functions, what these
need, and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from pathlib import Path

import utils

from ..errors import CourseError

FOLDER = Path(str(utils.__file__)).resolve().parent
WORKERS_OWN = (
    "checks.program",
    "checks.crash",
    "checks.crash_site",
    "checks.crash_clues",
    "checks.python_text",
    "checks.crash_scope",
    "checks.boxes",
    "checks.forbidden_calls",
    "checks.watched_loss",
)
"""Modules that every worker gets as a whole, because the worker's own code and the programs that it runs use them.

They run code and describe what it raised; none of them holds an answer.
"""


@lru_cache(maxsize=256)
def names_used(source: str) -> tuple[str, ...]:
    """List the functions of ``utils`` that the given code of a module imports.

    Parameters
    ----------
    source : str
        The module's text. Solutions stand inside of functions, so every import at module level belongs to the given
        code: ``from utils.layer_checks import check_axes``.

    Returns
    -------
    tuple of str
        Module and function: ``("layer_checks.check_axes",)``.

    Raises
    ------
    CourseError
        When it imports a whole module of ``utils``, so that nothing says which functions it uses.
    """
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("utils.") and not node.level:
            found += [f"{str(node.module).removeprefix('utils.')}.{alias.name}" for alias in node.names]
        elif (
            isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == "utils" for alias in node.names)
        ) or (isinstance(node, ast.ImportFrom) and node.module == "utils"):
            raise CourseError(
                f"Line {node.lineno} of given code imports a module of utils; "
                "import the functions by their names, so that the grader knows which it uses."
            )
    return tuple(found)


def copied(names: Collection[str]) -> dict[str, str]:
    """Write the modules of ``utils`` that a worker gets.

    Parameters
    ----------
    names : collection of str
        The functions that the worker needs, as `names_used` lists them.

    Returns
    -------
    dict of str to str
        Module → its text, cut down to these functions and what they need. `WORKERS_OWN` are copied as a whole.

    Raises
    ------
    KeyError
        When ``utils`` has no such function.
    """
    wanted: dict[str, set[str]] = {}
    waiting = [tuple(name.rpartition(".")[::2]) for name in names]
    while waiting:
        module, name = waiting.pop()
        if name not in wanted.setdefault(module, set()):
            wanted[module].add(name)
            waiting += _module(module).needs(name)
    texts = {module: _module(module).only(kept) for module, kept in wanted.items()}
    return texts | {module: _path(module).read_text("utf-8") for module in WORKERS_OWN}


def withheld(names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """List what a submission may import from ``utils`` but not call.

    Parameters
    ----------
    names : collection of str
        The functions that it may call, as `names_used` lists them.

    Returns
    -------
    dict of str to tuple of str
        Full name of a module → its functions that are not copied. The tuple is empty where the whole module is not.
    """
    texts = copied(names)
    found: dict[str, tuple[str, ...]] = {f"utils.{name}": () for name in _all_modules() if name not in texts}
    for module, text in {"checks": "", **texts}.items():
        there = {name for statement in ast.parse(text).body for name in _bound(statement)}
        if missing := tuple(name for name in _module(module).public if name not in there):
            found[f"utils.{module}"] = missing
    return found


class _Module:
    """A module of ``utils`` as a list of top-level statements, from which a smaller module can be made."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tree = ast.parse(_path(name).read_text("utf-8"))
        self.defined = {bound: statement for statement in self._tree.body for bound in _bound(statement)}

    @property
    def public(self) -> list[str]:
        """Names of the functions and classes that others may import, whether defined or only imported here."""
        own = (ast.FunctionDef, ast.ClassDef, ast.ImportFrom)
        return [name for name, statement in self.defined.items() if isinstance(statement, own) and name[0] != "_"]

    def needs(self, name: str) -> list[tuple[str, ...]]:
        """List the names that a name's definition refers to, as pairs of module and name."""
        statement = self.defined[name]
        if isinstance(statement, ast.ImportFrom) and (module := self._inside_utils(statement)):
            original = next(alias.name for alias in statement.names if (alias.asname or alias.name) == name)
            return [(module, original)]
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        return [(self._name, other) for other in sorted(used & self.defined.keys())]

    def only(self, names: Collection[str]) -> str:
        """Write the module's text with the definitions of these names and no others."""
        body = [kept for statement in self._tree.body if (kept := _reduced(statement, names))]
        return ast.unparse(ast.Module(body, []))

    def _inside_utils(self, statement: ast.ImportFrom) -> str:
        if statement.level:
            raise LookupError(f"utils.{self._name} is imported from in a relative way; name the module in full")
        module = statement.module or ""
        return module.removeprefix("utils.") if module.startswith("utils.") else ""


def _bound(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _reduced(statement: ast.stmt, names: Collection[str]) -> ast.stmt | None:
    """Cut a statement down to what defines one of these names; None where nothing of it does."""
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return statement
    if not any(name in names for name in _bound(statement)):
        return None
    if isinstance(statement, ast.Import):
        return ast.Import([alias for alias in statement.names if set(_bound(ast.Import([alias]))) & set(names)])
    if isinstance(statement, ast.ImportFrom):
        kept = [alias for alias in statement.names if (alias.asname or alias.name) in names]
        return ast.ImportFrom(statement.module, kept, statement.level)
    return statement


@cache
def _module(name: str) -> _Module:
    return _Module(name)


def _path(module: str) -> Path:
    path = FOLDER.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _all_modules() -> tuple[str, ...]:
    """List every module of ``utils``, compiled ones included, without the package's name: ``"explorers.training"``."""
    paths = [path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.suffix in (".py", ".so")]
    names = {".".join((*path.parent.parts, path.name.partition(".")[0])) for path in paths}
    return tuple(sorted({name.removesuffix(".__init__") for name in names} - {"__init__"}))
