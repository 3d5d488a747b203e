"""The numbers that the courses print in their check cells for HW3, against the reference.

UCLA ECE C147 HW3 and Stanford CS231n assignments 1 and 2: their inputs and the values they expect, to the digits they
print.
"""

import numpy as np
import pytest

from solutions.nndl import fc_net, neural_net
from solutions.nndl.layers import affine_forward, relu_forward, softmax_loss, svm_loss


def spaced(start, end, *shape):
    return np.linspace(start, end, num=np.prod(shape)).reshape(shape)


def test_affine():
    out, _ = affine_forward(spaced(-0.1, 0.5, 2, 4, 5, 6), spaced(-0.2, 0.3, 120, 3), np.linspace(-0.3, 0.1, num=3))
    expected = [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]]
    np.testing.assert_allclose(out, expected, rtol=0, atol=5e-9)


def test_relu():
    out, _ = relu_forward(spaced(-0.5, 0.5, 3, 4))
    expected = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    np.testing.assert_allclose(out, expected, rtol=0, atol=5e-9)


@pytest.mark.parametrize(("loss_layer", "expected"), [(softmax_loss, 2.302545844500738), (svm_loss, 8.999602749096233)])
def test_losses_of_small_random_scores(loss_layer, expected):
    rng = np.random.RandomState(231)
    x, y = 0.001 * rng.randn(50, 10), rng.randint(10, size=50)
    assert loss_layer(x, y)[0] == pytest.approx(expected, abs=1e-12)


@pytest.fixture
def toy():
    """The toy net and its five examples. Training goes on drawing where the net's weights ended."""
    examples = np.random.RandomState(1)
    np.random.seed(0)
    net = neural_net.TwoLayerNet(input_size=4, hidden_size=10, output_size=3, std=1e-1)
    return net, 10 * examples.randn(5, 4), np.array([0, 1, 2, 2, 1])


def test_toy_scores(toy):
    net, X, _ = toy
    expected = [
        [-1.07260209, 0.05083871, -0.87253915],
        [-2.02778743, -0.10832494, -1.52641362],
        [-0.74225908, 0.15259725, -0.39578548],
        [-0.38172726, 0.10835902, -0.17328274],
        [-0.64417314, -0.18886813, -0.41106892],
    ]
    np.testing.assert_allclose(net.loss(X), expected, rtol=0, atol=5e-9)


def test_toy_loss(toy):
    net, X, y = toy
    assert net.loss(X, y, reg=0.05)[0] == pytest.approx(1.071696123862817, abs=1e-12)


def test_toy_training(toy):
    net, X, y = toy
    histories = net.train(X, y, X, y, learning_rate=1e-1, reg=5e-6, num_iters=100)
    assert histories["loss_history"][-1] == pytest.approx(0.0144978645878, abs=1e-10)


@pytest.fixture
def net_of_known_parameters():
    net = fc_net.TwoLayerNet(input_dim=5, hidden_dims=50, num_classes=7)
    net.params = {
        "W1": spaced(-0.7, 0.3, 5, 50),
        "b1": np.linspace(-0.1, 0.9, num=50),
        "W2": spaced(-0.3, 0.4, 50, 7),
        "b2": np.linspace(-0.9, 0.1, num=7),
    }
    return net


def test_scores_of_known_parameters(net_of_known_parameters):
    expected = [
        [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096],
        [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135, 16.18839143],
        [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506, 16.2846319],
    ]
    scores = net_of_known_parameters.loss(spaced(-5.5, 4.5, 5, 3).T)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=5e-9)


@pytest.mark.parametrize(("reg", "expected"), [(0.0, 3.4702243556), (1.0, 26.5948426952)])
def test_loss_of_known_parameters(net_of_known_parameters, reg, expected):
    net_of_known_parameters.reg = reg
    loss, _ = net_of_known_parameters.loss(spaced(-5.5, 4.5, 5, 3).T, np.array([0, 5, 1]))
    assert loss == pytest.approx(expected, abs=1e-10)


def test_first_losses_with_and_without_penalty():
    np.random.seed(231)
    X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
    losses = []
    for reg in (0, 3.14):
        net = fc_net.FullyConnectedNet([20, 30], input_dim=15, reg=reg, weight_scale=5e-2, dtype=np.float64)
        losses.append(net.loss(X, y)[0])
    assert losses == pytest.approx([2.3004790897684924, 7.052114776533016], abs=1e-12)
