"""Whether the code that an explorer runs is right, as the explorer says it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from explorer_cases import HandJobs, ids

from grader.course import Course
from utils.checks.pack import names
from utils.explorers import GradientExplorer
from utils.explorers.app import package_modules
from utils.explorers.code_panel import beside_right, summary
from utils.explorers.exercises import EXERCISES
from utils.explorers.verdicts import Checker, Difference, Package, Verdict

RIGHT = "np.maximum(0, x)"


@pytest.fixture
def folder(course: Course, tmp_path: Path) -> Iterator[Path]:
    """A student's course folder, with everything solved."""
    shutil.copytree(course.root / "solutions" / "nndl", tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(course.root / "goldens", tmp_path / "goldens")
    yield tmp_path / "mine"
    for name in [name for name in sys.modules if f"{name}.".startswith("mine.")]:
        del sys.modules[name]
    sys.path[:] = [place for place in sys.path if place != str(tmp_path)]


def test_every_exercise_that_an_explorer_runs_has_visible_checks(course: Course) -> None:
    known = set(names(course.root / "goldens"))
    assert {exercise for exercises in EXERCISES.values() for exercise in exercises} <= known


def test_the_verdict_is_that_of_the_files_as_they_are(folder: Path) -> None:
    checker, package = Checker(), Package("mine", folder)
    assert checker.verdict(package, "layers.relu_forward") == Verdict("layers.relu_forward", "passes")
    assert checker.verdict(package, "layers.none") is None

    layers = folder / "layers.py"
    whole = layers.read_text()
    assert RIGHT in whole
    layers.write_text(whole.replace(RIGHT, "np.maximum(0.5, x)"))
    found = checker.verdict(package, "layers.relu_forward")
    assert found is not None
    assert found.kind == "wrong"
    assert found.difference is not None
    assert found.difference.output == "out"
    shown = found.difference
    assert np.array_equal(np.maximum(0.5, shown.right), shown.mine)
    assert not np.array_equal(shown.mine, shown.right)

    layers.write_text(whole.replace(f"out = {RIGHT}", 'raise NotImplementedError("relu_forward: your code here")'))
    missing = checker.verdict(package, "layers.relu_forward")
    assert missing is not None
    assert (missing.kind, missing.difference) == ("missing", None)

    layers.write_text(whole)
    ran = checker._child
    ran.close()
    assert checker.verdict(package, "layers.relu_forward") == Verdict("layers.relu_forward", "passes")
    assert ran._process is not None
    assert ran._process.poll() is not None  # it was known, and no process ran again


def test_a_loop_that_never_ends_is_a_verdict(folder: Path) -> None:
    goldens = folder.parent / "goldens" / "course.json"
    goldens.write_text(goldens.read_text().replace('"seconds": 5.0,', '"seconds": 0.5,'))
    layers = folder / "layers.py"
    layers.write_text(layers.read_text().replace(f"out = {RIGHT}", "out = x\n    while True:\n        pass"))
    found = Checker().verdict(Package("mine", folder), "layers.relu_forward")
    assert found is not None
    assert found.kind == "wrong"
    assert "did not end" in found.said


def test_the_explorer_says_what_is_wrong_and_draws_it_beside_the_right_values(folder: Path) -> None:
    layers = folder / "layers.py"
    layers.write_text(layers.read_text().replace(RIGHT, "np.maximum(0.5, x)"))
    explorer = GradientExplorer(package_modules(folder)("layers"), jobs=HandJobs())
    panel, package = explorer._code_panel, explorer._code_in_use.package
    assert package is not None
    assert panel.button.layout.display == "none"
    panel.begin(EXERCISES["gradient-check"])
    for exercise in EXERCISES["gradient-check"]:
        verdict = Checker().verdict(package, exercise)
        assert verdict is not None
        panel.add(verdict)
    assert "3 of the 4 functions" in panel.line.value
    assert "✗ <code>layers.relu_forward</code>" in panel.line.value
    assert panel.button.layout.display == ""
    panel.button.click()
    assert {"output-mine", "output-right", "mine-against-right"} <= ids(panel.picture.value)
    panel.button.click()
    assert panel.picture.value == ""


def test_a_wrong_shape_is_drawn_and_said() -> None:
    drawn = beside_right("layers.f", Difference("dx", "a case", np.arange(6.0).reshape(2, 3), np.arange(3.0)))
    assert "shape (2, 3), and (3,) is right" in drawn
    assert "being checked" in summary([])


def test_the_reference_can_be_switched_to_and_back(folder: Path, course: Course) -> None:
    layers = folder / "layers.py"
    layers.write_text(layers.read_text().replace(RIGHT, "np.maximum(0.5, x)"))
    explorer = GradientExplorer(
        package_modules(folder)("layers"), "gradient-check?function=relu%20layer", jobs=HandJobs()
    )
    explorer._toolbar.ghost.value = False
    mine = explorer._picture.value
    assert explorer._code_panel.whose.layout.display == "none"
    explorer.offer_reference(package_modules(course.root / "solutions" / "nndl"))
    explorer._code_panel.whose.value = "reference"
    from solutions.nndl import layers as right

    alone = GradientExplorer(right, explorer.code, jobs=HandJobs())._picture.value
    assert explorer._picture.value == alone != mine
    explorer._code_panel.whose.value = "mine"
    assert explorer._picture.value == mine
