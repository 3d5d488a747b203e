"""The gradient-check explorer."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from explorer_cases import HandJobs, ids
from sampling import sampled

from grader.reference import Reference
from utils.explorers.gradient.compute import KINDS, LAYERS, PLAIN, PRECISIONS, STEPS, GradientCheck, errors, numeric
from utils.explorers.gradient.view import GradientExplorer
from utils.explorers.student import Trouble


@pytest.fixture
def layers(reference: Reference) -> Any:
    return reference.module("layers")


def at(h: float) -> int:
    return int(np.argmin(np.abs(np.log(STEPS / h))))


@pytest.mark.parametrize("function", ["sin(x)", "exp(x)", "batch norm layer"])
def test_truncation_is_what_taylor_says(layers: Any, function: str) -> None:
    found = errors(GradientCheck(function, 0.7), layers)
    for kind in KINDS:
        for h in (1e-2, 1e-3):
            expected = found.truncation[kind][at(h)]
            assert found.error[kind, "float64"][at(h)] == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("function", ["sin(x)", "exp(x)", "batch norm layer"])
def test_the_usual_step_is_near_the_bottom_in_double_precision_alone(layers: Any, function: str) -> None:
    found = errors(GradientCheck(function, 0.7), layers)
    double, single = found.error["central", "float64"], found.error["central", "float32"]
    assert double[at(1e-5)] < 1e-9
    assert double[at(1e-5)] < 1e-2 * min(double[at(1e-1)], double[at(1e-12)])
    assert np.nanmin(single[STEPS <= 1e-5]) > 10 * np.nanmin(single)


def test_a_step_that_is_lost_in_rounding_is_no_number() -> None:
    assert np.isnan(numeric(np.sin, 1.0, 1e-12, "central", "float32"))
    assert np.isfinite(numeric(np.sin, 1.0, 1e-12, "central", "float64"))


def test_at_a_kink_the_two_differences_disagree() -> None:
    found = errors(GradientCheck("|x|", 0.0))
    np.testing.assert_allclose(found.error["one-sided", "float64"], 1)
    np.testing.assert_allclose(found.error["central", "float64"], 0)


def test_near_a_kink_a_step_that_reaches_over_it_is_wrong() -> None:
    error = errors(GradientCheck("|x|", 0.01)).error["central", "float64"]
    assert error[STEPS < 0.009].max() < 1e-3
    assert error[STEPS > 0.02].min() > 0.3


def test_a_students_wrong_backward_is_far_from_every_numeric_derivative(layers: Any) -> None:
    wrong = ModuleType("student.layers")
    wrong.__dict__.update(relu_forward=layers.relu_forward, relu_backward=lambda dout, cache: 2 * dout)
    state = GradientCheck("relu layer", 0.7)
    assert errors(state, wrong).error["central", "float64"][at(1e-5)] == pytest.approx(0.8)
    assert errors(state, layers).error["central", "float64"][at(1e-5)] < 1e-9


def test_layers_that_were_not_handed_over_are_asked_for() -> None:
    with pytest.raises(Trouble, match=r"GradientExplorer\(layers\)"):
        errors(GradientCheck(LAYERS[0]))
    explorer = GradientExplorer(jobs=HandJobs())
    explorer._controls["function"].value = LAYERS[1]
    assert "GradientExplorer(layers)" in explorer._message.value
    explorer._controls["function"].value = "exp(x)"
    assert not explorer._message.value


@pytest.mark.parametrize("function", sampled([*PLAIN, *LAYERS], every=2))
@pytest.mark.parametrize(("x", "h"), [(0.0, 1e-12), (-2.0, 1.0), (1.0, 1e-5)])
def test_the_picture(layers: Any, function: str, x: float, h: float) -> None:
    picture = GradientExplorer(layers, GradientCheck(function, x, h), jobs=HandJobs())._picture.value
    curves = {f"error-{kind}-{precision}" for kind in KINDS for precision in PRECISIONS}
    assert curves | {"function", "secant-one-sided", "secant-central"} <= ids(picture)
