"""Changed files are loaded anew, where they are held."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ipywidgets import Tab

from utils.explorers import student
from utils.explorers.app import EXPLORERS, app, package_modules
from utils.explorers.sources import Sources, beside
from utils.explorers.student import Trouble

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
    """Save as quickly as a clock does not notice: the file's time stays what it was."""
    before = file.stat()
    file.write_text(text)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def answer(sources: Sources, net: Any) -> Any:
    (now,) = sources.refresh(net)
    return now().answer()


def test_what_runs_is_what_the_file_says(package: Path) -> None:
    held = importlib.import_module("made_up.net").Net
    saved(package / "net.py", CODE.format(2))  # before the explorer is made, but after the import
    sources = Sources(held)
    assert answer(sources, held) == 2
    saved(package / "net.py", CODE.format(3))
    assert answer(sources, held) == 3
    new = package / "new.py"
    new.write_text(CODE.format(4))
    new.replace(package / "net.py")  # as many editors save
    assert answer(sources, held) == 4


def test_what_python_keeps_of_a_file_is_not_taken_for_a_later_text(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    held = importlib.import_module("made_up.net").Net
    sources = Sources(held)
    for number in (2, 3, 4):  # the same size each time
        saved(package / "net.py", CODE.format(number))
        assert answer(sources, held) == number


def test_what_a_notebook_has_imported_stays_as_it_is(package: Path) -> None:
    (package / "other.py").write_text("from .net import Net\n")
    notebooks = importlib.import_module("made_up.net"), importlib.import_module("made_up.other")
    held = notebooks[0].Net
    sources = Sources(held)
    for number in (2, 3):
        saved(package / "net.py", CODE.format(number))
        (now,) = sources.refresh(held)
        assert now is not held
        assert beside(now, "Net") is now  # the explorer's module, not the notebook's of the same name
        assert (sys.modules["made_up.net"], sys.modules["made_up.other"]) == notebooks
        assert notebooks[1].Net is held  # a check of it finds the module that it is from
    saved(package / "net.py", "1 / 0\n")
    with pytest.raises(Trouble):
        sources.refresh(held)
    assert sys.modules["made_up.net"] is notebooks[0]


def test_an_unchanged_package_is_not_loaded_again(package: Path) -> None:
    held = importlib.import_module("made_up.net").Net
    sources = Sources(held)
    (now,) = sources.refresh(held)
    assert sources.refresh(held) == (now,)
    assert Sources(held).refresh(held) == (now,)  # nor for another explorer


def test_a_module_follows_what_it_takes_from_another(package: Path) -> None:
    (package / "sizes.py").write_text("SIZE = 1\n")
    (package / "net.py").write_text("from .sizes import SIZE\n" + CODE.format("SIZE"))
    held = importlib.import_module("made_up.net").Net
    sources = Sources(held)
    assert answer(sources, held) == 1
    saved(package / "sizes.py", "SIZE = 2\n")
    assert answer(sources, held) == 2


def test_a_file_that_cannot_be_loaded_is_told_and_tried_again(package: Path) -> None:
    module = importlib.import_module("made_up.net")
    sources = Sources(module.Net)
    saved(package / "net.py", "class Net:\n  def")
    for _ in range(2):
        with pytest.raises(Trouble, match="SyntaxError"):
            sources.refresh(module.Net)
        assert sys.modules["made_up.net"] is module  # a notebook can go on with what it has
    saved(package / "net.py", CODE.format(333))
    assert answer(sources, module.Net) == 333


def test_a_name_that_is_gone_from_its_file_is_told(package: Path) -> None:
    held = importlib.import_module("made_up.net").Net
    sources = Sources(held)
    saved(package / "net.py", CODE.format(1).replace("Net", "Other"))
    with pytest.raises(Trouble, match="Net"):
        sources.refresh(held)


def test_a_file_that_ends_python_or_does_not_end_is_told(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student, "time_limit", lambda: 0.1)
    held = importlib.import_module("made_up.net").Net
    sources = Sources(held)
    for line in ("exit()", "raise SystemExit", "while True: pass"):
        saved(package / "net.py", f"{line}\n")
        with pytest.raises(Trouble):
            sources.refresh(held)


def test_what_has_no_file_stays_as_it_is() -> None:
    class Net:
        pass

    assert Sources(Net).refresh(Net, None) == (Net, None)


@pytest.mark.slow
def test_the_app_makes_an_explorer_when_it_is_looked_at(package: Path) -> None:
    (page,) = (child for child in app(package_modules(package)).children if isinstance(child, Tab))
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
