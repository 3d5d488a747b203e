"""From the instructor's source to what students get: stubs, notebooks, golden packs, the student edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..course import Course
from ..errors import CourseError, ReleaseRefused
from .files import write_if_changed
from .notebooks import generate, write_sources
from .strip import strip

__all__ = ["Release", "build", "release"]


@dataclass(frozen=True)
class Release:
    """What a release changed.

    Attributes
    ----------
    written, removed : tuple of str
        Paths relative to the course folder.
    unchanged : int
        How many files were up to date already.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def build(course: Course, assignments: Sequence[str]) -> dict[str, bytes]:
    """Everything that is generated for students, in memory.

    Parameters
    ----------
    course : Course
        The course.
    assignments : sequence of str
        Whose notebooks are wanted. The package ``nndl`` is always built as a whole.

    Returns
    -------
    dict of str to bytes
        Paths relative to the course folder, ``nndl/…``, ``assignments/<assignment>/…`` and
        ``utils/checks/goldens/…``, sorted.

    Raises
    ------
    CourseError
        Where the sources or course.toml are damaged or do not fit each other.
    """
    tree = package(course)
    for name in assignments:
        tree |= generate(course, course[name])
    return dict(sorted(tree.items()))


def package(course: Course) -> dict[str, bytes]:
    """The student's package: the reference without its solutions. Other files stay, for the gate to judge."""
    folder = course.root / "solutions" / "nndl"
    tree = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        data = path.read_bytes()
        name = path.relative_to(folder)
        if path.suffix == ".py":
            data = strip(_decoded(data, path), ".".join(name.with_suffix("").parts), course).encode()
        tree[f"nndl/{name.as_posix()}"] = data
    for assignment, exercise in course.exercises():
        if exercise.file.endswith(".py") and exercise.file not in tree:
            raise CourseError(
                f"course.toml lists {exercise.name} for {assignment.name}, but solutions/{exercise.file} "
                "does not exist; write it or correct the name."
            )
    return tree


def release(
    course: Course, assignments: Sequence[str] = (), check: bool = False, db: str | None = None
) -> Release:
    """Release assignments: write what students get, or check that it is up to date.

    Parameters
    ----------
    course : Course
        The course.
    assignments : sequence of str, optional
        Their names; all by default.
    check : bool, default=False
        Write nothing; refuse when a committed file is not what a release would write.
    db : str, optional
        URL of the gradebook that learns the notebooks' cells; ``gradebook.db`` in the course folder by
        default.

    Raises
    ------
    ReleaseRefused
        Where the gate finds a leak, or, with `check`, files are stale. Nothing is written then.
    CourseError
        Where the sources or course.toml are damaged.
    """
    names = list(assignments) or [assignment.name for assignment in course.assignment]
    tree = build(course, names)
    changed = [path for path, data in tree.items() if _content(course.root / path) != data]
    extra = [path for path in _generated(course, names) if path not in tree]
    if check:
        stale = [f"{path} is stale" for path in changed] + [f"{path} is left over" for path in extra]
        if stale:
            raise ReleaseRefused(
                "The released files are not what the sources give; "
                f"run `grader release {' '.join(names)}` and commit:\n"
                + "\n".join(f"  - {line}" for line in stale)
            )
        return Release((), (), len(tree))
    write_sources(course)
    for name in names:
        generate(course, course[name], db or f"sqlite:///{course.root / 'gradebook.db'}")
    for path in changed:
        write_if_changed(course.root / path, tree[path])
    for path in extra:
        (course.root / path).unlink()
    return Release(tuple(changed), tuple(extra), len(tree) - len(changed))


def _generated(course: Course, assignments: Sequence[str]) -> list[str]:
    """The files on disk that only a release writes. Anything else in these folders is somebody's own."""
    found = list((course.root / "nndl").rglob("*.py"))
    for name in assignments:
        found += (course.root / "assignments" / name).glob("*.ipynb")
    return sorted(path.relative_to(course.root).as_posix() for path in found)


def _content(path: Path) -> bytes | None:
    """A file's bytes; None where there is none."""
    return path.read_bytes() if path.is_file() else None


def _decoded(data: bytes, path: Path) -> str:
    """The text of a reference module."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not UTF-8 ({error}); save it as UTF-8.") from None
