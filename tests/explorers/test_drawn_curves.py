"""A curve drawn as a prediction: it moves, is compared with what the code makes, and the distance is the true one."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from explorer_cases import handles_of, ids
from test_challenges import ALL, MADE

from utils.explorers import OptimiserExplorer
from utils.explorers.challenges import Challenge, CurvePrediction, Scale, Seen
from utils.explorers.drawn_curve import covers, distance, first_heights, picture_of_both, picture_to_draw
from utils.explorers.explorer import Explorer
from utils.explorers.gradient.compute import GradientCheck
from utils.explorers.picture import Move
from utils.explorers.training import Run
from utils.explorers.weight_scale.compute import SCALES, Sweep, WeightScale

DRAWN = [(name, one) for name, one in ALL if isinstance(one.predict, CurvePrediction)]
LINEAR = CurvePrediction("?", "gradient-check", lambda seen: ((0, 10), (0, 10)), Scale("x", 0, 10, ()),
                         Scale("y", 0, 10, ()), (0, 5, 10), "because")  # fmt: skip
LOG = dataclasses.replace(LINEAR, along=Scale("y", 1e-6, 1, (), log=True))
"""Two pictures that nothing has been drawn in."""


def predicted(challenge: Challenge) -> CurvePrediction:
    assert isinstance(challenge.predict, CurvePrediction)
    return challenge.predict


def sweep() -> Sweep:
    """Nets that learn in the middle of the scales alone."""
    return Sweep({("none", scale): Run([2.0], [0.9 if 0.05 < scale < 0.3 else 0.1], [0.1]) for scale in SCALES})


def right(name: str, predict: CurvePrediction) -> tuple[Any, Any]:
    explorer: Explorer[Any] = MADE[name](predict.state)
    found = sweep() if predict.trained else None
    return predict.curve(Seen(explorer.state, explorer.numbers(explorer.state), found, over=True))


def test_several_explorers_ask_for_a_curve() -> None:
    assert len({name for name, _ in DRAWN}) >= 2


@pytest.mark.parametrize(("name", "challenge"), DRAWN, ids=[one.title for _, one in DRAWN])
def test_the_right_curve_lies_in_the_picture_and_is_not_what_one_begins_with(name: str, challenge: Challenge) -> None:
    predict = predicted(challenge)
    xs, ys = right(name, predict)
    assert covers(predict, xs)
    assert predict.along.low <= min(ys)
    assert max(ys) <= predict.along.high
    assert not distance(predict, first_heights(predict), xs, ys).close
    at = np.interp(predict.points, xs, ys)
    assert distance(predict, list(at), xs, ys).close
    both = picture_of_both(predict, list(at), xs, ys)
    assert {"drawn", "right"} <= ids(both)
    assert not handles_of(both)


@pytest.mark.parametrize(("name", "challenge"), DRAWN, ids=[one.title for _, one in DRAWN])
def test_every_point_can_be_moved_over_the_whole_height_and_has_a_name(name: str, challenge: Challenge) -> None:
    predict = predicted(challenge)
    picture = picture_to_draw(predict, first_heights(predict))
    handles = handles_of(picture)
    assert list(handles) == [f"point-{index}" for index in range(len(predict.points))]
    assert 6 <= len(handles) <= 8
    for handle in handles.values():
        assert handle["y"]["of"] == [predict.along.low, predict.along.high]
        assert "x" not in handle
    places = [handle["beside"] for handle in handles.values()]
    assert places == sorted(places)
    assert picture.count("aria-label") == len(handles) + 1
    assert picture.count('data-stroke-group="curve"') == len(handles)


def test_the_distance_is_that_of_the_two_curves() -> None:
    found = distance(LINEAR, [0, 8, 10], (0, 10), (0, 10))
    assert found.share == pytest.approx(0.1)
    assert "off by 1." in found.said
    assert "farthest at x 5: you drew 8, and it is 5." in found.said
    assert distance(LINEAR, [0, 5, 10], (0, 10), (0, 10)).share == 0
    one_more = [distance(LINEAR, [0, 5 + up, 10], (0, 10), (0, 10)).share for up in (1, 2, 3)]
    assert one_more == sorted(one_more)
    beyond = distance(LINEAR, [10, 10, 10], (0, 10), (float("nan"), float("inf")))
    assert beyond.share == 0, "what is not finite counts as the upper edge"


def test_on_a_logarithmic_axis_the_distance_is_a_factor() -> None:
    found = distance(LOG, [1e-2] * 3, (0, 10), (1e-4, 1e-4))
    assert "off by a factor of 100." in found.said
    assert found.share == pytest.approx(2 / 6)


def test_a_curve_that_is_not_known_to_its_end_is_drawn_as_far_as_it_is() -> None:
    assert not covers(LINEAR, ())
    assert not covers(LINEAR, (0, 5))
    both = picture_of_both(LINEAR, [1, 2, 3], (0, 5), (0, 5))
    assert "not known to its end" in both
    picture_of_both(LINEAR, [1, 2, 3], (), ())


def test_a_curve_is_drawn_revealed_and_then_the_goal_is_played() -> None:
    explorer: Explorer[Any] = MADE["batch-norm"]()
    panel = explorer._challenges
    panel.choice.value = "Two modes that disagree"
    curve = panel.curve
    assert "First draw" in panel.goal.value
    assert curve.area in curve.children
    assert not panel.waits
    before = explorer.code
    curve._draw(Move("point-7", None, 1.8, done=True))
    curve._draw(Move("point-6", None, 99.0, done=False))
    curve._draw(Move("point-99", None, 1.0, done=True))
    curve._draw(Move("momentum", None, 1.0, done=True))
    handles = handles_of(curve.area.value)
    assert handles["point-7"]["y"]["value"] == 1.8
    assert handles["point-6"]["y"]["value"] == 2.5
    assert explorer.code == before, "the explorer shows nothing of it yet"

    curve.done.click()
    assert explorer.state.momentum == 0.98
    assert "On average, your curve is off by" in curve.said.value
    assert "0.98ⁿ" in curve.said.value
    assert not handles_of(curve.area.value)
    assert "Goal" in panel.goal.value
    assert not panel.waits
    first = curve.said.value
    curve._draw(Move("point-0", None, 2.0, done=True))  # the page told of it after the button was pressed
    assert curve.said.value != first
    assert not handles_of(curve.area.value)
    explorer._controls["momentum"].value = 0.9  # to look around changes nothing of what was drawn
    assert "0.98ⁿ" in curve.said.value

    panel.again.click()
    assert "○" in panel.progress.value
    explorer._controls["momentum"].value = 0.999
    assert "Solved" in panel.progress.value
    panel.choice.value = ""
    assert curve.children == (), "a picture that nobody sees is none of the page's"
    assert curve.area.value == ""


def test_a_curve_that_training_makes_comes_bit_by_bit() -> None:
    explorer: Explorer[Any] = MADE["weight-scale"]()
    panel = explorer._challenges
    panel.choice.value = "Forgive a small scale"
    panel.curve.done.click()
    assert panel.waits
    assert "while the nets train" in panel.curve.said.value
    whole = sweep()
    state = WeightScale()
    some = Sweep(dict(list(whole.runs.items())[:4]))
    panel.measure(Seen(state, None, some, over=False))
    assert "4 of its points" in panel.curve.said.value
    panel.measure(Seen(state.but(depth=3), None, whole, over=True))
    assert panel.waits, "another net's curve is none"
    panel.measure(Seen(state, None, whole, over=True))
    assert not panel.waits
    assert "On average" in panel.curve.said.value


def test_code_that_is_missing_leaves_the_curve_waiting_and_the_challenge_open(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer: OptimiserExplorer = MADE["optimisers"]()
    panel = explorer._challenges
    panel.choice.value = "Off the saddle"

    def missing(*arguments: Any) -> Any:
        raise NotImplementedError("sgd: your code here")

    monkeypatch.setattr(explorer.optim, "sgd", missing)
    panel.curve.done.click()
    assert panel.curve.waits
    assert "as soon as your code" in panel.curve.said.value
    monkeypatch.undo()
    explorer._run_again()
    assert "On average" in panel.curve.said.value
    panel.again.click()
    assert "○" in panel.progress.value


def test_another_explorer_s_state_is_never_compared() -> None:
    explorer: Explorer[Any] = MADE["gradient-check"]()
    curve = explorer._challenges.curve
    curve.compare(Seen(GradientCheck(), None))
    assert curve.area.value == ""
