"""What may be read inside, and what of the course is kept out of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from grader.sandbox import Worker, reach
from grader.sandbox.reach import Reach
from utils.checks.program import Crash

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fresh():
    reach.reach.cache_clear()
    yield
    reach.reach.cache_clear()


def test_the_course_is_not_beneath_anything_readable():
    readable = [Path(path) for path in reach.reach().readable]
    for path in (ROOT, ROOT / "grader" / "course.py", ROOT / "solutions", ROOT / "course.toml"):
        assert not any(path.is_relative_to(folder) for folder in readable), path


def test_what_is_readable_has_no_links_in_it():
    assert all(os.path.realpath(path) == path for path in reach.reach().readable)


def test_a_grader_among_the_installed_packages_is_hidden(way, fresh, monkeypatch, tmp_path):
    """As after ``pip install`` of the package: the grader and the stubs then lie beside numpy."""
    real = reach.reach()
    site = tmp_path / "site-packages"
    shutil.copytree(ROOT / "grader", site / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(reach, "_GRADER", site / "grader")
    monkeypatch.syspath_prepend(site)
    reach.reach.cache_clear()

    found: Reach = reach.reach()
    assert found.hidden == (str(site / "grader"),)
    assert not any(argument.startswith(str(ROOT / "grader")) for argument in found.argv)
    assert set(real.readable) - set(found.readable) == {str(ROOT / "grader" / "sandbox" / "inside")}

    source = f"import os\ndef f():\n    os.listdir({str(site)!r})\n    open({str(site / 'grader' / 'course.py')!r})"
    with Worker(way, {"layers": source}, "layers", {}, None) as worker:
        assert worker.run("layers.f()", {}, ()).error in ("PermissionError", "FileNotFoundError")
        assert isinstance(worker.run("from grader import course", {}, ()), Crash)
        assert isinstance(worker.run(f"open({str(site / 'grader' / 'x')!r}, 'w')", {}, ()), Crash)
