"""Start a course: an empty one with a worked example, or a copy of another one with some of its assignments."""

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
from .course_toml import drop_packages, edit, keep_assignments, set_course

TEMPLATE = Path(__file__).with_name("template")
_EXAMPLE = "mycourse"  # the package of the template
_OF_A_REPOSITORY = ("dot-gitignore", "dot-gitattributes", "dot-github", "nbgrader_config.py", "README.md")
_LITTER = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.so", "*.pyd")


def new_course(folder: Path, *, package: str | None = None, title: str | None = None) -> Course:
    """Write a course with one worked example.

    Parameters
    ----------
    folder : Path
        Where; it is made, or is empty.
    package : str, optional
        What the student's package is called; ``"mycourse"`` by default.
    title : str, optional
        What the course is called; ``"My course"`` by default.

    Returns
    -------
    Course

    Raises
    ------
    UnusableInput
        Where something stands in the folder, or the package's name is none. Nothing has been written then.
    """
    _check(folder, package)
    _write_template(folder, [path.name for path in TEMPLATE.iterdir()])
    _name(folder, _EXAMPLE, package, title)
    return load(folder)


def copy_course(
    source: Course, folder: Path, assignments: Sequence[str] = (), *, package: str | None = None,
    title: str | None = None,
) -> tuple[Course, Findings]:  # fmt: skip
    """Copy a course with some of its assignments, without the files that nothing needs then.

    Parameters
    ----------
    source : Course
        What is copied.
    folder : Path
        Where to; it is made, or is empty.
    assignments : sequence of str, optional
        Their names; all by default.
    package, title : str, optional
        Other names than those of `source`.

    Returns
    -------
    course : Course
        The copy.
    findings : Findings
        What in it does not fit any more, and what is left over.

    Raises
    ------
    UnusableInput
        As `new_course`.
    CourseError
        Where `source` has no such assignment.
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
    edit(folder / "course.toml", lambda text: keep_assignments(text, wanted))
    _name(folder, source.package, package, title)
    course = load(folder)
    gone = left_out(course)
    for path in [*_unneeded(source, course)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    edit(folder / "course.toml", lambda text: drop_packages(text, gone))
    course = load(folder)
    return course, examine(course)


def _check(folder: Path, package: str | None) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UnusableInput(f"{folder} is there and is not empty; choose another folder.")
    if package is not None and not PACKAGE.match(package):
        raise UnusableInput(
            f'"{package}" is no name of a package; use small letters, digits and _, and none of the kit.'
        )


def _write_template(folder: Path, names: Sequence[str]) -> None:
    """Copy files of the template; what begins with ``dot-`` there begins with a dot."""
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
    """Give the student's package another name wherever it is named, and the course another title."""
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
    endings = {".py", ".toml", ".md", ".wrong", ".right", ".yml", ""}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in endings:
            yield path


def _unneeded(source: Course, course: Course) -> Iterator[Path]:
    """Files and folders of a copy that only the other assignments of its source need."""
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
    unused = {(course.root / one.file) for one in RecipeBook(reference).unused(course)}
    for path in sorted(unused):
        if path.is_dir():
            yield path
        elif not _still_used(path, named):
            yield from path.parent.glob(f"{path.stem}.*")


def _still_used(path: Path, named: set[str]) -> bool:
    """Whether a family's file has a recipe of one of these exercises, or another file of its folder imports it."""
    text = path.read_text("utf-8")
    others = (other.read_text("utf-8") for other in path.parent.glob("*.py") if other != path)
    imported = re.compile(rf"^from \.{path.stem} import|^from \. import .*\b{path.stem}\b", re.MULTILINE)
    return any(f'"{name}"' in text for name in named) or any(map(imported.search, others))
