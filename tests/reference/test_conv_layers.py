"""Convolution and pooling against their definitions, and the properties that follow from them."""

import numpy as np
import pytest

from solutions.nndl.conv_layers import (
    conv_backward_naive,
    conv_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)
from utils import fast_layers

# image (H, W), window (HH, WW), stride, pad: non-square, overlapping, with gaps, with a rest
WINDOWS = [
    ((5, 6), (3, 2), 1, 0),
    ((5, 6), (2, 3), 2, 1),
    ((7, 4), (3, 3), 3, 2),
    ((4, 9), (1, 4), 3, 0),
    ((6, 5), (6, 5), 1, 0),
    ((1, 3), (3, 1), 2, 1),
    ((8, 7), (2, 2), 3, 0),
]


def drawn(image, filters, seed=0, n=2, c=3, f=4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, c, *image)), rng.normal(size=(f, c, *filters)), rng.normal(size=f)


@pytest.mark.parametrize(("image", "filters", "stride", "pad"), WINDOWS)
def test_convolution_is_a_product_of_windows_and_filters(image, filters, stride, pad):
    x, w, b = drawn(image, filters)
    out, _ = conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, filters, axis=(2, 3))[:, :, ::stride, ::stride]
    np.testing.assert_allclose(out, np.einsum("ncijpq,fcpq->nfij", windows, w) + b[:, None, None])


@pytest.mark.parametrize(("image", "filters", "stride", "pad"), WINDOWS)
def test_backward_of_a_convolution_is_its_adjoint(image, filters, stride, pad):
    """⟨dout, conv(x; w, 0)⟩ is linear in x and in w: it equals ⟨dx, x⟩ and ⟨dw, w⟩."""
    x, w, b = drawn(image, filters)
    param = {"stride": stride, "pad": pad}
    out, cache = conv_forward_naive(x, w, 0 * b, param)
    dout = np.random.default_rng(1).normal(size=out.shape)
    dx, dw, db = conv_backward_naive(dout, cache)
    assert np.vdot(dx, x) == pytest.approx(np.vdot(dout, out))
    assert np.vdot(dw, w) == pytest.approx(np.vdot(dout, out))
    np.testing.assert_allclose(db, dout.sum(axis=(0, 2, 3)))


def test_convolution_is_linear():
    (x, w, b), (x2, _, _) = drawn((5, 6), (3, 2)), drawn((5, 6), (3, 2), seed=1)
    param = {"stride": 2, "pad": 1}

    def conv(x):
        return conv_forward_naive(x, w, 0 * b, param)[0]

    np.testing.assert_allclose(conv(2 * x - 3 * x2), 2 * conv(x) - 3 * conv(x2))


def test_a_shifted_image_has_a_shifted_convolution():
    x, w, b = drawn((6, 8), (3, 2))
    param = {"stride": 1, "pad": 0}
    out, _ = conv_forward_naive(x, w, b, param)
    shifted, _ = conv_forward_naive(x[:, :, 1:, 2:], w, b, param)
    np.testing.assert_allclose(shifted, out[:, :, 1:, 2:])


def test_filters_are_not_flipped():
    x = np.arange(6.0).reshape(1, 1, 2, 3)
    w = np.array([[[[1.0, 0.0]]]])
    out, _ = conv_forward_naive(x, w, np.zeros(1), {"stride": 1, "pad": 0})
    np.testing.assert_array_equal(out, x[:, :, :, :2])


@pytest.mark.parametrize(("image", "window", "stride"), [(i, w, s) for i, w, s, pad in WINDOWS if pad == 0])
def test_pooling_takes_the_maximum_of_each_window(image, window, stride):
    x, _, _ = drawn(image, window)
    param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
    out, cache = max_pool_forward_naive(x, param)
    windows = np.lib.stride_tricks.sliding_window_view(x, window, axis=(2, 3))[:, :, ::stride, ::stride]
    np.testing.assert_array_equal(out, windows.max(axis=(4, 5)))
    dout = np.random.default_rng(1).normal(size=out.shape)
    dx = max_pool_backward_naive(dout, cache)
    np.testing.assert_allclose(dx.sum(axis=(2, 3)), dout.sum(axis=(2, 3)))  # nothing is lost, nothing doubled
    assert np.vdot(dx, x) == pytest.approx(np.vdot(dout, out))


def test_on_ties_the_first_maximum_takes_the_gradient():
    x = np.zeros((1, 1, 2, 3))
    x[0, 0] = [[1, 5, 0], [5, 5, 2]]
    _, cache = max_pool_forward_naive(x, {"pool_height": 2, "pool_width": 3, "stride": 1})
    dx = max_pool_backward_naive(np.full((1, 1, 1, 1), 7.0), cache)
    np.testing.assert_array_equal(dx[0, 0], [[0, 7, 0], [0, 0, 0]])


def test_the_maximum_of_several_windows_gets_the_gradients_of_all():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    _, cache = max_pool_forward_naive(x, {"pool_height": 2, "pool_width": 2, "stride": 1})
    dx = max_pool_backward_naive(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), cache)
    assert dx[0, 0, 1, 1] == 10
    assert dx.sum() == 10


def test_all_negative_images_keep_their_maximum():
    x = -1 - np.random.default_rng(0).random((2, 3, 4, 5))
    out, _ = max_pool_forward_naive(x, {"pool_height": 2, "pool_width": 3, "stride": 2})
    assert out.max() < -1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("image", "window", "stride", "pad"), WINDOWS)
def test_the_fast_layers_agree(image, window, stride, pad, dtype):
    x, w, b = (array.astype(dtype) for array in drawn(image, window))
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    param = {"stride": stride, "pad": pad}
    naive, cache = conv_forward_naive(x, w, b, param)
    fast, fast_cache = fast_layers.conv_forward_fast(x, w, b, param)
    dout = np.random.default_rng(1).normal(size=naive.shape).astype(dtype)
    pairs = [(fast, naive)]
    pairs += zip(fast_layers.conv_backward_fast(dout, fast_cache), conv_backward_naive(dout, cache), strict=True)
    if pad == 0:
        param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
        naive, cache = max_pool_forward_naive(x, param)
        fast, fast_cache = fast_layers.max_pool_forward_fast(x, param)
        dout = np.random.default_rng(2).normal(size=naive.shape).astype(dtype)
        pairs += [(fast, naive)]
        pairs += [(fast_layers.max_pool_backward_fast(dout, fast_cache), max_pool_backward_naive(dout, cache))]
    for got, expected in pairs:
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected, **tolerance)
