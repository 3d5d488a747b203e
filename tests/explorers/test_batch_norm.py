"""The batch-norm explorer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from explorer_cases import HandJobs, finish, ids

from grader.reference import Reference
from utils.explorers.batch_norm import compute
from utils.explorers.batch_norm.compute import BatchNorm, race, statistics_of
from utils.explorers.batch_norm.view import BatchNormExplorer
from utils.explorers.jobs import Status


@pytest.fixture
def net_class(reference: Reference) -> Any:
    return reference.module("fc_net").FullyConnectedNet


def test_running_statistics_come_near_to_those_of_all_images(net_class: Any) -> None:
    found = statistics_of(net_class, BatchNorm(batch=100))
    assert found.running_mean[-1] == pytest.approx(found.mean, abs=0.4)
    assert found.running_var[-1] == pytest.approx(found.var, rel=0.3)
    assert (found.mean, found.var) == pytest.approx((2, 9))


def test_training_on_two_examples_makes_them_plus_and_minus_one(net_class: Any) -> None:
    found = statistics_of(net_class, BatchNorm(batch=2))
    assert sorted(found.train) == pytest.approx([-1, 1], abs=1e-3)
    assert np.abs(found.train - found.test).mean() > 0.05


def test_running_variance_of_tiny_batches_is_too_small(net_class: Any) -> None:
    found = statistics_of(net_class, BatchNorm(batch=2, momentum=0.99))
    assert found.batch_var.mean() < 0.7 * found.var  # half of it on average, as N − 1 of N says


def test_a_step_shows_what_the_layer_had_seen_by_then(net_class: Any) -> None:
    whole, part = (statistics_of(net_class, BatchNorm(batch=20, step=step)) for step in (compute.STEPS, 17))
    for name in ("batch_mean", "batch_var", "running_mean", "running_var"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:17])
    # Test mode takes the running statistics of that step for those of the minibatch.
    spread = part.test * np.sqrt(part.running_var[-1]) + part.running_mean[-1]
    np.testing.assert_allclose(spread, part.train * np.sqrt(part.batch_var[-1]) + part.batch_mean[-1], atol=1e-3)


def test_minibatches_can_be_stepped_through(net_class: Any) -> None:
    explorer = BatchNormExplorer(net_class, BatchNorm(step=50), jobs=HandJobs())
    job, picture = explorer._work.job, explorer._picture.value
    explorer._toolbar.ghost.value = False
    explorer._controls["step"].back.click()
    assert explorer.state.step == 49
    assert explorer._picture.value != picture
    explorer._controls["step"].forward.click()
    assert explorer._picture.value == picture
    assert explorer._work.job is job


def test_the_race_keeps_what_both_nets_show(net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "EPOCHS", 1)
    steps = list(race(net_class, BatchNorm(depth=2)))
    assert steps[-1][0] == 1
    found = steps[-1][1]
    assert len(found.runs["none"].loss) == len(found.runs["batchnorm"].loss) == 20
    assert all(len(found.unit[norm]) >= 5 for norm in found.runs)
    spread = np.array(found.unit["batchnorm"][0])
    assert 0.5 < spread[3] - spread[1] < 2.5  # normalised: the middle half of a standard normal spans 1.35


def test_a_momentum_written_into_the_code_shows(net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    module = sys.modules[net_class.__module__]
    right = module.normalization_forward

    def wrong(x: Any, gamma: Any, beta: Any, settings: Any, kind: str) -> Any:
        out, cache = right(x, gamma, beta, settings, kind)
        settings["running_mean"] = x.mean(axis=0)
        return out, cache

    before = statistics_of(net_class, BatchNorm())
    monkeypatch.setattr(module, "normalization_forward", wrong)
    after = statistics_of(net_class, BatchNorm())
    np.testing.assert_allclose(after.running_mean, after.batch_mean)
    assert np.std(before.running_mean[60:]) < np.std(after.running_mean[60:])


@pytest.mark.slow
def test_the_pictures(net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "EPOCHS", 1)
    jobs = HandJobs()
    explorer = BatchNormExplorer(net_class, BatchNorm(depth=2), jobs=jobs)
    assert {"batch-mean", "running-mean", "batch-var", "running-var", "modes"} <= ids(explorer._picture.value)
    assert finish(explorer, jobs) is Status.DONE
    assert {"loss-none", "loss-batchnorm", "val-none", "unit-none", "unit-batchnorm"} <= ids(explorer._results.value)
    job = explorer._work.job
    explorer._controls["momentum"].value = 0.5
    assert explorer._work.job is job  # the nets do not depend on this slider
