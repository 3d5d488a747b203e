"""Backpropagation through two models you first differentiate on paper.

Every function returns a scalar and its gradient with respect to the one argument the model learns. Derive the
gradient by hand, write it as a few matrix products, and let a numeric gradient judge both.
The gradient to hand in is the derived one: the grader also asks for sizes at which a numeric one does not end in time.
"""

import numpy as np


def tied_autoencoder(W, x):
    """Reconstruction loss of an autoencoder whose decoder is its encoder transposed, and its gradient in W.

    The encoder is h = W x, the decoder x̂ = Wᵀ h, and the loss is

        L(W) = ½ ‖Wᵀ W x − x‖².

    W is used twice, so two paths lead from L back to W; their gradients add.

    Parameters
    ----------
    W : ndarray of shape (M, D)
        The tied weights: M hidden units, D inputs.
    x : ndarray of shape (D,)
        One example.

    Returns
    -------
    loss : float
        L(W).
    dW : ndarray of shape (M, D)
        ∂L/∂W.
    """
    ### BEGIN SOLUTION
    # With r = WᵀWx − x:  ∂L/∂W = h rᵀ  (through the decoder)  +  (W r) xᵀ  (through the encoder).
    h = W @ x
    r = W.T @ h - x
    loss = 0.5 * (r @ r)
    dW = np.outer(h, r) + np.outer(W @ r, x)
    ### END SOLUTION
    return loss, dW


def gplvm_kernel(X, alpha, beta):
    """Covariance of the observations in a Gaussian-process latent-variable model: K = α X Xᵀ + β⁻¹ I.

    Parameters
    ----------
    X : ndarray of shape (N, Q)
        Latent positions, one row per observation.
    alpha : float
        Strength of the linear kernel, > 0.
    beta : float
        Noise precision (one over the noise variance), > 0.

    Returns
    -------
    K : ndarray of shape (N, N)
        Symmetric and positive definite.

    References
    ----------
    N. Lawrence, "Probabilistic non-linear principal component analysis with Gaussian process latent variable
    models", JMLR 6 (2005), section 2.
    """
    return alpha * (X @ X.T) + np.eye(X.shape[0], dtype=X.dtype) / beta


def gplvm_log_determinant(X, alpha, beta, D):
    """The volume term of the log-likelihood, −(D/2) log|K|, and its gradient in X.

    K = α X Xᵀ + β⁻¹ I is what `gplvm_kernel` returns. Two things keep this safe for large N:
    `np.linalg.slogdet` takes the logarithm without forming |K|, which underflows, and `np.linalg.solve(K, A)`
    is K⁻¹A without forming K⁻¹.

    Parameters
    ----------
    X : ndarray of shape (N, Q)
        Latent positions.
    alpha, beta : float
        Kernel strength and noise precision, both > 0.
    D : int
        Number of observed dimensions.

    Returns
    -------
    value : float
        −(D/2) log|K|.
    dX : ndarray of shape (N, Q)
        Its derivative in X, through K.
    """
    ### BEGIN SOLUTION
    # d log|K| = tr(K⁻¹ dK) and dK = α (dX Xᵀ + X dXᵀ), so  ∂/∂X (−(D/2) log|K|) = −α D K⁻¹ X.
    K = gplvm_kernel(X, alpha, beta)
    value = -0.5 * D * np.linalg.slogdet(K).logabsdet
    dX = -alpha * D * np.linalg.solve(K, X)
    ### END SOLUTION
    return value, dX


def gplvm_data_fit(X, Y, alpha, beta):
    """The data term of the log-likelihood, −½ tr(K⁻¹ Y Yᵀ), and its gradient in X.

    K = α X Xᵀ + β⁻¹ I is what `gplvm_kernel` returns; `np.linalg.solve(K, A)` is K⁻¹A without forming K⁻¹.

    Parameters
    ----------
    X : ndarray of shape (N, Q)
        Latent positions.
    Y : ndarray of shape (N, D)
        Observations.
    alpha, beta : float
        Kernel strength and noise precision, both > 0.

    Returns
    -------
    value : float
        −½ tr(K⁻¹ Y Yᵀ).
    dX : ndarray of shape (N, Q)
        Its derivative in X, through K.
    """
    ### BEGIN SOLUTION
    # dK⁻¹ = −K⁻¹ dK K⁻¹, so ∂/∂K = ½ K⁻¹YYᵀK⁻¹, and through K = αXXᵀ + β⁻¹I:  ∂/∂X = α K⁻¹ Y Yᵀ K⁻¹ X.
    K = gplvm_kernel(X, alpha, beta)
    A = np.linalg.solve(K, Y)  # not a secret: the docstring says it
    value = -0.5 * np.sum(A * Y)
    dX = alpha * (A @ (A.T @ X))
    ### END SOLUTION
    return value, dX


def gplvm_objective(X, Y, alpha, beta):
    """The log-likelihood up to a constant, −(D/2) log|K| − ½ tr(K⁻¹ Y Yᵀ), and its gradient in X.

    Parameters
    ----------
    X : ndarray of shape (N, Q)
        Latent positions.
    Y : ndarray of shape (N, D)
        Observations; D of the first term is the number of columns of Y.
    alpha, beta : float
        Kernel strength and noise precision, both > 0.

    Returns
    -------
    value : float
        The sum of `gplvm_log_determinant` and `gplvm_data_fit`.
    dX : ndarray of shape (N, Q)
        Its derivative in X.
    """
    ### BEGIN SOLUTION
    volume, dX_volume = gplvm_log_determinant(X, alpha, beta, Y.shape[1])
    fit, dX_fit = gplvm_data_fit(X, Y, alpha, beta)
    value, dX = volume + fit, dX_volume + dX_fit
    ### END SOLUTION
    return value, dX
