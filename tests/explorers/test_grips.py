"""Handles in matplotlib's pictures."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explorer_cases import HandJobs, handles_of

from grader.reference import Reference
from utils.explorers.drawing import panels, style, svg
from utils.explorers.gradient.view import GradientExplorer
from utils.explorers.grips import axis_of, knob, place_of, with_grips
from utils.explorers.optimisers.compute import Optimisers, walks
from utils.explorers.optimisers.view import OptimiserExplorer
from utils.explorers.picture import Move, handle
from utils.explorers.state import StateError
from utils.explorers.weight_scale.compute import WeightScale
from utils.explorers.weight_scale.view import WeightScaleExplorer


def test_places_are_where_matplotlib_draws() -> None:
    with style():
        figure, ((image, curve),) = panels(1, 2)
        image.imshow(np.zeros((48, 44)))
        curve.set(xscale="log", xlim=(1e-3, 10), ylim=(5, 2))
        curve.plot(0.1, 3, "o", gid="there")
        places = {ax: (place_of(ax, "x", x), place_of(ax, "y", y)) for ax, x, y in ((image, 10, 30), (curve, 0.1, 3))}
        drawing = svg(figure, "a", "b")
    for ax, point in ((image, (10, 30)), (curve, (0.1, 3))):
        x, y = ax.transData.transform(point) * 72 / figure.dpi
        assert places[ax] == pytest.approx((x, figure.get_figheight() * 72 - y))
    (drawn,) = (node for node in ElementTree.fromstring(drawing).iter() if node.get("id") == "there")
    (used,) = (node for node in drawn.iter() if str(node.tag).endswith("use"))
    at = tuple(float(str(used.get(axis))) for axis in "xy")
    assert at == pytest.approx(places[curve], abs=0.01)


def test_a_picture_with_handles_stays_a_picture_and_shows_its_parts() -> None:
    with style():
        figure, ((ax,),) = panels(1, 1)
        ax.set_xlim(0, 4)
        plain = svg(figure, "heading", "words")
        drawing = with_grips(plain, handle("x", "x", knob(), x=axis_of(ax, "x", 1.0, (0.0, 4.0), 0.1)))
    root = ElementTree.fromstring(drawing)
    assert root.get("role") == "group"
    assert (drawing.heading, drawing.description, drawing.figure) == ("heading", "words", figure)
    place = handles_of(drawing)["x"]["x"]
    assert place["at"] == pytest.approx([place_of(ax, "x", 0), place_of(ax, "x", 4)])


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
