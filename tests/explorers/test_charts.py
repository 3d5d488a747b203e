"""Charts put together by hand: ticks, lines as the page can show them, and all that a chart is told."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explorer_cases import ids
from hypothesis import assume, given
from hypothesis import strategies as st

from utils.explorers.chart import SHAPES, Chart, Look, charted, ghosts, legend, row
from utils.explorers.drawing import COLOURS
from utils.explorers.ghost import behind
from utils.explorers.lines import clipped, inside, thinned
from utils.explorers.svg import path, steps, width_of
from utils.explorers.ticks import SIZE, ticks

BOX = (40.0, 20.0, 200.0, 100.0)
BORDER = (40.0, 20.0, 240.0, 120.0)
sizes = st.floats(-1e9, 1e9)
places = st.tuples(st.floats(-50, 300), st.floats(-50, 300))
wild = st.tuples(*2 * [st.floats(-50, 300) | st.floats(allow_nan=True, allow_infinity=True)])


def value_of(said: str) -> float:
    """What stands beside a tick, as a number."""
    if said.startswith("10") and len(said) > 2 and said[2] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
        return 10.0 ** int(said[2:].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    return float(said.replace("−", "-"))


def written(found: str) -> np.ndarray[Any, Any]:
    """The points of a line's ``d``."""
    numbers = re.findall(r"-?[\d.]+", found)
    return np.array(numbers, dtype=float).reshape(-1, 2)


@given(sizes, sizes, st.floats(20, 600), st.sampled_from("xy"))
def test_ticks_lie_on_the_axis_in_order_and_say_their_values(low: float, high: float, length: float, along: str
                                                             ) -> None:  # fmt: skip
    assume(high - low > 1e-6 * max(abs(low), abs(high), 1e-6))
    found = ticks((low, high), length, along)
    values = [value for value, _ in found]
    assert all(low <= value <= high for value in values)
    assert all(one < other for one, other in pairwise(values))
    assert [value_of(said) for _, said in found] == pytest.approx(values, rel=1e-9, abs=1e-9 * (high - low))
    assert len({said for _, said in found}) == len(found)
    if len(values) > 2:
        assert np.ptp(np.diff(values)) < 1e-6 * (high - low)
        digit = float(f"{values[1] - values[0]:.0e}"[0])
        assert digit in (1, 2, 5)


@given(st.floats(-300, 299), st.floats(0.05, 250), st.floats(30, 600), st.sampled_from("xy"))
def test_ticks_of_a_logarithmic_axis_are_powers_of_ten(low: float, decades: float, length: float, along: str) -> None:
    ends = 10.0**low, 10.0 ** min(low + decades, 300)
    assume(ends[0] < ends[1])
    found = ticks(ends, length, along, log=True)
    values = [value for value, _ in found]
    assert all(ends[0] * (1 - 1e-9) <= value <= ends[1] * (1 + 1e-9) for value in values)
    assert all(one < other for one, other in pairwise(values))
    assert [value_of(said) for _, said in found] == pytest.approx(values, rel=1e-6)
    if decades > 2:
        steps = np.diff(np.log10(values))
        assert np.ptp(steps, axis=0) < 1e-6 if len(steps) else True


@given(sizes, sizes, st.floats(60, 600))
def test_numbers_below_an_axis_do_not_touch(low: float, high: float, length: float) -> None:
    assume(high - low > 1e-6 * max(abs(low), abs(high), 1e-6))
    found = ticks((low, high), length, "x")
    for (left, one), (right, other) in pairwise(found):
        room = (right - left) / (high - low) * length
        assert room >= (width_of(one, SIZE) + width_of(other, SIZE)) / 2 or len(found) == 2


@given(st.lists(st.floats(0, 400), min_size=1, max_size=3000), st.randoms(use_true_random=False))
def test_a_thinned_line_has_the_same_extremes_and_looks_the_same(heights: list[float], random: Any) -> None:
    xs = np.sort([random.uniform(0, 40) for _ in heights])
    points = np.column_stack([xs, heights])
    found = thinned(points)
    assert len(found) <= len(points)
    np.testing.assert_array_equal(found[[0, -1]], points[[0, -1]])
    for extreme in (np.min, np.max):
        np.testing.assert_array_equal(extreme(found, axis=0), extreme(points, axis=0))
    rows = set(map(tuple, points.tolist()))
    assert set(map(tuple, found.tolist())) <= rows
    strips = np.floor((points[:, 0] - points[0, 0]) / 0.5)
    kept = np.floor((found[:, 0] - points[0, 0]) / 0.5)
    for strip in np.unique(strips):
        there, left = points[strips == strip, 1], found[kept == strip, 1]
        assert (left.min(), left.max()) == (there.min(), there.max())


def test_a_line_with_very_many_points_is_thinned() -> None:
    rng = np.random.default_rng(0)
    points = np.column_stack([np.linspace(0, 100, 50_000), rng.normal(size=50_000)])
    assert len(thinned(points)) <= 4 * 201
    back = points[::-1]
    assert thinned(back) is back  # a walk that goes anywhere keeps all of its points


@given(st.lists(wild, max_size=12))
def test_what_is_left_of_a_clipped_line_is_inside_and_on_the_line(line: list[tuple[float, float]]) -> None:
    points = np.array(line, dtype=float).reshape(-1, 2)
    found = clipped(points, BORDER)
    there = found[np.isfinite(found).all(axis=1)]
    assert inside(there, BORDER).all() or len(points) < 2
    for point in points[inside(points, BORDER)] if len(points) > 1 else []:
        neighbours = [i for i in range(len(points)) if (points[i] == point).all()]
        alone = all(
            not np.isfinite(points[j]).all() for i in neighbours for j in (i - 1, i + 1) if 0 <= j < len(points)
        )
        assert alone or np.isclose(there, point, atol=1e-6).all(axis=1).any()


@given(places, places)
def test_a_clipped_segment_is_the_part_of_it_that_lies_inside(one: tuple[float, float], other: tuple[float, float]
                                                              ) -> None:  # fmt: skip
    ends = np.array([one, other])
    way = ends[0] + np.linspace(0, 1, 2001)[:, None] * np.diff(ends, axis=0)
    seen = way[inside(way, BORDER)]
    found = clipped(ends, BORDER)
    if len(seen) > 1:
        assert found.min(axis=0) == pytest.approx(seen.min(axis=0), abs=0.4)
        assert found.max(axis=0) == pytest.approx(seen.max(axis=0), abs=0.4)
    elif len(found):
        assert np.abs(np.diff(found, axis=0)).max() < 0.4


def test_a_line_that_leaves_and_comes_back_is_interrupted() -> None:
    xs, ys = [50, 100, 150, 200], [50, 500, 500, 50]
    found = clipped(np.column_stack([xs, ys]).astype(float), BORDER)
    assert np.isnan(found).all(axis=1).tolist() == [False, False, True, False, False]
    assert clipped(np.array([[50.0, 50], [1e300, 1e300], [60, 60]]), BORDER).shape == (5, 2)


@given(st.lists(wild, max_size=40))
def test_a_line_is_written_to_a_tenth_of_a_unit(line: list[tuple[float, float]]) -> None:
    points = np.clip(np.array(line, dtype=float).reshape(-1, 2), -1e5, 1e5)
    there = np.isfinite(points).all(axis=1)
    text = steps(points)
    np.testing.assert_allclose(written(text), points[there], atol=0.0501)
    assert text.count("M") == np.sum(there & ~np.concatenate([[False], there])[:-1])
    assert (f'd="{text}"' in path(*points.T)) or not len(points)


@pytest.mark.parametrize("smallest", [5e-324, 3.27e-309, 1e-291, 1e-289])
def test_the_ends_of_a_logarithmic_axis_are_above_0(smallest: float) -> None:
    chart = Chart(BOX, "title", log="y")
    chart.curve("curve", [1, 2], [smallest, 1.0], Look(COLOURS[0]))
    charted(150, "a", "b", [chart])
    assert chart.plane.along[0] > 0


series = st.lists(st.floats(-1e6, 1e6) | st.just(math.nan) | st.just(math.inf), min_size=1, max_size=30)


@given(st.lists(series, min_size=1, max_size=4), st.sampled_from(["", "x", "y", "xy"]))
def test_every_series_that_is_saved_is_in_the_picture_and_leaves_a_ghost(many: list[list[float]], log: str) -> None:
    chart = Chart(BOX, "title", log=log)
    for number, ys in enumerate(many):
        chart.curve(f"curve-{number}", np.arange(1, len(ys) + 1), ys, Look(COLOURS[number], marker="circle"))
    chart.band([1, 2], [1, 1], [2, 3], COLOURS[0], 0.5, "band")
    drawing = charted(150, "a", "b", [chart])
    named = {name for _, name, _, _ in drawing.series}
    assert named == {f"curve-{number}" for number in range(len(many))} | {"band"}
    assert named <= ids(drawing)
    with behind(drawing.ghost):
        (before,) = ghosts(1)
        assert ghosts(2) == [(), ()]
        later = Chart(BOX, before=before)
        later.curve("other", [1, 2], [1, 2], Look(COLOURS[0]))
        assert {f"ghost-{name}" for name in named} <= ids(charted(150, "a", "b", [later]))


def test_an_axis_makes_room_for_what_it_shows_and_for_what_stands_behind() -> None:
    first = Chart(BOX)
    first.curve("curve", [0, 10], [0, 100], Look(COLOURS[0]))
    assert (first.plane.across, first.plane.along) == ((-0.5, 10.5), (-5, 105))
    second = Chart(BOX, before=first.traces)
    second.curve("curve", [0, 1], [0, 1], Look(COLOURS[0]))
    assert second.plane.across == (-0.5, 10.5)
    fixed = Chart(BOX, x_ends=(0, 1), y_ends=(0, 2), before=first.traces)
    assert (fixed.plane.across, fixed.plane.along) == ((0, 1), (0, 2))
    single = Chart(BOX)
    single.curve("curve", [3], [5], Look(COLOURS[0], marker="square"))
    assert single.plane.across[0] < 3 < single.plane.across[1]
    assert Chart(BOX).plane.along == (0, 1)
    assert "NaN" not in Chart(BOX, log="xy").drawn()


def test_nothing_of_a_curve_is_drawn_outside_of_the_axes() -> None:
    chart = Chart(BOX, x_ends=(0, 10), y_ends=(0, 10))
    chart.curve("curve", [-5, 5, 5, 20, 8], [-1e9, 5, 1e200, -3, 8], Look(COLOURS[0], marker="circle"))
    root = ElementTree.fromstring(charted(150, "a", "b", [chart]))
    (group,) = (node for node in root.iter() if node.get("id") == "curve")
    for part in group:
        assert inside(written(str(part.get("d")).replace("h0", "")), BORDER).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_all_marks_of_a_curve_are_one_element(shape: str) -> None:
    chart = Chart(BOX)
    chart.curve("dots", [1, 2, 3], [1, 2, math.nan], Look(COLOURS[1], marker=shape, width=0))
    (group,) = (node for node in ElementTree.fromstring(charted(150, "a", "b", [chart])).iter()
                if node.get("id") == "dots")  # fmt: skip
    (marks,) = group
    assert str(marks.get("d")).count("M") == 2
    assert ElementTree.fromstring(legend(0, 0, [("two\nlines", Look(COLOURS[1], marker=shape))]))


def test_charts_in_a_row_have_room_beside_each_other() -> None:
    boxes = row(3, 200, (3, 2, 1))
    for (left, _, width, _), (right, *_) in pairwise(boxes):
        assert right - left - width == pytest.approx(44)
    assert boxes[0][2] == pytest.approx(3 * boxes[2][2])


def test_a_picture_to_bet_on_keeps_axes_and_legends_alone() -> None:
    chart = Chart(BOX, "after 3 steps", "w₁", "10 powers", x_ends=(0, 10), y_ends=(0, 1))
    chart.note(0, 1, "slope 0.5\nno slope")
    chart.text(1, 0.5, "σ 2")
    chart.put(legend(0, 0, [("float64", Look(COLOURS[0]))]))
    words = {
        node.text for node in ElementTree.fromstring(charted(150, "at 7", "b 8", [chart]).without_numbers()).iter()
    }
    assert {"no slope", "float64", "w₁", "10 powers", "0.4"} <= words
    assert words.isdisjoint({"after 3 steps", "slope 0.5", "σ 2"})
