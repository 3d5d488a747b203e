"""Numeric gradients: right, also on views, and nothing is left changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.gradient_check import (
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    grad_check_sparse,
    rel_error,
)

floats = st.floats(-10, 10, allow_subnormal=False)
arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=floats)


@given(arrays)
def test_gradient_of_a_sum_of_squares(x):
    grad = eval_numerical_gradient(lambda x: np.sum(x**2), x, verbose=False)
    assert grad.shape == x.shape
    np.testing.assert_allclose(grad, 2 * x, atol=1e-7, rtol=1e-7)


@given(arrays)
def test_x_is_put_back_bit_for_bit(x):
    before = x.tobytes()
    eval_numerical_gradient(np.sum, x, verbose=False)
    assert x.tobytes() == before  # (x + h) - h would not be: that is what the saved value is for


def test_x_is_put_back_when_the_function_raises():
    def f(x):
        raise RuntimeError("no value here")

    x = np.arange(6.0).reshape(2, 3)
    with pytest.raises(RuntimeError, match="no value"):
        eval_numerical_gradient(f, x, verbose=False)
    np.testing.assert_array_equal(x, np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("view", [lambda a: a[::2, 1:], lambda a: a.T, lambda a: np.flip(a, 1)])
def test_a_view_is_nudged_itself_and_not_a_copy_of_it(view):
    whole = np.random.default_rng(0).normal(size=(5, 4))
    weights = np.random.default_rng(1).normal(size=whole.shape)
    x = view(whole)
    # the function sees `whole` only, as a net sees its own params
    grad = eval_numerical_gradient(lambda _: np.sum(weights * whole**2), x, verbose=False)
    np.testing.assert_allclose(grad, view(2 * weights * whole), rtol=1e-6)


def test_upstream_gradient_of_an_affine_map():
    rng = np.random.default_rng(2)
    x, w, df = rng.normal(size=(3, 2, 4)), rng.normal(size=(8, 5)), rng.normal(size=(3, 5))
    grad = eval_numerical_gradient_array(lambda x: x.reshape(3, 8) @ w, x, df)
    np.testing.assert_allclose(grad, (df @ w.T).reshape(x.shape), rtol=1e-6, atol=1e-8)


def test_a_function_may_reuse_its_output_buffer():
    buffer = np.empty(3)
    grad = eval_numerical_gradient_array(lambda x: np.multiply(x, 2.0, out=buffer), np.ones(3), np.array([1.0, 3, 5]))
    np.testing.assert_allclose(grad, [2, 6, 10])  # all zeros if the two values were one array


def test_an_upstream_gradient_of_another_shape_is_refused_and_not_broadcast():
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(2,\)"):
        eval_numerical_gradient_array(lambda x: x, np.ones((3, 2)), np.ones(2))


def test_verbose_prints_the_first_entries_only(capsys):
    eval_numerical_gradient(np.sum, np.zeros((5, 5)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("(0, 0): 1")
    assert len(lines) == 21
    assert lines[-1] == "... and 5 more"


@pytest.mark.parametrize("x", [np.arange(3), [1.0, 2.0]])
def test_what_cannot_be_nudged_is_refused(x):
    with pytest.raises(TypeError, match="array of floats"):
        eval_numerical_gradient(np.sum, x, verbose=False)


def test_an_array_valued_function_is_sent_to_the_other_check():
    with pytest.raises(TypeError, match="eval_numerical_gradient_array"):
        eval_numerical_gradient(lambda x: x, np.ones(3), verbose=False)


def test_a_step_lost_in_rounding_is_an_error_and_not_a_wrong_gradient():
    with pytest.raises(ValueError, match="float32"):
        eval_numerical_gradient(np.sum, np.full(2, 1e4, np.float32), verbose=False)


def test_float32_uses_the_step_that_was_taken():
    # 1 + 1e-5 is 1.00001001… in float32: dividing by the nominal 2e-5 would be off by 1e-3
    grad = eval_numerical_gradient(lambda x: float(np.sum(x, dtype=np.float64)), np.ones(2, np.float32), False)
    np.testing.assert_allclose(grad, 1, rtol=1e-9)


def test_sparse_check_returns_the_largest_error_and_repeats_under_a_seed(capsys):
    x = np.random.default_rng(3).normal(size=(7, 5))
    wrong = 2 * x
    wrong[:, 3] *= 1.5
    np.random.seed(0)
    worst = grad_check_sparse(lambda x: np.sum(x**2), x, wrong, num_checks=40)
    first = capsys.readouterr().out
    assert worst == pytest.approx(0.2, abs=1e-4)
    np.random.seed(0)
    assert grad_check_sparse(lambda x: np.sum(x**2), x, wrong, num_checks=40) == worst
    assert capsys.readouterr().out == first
    assert len(first.splitlines()) == 40


def test_sparse_check_does_not_hide_a_nan(capsys):
    assert np.isnan(grad_check_sparse(np.sum, np.ones(3), np.full(3, np.nan)))


def test_sparse_check_wants_a_gradient_of_the_shape_of_x():
    with pytest.raises(ValueError, match=r"\(2, 1\)"):
        grad_check_sparse(np.sum, np.ones(2), np.ones((2, 1)))


@given(arrays)
def test_rel_error_is_zero_for_equals_and_symmetric(x):
    assert rel_error(x, x) == 0
    assert rel_error(x, x + 1) == rel_error(x + 1, x)


def test_rel_error_values():
    assert rel_error(np.array([1.0, 3.0]), np.array([1.0, 1.0])) == 0.5
    assert rel_error(0.0, 1e-9) == pytest.approx(0.1)  # the floor of 1e-8 below
    assert np.isnan(rel_error(np.array([1.0, np.nan]), np.array([1.0, 1.0])))
    assert rel_error(np.empty((0, 3)), np.empty((0, 3))) == 0


def test_rel_error_does_not_broadcast():
    with pytest.raises(ValueError, match="one shape"):
        rel_error(np.ones(3), np.ones((3, 1)))
