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
    # ======== YOUR CODE HERE: backprop.tied_autoencoder (hw3, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single hidden unit; a single input; W of shape (2, 2)
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("tied_autoencoder: your code here")
    # ======== END OF YOUR CODE ========
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
    # ======== YOUR CODE HERE: backprop.gplvm_log_determinant (hw3, 4 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single observation; one latent dimension
    # - numerical range: so many observations that |K| underflows
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("gplvm_log_determinant: your code here")
    # ======== END OF YOUR CODE ========
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
    # ======== YOUR CODE HERE: backprop.gplvm_data_fit (hw3, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single observation; one latent dimension
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("gplvm_data_fit: your code here")
    # ======== END OF YOUR CODE ========
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
    # ======== YOUR CODE HERE: backprop.gplvm_objective (hw3, 2 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single observation; one latent dimension
    # - numerical range: so many observations that |K| underflows
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("gplvm_objective: your code here")
    # ======== END OF YOUR CODE ========
    return value, dX
