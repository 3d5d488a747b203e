"""Inverted dropout: how much is dropped, that the expectation stays, and where the randomness comes from."""

import numpy as np
import pytest

from solutions.nndl.layers import dropout_backward, dropout_forward


@pytest.mark.parametrize("p", [0.1, 0.4, 0.75])
def test_a_share_p_is_dropped_and_the_mean_stays(p):
    np.random.seed(0)
    x = np.full((300, 400), 10.0)
    out, (_, mask) = dropout_forward(x, {"mode": "train", "p": p})
    sigma = np.sqrt(p * (1 - p) / x.size)
    assert abs((out == 0).mean() - p) < 5 * sigma
    assert abs(out.mean() - 10) < 5 * 10 * sigma / (1 - p)
    np.testing.assert_allclose(np.unique(mask), [0, 1 / (1 - p)])
    np.testing.assert_array_equal(out, x * mask)


def test_units_are_dropped_one_by_one():
    """Neither whole rows nor whole columns nor whole images."""
    np.random.seed(1)
    out, _ = dropout_forward(np.ones((20, 30, 5, 4)), {"mode": "train", "p": 0.5})
    for axis in range(4):
        assert (np.ptp(out, axis=axis) > 0).any()
        assert np.ptp((out == 0).mean(axis=tuple(a for a in range(4) if a != axis))) < 0.2


@pytest.mark.parametrize("mode", ["train", "test"])
def test_nothing_to_drop_is_the_identity(mode):
    x = np.random.default_rng(0).normal(size=(4, 3))
    p = 0 if mode == "train" else 0.9
    out, cache = dropout_forward(x, {"mode": mode, "p": p})
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(dropout_backward(2 * x, cache), 2 * x)


def test_the_gradient_goes_where_the_signal_went():
    np.random.seed(2)
    x = np.random.default_rng(0).normal(size=(8, 9))
    out, cache = dropout_forward(x, {"mode": "train", "p": 0.3})
    np.testing.assert_allclose(dropout_backward(np.ones_like(x), cache), out / x)


def test_a_seed_repeats_the_mask_and_leaves_the_global_generator_alone():
    """A seed that reached np.random would make a solver draw the same minibatch for ever."""
    x = np.ones((6, 7))
    param = {"mode": "train", "p": 0.5, "seed": 4}
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    first, second = dropout_forward(x, param)[0], dropout_forward(x, param)[0]
    assert np.random.rand() == expected
    np.testing.assert_array_equal(first, second)
    assert (dropout_forward(x, param | {"seed": 5})[0] != first).any()


def test_without_a_seed_masks_come_from_the_global_generator():
    x, param = np.ones((6, 7)), {"mode": "train", "p": 0.5}
    np.random.seed(3)
    first, second = dropout_forward(x, param)[0], dropout_forward(x, param)[0]
    np.random.seed(3)
    np.testing.assert_array_equal(dropout_forward(x, param)[0], first)
    assert (first != second).any()
