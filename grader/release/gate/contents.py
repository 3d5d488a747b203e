"""Check the names and contents of released files: litter, unlisted files, solution markers, notebooks that were run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from utils.checks.course import FOLDER

from .. import goldens
from ..markers import ANY_SPELLING
from ..percent_scripts import FOLDED, KERNELSPEC
from ..places import PLACES_TABLE
from .released import Leak, Released

LITTER = re.compile(
    r"(^|/)(__MACOSX|__pycache__|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db)(/|$)"
    r"|\.(pyc|pyo|pyd|so|o|dll|dylib|swp|orig|bak)$|~$|-checkpoint\.\w+$",
    re.IGNORECASE,
)
ALLOWED = re.compile(
    r"utils/(\w+/)*(\w+\.(pyx?|c|h)|py\.typed)"
    r"|(README\.md|LICENSE|environment\.yml|pyproject\.toml|setup\.py)"
    r"|\.devcontainer/devcontainer\.json|\.binder/(environment\.yml|postBuild)"
)
PICTURE = re.compile(r"[\w-]+\.(png|jpe?g|svg)")
NOTEBOOK_KEYS = {"cells", "metadata", "nbformat", "nbformat_minor"}
CELL_KEYS = {"cell_type", "id", "metadata", "source", "outputs", "execution_count"}
METADATA_KEYS = {"nbgrader", "deletable", "editable"}


def litter(released: Released) -> Iterator[Leak]:
    """Yield a leak for each file that a compiler, an editor or an archiver has left behind."""
    for path in released.tree:
        if LITTER.search(path):
            yield Leak(path, 0, 0, "this is a compiled file or a tool's litter; delete it")


def unlisted_files(released: Released) -> Iterator[Leak]:
    """Yield a leak for each file that no rule allows."""
    listed = {goldens.COURSE_TABLE, PLACES_TABLE} | {f"{FOLDER}/{e.name}.npz" for e in released.exercises}
    folders = {f"assignments/{assignment.name}" for assignment in released.course.assignment}
    own = re.compile(rf"{released.course.package}/\w+\.py")
    for assignment in released.course.assignment:
        listed |= {f"assignments/{assignment.name}/{notebook.name}.ipynb" for notebook in assignment.notebook}
    for path in released.tree:
        folder, _, name = path.rpartition("/")
        picture = folder in folders and PICTURE.fullmatch(name)
        allowed = own.fullmatch(path) or ALLOWED.fullmatch(path) or LITTER.search(path)  # `litter` reports those
        if not (path in listed or picture or allowed or _matches(path, released.course.edition.also)):
            yield Leak(path, 0, 0, "this file is not on the list of what students get; keep it elsewhere")


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a path matches one of these patterns, in which ``*`` does not match a slash."""
    place = PurePosixPath(path)
    # `match` compares from the right, so that "*.png" would match in every folder; equal depth rules this out.
    return any(place.match(pattern) and pattern.count("/") == path.count("/") for pattern in patterns)


def markers(released: Released) -> Iterator[Leak]:
    """Yield a leak for each marker of a solution or of hidden tests, in any spelling."""
    for text in released.texts:
        for number, line in enumerate(text.text.split("\n"), 1):
            if match := ANY_SPELLING.search(line):
                yield Leak(text.path, text.cell, number, f'"{match[0].strip()}" marks a solution; remove it')


def used_notebooks(released: Released) -> Iterator[Leak]:
    """Yield a leak for each output, execution count and foreign metadata in a notebook, which come from running it."""
    for path, notebook in released.notebooks.items():
        if notebook is None:
            yield Leak(path, 0, 0, "this is not a notebook; build it again")
            continue
        if set(notebook) - NOTEBOOK_KEYS or notebook.get("metadata") != {"kernelspec": KERNELSPEC}:
            yield Leak(path, 0, 0, "this notebook has metadata besides the kernel's name; remove it")
        for number, cell in enumerate(notebook["cells"], 1):
            if cell.get("outputs"):
                yield Leak(path, number, 0, "this cell has outputs; clear them")
            if cell.get("execution_count") is not None:
                yield Leak(path, number, 0, "this cell has an execution count; clear it")
            own = {key for key, value in (cell.get("metadata") or {}).items() if FOLDED.get(key) != value}
            foreign = (set(cell) - CELL_KEYS) | (own - METADATA_KEYS)
            if foreign:
                yield Leak(path, number, 0, f"this cell has metadata of its own ({', '.join(sorted(foreign))})")
