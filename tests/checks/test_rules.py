"""What the rules accept, what they refuse, and how they say it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.checks.compare import (
    Dropped,
    Equal,
    Initialised,
    Minibatches,
    Paired,
    Rule,
    SharedMaximum,
    Subgradient,
    close,
)

EQUAL = Equal()
RNG = np.random.default_rng(0)
W = RNG.standard_normal((3, 5))

finite = st.floats(-1e6, 1e6, width=64)
arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=5), elements=finite)


def kinds(rule: Rule, want: object, got: object, **inputs: object) -> list[str]:
    return [fault.kind for fault in rule.faults("out", want, got, inputs)]


@given(arrays)
def test_an_array_equals_itself_in_any_memory_order_and_after_rounding(array: np.ndarray) -> None:
    assert kinds(EQUAL, array, np.asfortranarray(array)) == []
    assert kinds(EQUAL, array, array * (1 + 1e-12)) == []
    assert kinds(EQUAL, array, array.tolist()) == []


@given(arrays.filter(lambda a: bool(np.abs(a).max() > 1e-3)), st.data())
def test_one_wrong_entry_is_enough(array: np.ndarray, data: st.DataObject) -> None:
    index = tuple(data.draw(st.integers(0, side - 1)) for side in array.shape)
    other = array.copy()
    other[index] += 0.01 * np.abs(array).max()
    (fault,) = EQUAL.faults("out", array, other, {})
    assert fault.kind == "value"
    assert "1 of" in fault.sentence or "all" in fault.sentence


def test_a_scalar_answer_may_be_any_kind_of_number() -> None:
    for got in (2.5, np.float32(2.5), np.array(2.5)):
        assert kinds(EQUAL, 2.5, got) == []
    assert kinds(EQUAL, 2.5, np.array([2.5])) == ["shape"]


@pytest.mark.parametrize("got", [None, "text", {"out": 1}, {1, 2}, object(), [[1], [1, 2]], W.astype(complex)])
def test_what_is_no_array_is_a_fault_of_type_or_kind(got: object) -> None:
    assert kinds(EQUAL, W, got) == ["type"]


def test_a_bias_gradient_of_shape_1_m_is_told_its_shape_not_its_value() -> None:
    (fault,) = EQUAL.faults("db", W[0], W[:1], {})
    assert fault.kind == "shape"
    assert "(1, 5) where (5,) is expected" in fault.sentence


def test_numbers_are_printed_with_as_many_digits_as_it_takes_to_differ() -> None:
    (fault,) = EQUAL.faults("loss", 0.12345678, 0.12345679, {})
    assert fault.clause == "loss is 0.12345679 where 0.12345678 is expected (a relative difference of 8e-08)"
    (fault,) = EQUAL.faults("dw", np.array([1.0, 0.12345678]), np.array([1.0, 0.1234568]), {})
    assert fault.clause.endswith("dw[1] is 0.1234568 where 0.12345678 is expected (a relative difference of 2e-07)")
    (fault,) = EQUAL.faults("loss", 1.0, 2.0, {})
    assert fault.clause == "loss is 2 where 1 is expected"


def test_broadcasting_never_makes_a_wrong_shape_right() -> None:
    assert kinds(EQUAL, np.ones((3, 5)), np.ones((1, 5))) == ["shape"]
    assert kinds(EQUAL, np.ones((3, 5)), 1.0) == ["shape"]


def test_nan_and_infinity_are_faults_of_their_own() -> None:
    bad = W.copy()
    bad[0, 0] = np.nan
    assert kinds(EQUAL, W, bad) == ["not finite"]
    bad[0, 0] = np.inf
    assert kinds(EQUAL, W, bad) == ["not finite"]


def test_the_tolerance_is_that_of_the_inputs_dtype() -> None:
    rough = W * (1 + 1e-5)
    assert kinds(EQUAL, W, rough) == ["value"]
    assert kinds(EQUAL, W.astype(np.float32), rough) == []
    assert kinds(EQUAL, W, rough, params={"x": np.zeros(2, np.float32)}) == []


def test_dtype_counts_only_where_it_is_part_of_the_contract() -> None:
    single = W.astype(np.float32)
    assert kinds(Equal(), single, single.astype(np.float64)) == []
    assert kinds(Equal(dtype=True), single, single.astype(np.float64)) == ["dtype"]


def test_a_dict_is_compared_key_by_key_and_may_hold_more() -> None:
    assert kinds(EQUAL, {"W1": W}, {"W1": W, "extra": 1}) == []
    assert kinds(EQUAL, {"W1": W, "b1": W[0]}, {"W1": -W}) == ["value", "key"]
    assert kinds(EQUAL, {"W1": W}, W) == ["type"]


def test_labels_are_compared_exactly() -> None:
    labels = np.arange(1_000_000, 1_000_004)
    assert kinds(EQUAL, labels, labels.astype(np.int32)) == []
    assert kinds(EQUAL, labels, labels + np.array([0, 0, 0, 1])) == ["value"]


def test_any_subgradient_is_right_at_the_kink_and_nothing_else() -> None:
    x, dout = np.array([-1.0, 0.0, 0.0, 2.0]), np.array([3.0, 4.0, -5.0, 6.0])
    want = np.where(x > 0, dout, 0)
    rule = Subgradient(at="x", upstream="dout")
    for slope in (0, 0.5, 1):
        assert kinds(rule, want, np.where(x == 0, slope * dout, want), x=x, dout=dout) == []
    for slope in (-0.1, 1.1):
        assert kinds(rule, want, np.where(x == 0, slope * dout, want), x=x, dout=dout) == ["value"]
    assert kinds(EQUAL, want, np.where(x == 0, dout, want), x=x, dout=dout) == ["value"]


def test_any_split_among_entries_that_tie_for_the_largest_is_right_and_nothing_else() -> None:
    x = np.array([[7.0, 1, 3, 3], [7, 2, 3, 0]]).reshape(1, 1, 2, 4)
    inputs = {"x": x, "dout": np.array([[[[4.0, -6]]]]), "pool_param": {"pool_height": 2, "pool_width": 2, "stride": 2}}
    rule = SharedMaximum()

    def dx(a: float, b: float, c: float, d: float, e: float, elsewhere: float = 0) -> np.ndarray:
        return np.array([[a, 0, c, d], [b, elsewhere, e, 0]]).reshape(x.shape)

    want = dx(4, 0, -6, 0, 0)
    for right in (want, dx(0, 4, 0, 0, -6), dx(2, 2, -2, -2, -2), dx(1, 3, 0, -1, -5)):
        assert kinds(rule, want, right, **inputs) == []
        assert kinds(EQUAL, want, right, **inputs) == ([] if right is want else ["value"])
    for wrong in (
        dx(4, 4, -6, -6, -6),  # all of it to each
        dx(2, 1, -6, 0, 0),  # too little
        dx(5, -1, -6, 0, 0),  # adds up, but is no split
        dx(4, 0, 0, 0, 0),
        dx(3, 0, -6, 0, 0, elsewhere=1),  # to one that is not the largest
        dx(np.nan, 4, -6, 0, 0),
    ):
        assert kinds(rule, want, wrong, **inputs) != []


def test_entries_of_two_windows_are_not_excused() -> None:
    x = np.array([1.0, 1, 1]).reshape(1, 1, 1, 3)
    inputs = {"x": x, "dout": np.array([[[[2.0, 2]]]]), "pool_param": {"pool_height": 1, "pool_width": 2, "stride": 1}}
    want, other = np.array([2.0, 2, 0]).reshape(x.shape), np.array([2.0, 0, 2]).reshape(x.shape)
    assert kinds(SharedMaximum(), want, want, **inputs) == []
    assert kinds(SharedMaximum(), want, other, **inputs) == ["value"]


@pytest.mark.parametrize("std", [0.02, 1.0])
def test_fresh_weights_are_judged_by_their_distribution(std: float) -> None:
    want = {"W1": std * RNG.standard_normal((40, 30)), "b1": np.zeros(30)}
    other = {"W1": std * RNG.standard_normal((40, 30)), "b1": np.zeros(30)}
    assert kinds(Initialised(std="scale"), want, other, scale=std) == []
    for wrong in (1.5 * other["W1"], np.abs(other["W1"]), np.zeros((40, 30)), np.resize(other["W1"][0], (40, 30))):
        assert kinds(Initialised(std="scale"), want, {**other, "W1": wrong}, scale=std) == ["value"]
    assert kinds(Initialised(std="scale"), want, {**other, "b1": other["W1"][0]}, scale=std) == ["value"]
    assert kinds(Initialised(std="scale"), want, {**other, "W1": other["W1"].T}, scale=std) == ["shape"]


def test_six_standard_errors_hold_for_right_draws() -> None:
    rule = Initialised(std="scale")
    for seed in range(300):
        draw = np.random.default_rng(seed).standard_normal((20, 21))
        assert kinds(rule, np.zeros((20, 21)), draw, scale=1.0) == []


def test_no_weights_at_all_agree_with_no_weights_at_all() -> None:
    rule = Initialised(std="scale")
    assert rule.agree(np.zeros((0, 4)), np.zeros((0, 4)), {"scale": 1.0})
    assert not rule.agree(np.zeros((0, 4)), np.zeros((0, 3)), {"scale": 1.0})


def drop(x: np.ndarray, p: float, seed: int, rows: tuple[int, ...] | None = None) -> np.ndarray:
    """Inverted dropout; `rows` is the shape of a mask that is shared."""
    gone = np.random.default_rng(seed).random(x.shape if rows is None else rows) < p
    return np.where(np.broadcast_to(gone, x.shape), 0, x / (1 - p))


DROPPABLE = np.linspace(-2, 3, 24 * 20).reshape(24, 20) + 0.001


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.8])
def test_any_right_mask_is_right(p: float) -> None:
    want = drop(DROPPABLE, p, 0)
    for seed in range(1, 200):
        assert kinds(Dropped(), want, drop(DROPPABLE, p, seed), x=DROPPABLE, p=p) == []


def test_a_wrong_mask_is_told_what_is_wrong_with_it() -> None:
    x, p = DROPPABLE, 0.7
    wrong = {
        "either dropped, 0, or kept": drop(x, p, 1) * (1 - p),
        "% of the entries": drop(x, 1 - p, 1) * p / (1 - p),
        "index of axis 0": drop(x, p, 1, (1, 20)),
        "index of axis 1": drop(x, p, 1, (24, 1)),
        "shape (480,)": drop(x, p, 1).ravel(),
        "NaN": drop(x, p, 1) * np.nan,
    }
    for words, got in wrong.items():
        (fault,) = Dropped().faults("out", drop(x, p, 0), got, {"x": x, "p": p})
        assert words in fault.sentence
    narrow = drop(x, p, 1).astype(np.float32)
    assert kinds(Dropped(dtype=True), drop(x, p, 0), narrow, x=x, p=p) == ["dtype"]


def test_zeros_of_the_input_say_nothing_about_what_was_dropped() -> None:
    x = np.maximum(0, DROPPABLE)
    assert kinds(Dropped(), drop(x, 0.3, 0), drop(x, 0.3, 1), x=x, p=0.3) == []
    assert kinds(Dropped(), drop(x, 0.3, 0), x, x=x, p=0.3) == ["value"]


def test_masks_agree_when_the_same_is_wrong_with_them() -> None:
    x, p = DROPPABLE, 0.6
    unscaled, shared = drop(x, p, 1) * (1 - p), drop(x, p, 1, (1, 20))
    same = {"x": x, "p": p}
    assert Dropped().agree(unscaled, drop(x, p, 2) * (1 - p), same)
    assert Dropped().agree(shared, drop(x, p, 2, (1, 20)), same)
    assert Dropped().agree(0 * x, 0 * x, same)
    assert not Dropped().agree(unscaled, shared, same)
    assert not Dropped().agree(unscaled, drop(x, p, 2), same)
    assert not Dropped().agree(0 * x, unscaled, same)


def test_masks_of_few_draws_agree_although_their_shares_differ() -> None:
    x, p = np.ones((12, 20)), 0.4
    seven, two = (np.repeat(np.arange(12) < kept, 20).reshape(12, 20) / (1 - p) for kept in (7, 2))
    same = {"x": x, "p": p}
    assert Dropped().agree(seven, two, same)
    assert not Dropped().agree(drop(x, p, 1), two, same)
    few_rows = x[:4]
    assert Dropped().agree(0 * few_rows, seven[5:9], {"x": few_rows, "p": p})  # each of four rows may be dropped
    rows = np.ones((36, 20))
    assert not Dropped().agree(0 * rows, np.tile(seven, (3, 1)), {"x": rows, "p": p})  # not every one of 36


def test_a_pair_has_to_be_equal_whatever_the_reference_drew() -> None:
    assert kinds(Paired(), None, (W, W.copy())) == []
    assert kinds(Paired(), None, (2 * W, W)) == ["value"]
    assert kinds(Paired(), None, (W[0], W)) == ["shape"]
    assert kinds(Paired(), {"W1": (W, W)}, {"W1": (2 * W, 2 * W)}) == []
    assert kinds(Paired(), {"W1": (W, W)}, {"W1": (W, 2 * W)}) == ["value"]
    assert kinds(Paired(), {"W1": (W, W), "b1": (W, W)}, {"W1": (W, W)}) == ["type"]
    for got in (None, W, (W,), (W, None), (W, {"W1": object()}), {}):
        assert kinds(Paired(), None, got) == ["type"]


def test_a_first_answer_that_is_not_there_need_not_be_none() -> None:
    (fault,) = Paired().faults("grads.W1", None, (None, W), {})
    assert fault.sentence == f"grads.W1 should be an array of shape {W.shape} but is missing, or None"


def test_pairs_agree_when_the_same_is_wrong_with_them() -> None:
    one, two = np.where(W > 0, W, 0), np.where(W < 1, W, 0)
    assert Paired().agree((2 * one, one), (2 * two, two), {})
    assert not Paired().agree((2 * one, one), (3 * two, two), {})
    assert not Paired().agree((2 * one, one), (W + two, two), {})
    assert not Paired().agree((2 * one, one), (two, two), {})
    assert Paired().agree((one + W * W, one), (one + W * W, one), {})
    assert not Paired().agree((one + W * W, one), (one + W**4, one), {})
    assert not Paired().agree(
        (one + W * W, one), (two + W * W, two), {}
    )  # no simple pattern: rather unnamed than misnamed


def test_numbers_that_cancel_are_measured_by_what_was_summed() -> None:
    noise = np.array([3e-17, -1e-16])
    dout = np.array([[1.0, 2], [-1, -2]])
    assert kinds(EQUAL, np.zeros(2), noise) == ["value"]
    assert kinds(Equal(scale="dout"), np.zeros(2), noise, dout=dout) == []
    assert kinds(Equal(scale="dout"), np.zeros(2), noise + 1e-6, dout=dout) == ["value"]


def test_minibatches() -> None:
    sizes = {"num_train": 10, "num_iters": 6, "batch_size": 4}
    rows = RNG.integers(10, size=(6, 4))
    good = np.stack([rows, rows], axis=-1)
    rule = Minibatches()
    assert rule.faults("batches", None, good, sizes) == []
    bad = {
        "together": np.stack([rows, rows[::-1]], axis=-1),
        "5 steps were taken, with minibatches of 4 rows; there should be 6": good[:5],
        "6 steps were taken, with minibatches of 3 rows; there should be 6, each with a minibatch of 4": good[:, :3],
        "3 steps were taken, with minibatches of 2 to 4 rows": np.array([4, 4, 2]),
        "no step was taken": np.array([]),
        "not in X": good + 10,
        "same rows": np.repeat(good[:1], 6, axis=0),
        "never drawn": np.where(good > 3, 3, good),
        "in order": np.stack([(np.arange(6)[:, None] + np.arange(4)) % 10] * 2, axis=-1),
    }
    for words, drawn in bad.items():
        (fault,) = rule.faults("batches", None, drawn, sizes)
        assert words in fault.sentence


@pytest.mark.parametrize(
    "rule",
    [
        Equal(dtype=True),
        Subgradient(at="a"),
        SharedMaximum(),
        Initialised(std="s"),
        Minibatches(rows="r"),
        Dropped(of="h"),
        Paired(scale="d"),
    ],
)
def test_a_rule_survives_being_written_down(rule: Rule) -> None:
    assert Rule.from_dict(rule.to_dict()) == rule


def test_infinities_and_nan_agree_with_themselves_only() -> None:
    assert close(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])).all()
    assert not close(np.array([np.nan, 1.0]), np.array([0.0, 1.0])).all()
    assert close(np.array([np.inf, 1.0]), np.array([np.inf, 1.0])).all()
    assert not close(np.array([np.inf, 1.0]), np.array([-np.inf, 1.0])).all()
