"""A student's folder of a tiny course: two assignments, three functions, a trained net, a question."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from utils.checks.case import Case
from utils.checks.course import Course, find
from utils.checks.pack import GoldenCase, Pack
from utils.cli import app

STUB = "    raise NotImplementedError('your code here')\n"
LAYERS = f'"""Layers."""\n\n\ndef double(x):\n{STUB}\n\ndef triple(x):\n{STUB}'
NETS = f"""from .layers import double


class Net:
    def __init__(self):
        self.scale = 2

    def loss(self, x):
    {STUB}"""
RIGHT = {
    "layers.py": LAYERS.replace(STUB, "    return 2 * x\n", 1).replace(STUB, "    return 3 * x\n", 1),
    "nets.py": NETS.replace(f"    {STUB}", "        return double(x).sum()\n"),
}
TABLE = {
    "package": "pkg",
    "title": "A tiny course",
    "hint_level": 3,
    "nets": {"models.best": {"from": 0.2, "to": 0.6, "run": "builtins.len", "shapes": {"W": [3, 2]}}},
    "assignments": [
        {
            "name": "a1",
            "title": "Layers",
            "due": "2027-02-05T23:59:00+00:00",
            "notebooks": [
                {
                    "name": "first",
                    "exercises": [
                        {"name": "layers.triple", "points": 3, "file": "pkg/layers.py", "requires": ["layers.double"]},
                        {"name": "layers.double", "points": 2, "file": "pkg/layers.py"},
                    ],
                    "written": [{"name": "why", "points": 1}],
                }
            ],
        },
        {
            "name": "a2",
            "title": "Nets",
            "due": "2027-02-19T23:59:00+00:00",
            "notebooks": [
                {
                    "name": "second",
                    "exercises": [
                        {"name": "nets.Net.loss", "points": 4, "file": "pkg/nets.py"},
                        {"name": "models.best", "points": 5, "file": "models/best.npz"},
                    ],
                    "written": [],
                }
            ],
        },
    ],
    "late": {"grace_seconds": 7200, "per_day": 0.1, "days": 5},
    "imports": {"use": ["numpy"], "use_in": {}, "load": ["pandas"], "utils": {"layers": ["given.helper"]}},
    "largest": {".ipynb": 100_000},
}
X = np.arange(6.0).reshape(2, 3)
CASES = {
    "layers.double": ("out = layers.double(x)", 2 * X),
    "layers.triple": ("out = layers.triple(x)", 3 * X),
    "nets.Net.loss": ("out = nets.Net().loss(x)", np.float64(30.0)),
}


def cell(source: str, name: str = "", *, kind: str = "code", run: bool = True) -> dict[str, object]:
    """A cell of a notebook."""
    made: dict[str, object] = {"cell_type": kind, "source": source, "metadata": {}, "id": name or "x"}
    if name:
        made["metadata"] = {"nbgrader": {"grade_id": name}}
    return {**made, "outputs": [], "execution_count": 1 if run else None} if kind == "code" else made


def notebook(path: Path, *cells: dict[str, object]) -> None:
    """Write a notebook."""
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def first_notebook(path: Path, answer: str = "YOUR ANSWER HERE", *, run: bool = True) -> None:
    """Write the notebook of the first assignment."""
    checks = [cell(f"check({name})", f"layers-{name}", run=run) for name in ("triple", "double")]
    notebook(path, cell("import pkg.layers", run=run), *checks, cell(answer, "why", kind="markdown"))


def make(root: Path) -> Path:
    """Make the student's folder, with stubs."""
    for name in ("goldens", "pkg", "assignments/a1", "assignments/a2"):
        (root / name).mkdir(parents=True)
    (root / "goldens/course.json").write_text(json.dumps(TABLE))
    for exercise, (program, expected) in CASES.items():
        case = GoldenCase(Case("a case", program, {"x": X}), {"out": expected})
        (root / "goldens" / f"{exercise}.npz").write_bytes(Pack(exercise, {}, (case,)).to_bytes())
    (root / "pkg/__init__.py").write_text("")
    (root / "pkg/layers.py").write_text(LAYERS)
    (root / "pkg/nets.py").write_text(NETS)
    first_notebook(root / "assignments/a1/first.ipynb")
    checks = [cell("check", "nets-Net-loss"), cell("check", "models-best")]
    notebook(root / "assignments/a2/second.ipynb", *checks)
    return root


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The student's folder, with stubs; it is the working directory."""
    root = make(tmp_path / "course")
    monkeypatch.chdir(root)
    monkeypatch.setenv("COLUMNS", "200")
    yield root
    forget(root)


@pytest.fixture
def course(folder: Path) -> Course:
    return find(folder)


def solve(root: Path, **files: str) -> None:
    """Write the right answers, but for other texts of files: ``layers="…"``."""
    for name, text in RIGHT.items():
        (root / "pkg" / name).write_text(files.get(name.removesuffix(".py"), text))


def forget(root: Path) -> None:
    """Have the package imported anew, as a new process would."""
    for name in [name for name in sys.modules if name == "pkg" or name.startswith("pkg.")]:
        del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path != str(root)]


@pytest.fixture
def run(folder: Path) -> Callable[..., Result]:
    """``run("status", "--check")``: the student's command, as in a new process."""

    def command(*args: str, typed: str | None = None) -> Result:
        forget(folder)
        done = CliRunner().invoke(app, list(args), input=typed)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done

    return command
