"""The operators spoil what they should, once each, and nothing else."""

from __future__ import annotations

import ast
import difflib
from pathlib import Path

import pytest

from grader.course import Course
from grader.mutation import Mutant, mutants, solved
from grader.mutation.operators import OPERATORS
from grader.reference import Reference
from grader.release.regions import regions

SOLUTION = """\
import numpy as np


def layer(x, w, count, flag):
    scale = 2 * x + 1
    ### BEGIN SOLUTION
    # naïve – the tree counts columns in bytes
    out = x - w @ x.T  # ∂
    total = np.zeros(3)
    for i in range(1, count):
        total[i, 0] += out[i:].sum(axis=(0, 2, 1), keepdims=True)
    if flag and count > 0:
        out = -np.exp(total, out=None)
    a, b = total, out
    ### END SOLUTION
    return scale - out
"""


@pytest.fixture
def small(tmp_path: Path) -> Reference:
    folder = tmp_path / "solutions" / "nndl"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    (folder / "small.py").write_text(SOLUTION, "utf-8")
    return Reference(tmp_path, "nndl")


def test_each_operator_finds_its_own_mistakes(small: Reference) -> None:
    found = {(mutant.kind, mutant.old, mutant.new) for mutant in mutants("small.layer", small)}
    line = "out = x - w @ x.T # ∂"
    total = "total[i, 0] += out[i:].sum(axis=(0, 2, 1), keepdims=True)"
    for kind, old, new in [
        ("arithmetic", line, "out = x + w @ x.T # ∂"),
        ("arithmetic", line, "out = x - x.T @ w # ∂"),
        ("missing term", line, "out = (w @ x.T) # ∂"),
        ("function", line, "out = x - w @ x # ∂"),
        ("function", "total = np.zeros(3)", "total = np.ones(3)"),
        ("constant", total, "total[i, 1] += out[i:].sum(axis=(0, 2, 1), keepdims=True)"),
        ("constant", total, "total[i, 0] += out[i:].sum(axis=(0, 2, 1), keepdims=False)"),
        ("axis", total, "total[i, 0] += out[i:].sum(axis=(0, 1), keepdims=True)"),
        ("axis", total, "total[i, 0] += out[i:].sum(axis=(2, 0, 1), keepdims=True)"),
        ("index", total, "total[0, i] += out[i:].sum(axis=(0, 2, 1), keepdims=True)"),
        ("index", total, "total[i, 0] += out[:].sum(axis=(0, 2, 1), keepdims=True)"),
        ("argument", total, "total[i, 0] += out[i:].sum(axis=(0, 2, 1))"),
        ("argument", total, "total[i, 0] += out[i:].sum(keepdims=True)"),
        ("assignment", total, "total[i, 0] = out[i:].sum(axis=(0, 2, 1), keepdims=True)"),
        ("function", total, "total[i, 0] += out[i:].mean(axis=(0, 2, 1), keepdims=True)"),
        ("statement", total, "pass"),
        ("argument", "for i in range(1, count):", "for i in range(1, count - 1):"),
        ("comparison", "if flag and count > 0:", "if flag and count >= 0:"),
        ("condition", "if flag and count > 0:", "if flag or count > 0:"),
        ("condition", "if flag and count > 0:", "if True:"),
        ("arithmetic", "out = -np.exp(total, out=None)", "out = np.exp(total, out=None)"),
        ("order", "a, b = total, out", "b, a = total, out"),
    ]:
        assert (kind, old, new) in found


@pytest.mark.slow
def test_every_exercise_has_mutants_and_every_operator_is_used(course: Course, reference: Reference) -> None:
    made = {name: mutants(name, reference) for name in solved(course)}
    assert {mutant.kind for found in made.values() for mutant in found} == set(OPERATORS)
    assert sum(map(len, made.values())) > 1000
    assert min(map(len, made.values())) > 3


@pytest.mark.parametrize(
    "exercise",
    [
        "layers.dropout_forward",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("layers.batchnorm_forward", "conv_layers.conv_backward_naive")
        ),
    ],
)
def test_a_mutant_is_another_program_that_differs_inside_the_solution_alone(
    exercise: str, reference: Reference
) -> None:
    module, function = exercise.split(".")
    text = reference.source(module)
    inside = [range(r.begin + 1, r.end) for r in regions(text, "") if r.function == function]
    programs = {ast.dump(ast.parse(text))}
    for mutant in mutants(exercise, reference):
        programs.add(ast.dump(ast.parse(mutant.text)))
        assert all(any(line in lines for lines in inside) for line in _changed(text, mutant))
    assert len(programs) == 1 + len(mutants(exercise, reference))


def _changed(text: str, mutant: Mutant) -> set[int]:
    matcher = difflib.SequenceMatcher(None, text.splitlines(), mutant.text.splitlines(), autojunk=False)
    found = set()
    for tag, start, stop, _, _ in matcher.get_opcodes():
        if tag != "equal":
            found |= set(range(start + 1, max(stop, start + 1) + 1))
    return found
