"""Handles over the planes of pictures."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from explorer_cases import HandJobs, handles_of
from hypothesis import given
from hypothesis import strategies as st

from grader.reference import Reference
from utils.explorers.drawing import picture_of
from utils.explorers.gradient.view import GradientExplorer
from utils.explorers.grips import axis_of, knob
from utils.explorers.optimisers.compute import Optimisers, walks
from utils.explorers.optimisers.view import OptimiserExplorer
from utils.explorers.picture import Move, handle
from utils.explorers.plane import Plane
from utils.explorers.state import StateError
from utils.explorers.weight_scale.compute import WeightScale
from utils.explorers.weight_scale.view import WeightScaleExplorer


@given(st.floats(-5, 5), st.floats(-5, 5), st.booleans())
def test_a_handle_is_where_its_value_is_drawn(x: float, y: float, log: bool) -> None:
    plane = Plane(40, 20, 200, 100, (1e-5, 1e5) if log else (-5, 5), (-5, 5), log_x=log)
    across = axis_of(plane, "x", 10**x if log else x, plane.across, 0.1, log=log)
    up = axis_of(plane, "y", y, plane.along, 0.1)
    assert across.place == pytest.approx(float(plane.x(across.value)))
    assert up.place == pytest.approx(float(plane.y(y)))
    assert plane.line([across.value, across.value], [y, y]).count(f"{across.place:.1f} {up.place:.1f}") == 2


def test_values_may_lie_elsewhere_than_at_themselves() -> None:
    plane = Plane(0, 0, 100, 100, (0, 10), (10, 0))
    axis = axis_of(plane, "y", 1, (0, 2), 1, places=(3, 7))
    assert (axis.start, axis.place, axis.end) == pytest.approx((30, 50, 70))


def test_only_a_picture_with_parts_to_act_in_is_told_to_have_parts() -> None:
    axis = axis_of(Plane(0, 0, 100, 100, (0, 4), (0, 1)), "x", 1.0, (0.0, 4.0), 0.1)
    for parts, role in (((), "img"), ((handle("x", "x", knob(), x=axis),), "group")):
        drawing = picture_of(100, 100, "heading", "words", *parts)
        root = ElementTree.fromstring(drawing)
        assert (root.get("role"), root.get("aria-label")) == (role, "heading: words")
        assert (drawing.heading, drawing.description, drawing.words) == ("heading", "words", "heading: words.")


def test_x_and_the_step_of_the_gradient_check_are_dragged(reference: Reference) -> None:
    explorer = GradientExplorer(reference.module("layers"), jobs=HandJobs())
    explorer._act(Move("x", 0.25, None, True))
    explorer._act(Move("h", 1e-7, None, True))
    assert (explorer.state.x, explorer.state.h) == (0.25, 1e-7)
    assert set(handles_of(explorer._picture.value)) == {"x", "h"}


def test_the_start_of_the_walks_is_dragged_and_put_back(reference: Reference) -> None:
    optim: Any = reference.module("optim")
    explorer = OptimiserExplorer(optim, reference.module("fc_net").FullyConnectedNet, jobs=HandJobs())
    code = explorer._code.value
    explorer._act(Move("start", -1.5, 0.4, True))
    assert "&start=-1.5,0.4" in explorer._code.value
    for path in walks(optim, explorer.state).paths.values():
        assert path[0].tolist() == [-1.5, 0.4]
    explorer._controls["start"].back.click()
    assert explorer._code.value == code


def test_a_start_outside_of_the_landscape_is_its_own() -> None:
    inside = Optimisers(loss="plateau", start=(0.5, 1.5))
    assert inside.begin == (0.5, 1.5)
    assert inside.but(loss="ravine").begin == Optimisers(loss="ravine").begin
    with pytest.raises(StateError, match="two"):
        Optimisers.parse("optimisers?start=1,2,3")


def test_the_first_ridge_carries_the_scale(reference: Reference) -> None:
    explorer = WeightScaleExplorer(reference.module("fc_net").FullyConnectedNet, WeightScale(depth=3, width=10),
                                   jobs=HandJobs())  # fmt: skip
    before = handles_of(explorer._picture.value)["scale"]["x"]
    explorer._act(Move("scale", 0.1, None, False))
    after = handles_of(explorer._picture.value)["scale"]["x"]
    assert explorer._controls["scale"].value == explorer.state.scale == 0.1
    assert (before["value"], after["value"]) == (0.01, 0.1)
    assert after["at"] == pytest.approx(
        before["at"], abs=0.5
    )  # without normalisation the outputs grow as the scale does
