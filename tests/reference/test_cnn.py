"""The convolutional network: the course's figures, gradients, dtype, and that it learns."""

import numpy as np
import pytest

from solutions.nndl.cnn import ThreeLayerConvNet
from utils.solver import Solver

from .numeric import central_difference

Y = np.array([0, 3, 1])


def small(use_batchnorm=False, dtype=np.float64, reg=0.0, image=(2, 5, 6)):
    """A net with sizes that are all different, weights of order 1 and biases that are not 0."""
    np.random.seed(0)
    net = ThreeLayerConvNet(image, 3, 3, 7, 4, weight_scale=0.3, reg=reg, dtype=dtype, use_batchnorm=use_batchnorm)
    rng = np.random.default_rng(1)
    for value in net.params.values():
        value += rng.normal(scale=0.1, size=value.shape)
    return net


def images(n=3, image=(2, 5, 6), seed=2):
    return np.random.default_rng(seed).normal(size=(n, *image))


@pytest.mark.parametrize(("reg", "loss"), [(0.0, 2.3026), (0.5, 2.51)])
def test_the_courses_figures(reg, loss):
    """Without training all classes are equally likely: log 10; with reg 0.5 the penalty of the weights comes on top."""
    np.random.seed(3)
    net = ThreeLayerConvNet(reg=reg)
    assert net.loss(images(50, (3, 32, 32)), np.arange(50) % 10)[0] == pytest.approx(loss, abs=5e-3)


@pytest.mark.parametrize("reg", [0.0, 0.7])
@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_gradients(use_batchnorm, reg):
    net, X = small(use_batchnorm, reg=reg), images()
    _, grads = net.loss(X, Y)
    assert grads.keys() == net.params.keys()
    for name, value in net.params.items():
        numeric = central_difference(lambda: net.loss(X, Y)[0], value)
        assert grads[name].shape == value.shape
        np.testing.assert_allclose(grads[name], numeric, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_the_penalty_is_half_reg_times_the_squares_of_the_three_weights(use_batchnorm):
    net, X = small(use_batchnorm), images()
    plain, plain_grads = net.loss(X, Y)
    net.reg = 0.8
    loss, grads = net.loss(X, Y)
    assert loss - plain == pytest.approx(0.4 * sum((net.params[f"W{i}"] ** 2).sum() for i in (1, 2, 3)))
    for name, value in net.params.items():
        pull = 0.8 * value if name[0] == "W" else 0 * value
        np.testing.assert_allclose(grads[name] - plain_grads[name], pull, atol=1e-12)


def test_initial_parameters():
    np.random.seed(1)
    net = ThreeLayerConvNet((3, 15, 12), 20, 5, 60, 7, weight_scale=0.02, use_batchnorm=True)
    assert {name: value.shape for name, value in net.params.items()} == {
        "W1": (20, 3, 5, 5),
        "b1": (20,),
        "W2": (20 * 7 * 6, 60),
        "b2": (60,),
        "W3": (60, 7),
        "b3": (7,),
        "gamma1": (20,),
        "beta1": (20,),
        "gamma2": (60,),
        "beta2": (60,),
    }
    for name, value in net.params.items():
        if name[0] == "W":
            assert value.std() == pytest.approx(0.02, rel=0.1)
        else:
            np.testing.assert_array_equal(value, float(name.startswith("gamma")))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_dtype_is_kept_throughout(use_batchnorm, dtype):
    net = small(use_batchnorm, dtype, reg=np.float64(0.3))
    for X in (images(), images().astype(np.float32), (9 * images()).astype(np.int8)):
        loss, grads = net.loss(X, Y)
        assert {loss.dtype, net.loss(X).dtype, *(grad.dtype for grad in grads.values())} == {np.dtype(dtype)}


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_loss_changes_neither_data_nor_parameters(use_batchnorm):
    net, X = small(use_batchnorm, reg=0.5), images()
    kept = [array.copy() for array in (X, *net.params.values())]
    net.loss(X, Y)
    for array, before in zip((X, *net.params.values()), kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_predictions_use_running_statistics():
    net, X = small(use_batchnorm=True), images(8)
    for _ in range(200):  # 0.9^200 of the start is left
        net.loss(X, np.arange(8) % 4)
    scores = net.loss(X)
    np.testing.assert_allclose(np.concatenate([net.loss(x[None]) for x in X]), scores)
    assert {param["mode"] for param in net.bn_params.values()} == {"test"}


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_it_overfits_a_few_images(use_batchnorm):
    np.random.seed(4)
    net = ThreeLayerConvNet((3, 8, 9), 6, 3, 20, 4, weight_scale=0.05, use_batchnorm=use_batchnorm)
    X, y = images(20, (3, 8, 9)), np.arange(20) % 4
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    solver = Solver(
        net, data, "adam", {"learning_rate": 3e-3}, batch_size=10, num_epochs=40, num_train_samples=None, verbose=False
    )
    solver.train()
    assert solver.best_val_acc == 1
