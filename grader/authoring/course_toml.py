"""Edit course.toml as text that people wrote: comments, order and layout stay."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import tomlkit


def add_exercise(text: str, assignment: str, notebook: str, name: str, points: float) -> str:
    """Add an exercise at the end of those of a notebook.

    Parameters
    ----------
    text : str
        course.toml.
    assignment, notebook, name : str
        Where, and which.
    points : float
        What it is worth.

    Returns
    -------
    str
        course.toml with one more line.
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
    """Take away the tables of all other assignments."""
    document = tomlkit.parse(text)
    tables: Any = document["assignment"]
    for index in reversed(range(len(tables))):
        if tables[index]["name"] not in names:
            del tables[index]
    return tomlkit.dumps(document)


def drop_packages(text: str, modules: Collection[str]) -> str:
    """Take away the lines of these files from the table ``[packages]``, and the table where nothing is left of it."""
    document = tomlkit.parse(text)
    table: Any = document.get("packages", {})
    for module in modules:
        table.pop(module, None)
    if "packages" in document and not table:
        del document["packages"]
    return tomlkit.dumps(document)


def set_course(text: str, *, title: str | None = None, package: str | None = None) -> str:
    """Give the course another title, or its package another name."""
    document = tomlkit.parse(text)
    table: Any = document["course"]
    for key, value in (("title", title), ("package", package)):
        if value is not None:
            table[key] = value
    return tomlkit.dumps(document)


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Put what `change` makes of a file in its place."""
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def _named(tables: Any, name: str) -> Any:
    return next(table for table in tables if table["name"] == name)
