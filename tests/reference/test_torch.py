"""The same numbers as PyTorch's layers and optimisers, in float64."""

import numpy as np
import pytest

from solutions.nndl import conv_layers, layer_utils, layers, optim
from solutions.nndl.cnn import ThreeLayerConvNet
from solutions.nndl.fc_net import FullyConnectedNet

torch = pytest.importorskip("torch", reason="compares with PyTorch, which only HW6 needs: pip install torch")
F = torch.nn.functional
EPS = 1e-2


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def compare(out, grads, inputs, theirs, dout):
    """Outputs, and gradients of all inputs for one upstream gradient."""
    tensors = [tensor(value) for value in inputs]
    their_out = theirs(*tensors)
    np.testing.assert_allclose(out, their_out.detach().numpy(), rtol=1e-9, atol=1e-11)
    their_out.backward(torch.tensor(dout))
    for got, want in zip(grads, tensors, strict=True):
        np.testing.assert_allclose(got, want.grad.numpy(), rtol=1e-8, atol=1e-10)


def drawn(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


@pytest.mark.parametrize("backward", [layers.batchnorm_backward, layers.batchnorm_backward_alt])
def test_batchnorm(backward):
    inputs = drawn((6, 4), (4,), (4,))
    out, cache = layers.batchnorm_forward(*inputs, {"mode": "train", "eps": EPS})
    (dout,) = drawn(out.shape, seed=1)
    grads = backward(dout, cache)
    compare(out, grads, inputs, lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=EPS), dout)


def test_batchnorm_in_test_mode():
    x, gamma, beta, mean = drawn((6, 4), (4,), (4,), (4,))
    var = 1 + mean**2
    bn_param = {"mode": "test", "eps": EPS, "running_mean": mean, "running_var": var}
    out, _ = layers.batchnorm_forward(x, gamma, beta, bn_param)
    theirs = F.batch_norm(*map(torch.tensor, (x, mean, var, gamma, beta)), training=False, eps=EPS)
    np.testing.assert_allclose(out, theirs.numpy())


def test_layernorm():
    inputs = drawn((6, 4), (4,), (4,))
    out, cache = layers.layernorm_forward(*inputs, {"eps": EPS})
    (dout,) = drawn(out.shape, seed=1)
    grads = layers.layernorm_backward(dout, cache)
    compare(out, grads, inputs, lambda x, g, b: F.layer_norm(x, (4,), g, b, EPS), dout)


def test_affine_batchnorm_relu():
    inputs = drawn((6, 2, 3), (6, 4), (4,), (4,), (4,))
    out, cache = layer_utils.affine_batchnorm_relu_forward(*inputs, {"mode": "train", "eps": EPS})
    (dout,) = drawn(out.shape, seed=1)

    def theirs(x, w, b, g, beta):
        return F.batch_norm(x.flatten(1) @ w + b, None, None, g, beta, training=True, eps=EPS).relu()

    compare(out, layer_utils.affine_batchnorm_relu_backward(dout, cache), inputs, theirs, dout)


def test_spatial_batchnorm():
    inputs = drawn((3, 4, 2, 5), (4,), (4,))
    out, cache = conv_layers.spatial_batchnorm_forward(*inputs, {"mode": "train", "eps": EPS})
    (dout,) = drawn(out.shape, seed=1)
    grads = conv_layers.spatial_batchnorm_backward(dout, cache)
    compare(out, grads, inputs, lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=EPS), dout)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_spatial_groupnorm(groups):
    inputs = drawn((3, 6, 2, 5), (1, 6, 1, 1), (1, 6, 1, 1))
    out, cache = conv_layers.spatial_groupnorm_forward(*inputs, groups, {"eps": EPS})
    (dout,) = drawn(out.shape, seed=1)
    grads = conv_layers.spatial_groupnorm_backward(dout, cache)
    compare(out, grads, inputs, lambda x, g, b: F.group_norm(x, groups, g.flatten(), b.flatten(), EPS), dout)


@pytest.mark.parametrize(
    ("filters", "stride", "pad"), [((3, 2), 1, 0), ((2, 3), 2, 1), ((3, 3), 3, 2), ((1, 4), 3, 0), ((5, 7), 1, 0)]
)
def test_convolution(filters, stride, pad):
    inputs = drawn((2, 3, 5, 7), (4, 3, *filters), (4,))
    out, cache = conv_layers.conv_forward_naive(*inputs, {"stride": stride, "pad": pad})
    (dout,) = drawn(out.shape, seed=1)
    grads = conv_layers.conv_backward_naive(dout, cache)
    compare(out, grads, inputs, lambda x, w, b: F.conv2d(x, w, b, stride, pad), dout)


@pytest.mark.parametrize(("window", "stride"), [((2, 2), 2), ((3, 2), 1), ((2, 3), 3), ((1, 2), 3), ((5, 7), 1)])
def test_max_pooling(window, stride):
    inputs = drawn((2, 3, 5, 7))
    param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
    out, cache = conv_layers.max_pool_forward_naive(*inputs, param)
    (dout,) = drawn(out.shape, seed=1)
    grads = (conv_layers.max_pool_backward_naive(dout, cache),)
    compare(out, grads, inputs, lambda x: F.max_pool2d(x, window, stride), dout)


@pytest.mark.parametrize(
    ("rule", "config", "theirs"),
    [
        (optim.sgd_momentum, {}, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
        (optim.adagrad, {}, lambda w: torch.optim.Adagrad(w, lr=0.1, eps=1e-8)),
        (optim.rmsprop, {"decay_rate": 0.7}, lambda w: torch.optim.RMSprop(w, lr=0.1, alpha=0.7)),
        (optim.adam, {"beta1": 0.8, "beta2": 0.9}, lambda w: torch.optim.Adam(w, lr=0.1, betas=(0.8, 0.9))),
        (optim.sgd_nesterov_momentum, {}, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9, nesterov=True)),
    ],
)
def test_update_rules(rule, config, theirs):
    (w,) = drawn((4, 3))
    config = {"learning_rate": 0.1} | config
    parameter = tensor(w)
    optimiser = theirs([parameter])
    for step in range(5):
        (dw,) = drawn((4, 3), seed=step + 1)
        w, config = rule(w, dw, config)
        parameter.grad = torch.tensor(dw)
        optimiser.step()
        np.testing.assert_allclose(w, parameter.detach().numpy(), rtol=1e-9)


def compare_net(net, X, y, theirs):
    """Loss and gradients of a whole net, the penalty included."""
    loss, grads = net.loss(X, y)
    p = {name: tensor(value) for name, value in net.params.items()}
    penalty = sum((value**2).sum() for name, value in p.items() if name[0] == "W")
    their_loss = F.cross_entropy(theirs(torch.tensor(X), p), torch.tensor(y)) + net.reg / 2 * penalty
    assert loss == pytest.approx(their_loss.item(), rel=1e-12)
    their_loss.backward()
    for name, value in p.items():
        np.testing.assert_allclose(grads[name], value.grad.numpy(), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("normalization", [None, "batchnorm", "layernorm"])
def test_fully_connected_net(normalization):
    np.random.seed(0)
    net = FullyConnectedNet([6, 5], 8, 4, normalization=normalization, reg=0.3, weight_scale=0.5, dtype=np.float64)
    (X,) = drawn((7, 2, 4))

    def normalised(x, gamma, beta):
        if normalization == "batchnorm":
            return F.batch_norm(x, None, None, gamma, beta, training=True)
        return F.layer_norm(x, x.shape[1:], gamma, beta)

    def theirs(x, p):
        x = x.flatten(1)
        for layer in (1, 2):
            x = x @ p[f"W{layer}"] + p[f"b{layer}"]
            if normalization:
                x = normalised(x, p[f"gamma{layer}"], p[f"beta{layer}"])
            x = x.relu()
        return x @ p["W3"] + p["b3"]

    compare_net(net, X, np.arange(7) % 4, theirs)


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_three_layer_conv_net(use_batchnorm):
    np.random.seed(0)
    net = ThreeLayerConvNet(
        (3, 7, 6), 4, 5, 9, 5, weight_scale=0.2, reg=0.3, dtype=np.float64, use_batchnorm=use_batchnorm
    )
    (X,) = drawn((8, 3, 7, 6))

    def normalised(x, p, layer):
        if not use_batchnorm:
            return x
        return F.batch_norm(x, None, None, p[f"gamma{layer}"], p[f"beta{layer}"], training=True)

    def theirs(x, p):
        x = F.max_pool2d(normalised(F.conv2d(x, p["W1"], p["b1"], padding=2), p, 1).relu(), 2)
        x = normalised(x.flatten(1) @ p["W2"] + p["b2"], p, 2).relu()
        return x @ p["W3"] + p["b3"]

    compare_net(net, X, np.arange(8) % 5, theirs)


def test_a_training_step_is_the_one_by_hand():
    """`train_step` in PyTorch against the course's own layers, backward passes and update rule, three minibatches."""
    from solutions.nndl import torch_models

    w1, b1, w2, b2 = drawn((6, 8), (6,), (5, 6), (5,))  # one row per output, as PyTorch has them
    ours = [w1.T.copy(), b1.copy(), w2.T.copy(), b2.copy()]
    theirs = [tensor(array) for array in (w1, b1, w2, b2)]
    rng = np.random.default_rng(1)
    for _ in range(3):
        X, y = rng.normal(size=(7, 2, 4)), rng.integers(5, size=7)
        hidden, first = layers.affine_forward(X, ours[0], ours[1])
        active, relu = layers.relu_forward(hidden)
        scores, second = layers.affine_forward(active, ours[2], ours[3])
        loss, dscores = layers.softmax_loss(scores, y)
        dactive, dw2, db2 = layers.affine_backward(dscores, second)
        _, dw1, db1 = layers.affine_backward(layers.relu_backward(dactive, relu), first)
        for w, dw in zip(ours, (dw1, db1, dw2, db2), strict=True):
            optim.sgd(w, dw, {"learning_rate": 0.3})
        their_loss = torch_models.train_step(
            torch_models.two_layer_fc, theirs, torch.tensor(X), torch.tensor(y), learning_rate=0.3
        )
        assert their_loss == pytest.approx(loss, rel=1e-12)
    for w, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(w.T, t.detach().numpy(), rtol=1e-9, atol=1e-12)
        assert t.is_leaf
        assert t.requires_grad
