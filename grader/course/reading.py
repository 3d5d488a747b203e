"""Find course.toml, read it, and say what in it is wrong."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ..errors import CourseError, Problem, UnusableCourseFiles
from .source import Source
from .validation import impossible
from .values import Assignment, Course


def find_root(start: Path | None = None) -> Path:
    """The course folder: the nearest one, upwards from `start`, that holds a course.toml.

    Parameters
    ----------
    start : Path, optional
        Where to start; the working directory by default.

    Raises
    ------
    CourseError
        Where there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "course.toml").is_file():
            return folder
    raise CourseError(f"No course.toml in {start} or above it; run this inside a course folder or give --course.")


def load(root: Path | None = None) -> Course:
    """Read and validate course.toml.

    Parameters
    ----------
    root : Path, optional
        The course folder; found upwards from the working directory by default.

    Returns
    -------
    Course

    Raises
    ------
    CourseError
        Where the file cannot be read or says something impossible: all of that, with lines and what is allowed.
    """
    course, problems = read(root)
    if problems:
        raise UnusableCourseFiles(problems)
    return course


def read(root: Path | None = None) -> tuple[Course, list[Problem]]:
    """Read course.toml, and say what in it is impossible.

    Parameters
    ----------
    root : Path, optional
        As for `load`.

    Returns
    -------
    course : Course
    problems : list of Problem
        Sorted; the course may be used for nothing but to look for more of them where there are any.

    Raises
    ------
    CourseError
        Where the file cannot be read, or a value is of the wrong kind.
    """
    root = find_root() if root is None else root
    path = root / "course.toml"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read ({error}); restore it from the course's repository.") from None
    source = Source(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not valid TOML: {error}.") from None
    if "root" in data:
        raise source.error("root", 'unknown key "root"; remove it.')
    try:
        course = msgspec.convert({**data, "root": str(root)}, Course, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at ")
        raise source.error(_nearest_name(data, place), f"{sentence} at {place.strip('`$.') or 'the top'}.") from None
    problems = sorted({Problem("course.toml", source.line_of(name), said) for name, said in impossible(course)})
    assignments = tuple(_with_package(assignment, course.package) for assignment in course.assignment)
    return replace(course, assignment=assignments), problems


def _with_package(assignment: Assignment, package: str) -> Assignment:
    """The assignment, it and each of its exercises knowing the student's package."""
    notebooks = (
        replace(notebook, exercises=tuple(replace(exercise, package=package) for exercise in notebook.exercises))
        for notebook in assignment.notebook
    )
    return replace(assignment, notebook=tuple(notebooks), package=package)


def _nearest_name(data: Any, place: str) -> str:
    """The name of the innermost table on the way to `place`, for finding its line."""
    name = ""
    for step in re.findall(r"\.(\w+)|\[(\d+)\]", place):
        try:
            data = data[step[0]] if step[0] else data[int(step[1])]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(data, dict) and isinstance(data.get("name"), str):
            name = data["name"]
    return name
