"""Load the secret files of a course: the reference solutions, and the files that say how each exercise is judged.

They stand in ``solutions/``, a folder of the course that is never an installed package. Only this module imports from
it.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from utils.checks.python_text import parsed

from .course import Course
from .errors import CourseError
from .patch import Hunk, apply, changed_functions
from .statements import compiled_statements

Edit = tuple[str, str]
"""A text that occurs exactly once in another, and the text that replaces it."""

FORMULA = re.compile("[=←Σ∂√]")
LONGEST_TASK = 340
"""Characters of what a docstring says of a task, where a hint repeats it."""


class Reference:
    """The modules in ``solutions/<package>``, and the files in ``solutions/exercises``.

    References to the same package in the same folder are equal.

    Parameters
    ----------
    root : Path
        The course folder.
    package : str
        The name of the student's package.

    Attributes
    ----------
    secret_folder : Path
        ``solutions``; nothing in it is given to students.
    folder : Path
        The folder of the reference's modules.
    exercises_folder : Path
        The folder of the files that say how each function is judged.
    student_answers_folder : Path
        The folder of realistic wrong answers, on which the hints are measured; a course may have none.

    Raises
    ------
    CourseError
        When there is no ``solutions/<package>/__init__.py``.
    """

    def __init__(self, root: Path, package: str) -> None:
        self.root = root
        self.package = package
        self.secret_folder = root / "solutions"
        self.folder = self.secret_folder / package
        self.exercises_folder = self.secret_folder / "exercises"
        self.student_answers_folder = self.secret_folder / "student_answers"
        if not (self.folder / "__init__.py").is_file():
            raise CourseError(f"{self.folder} is missing; the grader needs the reference to compare with.")

    @classmethod
    def of(cls, course: Course) -> Reference:
        """Return the reference of a course."""
        return cls(course.root, course.package)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and (self.root, self.package) == (other.root, other.package)

    def __hash__(self) -> int:
        return hash((self.root, self.package))

    @property
    def modules(self) -> tuple[str, ...]:
        """The names of all modules of the package, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.py") if path.stem != "__init__"))

    def source(self, module: str) -> str:
        """Read a module's text."""
        return (self.folder / f"{module}.py").read_text("utf-8")

    def task(self, name: str) -> str:
        """Return what a function's docstring says first, in a few sentences; ``""`` where it has none.

        That is its head, and the paragraph below if that is a formula, or holds one and ends with a sentence: as many
        sentences as come to `LONGEST_TASK` characters. The last full stop is left out.

        Parameters
        ----------
        name : str
            Module and qualified name: ``"layers.affine_forward"``.
        """
        module, *owners = name.split(".")
        path = self.folder / f"{module}.py"
        tree = parsed(self.source(module)) if path.is_file() else None
        body: list[ast.stmt] = tree.body if tree else []
        node: ast.stmt | None = None
        for owner in owners:
            named = (one for one in body if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == owner)
            node = next(named, None)
            body = node.body if isinstance(node, ast.ClassDef) else []
        said = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
        head, below, *_ = [*(said or "").split("\n\n"), ""]
        is_section = "\n---" in below
        is_whole = below.startswith(" ") or below.rstrip().endswith((".", ")"))
        sentences = re.split(r"(?<=\.) (?=[A-Z(])", " ".join(below.split())) if is_whole and not is_section else []
        sentences = sentences if FORMULA.search(below) else []
        found = " ".join(head.split())
        for sentence in sentences:
            if len(found) + len(sentence) > LONGEST_TASK:
                break
            found = f"{found} {sentence}"
        return found.rstrip(".")

    def module(self, name: str) -> ModuleType:
        """Import a module as ``solutions.<package>.<name>``."""
        return _import(self.secret_folder, f"{self.package}.{name}")

    def public_names(self, module: str) -> tuple[str, ...]:
        """List the public functions and classes that a module defines itself, in the order of its text."""
        loaded = self.module(module)
        own = (n for n, v in vars(loaded).items() if callable(v) and getattr(v, "__module__", "") == loaded.__name__)
        return tuple(name for name in own if not name.startswith("_"))

    def prerequisites(self, module: str) -> tuple[str, ...]:
        """List the modules of the package that a module imports, directly or through another module."""
        found: dict[str, None] = {}
        waiting = [module]
        while waiting:
            names = _names_from_package(self.source(waiting.pop()))
            fresh = [name for name in names if name not in found and name in self.modules]
            found |= dict.fromkeys(fresh)
            waiting += fresh
        return tuple(sorted(found))

    def changed(self, module: str, hunks: Iterable[Hunk]) -> str:
        """Return a module's text with some lines replaced: a misconception, or another right answer.

        Raises
        ------
        UnusableCourseFiles
            When a hunk does not apply, because the reference has changed since the hunk was written.
        """
        return apply(self.source(module), hunks, self.path(module))

    def changed_functions(self, module: str, hunks: Iterable[Hunk]) -> dict[str, str]:
        """Return the changed text of each function that hunks change, by its name; see `changed`."""
        return changed_functions(self.source(module), hunks, self.path(module))

    def variant(self, module: str, hunks: Iterable[Hunk]) -> ModuleType:
        """Import a module with some lines replaced; see `changed`."""
        return self.execute(self.changed(module, hunks), module, "variant")

    def path(self, module: str) -> str:
        """Return a module's path, relative to the course folder."""
        return f"solutions/{self.package}/{module}.py"

    def execute(self, text: str, module: str, what: str) -> ModuleType:
        """Run another version of a module's text inside of the reference's package, so that its relative imports work.

        Parameters
        ----------
        text : str
            The text; Python.
        module : str
            The name of the module that it is a version of.
        what : str
            A word for what the text is, such as ``"variant"``, which becomes part of the module's name.

        Returns
        -------
        module
            Not registered in `sys.modules`, so the reference's own module stays as it is.
        """
        made = ModuleType(f"{self.module(module).__name__}__{what}")
        made.__package__ = f"solutions.{self.package}"
        file = f"{self.package}/{module}.py"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        for code in compiled_statements(text, self.source(module), file):
            exec(code, vars(made))
        return made

    def execute_part(self, text: str, module: str, owner: str = "") -> ModuleType:
        """Run another version of one function or method, among all else that the module defines.

        The rest of the module is not run again and knows nothing of the other version.

        Parameters
        ----------
        text : str
            The function's text; a method's with the indentation that it has in its class.
        module : str
        owner : str, default ""
            The class of a method.
        """
        made = ModuleType(f"{self.module(module).__name__}__part")
        vars(made).update({**vars(self.module(module)), "__name__": made.__name__})
        head = f"class {owner}({owner}):\n" if owner else ""
        exec(compile(head + text, f"{self.package}/{module}.py", "exec", dont_inherit=True), vars(made))
        return made

    def demo(self) -> ModuleType | None:
        """The course's own class for the demo, ``solutions/demo.py``; None where it has none."""
        if not (self.secret_folder / "demo.py").is_file():
            return None
        return _import(self.secret_folder, "demo")

    @cached_property
    def recipe_files(self) -> dict[str, tuple[Path, ...]]:
        """The files in ``solutions/exercises``, by the name of the student's file whose functions they judge."""
        folders = sorted(path for path in self.exercises_folder.glob("[!_.]*") if path.is_dir())
        files = {folder.name: tuple(sorted(path for path in folder.iterdir() if path.is_file())) for folder in folders}
        return {name: found for name, found in files.items() if found}

    def recipe_text(self, path: Path) -> str:
        """Read one of the `recipe_files`."""
        return path.read_text("utf-8")

    @property
    def edition_folder(self) -> Path:
        """Where the course's own templates for the student edition stand, if it has any."""
        return self.secret_folder / "edition"

    def table(self, name: str) -> dict[str, Any]:
        """What the TOML file ``solutions/<name>`` says; nothing where the course has no such file.

        Raises
        ------
        CourseError
            When it cannot be read.
        """
        path = self.secret_folder / name
        try:
            return tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CourseError(f"{path} cannot be read as TOML ({error}); correct it.") from None

    def recipe_module(self, path: Path) -> ModuleType:
        """Import one of the `recipe_files` as ``solutions.exercises.<student's file>.<family>``."""
        return _import(self.secret_folder, f"exercises.{path.parent.name}.{path.stem}")


@lru_cache(maxsize=256)
def _names_from_package(text: str) -> tuple[str, ...]:
    """List what a text imports from its own package: modules, or names that may be modules."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level == 1]
    return tuple(name for node in nodes for name in ([node.module] if node.module else [a.name for a in node.names]))


def edited(text: str, edits: Sequence[Edit], where: str) -> str:
    """Apply edits to a text one after the other.

    Parameters
    ----------
    text : str
        The text.
    edits : sequence of Edit
        Pairs of old and new text.
    where : str
        What the text is, for errors.

    Returns
    -------
    str
        The edited text.

    Raises
    ------
    CourseError
        When the old text of an edit does not occur exactly once.
    """
    for old, new in edits:
        if text.count(old) != 1:
            raise CourseError(
                f"An edit of {where} applies {text.count(old)} times, not once: {old!r}; bring it up to date."
            )
        text = text.replace(old, new)
    return text


# The modules that were imported as ``solutions.…`` from each folder, kept while another course's are in `sys.modules`.
_LOADED: dict[str, dict[str, ModuleType]] = {}


def _import(folder: Path, name: str) -> ModuleType:
    """Import ``solutions.<name>`` from `folder`, independently of the working directory and of `sys.path`."""
    _activate(folder)
    return importlib.import_module(f"solutions.{name}")


def _activate(folder: Path) -> None:
    """Make `folder` the package ``solutions`` in `sys.modules`, in place of another course's."""
    before = sys.modules.get("solutions")
    if before is not None and str(folder) in map(str, before.__path__):
        return
    previous = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "solutions"}
    if before is not None:
        _LOADED[str(next(iter(before.__path__)))] = previous
    for name in previous:
        del sys.modules[name]
    sys.modules.update(_LOADED.get(str(folder), {}))
    if "solutions" not in sys.modules:
        sys.modules["solutions"] = loaded = ModuleType("solutions")
        loaded.__path__ = [str(folder)]
        init = folder / "__init__.py"
        if init.is_file():  # it holds a docstring at most, so a course may have none
            spec = importlib.util.spec_from_file_location("solutions", init, submodule_search_locations=[str(folder)])
            assert spec is not None
            assert spec.loader is not None
            sys.modules["solutions"] = loaded = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(loaded)
