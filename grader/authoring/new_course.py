"""Start a course: either one with a worked example, or a copy of another course with some of its assignments."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from .. import version
from ..course import Course, load
from ..course.validation import PACKAGE
from ..errors import UnusableInput
from ..recipes import RecipeBook
from ..reference import Reference
from ..release.consistency import Findings, examine
from ..release.strip import left_out
from .course_toml import drop_book, drop_packages, edit, keep_assignments, set_course

TEMPLATE = Path(__file__).with_name("template")
_EXAMPLE = "mycourse"  # the name of the package in the template
_OF_A_REPOSITORY = ("dot-gitignore", "dot-gitattributes", "dot-github", "nbgrader_config.py", "README.md")
_LITTER = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.so", "*.pyd")


def new_course(folder: Path, *, package: str | None = None, title: str | None = None) -> Course:
    """Write a course with one worked example.

    Parameters
    ----------
    folder : Path
        The folder of the new course. It may exist if it is empty.
    package : str, optional
        The name of the student's package; ``"mycourse"`` by default.
    title : str, optional
        The title of the course; ``"My course"`` by default.

    Returns
    -------
    Course

    Raises
    ------
    UnusableInput
        When the folder is not empty, or the name of the package is not valid. Nothing has been written then.
    """
    _check(folder, package)
    _write_template(folder, [path.name for path in TEMPLATE.iterdir()])
    _name(folder, _EXAMPLE, package, title)
    return load(folder)


def copy_course(
    source: Course, folder: Path, assignments: Sequence[str] = (), *, package: str | None = None,
    title: str | None = None,
) -> tuple[Course, Findings]:  # fmt: skip
    """Copy a course with some of its assignments, and leave out the files that only the other assignments need.

    Parameters
    ----------
    source : Course
        The course to copy.
    folder : Path
        The folder of the copy. It may exist if it is empty.
    assignments : sequence of str, optional
        The names of the assignments to keep; all by default.
    package, title : str, optional
        The name of the student's package and the title of the course; by default those of `source`.

    Returns
    -------
    course : Course
        The copy.
    findings : Findings
        The problems of the copy: names in it that refer to dropped assignments, and parts that are not used any more.

    Raises
    ------
    UnusableInput
        When the folder is not empty, or the name of the package is not valid. Nothing has been written then.
    CourseError
        When `source` has no assignment of one of these names. Nothing has been written then.
    """
    wanted = [source[name].name for name in assignments] or [assignment.name for assignment in source.assignment]
    _check(folder, package)
    _write_template(folder, _OF_A_REPOSITORY)
    _name(folder, _EXAMPLE, source.package, source.course.title)
    shutil.copytree(source.secret, folder / source.secret.name, ignore=_LITTER)
    if (source.root / "utils").is_dir():  # what students are given besides the checks, such as data and plots
        shutil.copytree(source.root / "utils", folder / "utils", ignore=_LITTER)
    for name in ("course.toml", "LICENSE"):
        if (source.root / name).is_file():
            shutil.copy(source.root / name, folder)
    edit(folder / "course.toml", lambda text: drop_book(keep_assignments(text, wanted)))
    _name(folder, source.package, package, title)
    course = load(folder)
    unreleased = left_out(course)  # before the files are gone, since it reads them
    for path in [*_unneeded(source, course)]:  # the whole list first: the generator reads files that are deleted here
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    edit(folder / "course.toml", lambda text: drop_packages(text, unreleased))
    course = load(folder)
    return course, examine(course)


def _check(folder: Path, package: str | None) -> None:
    """Raise UnusableInput if the folder is not empty or the package's name is not valid."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UnusableInput(f"{folder} is there and is not empty; choose another folder.")
    if package is not None and not PACKAGE.match(package):
        raise UnusableInput(
            f'"{package}" is no name of a package; use small letters, digits and _, and none of the kit.'
        )


def _write_template(folder: Path, names: Sequence[str]) -> None:
    """Copy files of the template into a new course.

    A name that begins with ``dot-`` in the template begins with a dot in the course. The template cannot use the dot
    itself: git would obey its .gitignore, and the globs of setuptools do not match hidden files.
    """
    for name in names:
        path, target = TEMPLATE / name, folder / re.sub("^dot-", ".", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, ignore=_LITTER)
        else:
            shutil.copy(path, target)
    for path in folder.rglob("*.yml"):
        edit(path, lambda text: text.replace("VERSION", version()))


def _name(folder: Path, before: str, package: str | None, title: str | None) -> None:
    """Rename the student's package from `before` to `package` in every file, and set the course's title."""
    if package is not None and package != before:
        word = re.compile(rf"\b{before}\b")
        for path in _texts(folder):
            edit(path, lambda text: word.sub(package, text))
        for old in folder.glob(f"*/{before}"):
            old.rename(old.with_name(package))
    if (folder / "course.toml").is_file():
        edit(folder / "course.toml", lambda text: set_course(text, title=title))
    if title is not None and (folder / "README.md").is_file():
        edit(folder / "README.md", lambda text: re.sub(r"\A# .*", lambda _: f"# {title}", text))


def _texts(folder: Path) -> Iterator[Path]:
    """Yield the files of a course that may contain the name of its package."""
    endings = {".py", ".toml", ".md", ".wrong", ".right", ".yml", ""}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in endings:
            yield path


def _unneeded(source: Course, course: Course) -> Iterator[Path]:
    """Yield the files and folders of the copy `course` that only dropped assignments of `source` need."""
    solutions = course.secret
    used = {course.sources(assignment) for assignment in course.assignment}
    for assignment in source.assignment:
        folder = solutions / source.sources(assignment).name
        if folder not in used and folder.is_dir():
            yield folder
    for module in left_out(course):
        yield solutions / course.package / f"{module}.py"
    reference = Reference(course.root, course.package)
    named = {exercise.name for _, exercise in course.exercises(further=True)}
    for path in reference.student_answers_folder.rglob("*.txt"):
        if f"{path.parent.name}.{path.stem}" not in named:
            yield path
    unused = {(course.root / remark.file) for remark in RecipeBook(reference).unused(course)}
    for path in sorted(unused):
        if path.is_dir():
            yield path
        elif not _still_used(path, named):
            yield from path.parent.glob(f"{path.stem}.*")


def _still_used(path: Path, named: set[str]) -> bool:
    """Tell whether a file of recipes has one of these exercises, or another file in its folder imports it."""
    text = path.read_text("utf-8")
    others = (other.read_text("utf-8") for other in path.parent.glob("*.py") if other != path)
    imported = re.compile(rf"^from \.{path.stem} import|^from \. import .*\b{path.stem}\b", re.MULTILINE)
    return any(f'"{name}"' in text for name in named) or any(map(imported.search, others))
