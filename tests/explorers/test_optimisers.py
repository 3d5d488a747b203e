"""The optimiser explorer."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from explorer_cases import HandJobs, finish, ids

from grader.reference import Reference
from utils.explorers.jobs import Status
from utils.explorers.optimisers import compute
from utils.explorers.optimisers.compute import RULES, Optimisers, race, walks
from utils.explorers.optimisers.landscapes import LANDSCAPES
from utils.explorers.optimisers.view import OptimiserExplorer
from utils.explorers.student import Trouble
from utils.gradient_check import eval_numerical_gradient


@pytest.fixture
def optim(reference: Reference) -> Any:
    return reference.module("optim")


@pytest.fixture
def net_class(reference: Reference) -> Any:
    return reference.module("fc_net").FullyConnectedNet


def unwritten(w: Any, dw: Any, config: Any = None) -> Any:
    raise NotImplementedError("your code here")


def copy_of(optim: ModuleType, **others: Any) -> ModuleType:
    """A student's module of which some rules are other ones."""
    copy = ModuleType("student.optim")
    copy.__dict__.update({rule: getattr(optim, rule) for rule in RULES} | others)
    return copy


@pytest.mark.parametrize("name", LANDSCAPES)
def test_a_slope_is_the_derivative_of_its_height(name: str) -> None:
    land = LANDSCAPES[name]
    for point in (np.array([0.7, -0.4]), np.array(land.start)):
        slope = eval_numerical_gradient(land.height, point.copy(), verbose=False)
        np.testing.assert_allclose(land.slope(point), slope, rtol=1e-6, atol=1e-8)
    for goal in land.goals:
        assert land.height(np.array(goal)) == pytest.approx(0, abs=1e-12)
        np.testing.assert_allclose(land.slope(np.array(goal)), 0, atol=1e-12)


@pytest.mark.parametrize(("rate", "survives"), [(0.066, True), (0.067, False)])
def test_sgd_survives_the_ravine_below_two_thirtieths(optim: Any, rate: float, survives: bool) -> None:
    path = walks(optim, Optimisers(rate=rate, steps=300)).paths["sgd"]
    assert bool(abs(path[-1, 1]) < 0.9) is survives


def test_an_adaptive_rate_is_a_length(optim: Any) -> None:
    for name in LANDSCAPES:
        path = walks(optim, Optimisers(loss=name, length=0.05)).paths["adam"]
        np.testing.assert_allclose(np.abs(path[1] - path[0]), 0.05, rtol=1e-3)


@pytest.mark.slow
def test_noise_is_the_same_for_all_rules_and_comes_from_the_seed(optim: Any) -> None:
    with_noise = Optimisers(noise=0.5, momentum=0.0)
    paths = walks(optim, with_noise).paths
    np.testing.assert_allclose(paths["sgd"], paths["sgd_momentum"])
    np.testing.assert_array_equal(paths["adam"], walks(optim, with_noise).paths["adam"])
    assert not np.allclose(paths["sgd"], walks(optim, with_noise.but(seed=1)).paths["sgd"])


def test_a_walk_that_explodes_ends_early(optim: Any) -> None:
    found = walks(optim, Optimisers(rate=0.5, steps=300))
    assert len(found.paths["sgd"]) < 10
    assert len(found.paths["adam"]) == 301


def test_rules_that_are_not_written_are_named_and_the_others_shown(optim: Any, net_class: Any) -> None:
    student = copy_of(optim, adam=unwritten, rmsprop=unwritten)
    found = walks(student, Optimisers())
    assert (tuple(found.paths), found.missing) == (RULES[:4], RULES[4:])
    explorer = OptimiserExplorer(student, net_class, jobs=HandJobs())
    assert "adam:" in explorer._picture.value
    assert "not written yet" in explorer._picture.value
    with pytest.raises(Trouble, match=r"adam.*not written"):
        walks(copy_of(optim, **dict.fromkeys(RULES, unwritten)), Optimisers())


def test_a_rule_that_changes_the_shape_is_told(optim: Any) -> None:
    student = copy_of(optim, adam=lambda w, dw, config=None: (w[None], config))
    with pytest.raises(Trouble, match=r"adam returned a next_w of shape \(1, 2\)"):
        walks(student, Optimisers())


@pytest.mark.slow
def test_the_race_is_run_by_the_students_rules(optim: Any, net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "EPOCHS", 2)
    monkeypatch.setattr(compute, "HIDDEN", (8,))
    lazy = copy_of(optim, adam=lambda w, dw, config=None: (w, config))
    steps = list(race(lazy, net_class, Optimisers()))
    found = steps[-1][1]
    assert tuple(found) == RULES
    assert steps[-1][0] == 1
    assert all(len(run.loss) == 80 for run in found.values())
    still = {rule for rule, run in found.items() if run.train[0] == run.train[1]}
    assert "adam" in still
    assert "rmsprop" not in still


@pytest.mark.slow
def test_the_pictures(optim: Any, net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "EPOCHS", 1)
    monkeypatch.setattr(compute, "HIDDEN", (8,))
    jobs = HandJobs()
    explorer = OptimiserExplorer(optim, net_class, jobs=jobs)
    assert {f"{what}-{rule}" for what in ("path", "height") for rule in RULES} <= ids(explorer._picture.value)
    assert finish(explorer, jobs) is Status.DONE
    assert {f"{what}-{rule}" for what in ("loss", "train", "val") for rule in RULES} <= ids(explorer._results.value)
    job = explorer._work.job
    explorer._controls["rate"].value = 0.05
    assert explorer._work.job is job  # the race has learning rates of its own
    explorer._controls["momentum"].value = 0.5
    assert explorer._work.job is not job
