"""The fast layers, on both backends: equal to plain loops for every window, and clear about what they cannot take."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import fast_layers
from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
    spatial_batchnorm_backward_fast,
    spatial_batchnorm_forward_fast,
)
from utils.gradient_check import eval_numerical_gradient_array, rel_error

COMPILED = pytest.mark.skipif(
    fast_layers.BACKEND == "numpy", reason="the extension is not built: `pip install -e .` with a C compiler"
)
BACKENDS = [
    *(pytest.param(level, id=level, marks=COMPILED) for level in ("avx512", "avx2", "baseline")),
    pytest.param("numpy", id="numpy"),
    pytest.param(
        "torch",
        id="torch",
        marks=[
            pytest.mark.slow,
            pytest.mark.skipif(not find_spec("torch"), reason="PyTorch: pip install torch"),
        ],
    ),
]
many = settings(deadline=None, derandomize=True)


@pytest.fixture(scope="module", params=BACKENDS, autouse=True)
def backend(request):
    """Each backend in turn, and the compiled one with the kernels for each instruction set that is there."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param in ("numpy", "torch"):
            patch.setattr(fast_layers, "_kernels", importlib.import_module(f"utils._fast_layers_{request.param}"))
            yield request.param
            return
        compiled = importlib.import_module("utils._fast_layers")
        usual = compiled.in_use()
        if not compiled.use(request.param):
            pytest.skip(f"this processor has no {request.param}")
        yield request.param
        compiled.use(usual)


# The layers as plain loops, in float64, straight from the definition.


def padded(x, pad):
    out = np.zeros((*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad))
    out[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] = x
    return out


def places(shape, height, width, stride):
    """Every index of an output, and the part of the image that its window covers."""
    N, K, H, W = shape
    out_H, out_W = (H - height) // stride + 1, (W - width) // stride + 1
    for n, k, r, s in np.ndindex(N, K, out_H, out_W):
        yield (n, k, r, s), (slice(r * stride, r * stride + height), slice(s * stride, s * stride + width))


def conv_loops(x, w, b, dout_of, stride, pad):
    """out, dx, dw, db, where dout_of(out) is the upstream gradient."""
    x = padded(x, pad)
    (N, _, H, W), (F, _, height, width) = x.shape, w.shape
    out = np.zeros((N, F, (H - height) // stride + 1, (W - width) // stride + 1))
    windows = list(places((N, F, H, W), height, width, stride))
    for (n, f, r, s), (rows, cols) in windows:
        out[n, f, r, s] = (x[n, :, rows, cols] * w[f]).sum() + b[f]
    dout = dout_of(out)
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
    for (n, f, r, s), (rows, cols) in windows:
        dx[n, :, rows, cols] += dout[n, f, r, s] * w[f]
        dw[f] += dout[n, f, r, s] * x[n, :, rows, cols]
        db[f] += dout[n, f, r, s]
    return out, dx[:, :, pad : H - pad, pad : W - pad], dw, db


def pool_loops(x, dout_of, height, width, stride):
    """out, dx; the gradient goes to the first largest entry, and NaN is largest."""
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - height) // stride + 1, (W - width) // stride + 1), x.dtype)
    windows = list(places(x.shape, height, width, stride))
    for (n, c, r, s), (rows, cols) in windows:
        out[n, c, r, s] = x[n, c, rows, cols].max()
    dout, dx = dout_of(out), np.zeros(x.shape)
    for (n, c, r, s), (rows, cols) in windows:
        first = np.unravel_index(x[n, c, rows, cols].argmax(), (height, width))
        dx[n, c, rows, cols][first] += dout[n, c, r, s]
    return out, dx


# What the layers are asked.

sizes = st.integers(1, 3)
dtypes = st.sampled_from([np.float32, np.float64])
strides = st.integers(1, 4)


def laid_out(array, layout):
    """The same numbers, differently in memory."""
    match layout:
        case "C":
            return array
        case "Fortran":
            return np.asfortranarray(array)
        case "every second":
            wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 77, array.dtype)
            wide[..., ::2] = array
            return wide[..., ::2]
        case "backwards":
            return array[::-1].copy()[::-1]
        case "read-only":
            array = array.copy()
            array.flags.writeable = False
            return array
        case "other byte order":
            return array.astype(array.dtype.newbyteorder())
    raise AssertionError(layout)


layouts = st.sampled_from(["C", "Fortran", "every second", "backwards", "read-only", "other byte order"])


@st.composite
def convolutions(draw):
    N, C, F, H, pad = draw(sizes), draw(sizes), draw(sizes), draw(st.integers(1, 6)), draw(st.integers(0, 3))
    W = draw(st.integers(1, 7).filter(lambda W: W != H))
    height, width = draw(st.integers(1, min(5, H + 2 * pad))), draw(st.integers(1, min(5, W + 2 * pad)))
    rng, dtype = np.random.default_rng(draw(st.integers(0, 99))), draw(dtypes)
    shapes = (N, C, H, W), (F, C, height, width), (F,)
    arrays = [laid_out(rng.normal(size=shape).astype(dtype), draw(layouts)) for shape in shapes]
    return *arrays, {"stride": draw(strides), "pad": pad}


@st.composite
def poolings(draw):
    N, C, H = draw(sizes), draw(sizes), draw(st.integers(1, 7))
    W = draw(st.integers(1, 8).filter(lambda W: W != H))
    param = {
        "pool_height": draw(st.integers(1, min(4, H))),
        "pool_width": draw(st.integers(1, min(4, W))),
        "stride": draw(strides),
    }
    dtype = draw(dtypes)
    # Few different numbers make many ties.
    entries = st.sampled_from([-np.inf, -2.0, -1.0, -0.0, 0.0, 1.0, 3.0, np.inf, np.nan])
    x = draw(hnp.arrays(dtype, (N, C, H, W), elements=entries))
    return laid_out(x, draw(layouts)), param


def upstream(out):
    return np.random.default_rng(7).normal(size=out.shape)


def agree(got, want, dtype):
    """Right shape and dtype, in C order of its own, and right to rounding."""
    assert (got.shape, got.dtype) == (want.shape, dtype)
    tolerance = {"float32": 1e-5, "float64": 1e-13}[np.dtype(dtype).name]
    scale = 1 + np.abs(want).max(initial=0)
    np.testing.assert_allclose(got, want, rtol=0, atol=30 * tolerance * scale)


def native(array):
    return array.dtype.newbyteorder("=")


@many
@given(case=convolutions(), layout=layouts)
def test_is_a_convolution_what_plain_loops_make_of_it(case, layout):
    x, w, b, param = case
    before = [array.copy() for array in (x, w, b)]
    out, cache = conv_forward_fast(x, w, b, param)
    dout = laid_out(upstream(out).astype(x.dtype), layout)
    dout_before = dout.copy()
    grads = conv_backward_fast(dout, cache)
    want = conv_loops(*(a.astype(np.float64) for a in (x, w, b)), lambda out: dout, param["stride"], param["pad"])
    for got, right in zip((out, *grads), want, strict=True):
        agree(got, right, native(x))
        assert not any(np.shares_memory(got, array) for array in (x, w, b, dout))
    for array, old in zip((x, w, b, dout), (*before, dout_before), strict=True):
        np.testing.assert_array_equal(array, old)


@many
@given(case=poolings(), layout=layouts)
def test_is_max_pooling_what_plain_loops_make_of_it(case, layout):
    x, param = case
    before = x.copy()
    out, cache = max_pool_forward_fast(x, param)
    dout = laid_out(upstream(out).astype(x.dtype), layout)
    dx = max_pool_backward_fast(dout, cache)
    want_out, want_dx = pool_loops(x, lambda out: dout, param["pool_height"], param["pool_width"], param["stride"])
    assert out.dtype == native(x)
    np.testing.assert_array_equal(out, want_out)
    agree(dx, want_dx, native(x))
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(out, x)


@many
@given(case=convolutions())
def test_are_convolutions_those_of_torch(case):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    *arrays, param = case
    x, w, b = (array.astype(native(array)) for array in arrays)
    out, cache = conv_forward_fast(x, w, b, param)
    dout = upstream(out).astype(x.dtype)
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, w, b)]
    theirs = torch.nn.functional.conv2d(*tensors, stride=param["stride"], padding=param["pad"])
    theirs.backward(torch.tensor(dout))
    agree(out, theirs.detach().numpy(), x.dtype)
    for got, tensor in zip(conv_backward_fast(dout, cache), tensors, strict=True):
        agree(got, tensor.grad.numpy(), x.dtype)


@many
@given(case=poolings())
def test_is_max_pooling_that_of_torch(case):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    x, param = case
    x = np.nan_to_num(x.astype(native(x)), posinf=9, neginf=-9)  # NaN for NaN, torch takes the last one
    out, cache = max_pool_forward_fast(x, param)
    dout = upstream(out).astype(x.dtype)
    tensor = torch.tensor(x, requires_grad=True)
    window = (param["pool_height"], param["pool_width"])
    theirs = torch.nn.functional.max_pool2d(tensor, window, stride=param["stride"])
    theirs.backward(torch.tensor(dout))
    np.testing.assert_array_equal(out, theirs.detach().numpy())
    agree(max_pool_backward_fast(dout, cache), tensor.grad.numpy(), x.dtype)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(((2, 3, 5, 7), (4, 3, 3, 2), 1, 0), id="overlapping"),
        pytest.param(((3, 2, 6, 5), (2, 2, 3, 4), 2, 1), id="leaves a rest"),
        pytest.param(((1, 2, 7, 4), (3, 2, 2, 1), 3, 2), id="leaves gaps"),
    ],
)
def test_are_gradients_of_a_convolution_the_numeric_ones(case):
    x_shape, w_shape, stride, pad = case
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=shape) for shape in (x_shape, w_shape, w_shape[:1])]
    param = {"stride": stride, "pad": pad}
    out, cache = conv_forward_fast(*arrays, param)
    dout = rng.normal(size=out.shape)
    for array, grad in zip(arrays, conv_backward_fast(dout, cache), strict=True):
        numeric = eval_numerical_gradient_array(lambda _: conv_forward_fast(*arrays, param)[0], array, dout)
        assert rel_error(grad, numeric) < 1e-6


@pytest.mark.parametrize(("height", "width", "stride"), [(2, 3, 1), (3, 2, 2), (1, 2, 3)])
def test_is_the_gradient_of_max_pooling_the_numeric_one(height, width, stride):
    rng = np.random.default_rng(4)
    x = rng.permutation(2 * 3 * 6 * 5).reshape(2, 3, 6, 5).astype(float)  # no two are near: far from any kink
    param = {"pool_height": height, "pool_width": width, "stride": stride}
    out, cache = max_pool_forward_fast(x, param)
    dout = rng.normal(size=out.shape)
    numeric = eval_numerical_gradient_array(lambda _: max_pool_forward_fast(x, param)[0], x, dout)
    assert rel_error(max_pool_backward_fast(dout, cache), numeric) < 1e-6


def test_are_the_layers_equal_to_the_naive_ones_of_the_course():
    naive = importlib.import_module("solutions.nndl.conv_layers")
    rng = np.random.default_rng(5)
    x, w, b = rng.normal(size=(2, 3, 8, 6)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    for param in ({"stride": 1, "pad": 1}, {"stride": 2, "pad": 0}):
        out, cache = conv_forward_fast(x, w, b, param)
        want, naive_cache = naive.conv_forward_naive(x, w, b, param)
        agree(out, want, np.float64)
        dout = rng.normal(size=out.shape)
        for got, right in zip(
            conv_backward_fast(dout, cache), naive.conv_backward_naive(dout, naive_cache), strict=True
        ):
            agree(got, right, np.float64)
    for param in (
        {"pool_height": 2, "pool_width": 2, "stride": 2},
        {"pool_height": 4, "pool_width": 2, "stride": 2},
        {"pool_height": 2, "pool_width": 4, "stride": 1},
    ):
        out, cache = max_pool_forward_fast(x, param)
        want, naive_cache = naive.max_pool_forward_naive(x, param)
        agree(out, want, np.float64)
        dout = rng.normal(size=out.shape)
        agree(max_pool_backward_fast(dout, cache), naive.max_pool_backward_naive(dout, naive_cache), np.float64)


@pytest.mark.parametrize("stride", [1, 2])
def test_can_the_gradient_of_the_images_be_left_out(stride):
    rng = np.random.default_rng(stride)
    x, w = rng.normal(size=(3, 2, 9, 8)), rng.normal(size=(5, 2, 3, 4))
    out, cache = conv_forward_fast(x, w, rng.normal(size=5), {"stride": stride, "pad": 1})
    dout = rng.normal(size=out.shape)
    _, dw, db = conv_backward_fast(dout, cache)
    nothing, dw_alone, db_alone = conv_backward_fast(dout, cache, input_gradient=False)
    assert nothing is None
    np.testing.assert_array_equal(dw_alone, dw)
    np.testing.assert_array_equal(db_alone, db)


def test_are_other_dtypes_promoted_like_in_numpy():
    x = np.arange(2 * 1 * 3 * 4).reshape(2, 1, 3, 4)
    w, b, param = np.ones((2, 1, 2, 3)), np.ones(2), {"stride": 1, "pad": 0}
    pool = {"pool_height": 1, "pool_width": 2, "stride": 1}
    for x_dtype, w_dtype, dtype in [
        (np.uint8, np.float32, np.float32),
        (np.float16, np.float16, np.float32),
        (np.int64, np.float32, np.float64),
        (np.float32, np.float64, np.float64),
    ]:
        out, cache = conv_forward_fast(x.astype(x_dtype), w.astype(w_dtype), b.astype(np.float32), param)
        assert out.dtype == dtype
        assert {grad.dtype for grad in conv_backward_fast(out.astype(np.float64), cache)} == {np.dtype(dtype)}
        pooled, cache = max_pool_forward_fast(x.astype(x_dtype), pool)
        assert pooled.dtype == np.result_type(x_dtype, np.float32)
        assert max_pool_backward_fast(np.ones(pooled.shape), cache).dtype == pooled.dtype


@pytest.mark.parametrize(("N", "C", "F"), [(0, 2, 3), (2, 0, 3), (2, 3, 0)])
def test_may_a_batch_be_empty(N, C, F):
    x, w, b = np.ones((N, C, 4, 5), np.float32), np.ones((F, C, 2, 3), np.float32), np.ones(F, np.float32)
    out, cache = conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    assert (out.shape, out.dtype) == ((N, F, 5, 5), np.float32)
    assert (out == 1).all() if C == 0 else True
    assert [grad.shape for grad in conv_backward_fast(out, cache)] == [x.shape, w.shape, b.shape]
    pooled, cache = max_pool_forward_fast(x, {"pool_height": 2, "pool_width": 3, "stride": 2})
    assert pooled.shape == (N, C, 2, 2)
    assert max_pool_backward_fast(pooled, cache).shape == x.shape


# Bad arguments: one sentence that names the argument, its value, and what is allowed.

X, W_, B = np.ones((2, 3, 5, 4)), np.ones((6, 3, 3, 2)), np.ones(6)
CONV = {"stride": 1, "pad": 0}
POOL = {"pool_height": 2, "pool_width": 3, "stride": 1}


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: conv_forward_fast(X, W_, B, {**CONV, "stride": 0}),
            ValueError,
            r'\["stride"\] is 0; .* 1 or more',
        ),
        (
            lambda: conv_forward_fast(X, W_, B, {**CONV, "pad": 2**62}),
            ValueError,
            r'\["pad"\] is 4\d+; .*16777216 at most',
        ),
        (lambda: conv_forward_fast(X, W_, B, {**CONV, "pad": -1}), ValueError, r'\["pad"\] is -1; .* 0 or more'),
        (
            lambda: conv_forward_fast(X, W_, B, {**CONV, "stride": 1.5}),
            ValueError,
            r"is 1\.5; it must be a whole number",
        ),
        (lambda: conv_forward_fast(X, W_, B, {"stride": 1}), ValueError, 'conv_param has no "pad"'),
        (lambda: conv_forward_fast(X, W_, B, {}), ValueError, 'conv_param has no "stride"'),
        (lambda: conv_forward_fast(X[0], W_, B, CONV), ValueError, r"x has shape \(3, 5, 4\).*\(N, C, H, W\)"),
        (lambda: conv_forward_fast(X, W_[0], B, CONV), ValueError, r"w has shape \(3, 3, 2\).*\(F, C, HH, WW\)"),
        (
            lambda: conv_forward_fast(X, W_[:, :2], B, CONV),
            ValueError,
            r"w has shape \(6, 2, 3, 2\); .*\(6, 3, 3, 2\), as many channels as x",
        ),
        (lambda: conv_forward_fast(X, W_, B[:5], CONV), ValueError, r"b has shape \(5,\).*\(6,\)"),
        (lambda: conv_forward_fast(X, W_, 1.0, CONV), ValueError, r"b has shape \(\).*\(6,\)"),
        (lambda: conv_forward_fast(X[:, :, :2], W_, B, CONV), ValueError, "window of 3 × 2 .*at most 2 × 4"),
        (lambda: conv_forward_fast(X, W_[..., :0], B, CONV), ValueError, "window of 3 × 0 .*at least 1 × 1"),
        (lambda: conv_forward_fast(X * 1j, W_, B, CONV), TypeError, "x has dtype complex128"),
        (lambda: conv_forward_fast(X, W_.astype(str), B, CONV), TypeError, "w has dtype <U"),
        (lambda: conv_forward_fast(X, W_, B.astype(np.longdouble), CONV), TypeError, "b has dtype .*real numbers"),
        (lambda: max_pool_forward_fast(X[0], POOL), ValueError, r"x has shape \(3, 5, 4\)"),
        (lambda: max_pool_forward_fast(X, {**POOL, "stride": 0}), ValueError, r'pool_param\["stride"\] is 0'),
        (
            lambda: max_pool_forward_fast(X, {**POOL, "pool_width": 0}),
            ValueError,
            r'\["pool_width"\] is 0; .* 1 or more',
        ),
        (lambda: max_pool_forward_fast(X, {**POOL, "pool_width": 5}), ValueError, "window of 2 × 5 .*at most 5 × 4"),
        (
            lambda: max_pool_forward_fast(X, {**POOL, "pool_height": "2"}),
            ValueError,
            r"""\["pool_height"\] is '2'; .*whole number""",
        ),
        (lambda: max_pool_forward_fast(X, {"stride": 2}), ValueError, 'has no "pool_height"'),
    ],
)
def test_is_a_bad_argument_named(call, error, said):
    with pytest.raises(error, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_is_a_cache_of_another_layer_refused():
    out, conv = conv_forward_fast(X, W_, B, CONV)
    pooled, pool = max_pool_forward_fast(X, POOL)
    with pytest.raises(TypeError, match="a PoolCache; pass the one that conv_forward_fast returned"):
        conv_backward_fast(out, pool)
    with pytest.raises(TypeError, match="a ConvCache; pass the one that max_pool_forward_fast returned"):
        max_pool_backward_fast(pooled, conv)
    with pytest.raises(TypeError, match="the cache is a tuple"):
        conv_backward_fast(out, (X, W_, B, CONV))
    with pytest.raises(ValueError, match=r"dout has shape \(6, 3, 3\); pass shape \(2, 6, 3, 3\)"):
        conv_backward_fast(out[0], conv)
    with pytest.raises(ValueError, match=r"dout has shape \(1, 3, 4, 2\); pass shape \(2, 3, 4, 2\)"):
        max_pool_backward_fast(pooled[:1], pool)


# Batch normalisation of images, against its definition.


@many
@given(
    st.tuples(st.integers(1, 5), sizes, st.integers(1, 9), st.integers(1, 17)),
    dtypes,
    st.sampled_from(["C", "Fortran", "every second", "backwards"]),
    st.integers(0, 2**32 - 1),
)
def test_is_batch_normalisation_what_its_formula_says(shape, dtype, layout, seed):
    rng = np.random.default_rng(seed)
    x = laid_out((3 + 2 * rng.normal(size=shape)).astype(dtype), layout)
    gamma, beta = (rng.normal(size=shape[1]).astype(dtype) for _ in range(2))
    before = x.copy()
    out, cache = spatial_batchnorm_forward_fast(x, gamma, beta, eps=0.1)
    wide = x.astype(np.float64)
    mean, var = wide.mean(axis=(0, 2, 3), keepdims=True), wide.var(axis=(0, 2, 3), keepdims=True)
    normal = (wide - mean) / np.sqrt(var + 0.1)
    agree(out, gamma[:, None, None] * normal + beta[:, None, None], dtype)
    agree(cache.mean, mean.ravel(), dtype)
    agree(cache.var, var.ravel(), dtype)
    dout = rng.normal(size=shape)
    product = dout * normal
    through = dout - dout.mean(axis=(0, 2, 3), keepdims=True) - normal * product.mean(axis=(0, 2, 3), keepdims=True)
    dx, dgamma, dbeta = spatial_batchnorm_backward_fast(dout, cache)
    agree(dx, gamma[:, None, None] / np.sqrt(var[0] + 0.1) * through, dtype)
    agree(dgamma, product.sum(axis=(0, 2, 3)), dtype)
    agree(dbeta, dout.sum(axis=(0, 2, 3)), dtype)
    np.testing.assert_array_equal(x, before)


def test_is_the_gradient_of_batch_normalisation_the_numeric_one():
    rng = np.random.default_rng(6)
    arrays = [rng.normal(size=shape) for shape in ((3, 2, 4, 5), (2,), (2,))]
    out, cache = spatial_batchnorm_forward_fast(*arrays)
    dout = rng.normal(size=out.shape)
    for array, grad in zip(arrays, spatial_batchnorm_backward_fast(dout, cache), strict=True):
        numeric = eval_numerical_gradient_array(lambda _: spatial_batchnorm_forward_fast(*arrays)[0], array, dout)
        assert rel_error(grad, numeric) < 1e-6


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((X[0], np.ones(3), np.ones(3)), r"x has shape \(3, 5, 4\)"),
        ((X, np.ones(2), np.ones(3)), r"gamma has shape \(2,\).*\(3,\)"),
        ((X, np.ones(3), np.ones((3, 1))), r"beta has shape \(3, 1\).*\(3,\)"),
        ((X[:0], np.ones(3), np.ones(3)), "no axis of length 0"),
    ],
)
def test_is_a_bad_argument_of_batch_normalisation_named(args, said):
    with pytest.raises(ValueError, match=said):
        spatial_batchnorm_forward_fast(*args)


def test_does_pooling_know_more_than_256_places():
    """One byte says which place of a small window won; a window of 20 × 15 has more places than that."""
    rng = np.random.default_rng(7)
    x = rng.permutation(2 * 3 * 23 * 19).reshape(2, 3, 23, 19).astype(np.float32)
    out, cache = max_pool_forward_fast(x, {"pool_height": 20, "pool_width": 15, "stride": 2})
    dout = rng.normal(size=out.shape).astype(np.float32)
    want, dx = pool_loops(x, lambda _: dout, 20, 15, 2)
    agree(out, want, np.float32)
    agree(max_pool_backward_fast(dout, cache), dx, np.float32)


@pytest.mark.parametrize(
    ("C", "F", "W"), [(5, 1, 18), (4, 2, 33), (3, 3, 16), (2, 7, 49), (1, 9, 7), (3, 26, 40), (2, 50, 17)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_do_all_tiles_of_the_innermost_loop_agree_with_plain_loops(C, F, W, dtype):
    """Rests of 1, 2, 3 and more filters, of 1, 2 and 3 vectors, and rows that do and do not fill them."""
    rng = np.random.default_rng(C + F + W)
    x, w, b = rng.normal(size=(2, C, 4, W)), rng.normal(size=(F, C, 2, 3)), rng.normal(size=F)
    x, w, b = (array.astype(dtype) for array in (x, w, b))
    for stride, pad in ((1, 1), (2, 0), (3, 2)):
        out, cache = conv_forward_fast(x, w, b, {"stride": stride, "pad": pad})
        dout = rng.normal(size=out.shape).astype(dtype)
        wants = conv_loops(x.astype(float), w.astype(float), b.astype(float), lambda _, dout=dout: dout, stride, pad)
        for got, want in zip((out, *conv_backward_fast(dout, cache)), wants, strict=True):
            agree(got, want, dtype)
