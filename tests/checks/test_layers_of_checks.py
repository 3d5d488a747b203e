"""The rooms of `utils.checks` stand on each other in one order: nothing imports what stands above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import utils.checks

ROOT = Path(str(utils.checks.__file__)).parent
FILES = sorted(path for path in ROOT.rglob("*.py"))

ORDER = (
    {
        "values",
        "python_text",
        "matrix_products",
        "boxes",
        "forbidden_calls",
        "watched_loss",
        "debugger",
        "assignments",
        "places",
        "students_folder",
    },
    {"crash_site", "crash_clues"},
    {"crash_scope"},
    {"compare", "crash"},
    {"case", "program"},
    {"child"},
    {"diagnose.describe", "diagnose.crashes"},
    {"diagnose"},
    {"pack", "weights"},
    {"places"},
    {"course"},
    {"result", "student_code", "not_finite"},
    {"examine"},
    {"models"},
    {"check"},
    {""},  # utils.checks itself: what students import
)
"""From the ground up. A module may import what stands below it, or beside it in its own room."""

ROOMS = {"child", "compare", "diagnose", "diagnose.crashes", "diagnose.describe"}


def room(module: str) -> str:
    """The room that a module of `utils.checks` stands in: ``"compare"`` for ``"compare.rule"``; a file is its own."""
    return max((name for name in ROOMS if f"{module}.".startswith(f"{name}.")), key=len, default=module)


def floor(module: str) -> int:
    return next(number for number, rooms in enumerate(ORDER) if room(module) in rooms)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


def imported(path: Path, source: str) -> Iterator[str]:
    """The modules of `utils.checks` that a file imports, as in ``"compare.rule"``."""
    package = path.relative_to(ROOT.parents[1]).parent.parts
    known = {name_of(file) for file in FILES}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
        target = ".".join(filter(None, (base, node.module)))
        if f"{target}.".startswith("utils.checks."):
            inside = target.removeprefix("utils.checks").removeprefix(".")
            for alias in node.names:
                longer = f"{inside}.{alias.name}".removeprefix(".")
                yield longer if longer in known else inside


def upwards(path: Path, source: str) -> list[str]:
    """What a file imports and should not, because it stands above the file's own room."""
    own = name_of(path)
    return [
        other for other in imported(path, source) if room(other) != room(own) and floor(other) >= floor(own) and other
    ]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_imports_what_stands_above_it(path: Path) -> None:
    assert upwards(path, path.read_text("utf-8")) == []


def test_every_room_has_its_place() -> None:
    assert {room(name_of(path)) for path in FILES} == set.union(*ORDER)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("values.py", "from .case import Case"),
        ("compare/rule.py", "from ..diagnose import judge"),
        ("compare/rule.py", "from utils.checks.case import Case"),
        ("case.py", "from . import pack"),
        ("diagnose/describe/order.py", "from ..findings import IN_PLACE"),
        ("diagnose/judge.py", "def f():\n    from ..pack import load"),
    ],
)
def test_an_import_upwards_is_seen(file: str, line: str) -> None:
    assert upwards(ROOT / file, line)
