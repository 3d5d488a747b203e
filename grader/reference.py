"""The secret half of a course: the reference solutions, changed versions of them, and how each exercise is judged.

`solutions/` is a folder of the course, never an installed package. Nothing else in the grader imports what is in it.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import sys
import tomllib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from .course import Course
from .errors import CourseError
from .patch import Hunk, apply, changed_functions

Edit = tuple[str, str]
"""A text that occurs once, and what takes its place."""


class Reference:
    """The modules of ``solutions/<package>``, and the files of ``solutions/exercises``.

    References to the same folder are equal.

    Attributes
    ----------
    secret_folder : Path
        ``solutions``: students get nothing of what is in it.
    folder : Path
        The modules.
    exercises_folder : Path
        How each of their functions is judged.

    Parameters
    ----------
    root : Path
        The course folder.
    package : str
        The name of the student's package.
    """

    def __init__(self, root: Path, package: str) -> None:
        self.root = root
        self.package = package
        self.secret_folder = root / "solutions"
        self.folder = self.secret_folder / package
        self.exercises_folder = self.secret_folder / "exercises"
        if not (self.folder / "__init__.py").is_file():
            raise CourseError(f"{self.folder} is missing; the grader needs the reference to compare with.")

    @classmethod
    def of(cls, course: Course) -> Reference:
        """The reference of a course."""
        return cls(course.root, course.package)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and (self.root, self.package) == (other.root, other.package)

    def __hash__(self) -> int:
        return hash((self.root, self.package))

    @property
    def modules(self) -> tuple[str, ...]:
        """The names of all modules of the package."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.py") if path.stem != "__init__"))

    def source(self, module: str) -> str:
        """A module's text."""
        return (self.folder / f"{module}.py").read_text("utf-8")

    def module(self, name: str) -> ModuleType:
        """A module, imported as ``solutions.<package>.<name>``."""
        return _import(self.secret_folder, f"{self.package}.{name}")

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

    def changed(self, module: str, hunks: Iterable[Hunk]) -> str:
        """A module's text with some lines replaced: a misconception, or another right answer.

        Raises
        ------
        UnusableCourseFiles
            When a hunk does not apply, because the reference has changed since it was written.
        """
        return apply(self.source(module), hunks, self.path(module))

    def changed_functions(self, module: str, hunks: Iterable[Hunk]) -> dict[str, str]:
        """The functions that `changed` changes, as they are afterwards."""
        return changed_functions(self.source(module), hunks, self.path(module))

    def variant(self, module: str, hunks: Iterable[Hunk]) -> ModuleType:
        """The module that `changed` gives, imported."""
        return self.execute(self.changed(module, hunks), module, "variant")

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

    def notebooks_folder(self, assignment: str) -> Path:
        """Where the percent scripts of an assignment's notebooks stand, and what those notebooks show."""
        return self.secret_folder / assignment

    def demo(self) -> ModuleType | None:
        """The course's own class for the demo, ``solutions/demo.py``; None where it has none."""
        if not (self.secret_folder / "demo.py").is_file():
            return None
        return _import(self.secret_folder, "demo")

    @cached_property
    def recipe_files(self) -> dict[str, tuple[Path, ...]]:
        """The files in ``solutions/exercises`` by the student's file that they are about."""
        folders = sorted(path for path in self.exercises_folder.glob("[!_.]*") if path.is_dir())
        files = {folder.name: tuple(sorted(path for path in folder.iterdir() if path.is_file())) for folder in folders}
        return {name: found for name, found in files.items() if found}

    def recipe_text(self, path: Path) -> str:
        """What one of these files says."""
        return path.read_text("utf-8")

    @property
    def edition_folder(self) -> Path:
        """Where the course's own templates for the student edition stand, if it has any."""
        return self.root / "solutions" / "edition"

    def table(self, name: str) -> dict[str, Any]:
        """What the TOML file ``solutions/<name>`` says; nothing where the course has no such file.

        Raises
        ------
        CourseError
            When it cannot be read.
        """
        path = self.root / "solutions" / name
        try:
            return tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CourseError(f"{path} cannot be read as TOML ({error}); correct it.") from None

    def recipe_module(self, path: Path) -> ModuleType:
        """One of these files, imported as ``solutions.exercises.<student's file>.<family>``."""
        return _import(self.secret_folder, f"exercises.{path.parent.name}.{path.stem}")


def edited(text: str, edits: Sequence[Edit], where: str) -> str:
    """Apply edits to a text; each must apply exactly once."""
    for old, new in edits:
        if text.count(old) != 1:
            raise CourseError(
                f"An edit of {where} applies {text.count(old)} times, not once: {old!r}; bring it up to date."
            )
        text = text.replace(old, new)
    return text


_LOADED: dict[str, dict[str, ModuleType]] = {}  # what was imported from each course's folder, while another is in use


def _import(folder: Path, name: str) -> ModuleType:
    """Import ``solutions.<name>`` from `folder`, whatever the working directory is."""
    _enter(folder)
    return importlib.import_module(f"solutions.{name}")


def _enter(folder: Path) -> None:
    """Make `folder` the package ``solutions``, in place of another course's."""
    before = sys.modules.get("solutions")
    if before is not None and str(folder) in map(str, before.__path__):
        return
    mine = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "solutions"}
    if before is not None:
        _LOADED[str(next(iter(before.__path__)))] = mine
    for name in mine:
        del sys.modules[name]
    sys.modules.update(_LOADED.get(str(folder), {}))
    if "solutions" not in sys.modules:
        init = folder / "__init__.py"
        spec = importlib.util.spec_from_file_location("solutions", init, submodule_search_locations=[str(folder)])
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        sys.modules["solutions"] = loaded
        spec.loader.exec_module(loaded)
