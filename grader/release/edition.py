"""The student edition: one folder and one archive that a course can publish."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import utils

from ..course import Course
from ..errors import ReleaseRefused, UnusableInput
from ..host.files import write_if_changed
from ..reference import Reference
from .building import build
from .front import front_matter
from .gate import inspect
from .gate.released import listed

STUDENTS_HALF = ("__init__.py", "py.typed", "errors.py", "cli.py", "checks")
"""What of its own ``utils`` the grader gives to the students of a course that has none: the check and the command."""


def given(course: Course) -> dict[str, bytes]:
    """What students get as it is: ``utils/`` and what builds it, the front matter and the licence.

    Parameters
    ----------
    course : Course
        The course; golden packs are not in it, because a release builds them.

    Returns
    -------
    dict of str to bytes
        Paths and contents. Files that do not belong there are kept, for the gate to judge.
    """
    tree = front_matter(course)
    for front in ("LICENSE", "setup.py"):
        if (path := course.root / front).is_file():
            tree[front] = path.read_bytes()
    for path in _utils(course):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".so", ".pyd"):
            tree[f"utils/{path.relative_to(utils_folder(course)).as_posix()}"] = path.read_bytes()
    return {name: data for name, data in tree.items() if name not in course.edition.withhold}


def utils_folder(course: Course) -> Path:
    """The ``utils`` that students of a course are given: its own, or the grader's where it has none."""
    own = course.root / "utils"
    return own if (own / "checks").is_dir() else Path(str(utils.__file__)).parent


def _utils(course: Course) -> Iterator[Path]:
    folder = utils_folder(course)
    if folder.parent == course.root:
        yield from folder.rglob("*")
        return
    for name in STUDENTS_HALF:
        yield folder / name
        yield from (folder / name).rglob("*")


def edition_name(course: Course) -> str:
    """What the folder and the archive of the student edition are called."""
    return f"{course.package}-course"


def student_edition(course: Course, out: Path, tree: Mapping[str, bytes] | None = None) -> Path:
    """Write the student edition.

    Parameters
    ----------
    course : Course
        The course.
    out : Path
        The folder that gets ``<package>-course/`` and ``<package>-course.zip``; an earlier edition there is replaced.
        The archive has the same bytes whenever its files have.
    tree : mapping of str to bytes, optional
        What was released, as in `Release.tree`; all assignments by default.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    UnusableInput
        Where ``<package>-course`` is something else than an earlier edition.
    ReleaseRefused
        Where the gate finds leaks.
    """
    name = edition_name(course)
    folder = out / name
    if folder.exists() and not _is_edition(folder, course.package):
        raise UnusableInput(f"{folder} is there and is no earlier student edition; choose another place.")
    files = {**given(course), **(build(course) if tree is None else tree)}
    if leaks := inspect(files, course, Reference.of(course)):
        raise ReleaseRefused(listed("There is no student edition, because the gate found {}", leaks, "leak"))
    if folder.exists():
        shutil.rmtree(folder)
    for path, data in files.items():
        write_if_changed(folder / path, data)
    archive = out / f"{name}.zip"
    write_if_changed(archive, _zipped(files, name))
    return archive


def _is_edition(folder: Path, package: str) -> bool:
    """Whether a folder is an earlier edition, and not by mistake a course."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {package, "utils", "pyproject.toml"} <= names and "course.toml" not in names


def _zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """The files as a zip archive of one folder, which depends on nothing but them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}")  # dated 1980, the earliest a zip can say
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
