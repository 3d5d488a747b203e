"""Compute digests of the code that judging depends on: the grader's own, the reference's, and single recipes."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import msgspec

import utils

from ..course import Assignment, Course
from ..errors import CourseError
from ..recipes import diffs
from ..recipes.book import WRONG
from ..reference import Reference
from .cache import Cache, digest

_GRADER: Final = Path(__file__).resolve().parents[1]
_UTILS: Final = Path(str(utils.__file__)).resolve().parent
_OWN: Final = {_GRADER.name: _GRADER, _UTILS.name: _UTILS}
_FOLDERS: Final = ("course", "host", "judging", "recipes", "sandbox", "submission")
_FILES: Final = ("__init__.py", "errors.py", "patch.py", "reference.py", "report.py", "statements.py", "wording.py")
_JUDGING: Final = (
    *(_GRADER / name for name in (*_FOLDERS, *_FILES)),
    *(_UTILS / name for name in ("checks", "__init__.py", "errors.py")),
)
_WORD: Final = re.compile(r"\w+")
_CODE: Final = (".py", ".pyx")
Names = Mapping[str, Path]
"""Packages by name, with their folders."""


@dataclass(frozen=True)
class SourceDigests:
    """The digests of what an assignment is judged with.

    Attributes
    ----------
    files : bytes
        A digest of all files that the others depend on.
    recipes : dict of str to bytes
        By exercise; see `recipe_digest`.
    modules : dict of str to bytes
        By module of the reference, of all of them; see `reference_digest`.
    """

    files: bytes
    recipes: dict[str, bytes]
    modules: dict[str, bytes]


def source_digests(course: Course, assignment: Assignment) -> SourceDigests:
    """Return the digests for an assignment.

    It takes seconds to find out what the recipes use. So the digests are kept in the cache, and computed again when any
    file has changed that they can depend on.

    Raises
    ------
    CourseError
        When the reference has no module for an exercise.
    """
    reference, names = Reference.of(course), {exercise.name for exercise in assignment.exercises}
    files, key = _files_of_all(reference), f"sources {assignment.name}"
    with Cache(course) as cache:
        kept = _decoded(cache.get(key))
        if kept is not None and kept.files == files and kept.recipes.keys() == names:
            return kept
        for exercise in assignment.exercises:
            if (module := exercise.written_in[0]) not in (*reference.modules, "models"):
                raise CourseError(
                    f"{reference.path(module)} is missing; {exercise.name} is judged with it: restore it."
                )
        recipes = {name: recipe_digest(reference, name) for name in names}
        modules = {name: reference_digest(reference, name) for name in reference.modules}
        made = SourceDigests(files, recipes, modules)
        cache.put({key: msgspec.msgpack.encode(made)})
    return made


def _files_of_all(reference: Reference) -> bytes:
    """Return a digest of all files that a recipe or the reference can depend on, and of the Python that reads them."""
    packages = {**_OWN, reference.secret_folder.name: reference.secret_folder}
    found = {path for folder in packages.values() for path in folder.rglob("*") if path.suffix in _CODE}
    found |= {path for files in reference.recipe_files.values() for path in files}
    return digest((sys.version.encode(), _files_digest(found, packages)))


def _decoded(data: bytes | None) -> SourceDigests | None:
    try:
        return msgspec.msgpack.decode(data, type=SourceDigests) if data else None
    except msgspec.DecodeError:  # another version of the grader has written it
        return None


@cache
def engine_digest() -> bytes:
    """Return a digest of the code that judges; a test sees to it that this is all code which that imports."""
    return _files_digest(_engine_files(), _OWN)


@cache
def _engine_files() -> frozenset[Path]:
    return frozenset(path for place in _JUDGING for path in (place.rglob("*.py") if place.is_dir() else [place]))


@cache
def reference_digest(reference: Reference, module: str) -> bytes:
    """Return a digest of a module of the reference, and of all code that it imports."""
    packages = {**_OWN, reference.secret_folder.name: reference.secret_folder}
    modules = (module, *reference.prerequisites(module))
    return _files_digest(_imported([reference.folder / f"{name}.py" for name in modules], packages), packages)


@cache
def recipe_digest(reference: Reference, exercise: str) -> bytes:
    """Return a digest of how one exercise is judged: the statements that its recipe uses, and its misconceptions.

    Comments, layout, and the recipes of other exercises do not count. Where the recipe cannot be told from others,
    because ``RECIPES`` is put together by a program, all files of its folder count.
    """
    files = reference.recipe_files.get(exercise.partition(".")[0], ())
    families = [path for path in files if path.suffix == ".py" and not path.name.startswith("_")]
    found = [(path, node) for path in families if (node := _recipe(_parsed(path), exercise))]
    if len(found) != 1:
        return digest(part for path in files for part in (path.name.encode(), path.read_bytes()))
    path, node = found[0]
    parts = [ast.dump(node), *_Used(reference).statements(path, node)]
    wrong = path.with_suffix(WRONG)
    if wrong in files:
        known, _ = diffs.read(reference.recipe_text(wrong), wrong.name, sentences=True)
        parts += [repr((one.name, one.sentence, _changes(one))) for one in known if one.exercise == exercise]
    return digest(part.encode() for part in parts)


def _changes(diff: diffs.NamedDiff) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Return what a diff changes, without where it is written."""
    return [(hunk.function, hunk.old, hunk.new) for hunk in diff.hunks]


def _recipe(tree: ast.Module, exercise: str) -> ast.Call | None:
    """Find the call in ``RECIPES`` that makes the recipe of an exercise."""
    for statement in tree.body:
        if "RECIPES" in _bound(statement) and isinstance(statement, ast.Assign | ast.AnnAssign):
            for node in ast.iter_child_nodes(statement.value) if statement.value else ():
                if isinstance(node, ast.Call):
                    names = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "name")]
                    if any(isinstance(name, ast.Constant) and name.value == exercise for name in names):
                        return node
    return None


class _Used:
    """Collects the statements that a recipe uses, in its own file and in others beside it.

    Parameters
    ----------
    reference : Reference
    """

    def __init__(self, reference: Reference) -> None:
        self._packages = {**_OWN, reference.secret_folder.name: reference.secret_folder}
        self._recipes = reference.exercises_folder
        self._seen: set[tuple[Path, str]] = set()
        self._texts: dict[str, None] = {}

    def statements(self, path: Path, node: ast.AST) -> list[str]:
        """Return the statements as text; for an import from elsewhere in the kit, a digest of all that it brings."""
        self._add(path, node)
        # A program is a string, in which an import is a word like any other.
        words = set(_WORD.findall(" ".join((ast.dump(node), *self._texts))))
        named = sorted(file for file in _UTILS.glob("*.py") if file.stem in words)
        return [*sorted(self._texts), self._brought_by(named)]

    def _brought_by(self, files: Iterable[Path]) -> str:
        """Return a digest of some files, and of all that they import."""
        return _files_digest(_imported(files, self._packages), self._packages).hex()

    def _add(self, path: Path, node: ast.AST) -> None:
        body = _parsed(path).body
        always = [statement for statement in body if not isinstance(statement, _NAMING) and not _is_text(statement)]
        for each in (node, *always):
            for name in sorted({found.id for found in ast.walk(each) if isinstance(found, ast.Name)}):
                self._add_name(path, name)
        self._texts |= dict.fromkeys(map(ast.dump, always))

    def _add_name(self, path: Path, name: str) -> None:
        if (path, name) in self._seen:
            return
        self._seen.add((path, name))
        for statement in _parsed(path).body:
            if name in _bound(statement):
                self._texts[ast.dump(statement)] = None
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    self._add_import(path, statement, name)
                else:
                    self._add(path, statement)

    def _add_import(self, path: Path, statement: ast.Import | ast.ImportFrom, name: str) -> None:
        for file in set(_targets(path, statement, self._packages)) - _engine_files():
            if isinstance(statement, ast.ImportFrom) and file.is_relative_to(self._recipes) and file.stem != "__init__":
                original = next((a.name for a in statement.names if (a.asname or a.name) == name), name)
                if original in {bound for each in _parsed(file).body for bound in _bound(each)}:
                    self._add_name(file, original)
                    self._add(file, ast.Module([], []))
                    continue
            self._texts[self._brought_by([file])] = None


_NAMING: Final = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement at the top level of a module binds, without looking into ``if`` and ``try``."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return set()


def _imported(starts: Iterable[Path], packages: Names) -> set[Path]:
    """Return some files, and all files of these packages that they import, directly or through another one."""
    found: set[Path] = set()
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [file for statement in _imports(path) for file in _targets(path, statement, packages)]
    return found


def _targets(path: Path, statement: ast.Import | ast.ImportFrom, packages: Names) -> Iterator[Path]:
    """Yield the files of these packages that an import statement runs."""
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    else:
        base = _absolute(path, statement, packages)
        names = [base, *(f"{base}.{alias.name}" for alias in statement.names)]
    for name in names:
        first, *rest = name.split(".")
        if first in packages:
            place = packages[first]
            yield from _file(place)
            for part in rest:
                place /= part
                yield from _file(place)


def _absolute(path: Path, statement: ast.ImportFrom, packages: Names) -> str:
    """Return the full name of the module that an import statement is about."""
    if not statement.level:
        return statement.module or ""
    for name, folder in packages.items():
        if path.is_relative_to(folder):
            parents = [name, *path.relative_to(folder).parts[:-1]]
            above = parents[: len(parents) - statement.level + 1]
            return ".".join([*above, *([statement.module] if statement.module else [])])
    return ""


@cache
def _file(place: Path) -> tuple[Path, ...]:
    """Return the file of a module or package at a place, or the sources of one that is compiled; nothing else."""
    options = (place / "__init__.py", place.with_suffix(".py"), place.with_suffix(".pyx"))
    return tuple(path for path in options if path.is_file())


def _files_digest(files: Iterable[Path], packages: Names) -> bytes:
    def name(path: Path) -> str:
        folder = next(folder for folder in packages.values() if path.is_relative_to(folder))
        return path.relative_to(folder.parent).as_posix()

    return digest(part for path in sorted(files) for part in (name(path).encode(), path.read_bytes()))


@cache
def _imports(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Return all import statements of a file, wherever they stand in it."""
    return _imports_in(path.read_bytes()) if path.suffix == ".py" else ()


@lru_cache(maxsize=1024)  # by content: a copy of a course has the same files in another place
def _imports_in(source: bytes) -> tuple[ast.Import | ast.ImportFrom, ...]:
    return tuple(node for node in ast.walk(_tree(source)) if isinstance(node, ast.Import | ast.ImportFrom))


@cache
def _parsed(path: Path) -> ast.Module:
    return _tree(path.read_bytes())


@lru_cache(maxsize=1024)
def _tree(source: bytes) -> ast.Module:
    return ast.parse(source)
