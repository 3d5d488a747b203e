"""The decision-boundary explorer."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explorer_cases import HandJobs, ids

from grader.reference import Reference
from utils.explorers.boundary.compute import EDGE, FINE, Boundary, Training, see, training
from utils.explorers.boundary.sets import COUNT, SETS, points_of
from utils.explorers.boundary.view import BoundaryExplorer, _across_the_box
from utils.explorers.explorer import Explorer
from utils.explorers.numbers import csv_text
from utils.explorers.picture import Move
from utils.explorers.state import StateError


@pytest.fixture
def net_class(reference: Reference) -> Any:
    return reference.module("fc_net").FullyConnectedNet


@pytest.mark.parametrize("kind", SETS)
def test_sets_have_two_classes_inside_the_plane_and_a_seed(kind: str) -> None:
    X, y = points_of(kind, 0.3, 5)
    assert X.shape == (COUNT, 2)
    assert np.bincount(y).tolist() == [COUNT // 2, COUNT // 2]
    assert np.abs(X).max() <= EDGE
    np.testing.assert_array_equal(X, points_of(kind, 0.3, 5)[0])
    other, _ = points_of(kind, 0.3, 6)
    assert not np.array_equal(X, other)


@pytest.mark.parametrize("kind", ["two clouds", "corners", "moons", "rings"])
def test_nets_learn_the_sets(net_class: Any, kind: str) -> None:
    begin, end = (see(net_class, Boundary(set=kind, noise=0.05, step=step)) for step in (0, 400))
    assert end.accuracy > 0.97
    assert end.loss < 0.3 * begin.loss


def test_a_step_back_brings_back_what_was_there(net_class: Any) -> None:
    state = Boundary(step=30, units=4)
    before, ahead, back = (see(net_class, state.but(step=step)) for step in (30, 55, 30))
    np.testing.assert_array_equal(before.share, back.share)
    assert (before.share != ahead.share).any()
    assert before.losses == back.losses == ahead.losses[:30]
    np.testing.assert_array_equal(before.batch, back.batch)
    fresh = Training(net_class, state.but(step=0))
    np.testing.assert_array_equal(fresh.at(30).params["W1"], back.params["W1"])


def test_a_step_is_one_of_gradient_descent_on_the_next_minibatch(net_class: Any) -> None:
    state = Boundary(batch=7, rate=0.25, depth=1)
    course = training(net_class, state.but(step=0))
    net = course.at(3)
    before = {name: value.copy() for name, value in net.params.items()}
    chosen = course.batches[3]
    assert len(set(chosen.tolist())) == 7
    _, grads = net.loss(course.X[chosen], course.y[chosen])
    after = course.at(4).params
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value - np.float32(0.25) * grads[name], rtol=1e-6)


def test_a_unit_of_the_first_layer_is_active_in_its_half_plane(net_class: Any) -> None:
    seen = see(net_class, Boundary(units=5, step=20))
    axis = np.linspace(-EDGE, EDGE, FINE)
    places = np.stack(np.meshgrid(axis, axis[::-1]), axis=-1)  # the first row has the greatest y
    for unit in range(5):
        w, b = seen.half_plane(unit)
        inside = places @ w + b
        clear = np.abs(inside) > 1e-5
        np.testing.assert_array_equal((seen.hidden[0][unit] > 0)[clear], (inside > 0)[clear])
        ends = _across_the_box(w, b)
        if ends is not None:
            np.testing.assert_allclose(ends @ w + b, 0, atol=1e-5)
            assert np.abs(ends).max() == pytest.approx(EDGE)
    assert len(seen.hidden) == len(seen.active) == 2


def test_lines_that_miss_the_plane_are_not_drawn() -> None:
    assert _across_the_box(np.array([1.0, 0.0]), 5.0) is None
    assert _across_the_box(np.array([0.0, 0.0]), 1.0) is None
    assert _across_the_box(np.array([np.nan, 1.0]), 1.0) is None
    np.testing.assert_allclose(_across_the_box(np.array([2.0, 0.0]), 1.0), [[-0.5, -EDGE], [-0.5, EDGE]])


def test_a_moved_point_is_part_of_the_state_and_of_the_training(net_class: Any) -> None:
    state = Boundary().with_point(12, 0.5, -0.25).with_point(3, 0.1, 1.0).with_point(12, 0.6, -0.2)
    assert state.moved == (3.0, 0.1, 1.0, 12.0, 0.6, -0.2)
    assert Boundary.parse(str(state)) == state
    X, _ = state.points()
    assert X[12].tolist() == [0.6, -0.2]
    before, _ = Boundary().points()
    assert np.flatnonzero(np.any(before != X, axis=1)).tolist() == [3, 12]
    assert (see(net_class, state).share != see(net_class, Boundary()).share).any()
    assert Boundary.parse(str(Boundary())) == Boundary()


@pytest.mark.parametrize("moved", ["1", "1,0.5", "90,0,0", "1.5,0,0", "3,7,0", "-1,0,0"])
def test_points_that_cannot_be_moved_so_are_told(moved: str) -> None:
    with pytest.raises(StateError):
        Boundary.parse(f"decision-boundary?moved={moved}")


def test_a_drag_moves_the_point_and_trains_anew(net_class: Any) -> None:
    explorer = BoundaryExplorer(net_class, jobs=HandJobs())
    explorer._toolbar.ghost.value = False
    before, code = explorer._picture.value, explorer._code.value
    explorer._act(Move("point-7", 0.123456789, -0.5, False))
    assert "moved=7,0.123457,-0.5" in explorer._code.value
    assert explorer.state == Boundary.parse(explorer._code.value)
    assert explorer._picture.value != before
    assert explorer._controls["moved"]._count.value == f"1 of {COUNT} points moved"
    explorer._controls["moved"].back.click()
    assert (explorer._picture.value, explorer._code.value) == (before, code)
    explorer._act(Move("point-500", 0.1, 0.1, True))
    assert "which one" in explorer._message.value


def test_the_mark_on_the_curve_is_the_step(net_class: Any) -> None:
    explorer = BoundaryExplorer(net_class, jobs=HandJobs())
    explorer._act(Move("step", 33, None, True))
    assert (explorer.state.step, explorer._controls["step"].value) == (33, 33)


def test_the_picture_says_what_each_unit_does(net_class: Any) -> None:
    explorer = BoundaryExplorer(net_class, Boundary(units=3, depth=2), jobs=HandJobs())
    picture = explorer._picture.value
    root = ElementTree.fromstring(picture)
    buttons = [node for node in root.iter() if node.get("role") == "button"]
    assert len(buttons) == 6
    for node in buttons:
        assert node.get("aria-label") == node.get("data-says")
        linked = [other for other in root.iter() if str(node.get("data-link")) in str(other.get("data-link")).split()]
        assert len(linked) >= 1 + 3 + 2  # itself, its place in the plane, and its weights
    sliders = [node for node in root.iter() if node.get("role") == "slider"]
    assert len(sliders) == COUNT + 1
    assert all(node.get("aria-label") and node.get("aria-valuetext") for node in sliders)
    assert {"line-1", "line-2", "boundary-0"} <= ids(picture)
    assert "% of the 80 points right" in str(root.get("aria-label"))


def test_the_numbers_can_be_kept(net_class: Any) -> None:
    drawing = BoundaryExplorer(net_class, jobs=HandJobs())._svg["picture"]
    table = csv_text({"picture": drawing}, "code").splitlines()
    assert sum(line.startswith("picture,points,class") for line in table) == COUNT
    assert sum("loss" in line for line in table) == Boundary().step


def test_a_net_that_explodes_is_drawn_all_the_same(net_class: Any) -> None:
    explorer = BoundaryExplorer(net_class, Boundary(rate=10.0, scale=10.0, step=200), jobs=HandJobs())
    assert not explorer._message.value
    ElementTree.fromstring(explorer._picture.value)


def test_a_wrong_shape_is_told(net_class: Any) -> None:
    class Wide(net_class):
        def loss(self, X: Any, y: Any = None) -> Any:
            return super().loss(X, y) if y is not None else super().loss(X).T

    class Without(net_class):
        def loss(self, X: Any, y: Any = None) -> Any:
            if y is None:
                return super().loss(X)
            loss, grads = super().loss(X, y)
            return loss, {name: grad for name, grad in grads.items() if name != "b2"}

    assert "scores of shape (2, 80)" in BoundaryExplorer(Wide, jobs=HandJobs())._message.value
    assert "no gradient b2" in BoundaryExplorer(Without, jobs=HandJobs())._message.value


def test_out_of_sight_nothing_plays(net_class: Any) -> None:
    explorer = BoundaryExplorer(net_class, jobs=HandJobs())
    explorer._controls["step"].play.click()
    explorer.look(False)
    assert not explorer._controls["step"]._clock.playing


def test_the_boundary_of_the_last_setting_is_drawn_as_a_dashed_line(net_class: Any) -> None:
    explorer = BoundaryExplorer(net_class, Boundary(step=80), jobs=HandJobs())
    assert not _ghosts(explorer)
    before = _lines(explorer, "boundary-")
    losses = _lines(explorer, "losses")
    for rate in (0.05, 0.02):  # one movement
        explorer._controls["rate"].value = rate
    assert _lines(explorer, "ghost-boundary-") == before != _lines(explorer, "boundary-")
    assert _lines(explorer, "ghost-losses") == losses
    explorer._toolbar.ghost.value = False
    assert not _ghosts(explorer)


def test_what_stood_before_a_step_stays_while_steps_are_taken(net_class: Any) -> None:
    explorer = BoundaryExplorer(net_class, Boundary(step=80), jobs=HandJobs())
    before = _lines(explorer, "boundary-")
    for _ in range(5):
        explorer._controls["step"].back.click()
    assert _lines(explorer, "ghost-boundary-") == before


def _lines(explorer: Explorer[Any], name: str) -> list[str]:
    nodes = ElementTree.fromstring(explorer._picture.value).iter()
    return [node.get("d", "") for node in nodes if node.get("id", "").startswith(name)]


def _ghosts(explorer: Explorer[Any]) -> list[str]:
    return [line for line in _lines(explorer, "ghost-") if line]
