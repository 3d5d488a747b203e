"""The dropout explorer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from explorer_cases import HandJobs, finish, ids

from grader.reference import Reference
from utils.explorers.dropout import compute
from utils.explorers.dropout.compute import Dropout, gaps, layer_of
from utils.explorers.dropout.view import DropoutExplorer
from utils.explorers.jobs import Status


@pytest.fixture
def net_class(reference: Reference) -> Any:
    return reference.module("fc_net").FullyConnectedNet


@pytest.mark.parametrize("p", [0.0, 0.25, 0.8])
def test_averages_come_back_to_the_value_without_dropout(net_class: Any, p: float) -> None:
    layer = layer_of(net_class, Dropout(p=p, passes=1000))
    np.testing.assert_allclose(layer.means[-1], layer.x, rtol=0.25 * p / (1 - p) + 1e-12)
    assert layer.out.max() == pytest.approx(1 / (1 - p))
    assert np.mean(layer.out == 0) == pytest.approx(p, abs=0.1)


@pytest.mark.slow
def test_the_gap_closes_with_p(net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "PROBABILITIES", (0.0, 0.9))
    steps = list(gaps(net_class, Dropout()))
    found = steps[-1][1]
    gap = {p: run.train[-1] - run.val[-1] for p, run in found.runs.items()}
    assert found.runs[0.0].train[-1] > 0.85  # learnt by heart: there is a gap to close
    assert gap[0.9] < gap[0.0] - 0.1
    assert steps[-1][0] == 1


def test_the_pictures(net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "EPOCHS", 1)
    monkeypatch.setattr(compute, "PROBABILITIES", (0.0, 0.5))
    jobs = HandJobs()
    explorer = DropoutExplorer(net_class, Dropout(units=10, images=100), jobs=jobs)
    assert {"kept", "dropped", "mean-1", "mean-5"} <= ids(explorer._picture.value)
    assert finish(explorer, jobs) is Status.DONE
    assert {"gap-training", "gap-validation", "curve-training"} <= ids(explorer._results.value)
    assert "The net with p = 0.5" in explorer._results.value
    explorer._controls["p"].value = 0.0
    assert explorer._message.value == ""
    assert "The net with p = 0<" in explorer._results.value
