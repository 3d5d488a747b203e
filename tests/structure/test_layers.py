"""Who may import whom: a room of the grader stands on those above it in the list, and on no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRADER_ROOMS = (  # each may import those before it
    "errors",
    "wording",
    "host",
    "course",
    "report",
    "submission",
    "patch",
    "statements",
    "reference",
    "recipes",
    "sandbox",
    "gradebook",
    "feedback",
    "judging",
    "classrun",
    "nbgrader_plugin",
    "release",
    "desk",
    "book",
    "mutation",
    "hints",
    "authoring",
    "exchange",
    "show",
    "demo",
    "cli",
)


@cache
def imported(text: str, package: str) -> tuple[str, ...]:
    """The absolute names of all modules that a text imports, anywhere in it.

    Parameters
    ----------
    text : str
        Python.
    package : str
        The package that its relative imports start from.
    """
    return tuple(_imported(text, package))


def _imported(text: str, package: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def rooms(text: str, package: str) -> set[str]:
    """The rooms of the grader that a text imports."""
    names = (name.split(".") for name in imported(text, package))
    return {parts[1] for parts in names if parts[0] == "grader" and parts[1:2] and parts[1] in GRADER_ROOMS}


def files(folder: str) -> list[Path]:
    """The Python files below a folder, but for those of the course that `grader new-course` copies."""
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "template" not in path.parts)


def package_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parent.parts)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "grader").with_suffix("").parts[0]


def test_every_room_is_in_the_list() -> None:
    found = {room_of(path) for path in files("grader")} - {"__init__"}
    assert found == set(GRADER_ROOMS)


@pytest.mark.parametrize("room", GRADER_ROOMS)
def test_a_room_imports_only_rooms_before_it(room: str) -> None:
    allowed = set(GRADER_ROOMS[: GRADER_ROOMS.index(room) + 1])
    for path in files("grader"):
        if room_of(path) == room:
            wrong = rooms(path.read_text("utf-8"), package_of(path)) - allowed
            assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}, which may import {room}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from ..classrun.run import run", {"classrun"}),
        ("from .. import classrun", {"classrun"}),
        ("import grader.classrun.run as r", {"classrun"}),
        ("def f():\n    from grader import classrun", {"classrun"}),
        ("from .oracle import grade", {"judging"}),
        ("import numpy\nfrom . import oracle", {"judging"}),
        ("from utils.checks import check", set()),
    ],
)
def test_an_import_is_seen_however_it_is_written(text: str, found: set[str]) -> None:
    assert rooms(text, "grader.judging") == found


@pytest.mark.parametrize("folder", ["utils", "nndl", "solutions/nndl"])
def test_what_students_run_does_not_know_the_grader(folder: str) -> None:
    for path in files(folder):
        assert not rooms(path.read_text("utf-8"), package_of(path)), path


def test_what_students_are_given_does_not_know_what_they_write() -> None:
    for path in files("utils"):
        names = imported(path.read_text("utf-8"), package_of(path))
        assert not [name for name in names if name.split(".")[0] == "nndl"], path


@pytest.mark.parametrize("folder", ["grader", "utils", "nndl", "benchmarks"])
def test_nothing_imports_the_solutions(folder: str) -> None:
    """The grader's `Reference` loads them by their place; whatever else needs them asks it."""
    for path in files(folder):
        names = imported(path.read_text("utf-8"), package_of(path))
        assert not [name for name in names if name.split(".")[0] == "solutions"], path


def test_the_loader_alone_knows_where_the_solutions_stand() -> None:
    knowing = {room_of(path) for path in files("grader") if '"solutions"' in path.read_text("utf-8")}
    assert knowing - {"course"} == {"reference"}  # `course` knows that no student's package may be called so
