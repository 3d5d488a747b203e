"""Choose the files to hand in for an assignment, and leave scratch files out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.checks.assignments import Assignment
from utils.checks.course import Course

from ..imports import Import, imports_of
from ..syntax import parse

_TOLD = (".ipynb", ".py", ".npz", ".safetensors")
"""Of what is left out, only files with these endings are named: others are seldom meant to be handed in."""


@dataclass(frozen=True)
class HandIn:
    """The files of an assignment.

    Attributes
    ----------
    files : dict of str to Path
        Name in the archive → file, of those that are there; sorted by name.
    missing : tuple of str
        Names in the archive of those that are asked for and are not there.
    left_out : tuple of str
        Paths, relative to the course folder, of files that look like work and are not handed in.
    needed : tuple of str
        The files of the package, without their endings, that the assignment's exercises stand in or import.
    """

    files: dict[str, Path]
    missing: tuple[str, ...]
    left_out: tuple[str, ...]
    needed: tuple[str, ...]


def hand_in(course: Course, assignment: Assignment) -> HandIn:
    """Choose the files: the notebooks, the trained nets, and the package's files that belong to exercises.

    Of the package's other files those are taken that these files, or the notebooks, import.
    """
    folder, package = course.notebooks_folder / assignment.name, course.root / course.package
    notebooks = [notebook.file for notebook in assignment.notebooks]
    nets = [exercise.file for exercise in assignment.exercises if exercise.is_net]
    wanted = {name: folder / name for name in (*notebooks, *nets)}
    needed = _with_imported(_modules([assignment], course), package)
    everywhere = _modules(course.assignments, course)
    everywhere |= {
        name.partition(".")[0] for one in course.assignments for book in one.notebooks for name in book.optional
    }
    from_notebooks = {one.own for name in notebooks for one in notebook_imports(folder / name, course.package)}
    modules = _with_imported({*needed, *everywhere, *from_notebooks}, package) | {"__init__"}
    wanted |= {f"{course.package}/{module}.py": package / f"{module}.py" for module in modules}
    asked = {*notebooks, *nets, *(exercise.file for exercise in assignment.exercises)}
    files = {name: wanted[name] for name in sorted(wanted) if wanted[name].is_file()}
    left_out = sorted(
        path.relative_to(course.root).as_posix()
        for path in (*folder.glob("*"), *(folder / "models").glob("*"), *package.glob("*.py"))
        if path.is_file() and path.suffix in _TOLD and path not in files.values() and path.name[0] not in "._"
    )
    return HandIn(files, tuple(sorted(asked - files.keys())), tuple(left_out), tuple(sorted(needed)))


def _modules(assignments: Iterable[Assignment], course: Course) -> set[str]:
    """The files of the package, without their endings, that have the graded exercises of some assignments."""
    exercises = [exercise for one in assignments for exercise in one.exercises]
    built_by = {str(course.nets[one.name].get("constructor", "")) for one in exercises if one.is_net}
    return {one.module for one in exercises if not one.is_net} | {name.partition(".")[0] for name in built_by if name}


def _with_imported(modules: set[str], package: Path) -> set[str]:
    """Add the package's files that these files import, and those that they import in turn."""
    found: set[str] = set()
    waiting = sorted(modules)
    while waiting:
        module = waiting.pop()
        if module not in found and (package / f"{module}.py").is_file():
            found.add(module)
            waiting += [one.own for one in file_imports(package / f"{module}.py", package.name) if one.own]
    return found


def file_imports(path: Path, package: str) -> list[Import]:
    """What a file imports; nothing where Python cannot read it."""
    try:
        return imports_of(parse(path.read_text("utf-8-sig")), package)
    except (OSError, UnicodeDecodeError, SyntaxError):
        return []


def notebook_imports(path: Path, package: str) -> Iterator[Import]:
    """Yield what the code cells of a notebook import; cells that Python cannot read have none."""
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    for code in codes:
        python = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in code.splitlines())
        try:
            yield from imports_of(parse(python), package)
        except SyntaxError:
            continue
