"""Changed files are loaded anew, where they are held."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from utils.explorers.app import EXPLORERS, app, package_modules
from utils.explorers.student import Sources, Trouble

CODE = """
class Net:
    def answer(self):
        return {}
"""


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "made_up"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "net.py").write_text(CODE.format(1))
    sys.path.insert(0, str(tmp_path))
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    yield folder
    sys.dont_write_bytecode = before
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == "made_up"]:
        del sys.modules[name]


def saved(file: Path, text: str) -> None:
    file.write_text(text)
    os.utime(file, (2**31, 2**31 + len(text)))  # later than before, also on a coarse clock


def test_a_held_class_follows_its_file(package: Path) -> None:
    held = importlib.import_module("made_up.net").Net
    sources = Sources(held)
    saved(package / "net.py", CODE.format(22))
    sources.refresh()
    assert held().answer() == 22


def test_a_file_that_cannot_be_loaded_is_told_and_tried_again(package: Path) -> None:
    held = importlib.import_module("made_up.net").Net
    sources = Sources(held)
    saved(package / "net.py", "class Net:\n  def")
    with pytest.raises(Trouble, match="SyntaxError"):
        sources.refresh()
    with pytest.raises(Trouble):
        sources.refresh()
    saved(package / "net.py", CODE.format(333))
    sources.refresh()
    assert held().answer() == 333


def test_the_app_makes_an_explorer_when_it_is_looked_at(package: Path) -> None:
    page = app(package_modules(package))
    assert page.titles[1:] == tuple(EXPLORERS)
    assert not page.children[1].children
    page.selected_index = 1
    (shown,) = page.children[1].children
    assert "fc_net" in shown.children[0].value  # this package has none, and the page says so


def test_a_package_inside_a_package_keeps_its_name(package: Path) -> None:
    inner = package / "inner"
    inner.mkdir()
    (inner / "__init__.py").touch()
    (inner / "leaf.py").write_text("from ..net import Net\n")
    assert package_modules(inner)("leaf").__name__ == "made_up.inner.leaf"
