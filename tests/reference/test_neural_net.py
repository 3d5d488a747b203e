"""The un-modular network: the course's figures, numeric gradients, and no overflow."""

import numpy as np
import pytest

from solutions.nndl.neural_net import TwoLayerNet

from .numeric import central_difference


def toy_net():
    np.random.seed(0)
    return TwoLayerNet(4, 10, 3, std=1e-1)


def toy_data():
    np.random.seed(1)
    return 10 * np.random.randn(5, 4), np.array([0, 1, 2, 2, 1])


def test_shapes():
    net = TwoLayerNet(6, 4, 3)
    assert {name: value.shape for name, value in net.params.items()} == {
        "W1": (4, 6),
        "b1": (4,),
        "W2": (3, 4),
        "b2": (3,),
    }
    assert net.loss(np.ones((2, 6))).shape == (2, 3)


def test_the_courses_toy_loss():
    X, y = toy_data()
    assert toy_net().loss(X, y, reg=0.05)[0] == pytest.approx(1.071696123862817, abs=1e-12)


def test_the_courses_toy_training():
    X, y = toy_data()
    net = toy_net()
    stats = net.train(X, y, X, y, learning_rate=1e-1, reg=5e-6, num_iters=100)
    assert stats["loss_history"][-1] == pytest.approx(0.0145, abs=1e-4)
    assert len(stats["loss_history"]) == len(stats["val_acc_history"]) == len(stats["train_acc_history"]) == 100
    np.testing.assert_array_equal(net.predict(X), y)


@pytest.mark.parametrize("reg", [0.0, 0.3])
@pytest.mark.parametrize("n", [1, 5])
def test_gradients(n, reg):
    net = toy_net()
    X, y = (array[:n] for array in toy_data())
    _, grads = net.loss(X, y, reg=reg)
    assert grads.keys() == net.params.keys()
    for name, value in net.params.items():
        numeric = central_difference(lambda: net.loss(X, y, reg=reg)[0], value)
        assert grads[name].shape == value.shape
        np.testing.assert_allclose(grads[name], numeric, rtol=1e-5, atol=1e-8)


def test_one_input_one_hidden_unit():
    net = TwoLayerNet(1, 1, 3, std=1.0)
    loss, grads = net.loss(np.array([[2.0]]), np.array([1]))
    assert np.isfinite(loss)
    assert grads["W2"].shape == (3, 1)


def test_huge_scores_do_not_overflow():
    net = toy_net()
    X, y = toy_data()
    net.params["W2"] *= 1e5
    assert np.abs(net.loss(X)).max() > 1e4
    loss, grads = net.loss(X, y)
    assert np.isfinite(loss)
    assert all(np.isfinite(grad).all() for grad in grads.values())


def test_loss_changes_neither_data_nor_parameters():
    net = toy_net()
    X, y = toy_data()
    kept = [array.copy() for array in (X, y, *net.params.values())]
    net.loss(X, y, reg=0.1)
    for array, before in zip((X, y, *net.params.values()), kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_the_rate_decays_and_accuracies_are_noted_once_an_epoch():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.integers(3, size=60)
    net = toy_net()
    net.loss = lambda X, y=None, reg=0.0: (  # a gradient of one everywhere makes the steps readable
        np.zeros((len(X), 3)) if y is None else (0.0, {k: np.ones_like(v) for k, v in net.params.items()})
    )
    start = net.params["b1"].copy()
    stats = net.train(X, y, X, y, learning_rate=1.0, learning_rate_decay=0.5, num_iters=7, batch_size=20)
    assert len(stats["val_acc_history"]) == 3
    np.testing.assert_allclose(start - net.params["b1"], 1 + 3 * 0.5 + 3 * 0.25)


def test_verbose_training_prints_every_hundredth_loss(capsys):
    X, y = toy_data()
    toy_net().train(X, y, X, y, num_iters=101, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["iteration 0 / 101", "iteration 100 / 101"]
