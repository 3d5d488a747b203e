"""Sandwich layers: what is often used together, in one call."""

from .layers import affine_backward, affine_forward, relu_backward, relu_forward


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
