"""Describing a wrong output: is it recognised what was done to the right answer?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Array
from utils.checks.diagnose import describe as package
from utils.checks.diagnose.describe import (
    Observation,
    WrongOutput,
    describe,
    how_far_off,
    locate,
    mixed_examples,
    shown_numbers,
    sizes_by_name,
    when_it_is_wrong,
)
from utils.checks.program import Ran

RNG = np.random.default_rng(0)
A = RNG.standard_normal((4, 6))
IMAGES = RNG.standard_normal((2, 3, 5, 5))
FILTERS = RNG.standard_normal((4, 3, 2, 2))
X, B, W, REG = RNG.standard_normal((4, 5)), RNG.standard_normal(6), RNG.standard_normal((4, 6)), 0.7
INPUTS: Mapping[str, object] = {"x": X, "b": B, "W": W, "reg": REG, "images": IMAGES}


def said(expected: object, got: object, inputs: Mapping[str, object] = INPUTS) -> str:
    """What is said of one wrong array, or of a wrong number in three cases."""
    outputs = [WrongOutput(expected, got, inputs)] * (3 if np.ndim(got) == 0 else 1)
    return describe(outputs) or locate(outputs)


def bordered(width: int) -> Array:
    wrong = IMAGES.copy()
    wrong[:, :, width:-width, width:-width] -= 1
    return wrong + 1


def changed(where: object) -> Array:
    wrong = IMAGES.copy()
    wrong[where] += np.arange(1, 1 + wrong[where].size).reshape(wrong[where].shape)
    return wrong


SEEN = [
    ("factors.sign", A, -A, "every entry has the opposite sign"),
    ("factors.sign", A, abs(A), "the sign is wrong where it should be negative"),
    ("factors.sign", A, A * (-1.0) ** np.arange(6), "the sign is wrong in some places"),
    ("factors.sign", 1.3, -1.3, "it has the opposite sign"),
    ("factors.factor", A, 2 * A, "2 times too large"),
    ("factors.factor", A, 4 * A, "4 times too large, 4 being N, the number of examples"),
    ("factors.factor", A, A / 5, "5 times too small, 5 being the number of features"),
    ("factors.factor", A, A * REG, "the right answer times reg"),
    ("factors.factor", A, A / (1 - REG), "divided by 1 − reg"),
    ("factors.factor", A, A / 7, "7 times too small"),
    ("factors.factor", A, 0.37 * A, "0.37 times"),
    ("factors.factor", A, A * 3 / 4, "it is (n − 1) / n times the right answer, n being N, the number of examples"),
    ("factors.factor", A, A * 1.25**0.5, "it is √(n / (n − 1)) times the right answer, n being the number of"),
    ("factors.factor", 1.3, 2.6, "2 times too large"),
    ("terms.multiplied", A, A * W, "the right answer times W, entry by entry"),
    ("terms.multiplied", A, A / B, "the right answer divided by b, entry by entry"),
    (
        "scales.scaled_slices",
        A,
        A * np.arange(2, 8),
        "each column is right but for a factor of its own",
    ),
    (
        "scales.shifted_slices",
        A,
        A + np.arange(1, 5)[:, None],
        "each row is off by a number of its own: look at",
    ),
    (
        "scales.scaled_and_shifted_slices",
        A,
        A * np.arange(1, 7) + 1,
        "each column is right but for a scale and an",
    ),
    (
        "scales.multiples_of_slices",
        A,
        A + W * np.arange(2, 8),
        "each column is off by a multiple of the same column of W: look at the terms",
    ),
    (
        "scales.multiples_of_slices",
        A,
        A + W * np.arange(2, 8) + np.arange(6),
        "each column is off by a multiple of the same column of W, and by a number of its own",
    ),
    (
        "scales.multiples_of_a_row",
        A,
        A - np.outer([2, -1, 3, 1.5], B),
        "each row of what it is off by is a multiple of b: look at the products with b",
    ),
    ("factors.factor", A, A / (REG - 1), "divided by 1 − reg and has the opposite sign"),
    ("places.whole_numbers", 9 * A, np.trunc(9 * A), "every entry is a whole number, the right one cut off"),
    ("places.whole_numbers", 9 * A, np.trunc(9 * A + 3 * B), "every entry is a whole number: does an array"),
    ("factors.offset", A, A + 0.5, "off by the same amount, 0.5"),
    ("factors.zero", A, np.zeros_like(A), "every entry is zero"),
    ("terms.copied", A, W, "what comes back is just W"),
    ("terms.term", A, A - B, "the right answer minus b"),
    ("terms.term", A, A - REG * W, "minus reg · W"),
    ("terms.term", A, A + W, "plus W"),
    ("terms.term", A, A - 2 * W, "minus 2 · W: is a term subtracted that should be added?"),
    ("terms.term", A, A + 0.123 * W, "off by 0.123 times W"),
    ("terms.term", 1.3, 1.3 - 0.5 * REG * (W * W).sum(), "minus ½ · reg · the sum of the squares of W"),
    ("terms.term", A.sum(axis=0), A.sum(axis=0) - W.sum(axis=0), "minus the sum of W over axis 0"),
    ("order.transposed", A[:, :4], A[:, :4].T, "it is the transpose"),
    ("order.transposed", IMAGES, IMAGES.transpose(0, 1, 3, 2), "axes 2 and 3 are exchanged"),
    ("order.reshaped", A, A.T.reshape(4, 6), "look at each reshape and transpose"),
    ("order.reshaped", IMAGES, IMAGES.transpose(0, 2, 3, 1).reshape(2, 3, 5, 5), "look at each reshape and transpose"),
    ("order.repeated", A, np.tile(A[:1], (4, 1)), "every row comes out like the first"),
    ("order.repeated", A, np.tile(A[-1:], (4, 1)), "every row comes out like the last"),
    ("order.repeated", A, np.tile(A.mean(axis=0), (4, 1)), "every row is the mean"),
    ("order.equal", A, np.tile(A[0] ** 2, (4, 1)), "every row is the same"),
    ("order.repeated", FILTERS, np.tile(FILTERS.sum(axis=0), (4, 1, 1, 1)), "every filter is the sum"),
    ("order.repeated", IMAGES, np.tile(IMAGES.sum(axis=0), (2, 1, 1, 1)), "every example is the sum"),
    ("order.reordered", A, A[::-1], "its rows are right but in reverse order"),
    ("order.reordered", A, A[[2, 0, 3, 1]], "its rows are right, but out of order"),
    ("order.reordered", A, np.roll(A, 1, axis=1), "its columns are right, but each stands next to its place"),
    ("order.reordered", IMAGES, IMAGES[:, [2, 0, 1]], "its channels are right"),
    ("order.reordered", A, A[[0, 0, 2, 3]], "some stand twice"),
    ("order.accumulated", A, np.cumsum(A, axis=0), "each row holds the sum of all up to it"),
    ("order.scattered", A, RNG.permutation(A.ravel()).reshape(4, 6), "stand in the wrong places"),
    ("places.border", IMAGES, bordered(1), "only the border of the images is wrong"),
    ("places.border", IMAGES, changed(np.s_[:, :, -1]), "only the last row of the images"),
    ("places.slices", A, np.vstack([A[:1], A[1:] ** 2 + A[:1]]), "only the first row is right"),
    ("places.slices", A, np.vstack([A[:1], 0 * A[1:]]), "only the first row is right: does a loop return"),
    ("places.slices", A, np.vstack([A[:2], A[2:] + A[:2]]), "only row 0, 1 are right"),
    ("places.slices", A, np.hstack([A[:, :5], A[:, 5:] ** 2]), "only the last column is wrong"),
    ("places.slices", A, np.hstack([A[:, :5], 0 * A[:, 5:]]), "only the last column is wrong: does a loop stop"),
    ("places.signs", X, np.where(X < 0, X * X, X), "it is wrong only where x is negative"),
    ("places.signs", W, np.maximum(W, 0), "it is wrong only where W is negative and comes out as 0"),
    ("places.zeroed", A, np.where(abs(A) > 0.7, 0, A), "all entries that are wrong are 0"),
    (
        "places.zeroed",
        np.maximum(A, 0),
        np.where(A > -0.3, np.maximum(A, 0), A),
        "only entries that should be 0 are wrong",
    ),
    (
        "places.misplaced",
        np.where(A > 0, A, 0),
        np.where(A > 0.9, A, np.where(A < -0.4, -A, 0)),
        "where 0 is due stand numbers, and 0 stands where numbers are due",
    ),
    (
        "places.empty",
        IMAGES,
        np.pad(IMAGES[:, :, :-1, :-1], ((0, 0), (0, 0), (1, 0), (1, 0))),
        "the first row and the first column are 0 everywhere, and should not be: does a loop begin too late",
    ),
    (
        "places.empty",
        IMAGES,
        np.pad(IMAGES[:, :, 1:], ((0, 0), (0, 0), (0, 1), (0, 0))),
        "the last row is 0 everywhere, and should not be: does a loop stop too early? Of the rest something is wrong",
    ),
    (
        "places.slices",
        A,
        A * (np.arange(4) > 0)[:, np.newaxis],
        "only the first row is wrong, which is 0: does a loop begin one too late, at 1 in place of 0?",
    ),
    (
        "places.signs",
        np.maximum(A, 0),
        A,
        "only where the right answer is 0 and comes out as negative: is a maximum with 0, as of a ReLU, left out?",
    ),
    (
        "places.cut_off",
        A,
        np.maximum(np.roll(A, 1) * A + A, 0),
        "no entry is negative: some that should be come out as 0: is a ReLU applied that should not be?",
    ),
    ("places.nearly", A, A + 1e-3 * A**2, "it is nearly right, off by less than a hundredth of"),
    ("shapes.allocated", A, np.zeros((6, 4)), "nothing but zeros, and its shape should be (4, 6)"),
    ("shapes.reshaped", A, A.ravel(), "the numbers are right, only the shape is not"),
    ("shapes.transposed", A, A.T, "it is the transpose of the right answer"),
    (
        "shapes.transposed",
        IMAGES,
        IMAGES.transpose(0, 2, 3, 1),
        "its axis 1 should be its axis 2, axis 2 should be axis 3 and axis 3 should be axis 1",
    ),
    ("shapes.unsummed", A.sum(axis=0), A, "still to be summed over axis 0"),
    ("shapes.flattened", A, A.T.ravel(), "right but in another shape and order"),
    ("shapes.summed", A, A.sum(axis=1), "summed over axis 1"),
    ("shapes.cropped", A, A[:, :4], "what is missing stood at the end"),
    ("shapes.cropped", A[1:-1, 1:-1], A, "something has to be cut off around it"),
    ("shapes.single", A, A.max(), "it is a single number, and should be an array of shape (4, 6)"),
    (
        "axes.reordered",
        IMAGES[..., :4],
        np.ones((2, 5, 4, 3)),
        "axis 2 should be axis 3 and axis 3 should be axis 1; its numbers",
    ),
    ("axes.like_an_input", W, RNG.standard_normal((4, 5)), "it has the shape of x; it should have the shape of W"),
    ("axes.reduced", IMAGES[:, 0] ** 2, IMAGES[0] ** 2, "it has the shape of images without its axis 0, and should"),
    (
        "axes.reduced_to",
        np.arange(1, 3.0),
        np.arange(1, 4.0),
        "an entry for each index along axis 1 of images, and should",
    ),
    ("shapes.plainly", A, RNG.standard_normal((3, 8)), "its shape should be (4, 6); besides, the numbers"),
    ("shapes.plainly", A, RNG.standard_normal((2, 7)), "axis 0 should have length 4, not 2; axis 1 should have length"),
    ("shapes.plainly", A, RNG.standard_normal((1, 3, 7)), "it should have 2 axes, and has 3 axes"),
]


@pytest.mark.parametrize(("detector", "expected", "got", "words"), SEEN, ids=[f"{one[0]}-{one[3]}" for one in SEEN])
def test_a_change_is_recognised_and_only_because_of_its_detector(
    detector: str, expected: object, got: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert words in said(expected, got)
    for detectors in ("VALUE_DETECTORS", "SHAPE_DETECTORS", "PLACE_DETECTORS"):
        left = tuple(
            one
            for one in getattr(package, detectors)
            if f"{one.__module__}.{one.__name__}".split(".", 4)[4] != detector
        )
        monkeypatch.setattr(package, detectors, left)
    assert words not in said(expected, got)


@pytest.mark.parametrize(("expected", "got"), [(A, A * A), (A, None), (1.3, 1.7), (None, A)], ids=repr)
def test_what_has_no_simple_form_is_not_described(expected: object, got: object) -> None:
    assert said(expected, got) == ""


def test_a_part_without_numbers_refutes_no_place_and_supports_none() -> None:
    outputs = [WrongOutput(one, got, {"x": X}) for one, got in ((A, A[:, :4]), (A[:, :2], A[:, :0]))]
    assert "what is missing stood at the end" in describe(outputs)
    assert "stood" not in describe(outputs[1:])


def test_strange_arrays_are_not_described_and_take_no_time() -> None:
    assert said(A, A[:0]) == ""
    assert said(A, A.reshape((1,) * 20 + A.shape)) == ""  # over a million subsets of its axes
    assert (
        said(A, np.full((3, 2), np.inf) * [1, -1])
        == "axis 0 should have length 4, not 3; axis 1 should have length 6, not 2"
    )
    assert said(A, np.full(A.shape, 1e308)) != "nan"


def test_every_detector_is_needed_by_a_test() -> None:
    every = {
        f"{one.__module__}.{one.__name__}".split(".", 4)[4]
        for one in (*package.VALUE_DETECTORS, *package.SHAPE_DETECTORS, *package.PLACE_DETECTORS)
    }
    assert every == {one[0] for one in SEEN}


def test_what_is_observed_in_one_case_only_is_not_said_of_all() -> None:
    """Four times too large with 4 examples and with 3: the number of examples has nothing to do with it."""
    less = {"x": X[:3]}
    once = [WrongOutput(A, 4 * A, INPUTS), WrongOutput(A[:3], 4 * A[:3], less)]
    assert "number of examples" not in describe(once)
    assert "4 times too large" in describe(once)
    always = [WrongOutput(A, 4 * A, INPUTS), WrongOutput(A[:3], 3 * A[:3], less)]
    assert "4 being N, the number of examples" in describe(always)
    assert describe([WrongOutput(A, 4 * A, INPUTS), WrongOutput(A, A * A, INPUTS)]) == ""


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((A, abs(A)), (A, A * (-1.0) ** np.arange(6)), "the sign is wrong in some places"),
        ((A, A + 0.5), (X, X + 0.2), "off by the same amount, which is another one in other cases"),
        ((A, 0.37 * A), (X, 0.31 * X), "a single number, which is not the same one in all cases"),
        ((A, A + 0.123 * W), (A, A + 0.2 * W), "a multiple of W, which is not the same one in all cases"),
        ((9 * A, np.trunc(9 * A)), (9 * X, np.trunc(9 * X + 3)), "whole number: does an array"),
        ((A, np.roll(A, 1, axis=1)), (A, A[:, [2, 0, 1, 3, 5, 4]]), "its columns are right, but out of order"),
        (
            (A, np.vstack([A[:2], A[2:] + A[:2]])),
            (A, np.vstack([A[:2] + A[2:], A[2:]])),
            "it is wrong whole row by whole row",
        ),
    ],
)
def test_numbers_of_one_case_are_not_said_of_another(
    first: tuple[Array, Array], second: tuple[Array, Array], words: str
) -> None:
    for pairs in ((first, second), (second, first)):
        outputs = [WrongOutput(*pair, INPUTS) for pair in pairs]
        seen = describe(outputs) or locate(outputs)
        assert words in seen


def test_cases_too_small_to_tell_do_not_hide_what_others_are_off_by() -> None:
    one = {"W": W[:1], "b": B[:1], "images": IMAGES[:2, :2]}
    columns = [WrongOutput(A, A + W * np.arange(2, 8) + 1, INPUTS), WrongOutput(A[:1], A[:1] + 3, one)]
    assert "each column is off by a multiple of the same column of W" in locate(columns)
    assert "multiple" not in locate(columns[1:])
    rows = [WrongOutput(A, A - np.outer([2, -1, 3, 1.5], B), INPUTS), WrongOutput(A[:, :1], A[:, :1] ** 2, one)]
    assert "each row of what it is off by is a multiple of b" in locate(rows)
    axes = [WrongOutput(np.ones(3), np.ones(5), INPUTS), WrongOutput(np.ones(2), np.ones(5), one)]
    assert "along axis 1: which axes" not in describe(axes[:1])  # axes 2 and 3 are as long
    images = {"images": IMAGES[..., :4]}
    axes = [WrongOutput(np.ones(3), np.ones(4), images), WrongOutput(np.ones(2), np.ones(5), one)]
    assert "axis 3 of images, and should have one for each along axis 1: which axes" in describe(axes)


def test_slices_of_one_number_each_show_no_scale() -> None:
    """Rows of one number each are the right ones times 0, plus a number: that tells nothing of a spread."""
    flat = np.repeat(np.arange(1, 5.0)[:, None] + 0.5, 6, axis=1)
    assert "scale" not in said(A, flat)
    assert "every column is the same" in said(A, flat)
    narrow = [WrongOutput(A, flat, {}), WrongOutput(A[:, :1], flat[:, :1], {})]
    assert "every column is the same" in locate(narrow)
    some = np.vstack([2 * A[:2] + 1, flat[2:]])
    assert "scale" not in said(A, some)
    assert "factor of its own" not in said(A, np.vstack([2 * A[:1], 3 * A[1:2], 0 * A[2:]]))


def test_a_term_is_seen_although_the_smallest_case_has_one_of_it() -> None:
    outputs = [WrongOutput(A[:, :n], A[:, :n] + B[:n], {"b": B[:n]}) for n in (1, 6)]
    assert "the right answer plus b" in describe(outputs)


def test_a_case_too_small_to_tell_does_not_stand_in_the_way() -> None:
    tiny, larger = WrongOutput(IMAGES[..., :2], IMAGES[..., :2] ** 2 + 1, {}), WrongOutput(IMAGES, bordered(1), {})
    assert "only the border" in locate([tiny, larger])
    assert "only the border" not in locate([tiny])
    rough = {"reg": np.float32(REG), "W": W.astype("float32")}
    outputs = [
        WrongOutput(np.float32(1), np.float32(1 - REG * (W * W).sum()), rough),
        *[WrongOutput(1.0, 1 - REG * (W * W).sum(), INPUTS)] * 2,
    ]
    assert "minus reg · the sum of the squares of W" in describe(outputs)
    assert describe(outputs[:1]) == ""


def test_numbers_that_are_none_are_put_down_to_their_cause() -> None:
    nan, inf = np.full_like(A, np.nan), np.full_like(A, np.inf)
    assert "0 / 0" in said(A, nan)
    assert "division by 0" in said(A, inf)
    # After the largest score was subtracted, it is the logarithm: both are said, because the NaN does not tell.
    assert "exp overflows above 709" in said(A, nan, {"x": 1000 * X})
    large, small = (WrongOutput(A, nan, {"x": factor * X}) for factor in (1000, 1))
    assert "exp overflows" not in describe([large, small])  # it is NaN without large numbers, too
    assert "exp overflows" in describe([large, WrongOutput(A, 2 * A, {"x": X})])
    assert "is 0 for numbers as far below 0, of which the logarithm is infinite" in said(A, nan, {"x": 1000 * X})


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (np.zeros((4, 6)), np.zeros((6, 4))),  # zeros are the sum, the transpose and the reverse of zeros
        (A[:1, :1], A[0, :1]),  # a single number has every order and is every sum
        (IMAGES[:1, :1, :1, :1], IMAGES[:1, 0, 0, 0]),
        (A[:1, :1], -A[:1, :1]),
        (A[:1, :1], 2 * A[:1, :1]),
        (A[:1, :2], A[:1, :2] + 1),
        (np.ones((3, 4)), 2 * np.ones((3, 4))),  # one number, twelve times
        (np.eye(3), 4 * np.eye(3)),
    ],
    ids=str,
)
def test_nothing_is_inferred_from_nothing(expected: Array, got: Array) -> None:
    assert said(expected, got) == ""
    assert said(expected, got, {}) == ""


def test_a_slice_that_is_right_by_chance_is_not_pointed_out() -> None:
    """With negative inputs set to 0, a row without any is right; no loop has returned too early."""
    x = np.array([[1.0, 2, 3], [-1, 4, 5], [6, -2, 7], [8, 9, -3]])
    assert said(x, np.maximum(x, 0), {"x": x}) == ("it is wrong only where x is negative and comes out as 0")


def test_negative_numbers_that_are_cut_off_are_no_sign_of_a_loop_that_begins_too_late() -> None:
    """Scores through a ReLU: a class whose scores are all negative has nothing but zeros."""
    for first, asked in ((-1, "is a ReLU applied"), (1, "does a loop")):
        scores = np.vstack([first * np.abs(A[:1]), A[1:]])
        came = np.vstack([np.zeros((1, 6)), np.where(A[1:] > 0, A[1:] ** 3, 0 if first < 0 else A[1:] ** 3)])
        assert asked in said(scores, came)


def test_a_row_that_was_not_written_to_is_no_sign_of_a_relu() -> None:
    """Where the largest absolute value is taken, nothing is negative, and the last row may be 0 for another reason."""
    right = np.random.default_rng(1).standard_normal((4, 6))
    came = np.abs(right) ** 3
    assert "ReLU" in said(right, np.where(right < 0, 0, came))
    came[-2:] = 0
    assert "ReLU" not in said(right, came)


def test_the_axis_is_named_that_is_gone_in_place_of_another_one() -> None:
    right, came = RNG.standard_normal(IMAGES.shape[:1] + IMAGES.shape[2:]), RNG.standard_normal(IMAGES.shape[1:])
    words = "it has the shape of x without its axis 0, and should have that without axis 1: "
    assert words in said(right, came, {"x": IMAGES})
    assert "without" not in said(right, came, {"x": X})
    assert "without" not in said(right, came[:2, :2], {"x": IMAGES})
    square = np.ones((4, 4, 5))  # without which axis it has that shape is not known
    assert "without" not in said(RNG.standard_normal((4, 4)), RNG.standard_normal((4, 5)), {"x": square})


def test_another_shape_is_said_where_the_numbers_are_right_in_some_cases_only() -> None:
    right = [WrongOutput(A, A.reshape(3, 8), {}), WrongOutput(A, RNG.standard_normal((3, 8)), {})]
    for outputs in (right, right[::-1]):
        assert describe(outputs) == "its shape should be (4, 6)"
    assert describe(right[1:]) == "its shape should be (4, 6); besides, the numbers themselves are not right"
    assert describe(right[:1]) == "the numbers are right, only the shape is not"


def test_of_sizes_along_other_axes_the_numbers_are_wrong_only_where_they_are_so_in_every_case() -> None:
    moved = A.T.copy()
    wrong, also = (WrongOutput(A, RNG.standard_normal(moved.shape), {}) for _ in range(2))
    said = "it should have the shape of its transpose"
    assert describe([wrong, also]) == f"{said}; its numbers are wrong, too"
    assert describe([wrong, WrongOutput(A, moved, {})]) == said


@pytest.mark.parametrize(
    ("words", "failing", "passing"),
    [
        ("wrong only when N = 1", {"x": X[:1]}, {"x": X}),
        ("right only when N = 1", {"x": X}, {"x": X[:1]}),
        ("wrong only when pad is 0", {"conv_param": {"pad": 0}}, {"conv_param": {"pad": 1}}),
        ("wrong only when the stride is more than 1", {"p": {"stride": 2}}, {"p": {"stride": 1}}),
        ("wrong only when H and W differ", {"x": np.ones((2, 3, 4, 5))}, {"x": np.ones((2, 3, 4, 4))}),
        ("wrong only when windows overlap", {"pool_height": 2, "pool_width": 2, "stride": 1}, {"stride": 2}),
        ("wrong only when x has a single column", {"x": X[:, :1]}, {"x": X}),
        ("wrong only when x has a single channel", {"x": IMAGES[:, :1]}, {"x": IMAGES}),
        ("wrong only when x has as many rows as columns", {"x": X[:, :4]}, {"x": X}),
        ("wrong only when x has more than two axes", {"x": IMAGES}, {"x": X}),
        ("wrong only when x has one axis", {"x": X[0]}, {"x": X}),
        ("right only when reg is 0", {"reg": 0.5}, {"reg": 0.0}),
        ("wrong only when p is 0", {"p": 0.0}, {"p": 0.5}),
        ("wrong only when x holds zeros", {"x": X * 0}, {"x": X}),
        ("wrong only when the numbers are large", {"x": 1000 * X}, {"x": X}),
        ("wrong only with default settings", {"settings": {}}, {"settings": {"eps": 1.0}}),
        ("wrong only when normalization is 'layernorm'", {"normalization": "layernorm"}, {"normalization": None}),
    ],
)
def test_what_failing_cases_have_in_common_is_said(
    words: str, failing: dict[str, object], passing: dict[str, object]
) -> None:
    wrong, right = [Case("one", "", failing)] * 2, [Case("other", "", passing)] * 2
    assert words in when_it_is_wrong(wrong, right)
    assert words not in when_it_is_wrong(wrong + right, [])
    assert words not in when_it_is_wrong(wrong, [*right, Case("third", "", failing)])
    assert words not in when_it_is_wrong(wrong[:1], right[:1])  # two cases are no evidence


@pytest.mark.parametrize(
    ("words", "trait"),
    [
        ("wrong only in test mode", Trait.TEST_MODE),
        ("wrong only for float32", Trait.DTYPE),
        ("wrong only when x is laid out in another memory order", Trait.MEMORY_ORDER),
        ("wrong only when windows leave a rest at the end", Trait.WINDOWS_LEAVE_A_REST),
        ("wrong only over several steps", Trait.SEVERAL_STEPS),
    ],
)
def test_a_trait_that_failing_cases_have_in_common_is_said(words: str, trait: Trait) -> None:
    wrong, right = Case("one", "", {"x": X}, traits={trait}), Case("other", "", {"x": X})
    assert words in when_it_is_wrong([wrong] * 2, [right] * 2)
    assert words not in when_it_is_wrong([wrong], [right] * 3)
    assert words not in when_it_is_wrong([wrong] * 2, [right, Case("third", "", {"x": X}, traits={trait})])


def test_a_setting_that_is_not_given_is_named_and_a_parameter_is_not() -> None:
    given: dict[str, object] = {"settings": {"eps": 0.1, "mean": X[0]}, "params": {"W": X}, "x": X}
    lacking = given | {"settings": {"eps": 0.1}, "params": {}}
    wrong, right = [Case("one", "", lacking)] * 2, [Case("other", "", given)] * 2
    assert when_it_is_wrong(wrong, right) == "in the cases tried it is wrong only when no mean is given"
    assert when_it_is_wrong(right, wrong) == "in the cases tried it is right only when no mean is given"
    assert "given" not in when_it_is_wrong(wrong, [*right, wrong[0]])
    assert "given" not in when_it_is_wrong([*wrong, wrong[0]], right[:1])  # a single case may differ in much else


def test_a_smaller_last_batch_is_named() -> None:
    wrong, right = ([Case("", "", {"X": np.ones((rows, 2)), "batch_size": 4})] * 2 for rows in (9, 8))
    assert (
        when_it_is_wrong(wrong, right)
        == "in the cases tried it is wrong only when the last batch is smaller than the others"
    )
    single = Case("", "", {"X": np.ones((3, 2)), "batch_size": 4})
    assert "last batch" in when_it_is_wrong(wrong, [*right, single])


def test_draws_that_may_pass_by_chance_are_not_counted() -> None:
    one, two, three = (Case(title, "", {"x": X}) for title in ("one", "two", "three"))
    assert when_it_is_wrong([one], [two, three], counted=False) == ""
    assert when_it_is_wrong([one, two], [three], counted=False) == ""


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (A + abs(W) + 0.1, "each wrong entry is too large, in every case in which it is wrong"),
        (A - abs(W) - 0.1, "each wrong entry is too small, in every case in which it is wrong"),
        (A * (1.1 + abs(W)), "each wrong entry has the right sign and is too far from 0"),
        (A / (1.1 + abs(W)), "each wrong entry has the right sign and is too near to 0"),
        (A * np.exp(W), "each wrong entry has the right sign; its size is wrong"),
        (W, ""),
    ],
)
def test_the_direction_in_which_an_output_is_wrong_is_named(got: Array, words: str) -> None:
    output = WrongOutput(A, got, {})
    assert how_far_off([output]) == words
    assert words == "" or how_far_off([output, WrongOutput(A, A[::-1] - W, {})]) != words


def test_of_a_few_entries_no_direction_is_named() -> None:
    few = np.arange(1.0, 6.0)
    assert how_far_off([WrongOutput(few, few + np.exp(-few), {})]) == ""


def test_the_sizes_of_a_parameter_are_named_by_the_settings() -> None:
    outputs = []
    for filters, height, width in ((3, 8, 10), (5, 7, 9)):
        pooled, shrunk = (height // 2) * (width // 2), ((height - 4) // 2) * ((width - 4) // 2)
        settings = {"input_dim": (2, height, width), "F": filters, "filter_size": 5, "M": 13}
        right, wrong = np.ones((filters * pooled, 13)), np.ones((filters * shrunk, 13))
        outputs.append(WrongOutput(right, wrong, settings))
    shrunk_by = "((H − filter_size + 1) // 2) · ((W − filter_size + 1) // 2)"
    assert sizes_by_name(outputs) == (f"axis 0 should be F · (H // 2) · (W // 2) long, and is F · {shrunk_by} long")
    assert sizes_by_name(outputs[:1]) == ""  # in a single case sizes may be equal by chance
    unknown = WrongOutput(np.ones((11, 13)), np.ones((12, 13)), outputs[0].inputs)
    assert sizes_by_name([*outputs, unknown]) == ""
    # A size that never varies may be a number that is written down, as that of a filter.
    constant = [WrongOutput(np.ones((5, 9)), np.ones((3, 9)), {"C": 3, "image": (5, 8), "F": size}) for size in (4, 6)]
    assert sizes_by_name(constant) == ""


def test_a_parameter_after_a_step_is_not_called_nearly_right() -> None:
    w, step = 100 + X, 0.01 * np.sign(X)
    near = said(w - 0.5 * X, w - 0.5 * X + 1e-3 * X**2, {"w": w})
    assert "nearly right" in near
    assert near.endswith(
        "look for what makes a small difference here, such as an eps in another place, or a small setting"
    )
    assert "nearly right" not in said(w - step, w + step * X, {"w": w})


def test_what_is_nan_in_another_case_is_not_called_nearly_right() -> None:
    near = WrongOutput(A, A + 1e-3 * A**2, {})
    assert "nearly right" in locate([near, near])
    assert "nearly right" not in locate([near, WrongOutput(A, np.full_like(A, np.nan), {})])


def test_what_a_single_case_has_to_itself_is_no_reason() -> None:
    plain = [Case("plain", "", {"x": X, "p": 0.5})] * 3
    alone = Case("alone", "", {"x": X[:1], "p": 0.5})
    assert when_it_is_wrong([alone], plain) == 'it is right in all of the 4 cases but this one ("alone")'
    assert when_it_is_wrong(plain, [alone]) == "in the cases tried it is right only when N = 1"
    assert when_it_is_wrong(plain, [alone], plain[:1]) == 'it is right in 1 of 5 cases, as in "alone"'


def test_a_size_of_x_is_not_told_alone_where_another_array_has_a_single_column_as_well() -> None:
    plain = [Case("plain", "", {"x": X, "w": W[:, :3].T[:, :4].repeat(2, 0)[:5]})] * 3
    both = Case("both", "", {"x": X[:, :1], "w": W[:1, :1]})
    alone = Case("alone", "", {"x": X[:, :1], "w": W[:1]})
    assert "right only when x has a single column" in when_it_is_wrong(plain, [alone])  # the rows of w follow
    assert "only" not in when_it_is_wrong(plain, [both])
    two = "in the cases tried it is right only when x has a single column or when w has a single column"
    assert when_it_is_wrong(plain, [both] * 2) == two
    assert when_it_is_wrong(plain, [both, alone]) == "in the cases tried it is right only when x has a single column"


def test_cases_that_crashed_may_refute_a_reason_and_are_none() -> None:
    plain, large = Case("plain", "", {"x": X}), Case("large", "", {"x": 1000 * X})
    assert "only when the numbers are large" in when_it_is_wrong([large] * 2, [plain] * 2, [large])
    assert "only" not in when_it_is_wrong([large] * 2, [plain] * 2, [plain])
    assert when_it_is_wrong([large], [plain] * 2, [large] * 2) == 'it is right in 2 of 5 cases, as in "plain"'


def test_large_numbers_are_no_reason_to_be_right() -> None:
    plain, large = Case("plain", "", {"x": X}), Case("large", "", {"x": 1000 * X})
    assert (
        when_it_is_wrong([large] * 2, [plain] * 2) == "in the cases tried it is wrong only when the numbers are large"
    )
    assert when_it_is_wrong([plain] * 2, [large] * 2) == ""  # they may tolerate what is wrong
    counted = 'it is right in 2 of 4 cases, as in "other"'
    assert when_it_is_wrong([plain] * 2, [large, Case("other", "", {"x": X})]) == counted


def test_nothing_is_read_from_titles_and_programs() -> None:
    plain = Case("plain", "out = f(x)", {"x": X})
    program = 'x = np.asfortranarray(x)\nfor step in steps: f(x, {"mode": "test"})'
    case = Case("float32, windows with a rest of one row", program, {"x": X})
    assert "but this one" in when_it_is_wrong([case], [plain])


def test_without_a_common_trait_the_cases_are_counted() -> None:
    one, two, three = (Case(title, "", {"x": X}) for title in ("one", "two", "three"))
    assert when_it_is_wrong([one], [two, three]) == 'it is right in all of the 3 cases but this one ("one")'
    assert when_it_is_wrong([one, two], [three]) == 'it is right in 1 of 3 cases, as in "three"'
    assert when_it_is_wrong([one], []) == ""


def centred(axis: int) -> Ran:
    return Ran({"out": X - X.mean(axis=axis, keepdims=True)})


@pytest.mark.parametrize(("axis", "meet"), [(0, True), (1, False)])
def test_examples_that_depend_on_each_other_are_found_by_changing_one(axis: int, meet: bool) -> None:
    def run(program: str, inputs: Mapping[str, object], fetch: object) -> Ran:
        x = np.asarray(inputs["x"])
        return Ran({"out": x - x.mean(axis=axis, keepdims=True)})

    case = Case("", "", {"x": X}, separate={"out": "x"})
    got = centred(axis).values["out"]
    assert bool(mixed_examples(case, "out", got, run)) is meet
    assert mixed_examples(Case("", "", {"x": X}), "out", got, run) == ""


def test_small_arrays_are_shown_whole_with_the_first_difference_marked() -> None:
    assert shown_numbers([[1, 2], [3, 4]], [[1, 5], [6, 4]]) == "expected [[1, 2], [3, 4]], got [[1, →5←], [6, 4]]"
    assert shown_numbers(np.arange(9.0), np.zeros(9)) == ""
    # As many digits as it takes to differ; in proportion, too, where that is little.
    shown = shown_numbers([-0.78601, 2.59], [-0.78602, 2.59])
    assert shown == "expected [-0.78601, 2.59], got [→-0.78602←, 2.59] (a relative difference of 1e-05)"
    assert shown_numbers(1.0, 2.0) == ""
    assert shown_numbers([1, 2], [1, 2, 3]) == ""
    assert shown_numbers([1.0, 2.0], [1.0, 2.0]) == ""


def test_an_observation_has_the_same_key_in_every_case() -> None:
    keys = [{seen.key for seen in package.factors.factor(WrongOutput(A, n * A, {"x": X[:n]}))} for n in (3, 4)]
    assert "times N, the number of examples" in keys[0] & keys[1]
    assert isinstance(next(package.factors.factor(WrongOutput(A, 3 * A, {"x": X}))), Observation)


def test_what_random_draws_pass_is_not_said_to_be_right() -> None:
    """A rule about draws lets much pass; that it is wrong under a condition is seen."""
    right, wrong = ([Case(f"{reg} {n}", "", {"reg": reg, "x": A[:n]}) for n in (2, 3)] for reg in (0.0, 0.5))
    assert when_it_is_wrong(wrong, right) == "in the cases tried it is right only when reg is 0"
    assert when_it_is_wrong(wrong, right, counted=False) == ""


def test_an_input_is_named_so_that_a_student_knows_it() -> None:
    """What stands in for a gradient of W1 has its name, and is not seen by a student."""
    W1 = np.arange(6.0).reshape(2, 3) ** 2
    hidden = WrongOutput(A[:2, :3], A[:2, :3] + 0.3 * W1, {"params": {"W1": A[:2, :3]}, "pull": {"W1": W1}})
    shown = WrongOutput(A[:2, :3], A[:2, :3] + 0.3 * W1, {"pull": {"W1": W1}})
    assert "times W1" in describe([shown])
    assert "W1" not in describe([hidden])


def test_no_mean_is_asked_for_where_none_is_taken() -> None:
    images = {"x": RNG.standard_normal((2, 3, 5, 5)), "dout": RNG.standard_normal((2, 7, 4, 4)), "stride": 11}
    assert said(A, 7 * A, images).endswith("7 being the number of filters: is something added up that often?")
    assert said(A, 11 * A, images).endswith("11 being stride: look at where stride enters, or should enter")
    assert said(A, 25 * A, images).endswith(
        "the pixels of a channel: a sum where a mean is due, or something added that often?"
    )
    assert said(A, A / 7, images).endswith("7 being the number of filters: a mean where a sum is due?")


def test_of_two_sizes_that_are_equal_in_all_cases_neither_is_meant() -> None:
    square, other = {"x": RNG.standard_normal((5, 5))}, {"x": RNG.standard_normal((5, 4))}
    assert said(A, 5 * A, square).endswith("5 is N, the number of examples and the number of features here")
    outputs = [WrongOutput(A, 5 * A, square), WrongOutput(A, 5 * A, other)]
    assert describe(outputs).endswith(
        "5 being N, the number of examples: a sum where a mean is due, or something added that often?"
    )


def test_of_half_the_right_answer_it_is_asked_whether_a_factor_is_missing() -> None:
    assert said(A, A / 2, {}).endswith("is it divided by 2 once too often, or a factor 2 missing?")


def test_an_input_that_a_student_does_not_see_is_not_said_to_tell_where_it_is_wrong() -> None:
    expected = np.exp(W[:, :5])
    wrong = np.where(X > 0, expected + np.exp(X), expected)
    where = "it is wrong only where W1 is positive"
    assert said(expected, wrong, {"params": {"W1": X}, "pull": {"W1": W[:, 1:]}}) == where
    assert said(expected, wrong, {"pull": {"W1": X}, "params": {"W1": W[:, 1:]}}) != where
