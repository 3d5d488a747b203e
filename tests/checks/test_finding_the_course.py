"""The student's check finds its course by the file of what it checks, else from where it is run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from utils.checks.course import course_of, find
from utils.checks.pack import PackError

ROOT = Path(__file__).parents[2]


def make(folder: Path, package: str) -> Path:
    """A course folder with nothing but its table."""
    (folder / "goldens").mkdir(parents=True)
    table = {"package": package, "title": "A course", "hint_level": 3, "nets": {}}
    (folder / "goldens" / "course.json").write_text(json.dumps(table))
    return folder


def test_the_nearest_folder_upwards_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = make(tmp_path / "outer", "one")
    inner = make(outer / "deep" / "inner", "two")
    assert find(outer / "deep").package == "one"
    assert find(inner / "two" / "layers.py").goldens == inner / "goldens"
    monkeypatch.chdir(inner)
    assert find().package == "two"


def test_a_function_is_looked_for_where_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = make(tmp_path / "here", "one"), make(tmp_path / "there", "two")
    module = ModuleType("two.layers")
    module.__file__ = str(there / "two" / "layers.py")
    monkeypatch.setitem(sys.modules, "two.layers", module)
    monkeypatch.chdir(here)
    function = type("function", (), {"__module__": "two.layers"})
    assert course_of(function).package == "two"
    assert course_of(len).package == "one"  # from no file at all
    assert course_of("a name").package == "one"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """As notebooks are run before a release: the reference stands in the place of the student's package."""
    course = make(tmp_path / "course", "one")
    (tmp_path / "solutions" / "one").mkdir(parents=True)
    (course / "one").symlink_to(tmp_path / "solutions" / "one")
    assert find(course / "one" / "layers.py").root == course


def test_elsewhere_the_course_beside_utils_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find().root == ROOT
    monkeypatch.setattr("utils.checks.course.__file__", str(tmp_path / "utils" / "checks" / "course.py"))
    with pytest.raises(PackError, match="run this in the course folder"):
        find()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"package": "one", "title": "A course", "nets": 3}', "\xff"])
def test_a_damaged_table_is_named(text: str, tmp_path: Path) -> None:
    folder = make(tmp_path, "one")
    (folder / "goldens" / "course.json").write_text(text, "latin-1")
    with pytest.raises(PackError, match=r"course\.json cannot be read; restore it"):
        find(folder)
