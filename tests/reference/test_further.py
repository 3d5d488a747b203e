"""The further exercises: against PyTorch where it is installed, by hand, and at the edges."""

import numpy as np
import pytest

from solutions.nndl import conv_layers, further, layers, optim

from .numeric import central_difference


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# --- Adam with decoupled weight decay ---


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_adamw_is_that_of_pytorch(dtype):
    torch = pytest.importorskip("torch", reason="an oracle: pip install torch")
    w, gradients = drawn(4, 3).astype(dtype), drawn(6, 4, 3, seed=1).astype(dtype)
    theirs = torch.nn.Parameter(torch.tensor(w))
    settings = {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.1, "weight_decay": 0.3}
    optimiser = torch.optim.AdamW([theirs], **settings)
    config = {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 0.1, "weight_decay": np.float64(0.3)}
    for dw in gradients:
        theirs.grad = torch.tensor(dw)
        optimiser.step()
        w, config = further.adamw(w, dw, config)
    assert (w.dtype, config["v"].dtype, config["a"].dtype) == (np.dtype(dtype),) * 3
    np.testing.assert_allclose(w, theirs.detach().numpy(), rtol=1e-5 if dtype == "float32" else 1e-12)


def test_adamw_without_decay_is_adam():
    w, dw = drawn(4, 3), drawn(4, 3, seed=1)
    ours, config = further.adamw(w, dw, {"weight_decay": 0.0, "learning_rate": 0.1})
    theirs, adams = optim.adam(w, dw, {"learning_rate": 0.1})
    np.testing.assert_array_equal(ours, theirs)
    assert config.keys() == adams.keys() | {"weight_decay"}


def test_adamw_leaves_its_arguments_alone_and_has_defaults():
    w, dw = drawn(4, 3), drawn(4, 3, seed=1)
    for array in (w, dw):
        array.flags.writeable = False
    next_w, config = further.adamw(w, dw)
    assert {name: config[name] for name in ("learning_rate", "weight_decay", "t")} == {
        "learning_rate": 1e-3, "weight_decay": 1e-2, "t": 1,
    }  # fmt: skip
    before = dict(config)
    again, _ = further.adamw(next_w, dw, config)
    assert config.keys() == before.keys()
    assert all(np.array_equal(config[name], before[name]) for name in before)
    assert not np.shares_memory(again, next_w)


def test_adamw_shrinks_what_has_no_gradient():
    w = drawn(5)
    for _ in range(3):
        next_w, _ = further.adamw(w, np.zeros(5), {"learning_rate": 0.1, "weight_decay": 0.5})
        np.testing.assert_allclose(next_w, 0.95 * w)
        w = next_w


# --- max-norm ---


def test_max_norm_shortens_long_columns_and_no_others():
    w = np.array([[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]])
    w.flags.writeable = False
    out = further.max_norm(w, 2.5)
    np.testing.assert_allclose(out, [[1.5, 0.3, 0.0], [2.0, 0.4, 0.0]])
    assert not np.shares_memory(out, w)
    np.testing.assert_array_equal(further.max_norm(w, 6), w)


@pytest.mark.parametrize("limit", [0.5, np.float64(0.5), 2])
def test_max_norm_keeps_the_dtype(limit):
    out = further.max_norm(drawn(6, 4).astype(np.float32), limit)
    assert out.dtype == np.float32
    assert (np.linalg.norm(out, axis=0) <= limit * (1 + 1e-6)).all()


def test_max_norm_is_that_of_pytorch():
    torch = pytest.importorskip("torch", reason="an oracle: pip install torch")
    w = drawn(7, 5)
    theirs = torch.renorm(torch.tensor(w), p=2, dim=1, maxnorm=2.0).numpy()
    np.testing.assert_allclose(further.max_norm(w, 2.0), theirs, rtol=1e-6)  # theirs divides by the norm + 1e-7


# --- label smoothing ---


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_the_smoothed_loss_is_that_of_pytorch_and_its_gradient_the_numeric_one(smoothing):
    x, y = 3 * drawn(5, 4), np.array([3, 0, 1, 1, 2])
    loss, dx = further.smoothed_softmax_loss(x, y, smoothing)
    numeric = central_difference(lambda: np.array(further.smoothed_softmax_loss(x, y, smoothing)[0]), x, np.array(1.0))
    np.testing.assert_allclose(dx, numeric, rtol=1e-6, atol=1e-9)
    torch = pytest.importorskip("torch", reason="an oracle: pip install torch")
    theirs = torch.nn.functional.cross_entropy(torch.tensor(x), torch.tensor(y), label_smoothing=smoothing)
    np.testing.assert_allclose(loss, float(theirs), rtol=1e-12)


def test_without_smoothing_it_is_the_softmax_loss():
    x, y = drawn(5, 4).astype(np.float32), [3, 0, 1, 1, 2]
    loss, dx = further.smoothed_softmax_loss(x, y, 0)
    plain, plain_dx = layers.softmax_loss(x, y)
    np.testing.assert_allclose(loss, plain, rtol=1e-6)
    np.testing.assert_allclose(dx, plain_dx, rtol=1e-5, atol=1e-8)
    assert dx.dtype == np.float32


def test_scores_of_any_size_are_safe():
    loss, dx = further.smoothed_softmax_loss(np.array([[1e4, 0.0, -1e4]]), np.array([0]), 0.3)
    np.testing.assert_allclose(loss, 0.1 * (1e4 + 2e4))
    np.testing.assert_allclose(dx, [[1 - 0.8, -0.1, -0.1]], atol=1e-12)


# --- depthwise convolution (its contract: test_contracts.py) ---


def test_a_depthwise_convolution_is_one_whose_filters_see_one_channel():
    x, w, b = drawn(2, 3, 6, 5), drawn(3, 3, 2, seed=1), drawn(3, seed=2)
    settings = {"stride": 2, "pad": 1}
    full = np.zeros((3, 3, 3, 2))
    full[np.arange(3), np.arange(3)] = w
    out, cache = further.depthwise_conv_forward(x, w, b, settings)
    theirs, full_cache = conv_layers.conv_forward_naive(x, full, b, settings)
    np.testing.assert_allclose(out, theirs)
    dout = drawn(*out.shape, seed=3)
    dx, dw, db = further.depthwise_conv_backward(dout, cache)
    full_dx, full_dw, full_db = conv_layers.conv_backward_naive(dout, full_cache)
    np.testing.assert_allclose(dx, full_dx)
    np.testing.assert_allclose(dw, full_dw[np.arange(3), np.arange(3)])
    np.testing.assert_allclose(db, full_db)


# --- sharpness-aware minimisation ---


def test_the_gradient_is_taken_uphill_at_the_radius():
    visited = []

    def bowl(w):
        visited.append(w.copy())
        return 0.5 * np.sum(w**2), w

    w = np.array([[3.0, 0.0], [0.0, -4.0]])
    w.flags.writeable = False
    np.testing.assert_allclose(further.sharpness_aware_gradient(bowl, w, 0.5), 1.1 * w)  # |w| is 5
    assert len(visited) == 2
    np.testing.assert_allclose(np.linalg.norm(visited[1] - visited[0]), 0.5)


def test_where_the_gradient_is_zero_nothing_is_added():
    gradient = further.sharpness_aware_gradient(lambda w: (0.0, 2 * w), np.zeros((2, 3)), 0.5)
    np.testing.assert_array_equal(gradient, np.zeros((2, 3)))


def test_the_point_is_the_highest_nearby_to_first_order():
    def loss(w):
        return np.sum(np.log(np.cosh(w)) * [1.0, 3.0, 0.2])

    highest = []

    def loss_and_gradient(w):
        highest.append(w)
        return loss(w), np.tanh(w) * [1.0, 3.0, 0.2]

    w, radius, rng = np.array([0.5, -0.3, 1.0]), 1e-3, np.random.default_rng(0)
    further.sharpness_aware_gradient(loss_and_gradient, w, radius)
    others = rng.normal(size=(500, 3))
    others *= radius / np.linalg.norm(others, axis=1, keepdims=True)
    assert loss(highest[1]) >= max(loss(w + step) for step in others) - 1e-7


# --- what cannot be right ---

BAD = {
    "w of three axes": (lambda: further.max_norm(np.ones((2, 3, 4)), 1.0), r"max_norm: w has shape \(2, 3, 4\)"),
    "limit 0": (lambda: further.max_norm(np.ones((2, 3)), 0), "max_norm: limit is 0; pass the longest norm"),
    "limit NaN": (lambda: further.max_norm(np.ones((2, 3)), float("nan")), "max_norm: limit is nan"),
    "smoothing 1": (
        lambda: further.smoothed_softmax_loss(np.ones((2, 3)), [0, 1], 1),
        "smoothing is 1, not a probability",
    ),
    "a label too many": (
        lambda: further.smoothed_softmax_loss(np.ones((2, 3)), [0, 1, 2], 0.1),
        r"y has shape \(3,\); pass shape \(2,\), one label for each row of x",
    ),
    "scores of one axis": (lambda: further.smoothed_softmax_loss(np.ones(3), [0], 0.1), r"x has shape \(3,\)"),
    "ordinary filters": (
        lambda: further.depthwise_conv_forward(
            np.ones((1, 3, 4, 5)), np.ones((2, 3, 2, 2)), np.ones(2), {"stride": 1, "pad": 0}
        ),
        r"w has shape \(2, 3, 2, 2\); pass an array of shape \(C, HH, WW\)",
    ),
    "a filter too few": (
        lambda: further.depthwise_conv_forward(
            np.ones((1, 3, 4, 5)), np.ones((2, 2, 2)), np.ones(2), {"stride": 1, "pad": 0}
        ),
        r"w has shape \(2, 2, 2\); pass shape \(3, 2, 2\), one filter for each channel of x",
    ),
    "a filter too large": (
        lambda: further.depthwise_conv_forward(
            np.ones((1, 1, 4, 5)), np.ones((1, 5, 2)), np.ones(1), {"stride": 1, "pad": 0}
        ),
        "window of 5 × 2 does not fit into an image of 4 × 5",
    ),
    "stride 0": (
        lambda: further.depthwise_conv_forward(
            np.ones((1, 1, 4, 5)), np.ones((1, 2, 2)), np.ones(1), {"stride": 0, "pad": 0}
        ),
        "must be a whole number, 1 or more",
    ),
    "another layer's cache": (
        lambda: further.depthwise_conv_backward(np.ones((1, 1, 2, 2)), np.ones((2, 3))),
        r"depthwise_conv_backward: the cache is .* where \(x, w, b, conv_param\) is expected",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_right_is_refused_in_one_sentence(case):
    call, sentence = BAD[case]
    with pytest.raises(ValueError, match=sentence) as refused:
        call()
    assert "\n" not in str(refused.value)
