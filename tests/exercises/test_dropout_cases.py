"""Dropout draws at random, so its cases are large enough that chance decides no verdict."""

from __future__ import annotations

import numpy as np
import pytest
from here import RECIPES

FEWEST = 30  # units that are on: that all of them are dropped, or none, happens once in a million draws (0.6 ** 30)


@pytest.mark.parametrize("name", ["hidden_forward", "hidden_backward"])
def test_chance_drops_neither_all_units_nor_none(name: str) -> None:
    for seed in range(20):
        for case in RECIPES[f"fc_net.FullyConnectedNet.{name}"].draw(np.random.default_rng(seed)):
            if "undropped" in case.inputs:
                assert np.sum(np.asarray(case.inputs["undropped"]) > 0) >= FEWEST, (seed, case.title)
