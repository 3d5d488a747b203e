"""Write the student edition: one folder and one archive that a course can publish."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import utils
from utils.workspace.updating.release import INVENTORY, inventory_of

from ..course import Course
from ..errors import ReleaseRefused, UnusableInput
from ..host.files import write_if_changed
from ..reference import Reference
from .building import build
from .front import front_matter
from .gate import inspect
from .gate.released import listed

STUDENTS_HALF = ("__init__.py", "py.typed", "errors.py", "cli", "checks", "workspace")
"""The parts of the grader's ``utils`` that students need for ``check`` and for their command.

Students get these where the course has no ``utils`` folder of its own.
"""


def given_files(course: Course) -> dict[str, bytes]:
    """Collect the files that students get and that `build` does not make.

    These are ``utils/``, the ``setup.py`` that compiles it, the front matter, the licence, and the files that
    course.toml lists under ``also``, such as the documentation for students.

    Parameters
    ----------
    course : Course
        The course; its ``withhold`` lists files that are left out.

    Returns
    -------
    dict of str to bytes
        Contents by path. Files that students should not get are not filtered out here, because the gate reports them.

    Raises
    ------
    CourseError
        When a template of the front matter cannot be filled.
    """
    tree = front_matter(course)
    for front in ("LICENSE", "setup.py"):
        if (path := course.root / front).is_file():
            tree[front] = path.read_bytes()
    for path in _utils(course):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".so", ".pyd"):
            tree[f"utils/{path.relative_to(utils_folder(course)).as_posix()}"] = path.read_bytes()
    for pattern in (pattern for pattern in course.edition.also if not pattern.startswith("utils/")):
        for path in course.root.glob(pattern):
            tree[path.relative_to(course.root).as_posix()] = path.read_bytes()
    return {name: data for name, data in tree.items() if name not in course.edition.withhold}


def utils_folder(course: Course) -> Path:
    """Return the ``utils`` folder that students get: the course's own, or else the grader's."""
    own = course.root / "utils"
    return own if (own / "checks").is_dir() else Path(str(utils.__file__)).parent


def _utils(course: Course) -> Iterator[Path]:
    """List the files of `utils_folder`: all of a course's own, but only `STUDENTS_HALF` of the grader's."""
    folder = utils_folder(course)
    if folder.parent == course.root:
        yield from folder.rglob("*")
        return
    for name in STUDENTS_HALF:
        yield folder / name
        yield from (folder / name).rglob("*")


def with_inventory(course: Course, files: Mapping[str, bytes]) -> tuple[dict[str, bytes], str]:
    """Add the inventory of a release, from which a student's folder is updated later.

    Returns
    -------
    dict of str to bytes
        The files with their inventory.
    str
        The name of the folder in the archive. It tells this release from all others, so that an archive that is
        unpacked beside an earlier one, or twice, does not overwrite what a student has written.
    """
    inventory = inventory_of(files, course.package, course.course.title)
    given = [assignment.name for assignment in course.assignment if assignment.name in inventory.assignments]
    span = "-".join(dict.fromkeys([given[0], given[-1]])) if given else "none"
    return {**files, INVENTORY: inventory.to_bytes()}, f"{course.edition_name}-{span}-{inventory.version}"


def student_edition(course: Course, out: Path, tree: Mapping[str, bytes] | None = None) -> Path:
    """Write the student edition.

    Parameters
    ----------
    course : Course
        The course.
    out : Path
        The folder in which ``<package>-course/`` and ``<package>-course.zip`` are written; an earlier edition there is
        replaced. Equal files give an archive with equal bytes.
    tree : mapping of str to bytes, optional
        The released files, as in `Release.tree`; by default all assignments are built.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    UnusableInput
        When ``<package>-course`` exists and is not an earlier edition.
    ReleaseRefused
        When the gate finds leaks.
    CourseError
        When the front matter cannot be made or, without `tree`, when `build` fails.
    """
    name = course.edition_name
    folder = out / name
    if folder.exists() and not _is_edition(folder, course.package):
        raise UnusableInput(f"{folder} is there and is no earlier student edition; choose another place.")
    files = {**given_files(course), **(build(course) if tree is None else tree)}
    if leaks := inspect(files, course, Reference.of(course)):
        raise ReleaseRefused(listed("There is no student edition, because the gate found {}", leaks, "leak"))
    if folder.exists():
        shutil.rmtree(folder)
    files, folder_in_archive = with_inventory(course, files)
    for path, data in files.items():
        write_if_changed(folder / path, data)
    archive = out / f"{name}.zip"
    write_if_changed(archive, _zipped(files, folder_in_archive))
    return archive


def _is_edition(folder: Path, package: str) -> bool:
    """Tell whether a folder is an earlier edition; it will be deleted, so it must not be somebody's course."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {package, "utils", "pyproject.toml"} <= names and "course.toml" not in names


def _zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """Pack the files into a zip archive with one folder; the bytes depend only on the files and the folder's name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}")  # its default date is 1980, so the time of day plays no part
            entry.external_attr = 0o100644 << 16  # a file that everybody may read; by default only its owner may
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
