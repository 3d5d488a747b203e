"""Sandwich layers: what is often used together, in one call."""

from .layers import (
    affine_backward,
    affine_forward,
    batchnorm_backward_alt,
    batchnorm_forward,
    layernorm_backward,
    layernorm_forward,
    relu_backward,
    relu_forward,
)


def affine_relu_forward(x, w, b):
    """Affine layer followed by a ReLU.

    Parameters
    ----------
    x : ndarray of shape (N, d_1, …, d_k)
        Minibatch.
    w : ndarray of shape (D, M)
        Weights, D = d_1 · … · d_k.
    b : ndarray of shape (M,)
        Biases.

    Returns
    -------
    out : ndarray of shape (N, M)
        max(0, x w + b).
    cache : tuple
        The caches of the two layers, for `affine_relu_backward`.
    """
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout, cache):
    """Backward pass of the affine-ReLU sandwich: the last layer first.

    Parameters
    ----------
    dout : ndarray of shape (N, M)
        Upstream gradient.
    cache : tuple
        From `affine_relu_forward`.

    Returns
    -------
    dx : ndarray of shape (N, d_1, …, d_k)
    dw : ndarray of shape (D, M)
    db : ndarray of shape (M,)
        Gradients of the inputs, each in its input's shape.
    """
    fc_cache, relu_cache = cache
    da = relu_backward(dout, relu_cache)
    return affine_backward(da, fc_cache)


def affine_batchnorm_relu_forward(x, w, b, gamma, beta, bn_param):
    """Affine layer, batch normalisation, ReLU, in this order.

    Parameters
    ----------
    x : ndarray of shape (N, d_1, …, d_k)
        Minibatch.
    w : ndarray of shape (D, M)
        Weights, D = d_1 · … · d_k.
    b : ndarray of shape (M,)
        Biases.
    gamma, beta : ndarray of shape (M,)
        Scale and shift of the normalisation.
    bn_param : dict
        As `batchnorm_forward` takes it; its running statistics are updated.

    Returns
    -------
    out : ndarray of shape (N, M)
    cache : tuple
        The caches of the three layers, for `affine_batchnorm_relu_backward`.
    """
    # ======== YOUR CODE HERE: layer_utils.affine_batchnorm_relu_forward (hw4, 2 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: as many examples as features and outputs
    # - dtype: float32; the answer has the right dtype
    # - side effect: arguments stay as they are, unless documented; nothing else is left behind
    raise NotImplementedError("affine_batchnorm_relu_forward: your code here")
    # ======== END OF YOUR CODE ========
    return out, cache


def affine_batchnorm_relu_backward(dout, cache):
    """Backward pass of the affine – batch normalisation – ReLU sandwich.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Parameters
    ----------
    dout : ndarray of shape (N, M)
        Upstream gradient.
    cache : tuple
        From `affine_batchnorm_relu_forward` in mode "train".

    Returns
    -------
    dx : ndarray of shape (N, d_1, …, d_k)
    dw : ndarray of shape (D, M)
    db, dgamma, dbeta : ndarray of shape (M,)
        Gradients of the inputs, each in its input's shape.
    """
    # ======== YOUR CODE HERE: layer_utils.affine_batchnorm_relu_backward (hw4, 3 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: as many examples as features and outputs
    # - dtype: float32
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("affine_batchnorm_relu_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx, dw, db, dgamma, dbeta


def normalization_forward(x, gamma, beta, norm_param, normalization):
    """Batch or layer normalisation, whichever is asked for by name.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        Minibatch.
    gamma, beta : ndarray of shape (D,)
        Scale and shift.
    norm_param : dict
        What `batchnorm_forward` takes as `bn_param`, or `layernorm_forward` as `ln_param`.
    normalization : {"batchnorm", "layernorm"}

    Returns
    -------
    out : ndarray of shape (N, D)
    cache : tuple
        For `normalization_backward`.
    """
    forward = {"batchnorm": batchnorm_forward, "layernorm": layernorm_forward}[normalization]
    return forward(x, gamma, beta, norm_param)


def normalization_backward(dout, cache, normalization):
    """Backward pass of batch or layer normalisation, whichever is asked for by name.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Upstream gradient.
    cache : tuple
        From `normalization_forward`.
    normalization : {"batchnorm", "layernorm"}

    Returns
    -------
    dx : ndarray of shape (N, D)
    dgamma, dbeta : ndarray of shape (D,)
        Gradients of the inputs.
    """
    backward = {"batchnorm": batchnorm_backward_alt, "layernorm": layernorm_backward}[normalization]
    return backward(dout, cache)
