"""The course on a machine without PyTorch: everything but HW6 works, and what is left out is said."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
from grading_here import report_for
from typer.testing import CliRunner

from grader.classrun.collect import HandIn
from grader.classrun.grading import grade_class
from grader.course import Course, values
from grader.errors import CourseError
from grader.judging import oracle
from grader.reference import Reference
from grader.release import goldens
from grader.release.building import build
from grader.release.gate import inspect
from utils import cli
from utils.checks import pack


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def found(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "torch" else find(name, package)

    for module in (values, pack):
        monkeypatch.setattr(module, "find_spec", found)


def test_every_exercise_that_imports_torch_says_so(course: Course, reference: Reference) -> None:
    importing = {module for module in reference.modules if "import torch" in reference.source(module)}
    assert importing == set(course.packages)


@pytest.mark.usefixtures("without_torch")
def test_a_release_keeps_the_packs_and_says_so(course: Course, reference: Reference) -> None:
    build_pack = goldens.build_pack

    def refuse(name: str, *args: Any, **options: Any) -> pack.Pack:
        assert not course.absent(name.partition(".")[0]), f"{name} cannot be made without torch"
        return build_pack(name, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(goldens, "build_pack", refuse)
        tree = build(course, ["hw6"])
        assert inspect(tree, course, reference) == []
    path = f"{goldens.FOLDER}/torch_models.flatten.npz"
    assert tree[path] == (course.root / path).read_bytes()
    assert goldens.unexamined_packs(course, course.assignment) == (
        "torch is not installed: the checks of torch_models, net_visualization are kept as they are, unexamined."
    )


def test_with_torch_nothing_is_left_out(course: Course) -> None:
    pytest.importorskip("torch", reason="says what is left out where PyTorch is not installed")
    assert goldens.unexamined_packs(course, course.assignment) == ""


@pytest.mark.usefixtures("without_torch")
def test_the_students_check_says_what_it_leaves_out() -> None:
    said = CliRunner().invoke(cli.app, ["check", "torch_models"])
    assert said.output == "9 exercises need torch, which is not installed; to check them: pip install torch\n"
    assert said.exit_code == 2
    said = CliRunner().invoke(cli.app, ["check", "torch_models", "layers.relu_forward"])
    assert said.output.endswith(
        "1 exercises pass, 1 are still to be written.\n"
        "9 more need torch, which is not installed; to check them: pip install torch\n"
    )


@pytest.mark.usefixtures("without_torch")
def test_grading_hw6_is_refused_rather_than_scored(course: Course, tmp_path: Path) -> None:
    oracle.require_packages(course, course["hw5"])
    hand_in, hw6 = HandIn("ann", tmp_path), course["hw6"]
    for grading in (lambda: report_for(course, hw6, hand_in), lambda: list(grade_class(course, hw6, [hand_in]))):
        with pytest.raises(CourseError, match=r"^hw6 cannot be graded without torch; run: pip install torch$"):
            grading()


def test_the_numpy_course_never_imports_torch() -> None:
    program = (
        "import sys, grader.cli, utils.cli, utils.checks, utils.solver, utils.data_utils, utils.fast_layers\n"
        "import nndl.layers, nndl.fc_net, nndl.optim, nndl.cnn, nndl.conv_layers, nndl.neural_net, nndl.backprop\n"
        "print('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
