"""A cache is the student's own: whatever it holds, functions of other files may open it and put it together again."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from submissions import write

from grader.course import Course
from grader.demo import MARKERS
from grader.judging import oracle
from grader.judging.budget import Budget
from grader.judging.submitted_module import SubmittedModule
from grader.reference import Reference
from grader.report import Report
from grader.sandbox import choose_confinement
from grader.submission import Submission

SHAPES = {
    "dict": ('{"extra": 7, "mine": kept}', 'cache["mine"]'),
    "tuple in another order": ('("extra", None, kept, 7)', "cache[2]"),
    "object": ("types.SimpleNamespace(mine=kept, extra=7)", "cache.mine"),
}
"""How a cache is kept, and how it is opened again."""

OPENING = {
    "hw3": {"fc_net.TwoLayerNet.loss", "fc_net.FullyConnectedNet.loss"},
    "hw4": {
        "fc_net.FullyConnectedNet.hidden_forward",
        "fc_net.FullyConnectedNet.hidden_backward",
        "layer_utils.affine_batchnorm_relu_forward",
        "layer_utils.affine_batchnorm_relu_backward",
    },
    "hw5": {
        "conv_layers.spatial_batchnorm_forward",
        "conv_layers.spatial_batchnorm_backward",
        "cnn.ThreeLayerConvNet.loss",
    },
}
"""The exercises whose answers open the caches of functions in other files."""

WRAPPERS = """

import types


def _keeping(forward):
    def kept(*args, **settings):
        out, kept = forward(*args, **settings)
        return out, {keep}
    return kept


def _opening(backward):
    def opened(dout, cache, *args, **settings):
        return backward(dout, {open}, *args, **settings)
    return opened


def _rebuilding(forward):
    def rebuilt(*args, **settings):
        out, cache = forward(*args, **settings)
        kept = {open}
        return out, ["rebuilt", kept]
    return rebuilt


def _restoring(backward):
    def restored(dout, cache, *args, **settings):
        kept = cache[1]
        return backward(dout, {keep}, *args, **settings)
    return restored


"""


def with_own_caches(text: str, shape: str) -> str:
    """Change a module so that its functions keep caches of this shape, and open those of the functions it imports."""
    keep, opened = SHAPES[shape]
    lines = [WRAPPERS.replace("{keep}", keep).replace("{open}", opened)]
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            lines += _rebound(node.name, "_keeping", "_opening")
        elif isinstance(node, ast.ImportFrom) and node.level == 1:
            for alias in node.names:
                lines += _rebound(alias.name, "_rebuilding", "_restoring")
    return text + "".join(lines)


def _rebound(name: str, forward: str, backward: str) -> list[str]:
    if name.startswith("_"):
        return []
    wrapper = forward if "_forward" in name else backward if "_backward" in name else ""
    return [f"{name} = {wrapper}({name})\n"] if wrapper else []


def own_caches(reference: Reference, shape: str) -> dict[str, bytes]:
    """All of the student's files, right, and with caches of their own all the way up."""
    files = {}
    for module in reference.modules:
        lines = reference.source(module).splitlines(keepends=True)
        text = "".join(line for line in lines if line.strip() not in MARKERS)
        files[f"nndl/{module}.py"] = with_own_caches(text, shape).encode()
    return files


def graded(course: Course, assignment: str, files: dict[str, bytes]) -> Report:
    judged = course[assignment].files
    taken = {name: data for name, data in files.items() if name in judged}
    handed_in = Submission(taken, (), {name: data for name, data in files.items() if name not in judged})
    way = choose_confinement("auto")
    return oracle.grade(handed_in, course, course[assignment], "ana", confinement=way, secret=b"a secret")


def lost(report: Report) -> set[str]:
    return {one.name for one in report.exercises if one.verdict != "pass" and not one.name.startswith("models.")}


SLOW = pytest.mark.slow
DICT, TUPLE, OBJECT = SHAPES


@pytest.mark.parametrize(
    ("assignment", "shape"),
    [
        ("hw5", TUPLE),
        *(pytest.param(name, shape, marks=SLOW) for name, shape in (
            ("hw3", DICT), ("hw3", TUPLE), ("hw3", OBJECT), ("hw4", DICT), ("hw4", TUPLE), ("hw4", OBJECT),
            ("hw5", DICT), ("hw5", OBJECT)
        )),
    ],
)  # fmt: skip
def test_a_cache_of_ones_own_earns_everything_all_the_way_up(
    assignment: str, shape: str, course: Course, reference: Reference
) -> None:
    assert lost(graded(course, assignment, own_caches(reference, shape))) == set()


@pytest.mark.parametrize("assignment", ["hw5", pytest.param("hw3", marks=SLOW), pytest.param("hw4", marks=SLOW)])
def test_what_opens_the_cache_of_another_file_needs_that_files_own_functions(
    assignment: str, course: Course, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SubmittedModule, "_judge_on_own", lambda *_: None)
    found = lost(graded(course, assignment, own_caches(reference, DICT)))
    assert found == OPENING[assignment]


@pytest.mark.slow
def test_a_function_that_is_wrong_on_its_own_prerequisites_too_stays_wrong(
    course: Course, reference: Reference
) -> None:
    files = own_caches(reference, DICT)
    layers = files["nndl/layers.py"].decode()
    assert layers.count("out = gamma * x_hat + beta") == 2
    files["nndl/layers.py"] = layers.replace("out = gamma * x_hat + beta", "out = gamma * x_hat").encode()
    found = lost(graded(course, "hw5", files))
    assert "conv_layers.spatial_batchnorm_forward" in found
    assert "conv_layers.conv_forward_naive" not in found


def test_a_wrong_prerequisite_costs_nothing_where_its_cache_is_left_closed(
    course: Course, reference: Reference
) -> None:
    files = {name: text for name, text in own_caches(reference, DICT).items() if name != "nndl/conv_layers.py"}
    plain = reference.source("conv_layers").splitlines(keepends=True)
    files["nndl/conv_layers.py"] = "".join(line for line in plain if line.strip() not in MARKERS).encode()
    files["nndl/layers.py"] = files["nndl/layers.py"].replace(b"out = gamma * x_hat + beta", b"out = gamma")
    assert not {name for name in lost(graded(course, "hw5", files)) if name.startswith("conv_layers.")}


CHECKED = """
import importlib, sys
from pathlib import Path
from utils.checks.check import examine
from utils.checks.pack import load, names

for name in names(Path(sys.argv[1])):
    module = name.partition(".")[0]
    if (Path("nndl") / f"{module}.py").exists():
        result = examine(load(name, Path(sys.argv[1])), {module: importlib.import_module(f"nndl.{module}")})
        print(name, result.passed, flush=True)
"""


def test_the_visible_checks_take_caches_of_ones_own_too(course: Course, reference: Reference, tmp_path: Path) -> None:
    files = {name: data for name, data in own_caches(reference, TUPLE).items() if b"import torch" not in data}
    write(tmp_path, {**files, "nndl/__init__.py": b""})
    command = [sys.executable, "-c", CHECKED, str(course.root / "goldens")]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{course.root}"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    passed = dict(line.split() for line in done.stdout.splitlines())
    assert {name for name, value in passed.items() if value != "True"} == set()
    assert {"conv_layers.spatial_batchnorm_backward", "fc_net.FullyConnectedNet.loss", "layers.affine_backward"} <= set(
        passed
    )


def test_on_its_own_prerequisites_a_file_gets_no_answer_of_the_reference(course: Course, reference: Reference) -> None:
    files = own_caches(reference, DICT)
    handed_in = Submission({"nndl/cnn.py": files.pop("nndl/cnn.py")}, (), files)
    settings = handed_in, course, "cnn", reference, choose_confinement("auto"), Budget(course.limits)
    with SubmittedModule(*settings) as first, SubmittedModule(*settings, own_prerequisites=True) as second:
        answered = {name for name, functions in first.proxies.items() if functions and not name.startswith("utils.")}
        assert {"layers", "layer_utils", "conv_layers", "conv_layer_utils"} <= answered
        assert not any(second.proxies[name] for name in answered)
        # What the course gives in compiled form cannot run in a worker, and is answered both times.
        assert first.proxies["utils.fast_layers"] == second.proxies["utils.fast_layers"]
