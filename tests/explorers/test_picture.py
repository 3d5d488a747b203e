"""What a page may say about the handles of a picture, and what Python makes of it."""

from __future__ import annotations

import json
import math
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.explorers.drawing import picture_of
from utils.explorers.picture import Axis, Move, Picture, as_move, handle
from utils.explorers.plane import Plane, coloured, tinted
from utils.explorers.svg import element, label, path

anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["handle", "x", "y", "done"]), inner),
)


@given(anything)
def test_whatever_a_page_sends_is_a_move_of_finite_numbers_or_none(content: Any) -> None:
    move = as_move(json.loads(json.dumps(content)))
    if move is not None:
        assert isinstance(move.handle, str)
        assert all(value is None or math.isfinite(value) for value in (move.x, move.y))


def test_a_move_is_read_as_it_was_meant() -> None:
    assert as_move({"handle": "scale", "x": 0.1, "done": True}) == Move("scale", 0.1, None, True)
    assert as_move({"handle": "column,row", "x": 3, "y": 4}) == Move("column,row", 3, 4, False)
    assert as_move({"handle": "scale", "x": "0.1"}) is None
    assert as_move({"x": 0.1}) is None


def test_a_page_is_answered_even_when_the_move_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, sent, seen = Picture(), list[Any](), list[Move]()
    monkeypatch.setattr(picture, "send", lambda content, buffers=None: sent.append(content))

    def act(move: Move) -> None:
        seen.append(move)
        raise ZeroDivisionError

    picture.on_move(act, lambda action: action())
    picture._handle_custom_msg({"handle": "x", "x": 1.0, "done": True}, [])  # ipywidgets logs what is raised
    picture._handle_custom_msg("nonsense", [])
    assert seen == [Move("x", 1.0, None, True)]
    assert sent == [{"heard": True}] * 2


@pytest.mark.parametrize(
    ("axis", "place"),
    [
        (Axis(2.0, 0, 10, 100, 200, 1), 120),
        (Axis(2.0, 0, 10, 200, 100, 1), 180),  # y grows downwards
        (Axis(0.1, 0.001, 10, 0, 400, 0.1, log=True), 200),
        (Axis(99.0, 0, 10, 100, 200, 1), 200),  # beyond the end it stays at the end
    ],
)
def test_a_value_has_a_place(axis: Axis, place: float) -> None:
    assert axis.place == pytest.approx(place)


def test_a_handle_is_a_slider_with_a_name_a_value_and_a_place() -> None:
    one = handle("a&b", 'named "so"', element("circle", r=3), x=Axis(0.5, 0, 1, 10, 20, 0.1), beside=7)
    found = ElementTree.fromstring(one)
    assert (found.get("role"), found.get("tabindex")) == ("slider", "0")
    assert found.get("aria-label") == 'named "so"'
    assert (found.get("aria-valuenow"), found.get("aria-valuetext")) == ("0.5", "0.5")
    assert found.get("transform") == "translate(15 7)"
    assert json.loads(str(found.get("data-handle")))["name"] == "a&b"
    both = ElementTree.fromstring(handle("p", "p", "", x=Axis(-0.5, -1, 1, 0, 9, 1), y=Axis(3, 0, 4, 0, 9, 1)))
    assert both.get("aria-valuetext") == "x −0.5, y 3"
    assert ElementTree.fromstring(handle("p", "p", "", y=Axis(3, 0, 4, 0, 9, 1), still=True)).get("transform") is None


def test_svg_is_well_formed_whatever_is_written_in_it() -> None:
    wild = '<&">'
    plane = Plane(30, 20, 200, 100, (0, 10), (1e-3, 10), log=True)
    parts = (
        plane.frame(wild, wild, wild, ((0, 5), (0.01, 1))),
        plane.line([0, 1, 2, 3], [1, float("nan"), float("inf"), 0.1], stroke=wild),
        plane.inside("box", label(1, 2, wild)),
        plane.image(tinted("#102030", np.array([[0.0, 0.5, 1.0], [np.nan, 2, -1]]))),
    )
    words = "".join(ElementTree.fromstring(picture_of(300, 150, wild, wild, *parts)).itertext())
    assert words.count(wild) == 6


def test_a_line_is_interrupted_where_there_is_no_number() -> None:
    assert 'd="M0.0 0.0L1.0 1.0M3.0 3.0"' in path([0, 1, 2, 3], [0, 1, float("nan"), 3])


def test_colours_are_as_strong_as_they_are_told() -> None:
    pixels = tinted("#10ff03", np.array([[0.0, 0.5, 1.0], [np.nan, 2, -1]]))
    assert pixels.shape == (2, 3, 4)
    assert (pixels[..., :3] == [16, 255, 3]).all()
    np.testing.assert_array_equal(pixels[..., 3], [[0, 127, 255], [0, 255, 0]])


def test_colours_go_from_one_end_to_the_other() -> None:
    pixels = coloured(np.array([[-1.0, 0.0, 0.5], [1.0, 3.0, np.nan]]), ("#000000", "#102030", "#ffffff"), (-1, 1))
    assert pixels[0].tolist() == [[0, 0, 0, 255], [16, 32, 48, 255], [136, 144, 152, 255]]
    assert pixels[1, :2].tolist() == [[255, 255, 255, 255]] * 2
    assert pixels[1, 2, 3] == 0
