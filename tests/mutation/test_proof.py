"""No mutant slips through; and the proof fails where the checks are blind."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from here import RECIPES
from submissions import write

from grader.course import Course
from grader.errors import CourseError
from grader.judging.trial import Trial
from grader.mutation import PAGE, Equivalents, Mutant, Outcome, mutants, proof, prove, report, solved
from grader.mutation.proof import Expected, followers, outcomes, rejects
from grader.reference import Reference

QUICK = ["layers.affine_backward", "layers.layernorm_forward", "optim.sgd_momentum", "layers.dropout_forward"]


def expected(name: str, reference: Reference) -> Expected:
    trial = Trial.drawn(RECIPES[name], reference, np.random.default_rng(7))
    return tuple((case, dict(trial.expected(index).values)) for index, case in enumerate(trial.cases))


@pytest.mark.parametrize("name", QUICK)
def test_nothing_slips_through(name: str, course: Course, reference: Reference) -> None:
    found = outcomes(course.root, (name, *followers(course, name)), mutants(name, reference))
    survivors = [outcome for outcome in found if not outcome.rejected]
    assert not Equivalents.read(reference).unexplained(survivors)
    assert not Equivalents.read(reference).stale(survivors, [name])


@pytest.mark.slow
def test_the_page_is_true(course: Course, reference: Reference) -> None:
    pytest.importorskip("torch", reason="the page is about HW6, too: pip install torch")
    found = [outcome for _, outcome in prove(course)]
    survivors = [outcome for outcome in found if not outcome.rejected]
    equivalents = Equivalents.read(reference)
    assert not equivalents.unexplained(survivors)
    assert not equivalents.stale(survivors, solved(course))
    assert (course.root / PAGE).read_text("utf-8") == report(found, equivalents, solved(course))


@pytest.mark.parametrize(
    ("name", "blind"),
    [
        ("conv_layers.conv_forward_naive", lambda case: case.inputs["conv_param"]["stride"] == 1),
        pytest.param("layers.batchnorm_forward", lambda case: '"test"' not in case.program, marks=pytest.mark.slow),
        ("layers.affine_backward", lambda case: False),
    ],
    ids=["stride 1 alone", "never in test mode", "no case at all"],
)
def test_fewer_cases_let_something_through(name: str, blind, reference: Reference) -> None:
    cases = expected(name, reference)
    fewer = tuple((case, want) for case, want in cases if blind(case))
    assert len(fewer) < len(cases)
    modules = [proof._module(mutant, reference) for mutant in mutants(name, reference)]
    assert any(
        not rejects(RECIPES[name], fewer, module) and rejects(RECIPES[name], cases, module) for module in modules
    )


def test_fewer_outputs_compared_let_something_through(reference: Reference) -> None:
    name = "layers.layernorm_backward"
    cases = expected(name, reference)
    fewer = tuple((dataclasses.replace(case, aspects={"dbeta": case.aspects["dbeta"]}), want) for case, want in cases)
    modules = [proof._module(mutant, reference) for mutant in mutants(name, reference)]
    assert any(
        not rejects(RECIPES[name], fewer, module) and rejects(RECIPES[name], cases, module) for module in modules
    )


def test_a_mutant_that_never_ends_is_rejected(reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "LIMIT", 0.1)
    name, text = "layers.relu_forward", reference.source("layers")
    endless = text.replace("    out = np.maximum(0, x)", "    while True:\n        out = np.maximum(0, x)", 1)
    module = proof._module(Mutant(name, "statement", "", "", endless), reference)
    assert rejects(RECIPES[name], expected(name, reference), module)


def test_what_cannot_be_imported_is_rejected(reference: Reference) -> None:
    broken = Mutant("layers.relu_forward", "statement", "", "", "import no_such_module\n")
    assert proof._module(broken, reference) is None
    assert rejects(RECIPES["layers.relu_forward"], (), None)


def test_the_reference_is_not_rejected(reference: Reference) -> None:
    assert not rejects(RECIPES[QUICK[0]], expected(QUICK[0], reference), reference.module("layers"))


@pytest.mark.slow
def test_a_cache_in_another_order_shows_in_the_backward_pass(course: Course, reference: Reference) -> None:
    name = "layers.layernorm_forward"
    found = outcomes(course.root, (name, *followers(course, name)), mutants(name, reference))
    swapped = [one for one in found if one.mutant.kind == "order"]
    assert {one.hidden for one in swapped} == {"layers.layernorm_backward"}
    alone = outcomes(course.root, (name,), [one.mutant for one in swapped])
    assert not any(one.rejected for one in alone)


def test_the_list_of_equivalents_is_complete_and_has_no_idle_entries() -> None:
    one, other = (Outcome(Mutant("a.f", "constant", "x = 1", new, ""), "", "") for new in ("x = 2", "x = 0"))
    known = Equivalents({one.mutant.key: "why", ("a.f", "gone", "gone too"): "why", ("a.g", "y", "z"): "why"})
    assert known.unexplained([one, other]) == [other]
    assert known.stale([one, other], ["a.f"]) == [("a.f", "gone", "gone too")]


def test_an_entry_listed_twice_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"solutions/__init__.py": b"", "solutions/pkg/__init__.py": b""})
    (tmp_path / "solutions" / "equivalents.toml").write_text(
        '[[because]]\nreason = "so"\nmutants = [["a.f", "x", "y"], ["a.f", "x", "y"]]\n'
    )
    with pytest.raises(CourseError, match="listed twice"):
        Equivalents.read(Reference(tmp_path, "pkg"))


def test_what_is_missed_stands_in_the_page() -> None:
    missed = Outcome(Mutant("a.f", "constant", "x = 1", "x = 2", ""), "a.f", "")
    assert "| `a.f` | 1 | 1 | 0 | 0 | 0 | 1 |" in report([missed], Equivalents({}), ["a.f"])
