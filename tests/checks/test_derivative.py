"""Several gradients are tested together in as many runs as one, and each is found out that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.diagnose.derivative import DIRECTIONS, confirmed_derivatives, is_derivative
from utils.checks.program import Answer, Ran

NAMES = ("W1", "b1", "W2")
B1 = np.array([0.4, -0.7, 1.1])
PARAMS = {"W1": np.array([[0.3, -1.2, 0.8], [2.0, 0.1, -0.5]]), "b1": B1, "W2": np.arange(1.0, 5)}
GRADIENTS = {f"grads.{name}": f"params.{name}" for name in NAMES}
CASE = Case("", "", {"params": PARAMS}, gradients=GRADIENTS, objective=("loss", ""))
SCALES = {"W1": 1e4, "b1": 1.0, "W2": 1e-3}
"""How large the gradients are: none is to be hidden by a larger one."""


class Counting:
    """Runs a loss that is smooth in all parameters, and counts the runs."""

    def __init__(self, kink: bool = False) -> None:
        self.runs, self._kink = 0, kink

    def __call__(self, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        self.runs += 1
        params = inputs["params"]
        assert isinstance(params, dict)
        loss = sum(SCALES[name] * np.sum(np.sin(params[name])) for name in NAMES)
        if self._kink:
            loss += 1e4 * float(np.maximum(0, params["b1"] - B1).sum())
        return Ran({"loss": np.array(loss)})


def gradients() -> dict[str, object]:
    return {f"grads.{name}": SCALES[name] * np.cos(PARAMS[name]) for name in NAMES}


def test_right_gradients_are_confirmed_in_the_runs_of_one() -> None:
    together, alone = Counting(), Counting()
    assert confirmed_derivatives(CASE, gradients(), together) == set(CASE.gradients)
    assert is_derivative(CASE, "grads.W1", gradients()["grads.W1"], alone)
    assert together.runs == alone.runs == 2 * DIRECTIONS


@pytest.mark.parametrize("change", [lambda g: 1.01 * g, lambda g: -g, np.zeros_like, lambda g: g[::-1]])
@pytest.mark.parametrize("name", NAMES)
def test_one_wrong_gradient_is_not_hidden_by_the_others(name: str, change: object) -> None:
    assert callable(change)
    given = gradients()
    given[f"grads.{name}"] = change(given[f"grads.{name}"])
    assert is_derivative(CASE, f"grads.{name}", given[f"grads.{name}"], Counting()) is False
    assert confirmed_derivatives(CASE, given, Counting()) is None


def test_what_stays_0_is_not_confirmed_and_hides_nothing() -> None:
    case = Case(
        "",
        "",
        {**CASE.inputs, "unused": np.ones(4)},
        gradients={**CASE.gradients, "d": "unused"},
        objective=("loss", ""),
    )
    assert confirmed_derivatives(case, {**gradients(), "d": np.zeros(4)}, Counting()) == set(CASE.gradients)
    assert confirmed_derivatives(case, {**gradients(), "d": np.ones(4)}, Counting()) is None


def test_at_a_kink_each_is_tested_by_itself() -> None:
    run = Counting(kink=True)
    assert confirmed_derivatives(CASE, gradients(), run) == {"grads.W1", "grads.W2"}
    assert run.runs > 2 * DIRECTIONS


def test_what_cannot_be_tested_is_not_confirmed() -> None:
    given = gradients() | {"grads.b1": np.zeros((3, 3)), "grads.W2": "no array"}
    assert confirmed_derivatives(CASE, given, Counting()) == {"grads.W1"}
