"""Find course.toml, read it, and report what is wrong in it, with line numbers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ..errors import CourseError, Problem, UnusableCourseFiles
from .decision_file import with_decisions
from .source import Source
from .validation import faults
from .values import Assignment, Course


def find_root(start: Path | None = None) -> Path:
    """Return the course folder: `start`, or the nearest folder above it, that holds a course.toml.

    Parameters
    ----------
    start : Path, optional
        The folder to start at; the working directory by default.

    Raises
    ------
    CourseError
        When none of these folders has a course.toml.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "course.toml").is_file():
            return folder
    raise CourseError(f"No course.toml in {start} or above it; run this inside a course folder or give --course.")


def load(root: Path | None = None, *, decided: bool = True) -> Course:
    """Read and validate course.toml and, where there is one, decisions.toml.

    Parameters
    ----------
    root : Path, optional
        The course folder; by default, the one that `find_root` finds from the working directory.
    decided : bool, default True
        Whether decisions.toml is read.

    Returns
    -------
    Course

    Raises
    ------
    CourseError
        When a file cannot be read, or is not valid. The message lists every mistake, with its line and with what is
        allowed there.
    """
    course, problems = read(root)
    if problems:
        raise UnusableCourseFiles(problems)
    return with_decisions(course) if decided else course


def read(root: Path | None = None) -> tuple[Course, list[Problem]]:
    """Read course.toml alone, and return its mistakes instead of raising an error for them.

    `grader.release.consistency` uses this to report them together with mistakes in other files of the course. What
    students are given does not depend on decisions.toml.

    Parameters
    ----------
    root : Path, optional
        As for `load`.

    Returns
    -------
    course : Course
        If there are problems, use it only to look for more of them.
    problems : list of Problem
        The mistakes, sorted by line.

    Raises
    ------
    CourseError
        When the file cannot be read, is not TOML, has an unknown key, or has a value of the wrong type.
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
    for key in ("root", "decisions"):  # fields of Course that are set below and are no keys of the file
        if key in data:
            raise source.error(key, f'unknown key "{key}"; remove it.')
    try:
        # msgspec builds every type of a course but Path, which `dec_hook` makes from the text.
        course = msgspec.convert({**data, "root": str(root)}, Course, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at ")
        raise source.error(_nearest_name(data, place), f"{sentence} at {place.strip('`$.') or 'the top'}.") from None
    problems = sorted({Problem("course.toml", source.line_of(name), sentence) for name, sentence in faults(course)})
    assignments = tuple(_with_package(assignment, course.package) for assignment in course.assignment)
    return replace(course, assignment=assignments), problems


def _with_package(assignment: Assignment, package: str) -> Assignment:
    """Return the assignment with the name of the student's package in it and in each of its exercises."""
    notebooks = (
        replace(notebook, exercises=tuple(replace(exercise, package=package) for exercise in notebook.exercises))
        for notebook in assignment.notebook
    )
    return replace(assignment, notebook=tuple(notebooks), package=package)


def _nearest_name(data: Any, place: str) -> str:
    """Return the name of the innermost named table that contains a value, to find a line for it.

    Parameters
    ----------
    data : object
        What the TOML file holds.
    place : str
        The path of the value as msgspec writes it: ``"`$.assignment[0].notebook[1].name`"``.
    """
    name = ""
    for step in re.findall(r"\.(\w+)|\[(\d+)\]", place):
        try:
            data = data[step[0]] if step[0] else data[int(step[1])]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(data, dict) and isinstance(data.get("name"), str):
            name = data["name"]
    return name
