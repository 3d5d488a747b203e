"""What a picture shows, in words."""

from __future__ import annotations

import pytest
from explorer_cases import HandJobs, finish

from solutions.nndl import fc_net
from utils.explorers import DropoutExplorer
from utils.explorers.words import trend


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.1, 0.2, 0.3, 0.4], "rising"),
        ([0.9, 0.9, 0.5, 0.4, 0.3, 0.2], "falling"),
        ([0.5, 0.1, 0.5, 0.5, 0.5, 0.5], "level"),
        ([0.1, 0.9, 0.3], "just begun"),
        ([], "just begun"),
        ([1.0, 1.0, float("nan"), float("inf")], "rising"),
    ],
)
def test_a_trend_is_that_of_the_newest_values(values: list[float], said: str) -> None:
    assert trend(values) == said


def test_the_text_follows_the_picture() -> None:
    explorer = DropoutExplorer(fc_net.FullyConnectedNet, "dropout?units=10&images=50", jobs=HandJobs())
    before = explorer._page.picture_text
    assert before.startswith("A mask")
    explorer._controls["p"].value = 0.25
    assert explorer._page.picture_text != before
    assert not explorer._page.over
    assert explorer._page.results_text == ""


@pytest.mark.slow
def test_the_text_follows_the_work() -> None:
    jobs = HandJobs()
    explorer = DropoutExplorer(fc_net.FullyConnectedNet, "dropout?units=10&images=50", jobs=jobs)
    finish(explorer, jobs)
    assert explorer._page.over
    assert "p 0.9: gap" in explorer._page.results_text
    explorer._controls["seed"].value = 3
    assert explorer._page.results_text == ""
