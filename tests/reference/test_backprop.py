"""The two hand-derived models: values from their definitions, gradients from central differences."""

import numpy as np
import pytest

from solutions.nndl import backprop

from .numeric import central_difference

ALPHA, BETA = 0.7, 2.5


def latent(n=6, q=2, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, q)), rng.normal(size=(n, d))


@pytest.mark.parametrize(("m", "d"), [(3, 5), (5, 3), (1, 4), (4, 1)])
def test_tied_autoencoder(m, d):
    rng = np.random.default_rng(1)
    W, x = rng.normal(size=(m, d)), rng.normal(size=d)
    loss, dW = backprop.tied_autoencoder(W, x)
    assert loss == pytest.approx(0.5 * np.linalg.norm(W.T @ W @ x - x) ** 2)
    numeric = central_difference(lambda: backprop.tied_autoencoder(W, x)[0], W)
    np.testing.assert_allclose(dW, numeric, rtol=1e-6, atol=1e-8)


def test_a_perfect_autoencoder_has_no_loss_and_no_gradient():
    W, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))
    loss, dW = backprop.tied_autoencoder(W, np.arange(4.0))
    assert loss == pytest.approx(0)
    np.testing.assert_allclose(dW, np.zeros((4, 4)), atol=1e-12)


def test_gplvm_values_are_their_definitions():
    X, Y = latent()
    K = ALPHA * X @ X.T + np.eye(6) / BETA
    assert backprop.gplvm_log_determinant(X, ALPHA, BETA, 3)[0] == pytest.approx(-1.5 * np.log(np.linalg.det(K)))
    assert backprop.gplvm_data_fit(X, Y, ALPHA, BETA)[0] == pytest.approx(-0.5 * np.trace(np.linalg.inv(K) @ Y @ Y.T))


@pytest.mark.parametrize(("n", "q", "d"), [(6, 2, 3), (1, 4, 2), (3, 5, 7)])
def test_gplvm_gradients(n, q, d):
    X, Y = latent(n, q, d)
    terms = [
        lambda: backprop.gplvm_log_determinant(X, ALPHA, BETA, d),
        lambda: backprop.gplvm_data_fit(X, Y, ALPHA, BETA),
        lambda: backprop.gplvm_objective(X, Y, ALPHA, BETA),
    ]
    for term in terms:
        _, dX = term()
        numeric = central_difference(lambda term=term: term()[0], X)
        np.testing.assert_allclose(dX, numeric, rtol=1e-5, atol=1e-7)


def test_the_log_determinant_survives_where_the_determinant_underflows():
    X = np.random.default_rng(3).normal(size=(400, 2))
    value, dX = backprop.gplvm_log_determinant(X, 1.0, 1e3, 5)
    assert np.linalg.det(backprop.gplvm_kernel(X, 1.0, 1e3)) == 0
    assert np.isfinite(value)
    assert np.isfinite(dX).all()
