"""The losses, and the given checks of HW3."""

import numpy as np
import pytest

from solutions.nndl import layer_tests, layers

from .numeric import central_difference

LOSSES = [layers.softmax_loss, layers.svm_loss]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("n", "c"), [(4, 3), (1, 5), (2, 1)])
def test_loss_gradients(loss, n, c):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, c)), rng.integers(c, size=n)
    value, dx = loss(x, y)
    assert value >= 0
    np.testing.assert_allclose(dx, central_difference(lambda: loss(x, y)[0], x), rtol=1e-6, atol=1e-9)


def test_losses_of_equal_scores():
    x, y = np.zeros((7, 10)), np.arange(7)
    assert layers.softmax_loss(x, y)[0] == pytest.approx(np.log(10))
    assert layers.svm_loss(x, y)[0] == pytest.approx(9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_finite_for_huge_scores_and_keep_dtype(loss, dtype):
    x = np.array([[1e4, -1e4, 0], [3e4, 3e4, -3e4]], dtype=dtype)
    value, dx = loss(x, np.array([1, 2]))
    assert np.isfinite(value)
    assert np.isfinite(dx).all()
    assert value.dtype == dx.dtype == dtype
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("scores", "labels", "says"),
    [
        (np.zeros(3), [0, 1, 2], r"scores have shape \(3,\)"),
        (np.zeros((0, 3)), [], r"scores have shape \(0, 3\)"),
        (np.zeros((4, 3)), [0, 1, 2], r"labels have shape \(3,\) for 4 rows"),
        (np.zeros((2, 3)), [[0], [1]], r"labels have shape \(2, 1\)"),
        (np.zeros((2, 3)), [0.0, 1.0], "whole numbers"),
        (np.zeros((2, 3)), [0, 3], "label 3 at position 1 is outside 0 … 2"),
        (np.zeros((2, 3)), [-1, 0], "label -1 at position 0"),
    ],
)
def test_unusable_scores_and_labels_are_explained(loss, scores, labels, says):
    with pytest.raises(ValueError, match=says) as error:
        loss(scores, labels)
    assert str(error.value).startswith(loss.__name__)


@pytest.mark.parametrize("loss", LOSSES)
def test_any_integer_dtype_of_labels_will_do(loss):
    x = np.random.default_rng(9).normal(size=(3, 4))
    expected = loss(x, np.array([0, 3, 1]))
    for labels in ([0, 3, 1], np.array([0, 3, 1], dtype=np.uint8)):
        np.testing.assert_array_equal(loss(x, labels)[1], expected[1])


CHECKS = [
    layer_tests.affine_forward_test,
    layer_tests.affine_backward_test,
    layer_tests.relu_forward_test,
    layer_tests.relu_backward_test,
    layer_tests.affine_relu_test,
    layer_tests.fc_net_test,
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_given_checks_accept_the_reference(check, capsys):
    check()
    assert "right" in capsys.readouterr().out


# check, the name it looks up, and a wrong stand-in for it
WRONG = [
    (
        layer_tests.affine_forward_test,
        "affine_forward",
        lambda x, w, b: (x.reshape(len(x), -1) @ w, (x, w, b)),
    ),
    (
        layer_tests.affine_backward_test,
        "affine_backward",
        lambda dout, cache: (*layers.affine_backward(dout, cache)[:2], dout.sum(axis=0, keepdims=True)),
    ),
    (layer_tests.relu_forward_test, "relu_forward", lambda x: (np.abs(x), x)),
    (layer_tests.relu_backward_test, "relu_backward", lambda dout, x: np.where(dout > 0, dout, 0)),
    (
        layer_tests.affine_relu_test,
        "affine_relu_backward",
        lambda dout, cache: layers.affine_backward(dout, cache[0]),
    ),
]


@pytest.mark.parametrize(("check", "name", "wrong"), WRONG)
def test_the_given_checks_reject_a_wrong_layer(check, name, wrong, monkeypatch):
    monkeypatch.setattr(layer_tests, name, wrong)
    with pytest.raises(AssertionError, match=name.removesuffix("_backward").removesuffix("_forward")):
        check()


@pytest.mark.parametrize("net", ["TwoLayerNet", "FullyConnectedNet"])
def test_the_given_net_check_rejects_a_forgotten_penalty_gradient(net, monkeypatch):
    right = getattr(layer_tests, net)

    class NoPenaltyGradient(right):
        def loss(self, X, y=None):
            loss, grads = super().loss(X, y)
            return loss, {k: g - self.reg * self.params[k] if k[0] == "W" else g for k, g in grads.items()}

    monkeypatch.setattr(layer_tests, net, NoPenaltyGradient)
    with pytest.raises(AssertionError, match=f"{net}.loss, reg = 0.7: W1 is wrong"):
        layer_tests.fc_net_test()
