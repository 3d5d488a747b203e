"""The reference solutions, and wrong versions of them.

`solutions/` is a folder of the course, never an installed package, and nothing but this module reads it.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from .errors import CourseError

Edit = tuple[str, str]


class Reference:
    """The modules of ``solutions/<package>``.

    Parameters
    ----------
    root : Path
        The course folder.
    package : str
        The name of the student's package.
    """

    def __init__(self, root: Path, package: str) -> None:
        self.package = package
        self.folder = root / "solutions" / package
        if not (self.folder / "__init__.py").is_file():
            raise CourseError(f"{self.folder} is missing; the grader needs the reference to compare with.")

    @property
    def modules(self) -> tuple[str, ...]:
        """The names of all modules of the package."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.py") if path.stem != "__init__"))

    def source(self, module: str) -> str:
        """A module's text."""
        return (self.folder / f"{module}.py").read_text("utf-8")

    def module(self, name: str) -> ModuleType:
        """A module, imported as ``solutions.<package>.<name>``."""
        return _import(self.folder, name)

    def public_names(self, module: str) -> tuple[str, ...]:
        """The functions and classes that a module defines itself."""
        loaded = self.module(module)
        own = (n for n, v in vars(loaded).items() if callable(v) and getattr(v, "__module__", "") == loaded.__name__)
        return tuple(name for name in own if not name.startswith("_"))

    def prerequisites(self, module: str) -> tuple[str, ...]:
        """The modules of the package that a module stands on: what it imports, and what that imports."""
        found: dict[str, None] = {}
        waiting = [module]
        while waiting:
            for node in ast.walk(ast.parse(self.source(waiting.pop()))):
                if isinstance(node, ast.ImportFrom) and node.level == 1:
                    names = [node.module] if node.module else [alias.name for alias in node.names]
                    fresh = [name for name in names if name not in found and name in self.modules]
                    found |= dict.fromkeys(fresh)
                    waiting += fresh
        return tuple(sorted(found))

    def variant(self, module: str, edits: Sequence[Edit]) -> ModuleType:
        """The module with some of its text replaced: a misconception, a mutant, or another right answer.

        Parameters
        ----------
        module : str
            Its name.
        edits : sequence of (old, new)
            Applied in order; each `old` must occur exactly once.

        Raises
        ------
        CourseError
            When an edit does not apply, because the reference has changed since it was written.
        """
        text = edited(self.source(module), edits, self.path(module))
        return self.execute(text, module, "variant")

    def path(self, module: str) -> str:
        """Where a module stands, relative to the course folder."""
        return f"solutions/{self.package}/{module}.py"

    def execute(self, text: str, module: str, what: str) -> ModuleType:
        """Run another text of a module as a sibling of the reference's modules, so that its relative imports work.

        Parameters
        ----------
        text : str
            Python.
        module : str
            Which module it is a text of.
        what : str
            What the text is; becomes part of the module's name.
        """
        made = ModuleType(f"{self.module(module).__name__}__{what}")
        made.__package__ = f"solutions.{self.package}"
        file = f"{self.package}/{module}.py"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), vars(made))
        return made


def edited(text: str, edits: Sequence[Edit], where: str) -> str:
    """Apply edits to a text; each must apply exactly once."""
    for old, new in edits:
        if text.count(old) != 1:
            raise CourseError(
                f"An edit of {where} applies {text.count(old)} times, not once: {old!r}; bring it up to date."
            )
        text = text.replace(old, new)
    return text


@cache
def _import(folder: Path, name: str) -> ModuleType:
    """Import ``solutions.<package>.<name>`` from `folder`, whatever the working directory is."""
    whole = f"solutions.{folder.name}"
    for package, path in (("solutions", folder.parent), (whole, folder)):
        loaded = sys.modules.get(package)
        if loaded is None or str(path) not in map(str, getattr(loaded, "__path__", [])):
            init = path / "__init__.py"
            spec = importlib.util.spec_from_file_location(package, init, submodule_search_locations=[str(path)])
            assert spec is not None
            assert spec.loader is not None
            loaded = importlib.util.module_from_spec(spec)
            sys.modules[package] = loaded
            spec.loader.exec_module(loaded)
    return importlib.import_module(f"{whole}.{name}")
