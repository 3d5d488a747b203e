"""Edit course.toml and keep its comments, order and layout, because people wrote it and will edit it again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import tomlkit


def add_exercise(text: str, assignment: str, notebook: str, name: str, points: float) -> str:
    """Add an exercise at the end of a notebook's list.

    Parameters
    ----------
    text : str
        The text of course.toml.
    assignment, notebook : str
        The names of the assignment and of its notebook; course.toml has both.
    name : str
        The exercise, ``"module.function"``.
    points : float
        The points of the exercise.

    Returns
    -------
    str
        The new text of course.toml.
    """
    document = tomlkit.parse(text)
    table: Any = _named(_named(document["assignment"], assignment)["notebook"], notebook)
    worth = int(points) if points == int(points) else points
    line = tomlkit.parse(f'line = {{ name = "{name}", points = {worth} }}')["line"]
    table.setdefault("exercises", tomlkit.array())
    array = table["exercises"]
    if "\n" in array.as_string():
        array.add_line(line, indent="    ")
    else:
        array.append(line)
    return tomlkit.dumps(document)


def keep_assignments(text: str, names: Collection[str]) -> str:
    """Remove the tables of all assignments but these, with those of their explorers, and return the new text."""
    document = tomlkit.parse(text)
    for kind, key in (("assignment", "name"), ("explorer", "notebook")):
        tables: Any = document.get(kind, [])
        for index in reversed(range(len(tables))):
            if tables[index][key].partition("/")[0] not in names:
                del tables[index]
        if kind in document and not tables:
            del document[kind]
    return tomlkit.dumps(document)


def drop_packages(text: str, modules: Collection[str]) -> str:
    """Remove these modules from the table ``[packages]``, and the table itself if it is then empty."""
    document = tomlkit.parse(text)
    table: Any = document.get("packages", {})
    for module in modules:
        table.pop(module, None)
    if "packages" in document and not table:
        del document["packages"]
    return tomlkit.dumps(document)


def drop_book(text: str) -> str:
    """Remove the table ``[book]``, whose pages are not copied with a course, and return the new text."""
    document = tomlkit.parse(text)
    document.pop("book", None)
    return tomlkit.dumps(document)


def set_course(text: str, *, title: str | None = None, package: str | None = None) -> str:
    """Set the course's title, its package's name, or both, and return the new text."""
    document = tomlkit.parse(text)
    table: Any = document["course"]
    for key, value in (("title", title), ("package", package)):
        if value is not None:
            table[key] = value
    return tomlkit.dumps(document)


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Replace the text of a file by ``change(text)``."""
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def _named(tables: Any, name: str) -> Any:
    """Return the table with this name from an array of tables."""
    return next(table for table in tables if table["name"] == name)
