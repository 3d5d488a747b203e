"""Sandwich layers on images: convolution and what usually follows it, on the fast layers."""

from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)

from .conv_layers import spatial_batchnorm_backward, spatial_batchnorm_forward
from .layers import relu_backward, relu_forward


def conv_relu_forward(x, w, b, conv_param):
    """Convolution followed by a ReLU.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    conv_param : dict
        ``stride`` and ``pad``.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
    cache : tuple
        The caches of the two layers, for `conv_relu_backward`.
    """
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = relu_forward(a)
    return out, (conv_cache, relu_cache)


def conv_relu_backward(dout, cache, input_gradient=True):
    """Backward pass of the convolution – ReLU sandwich.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Upstream gradient.
    cache : tuple
        From `conv_relu_forward`.
    input_gradient : bool, default=True
        Whether dx is wanted; the first layer of a net has no use for it, and it is half of the work.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dw : ndarray of shape (F, C, HH, WW)
    db : ndarray of shape (F,)
        Gradients of the inputs, each in its input's shape.
    """
    conv_cache, relu_cache = cache
    return conv_backward_fast(relu_backward(dout, relu_cache), conv_cache, input_gradient)


def conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param):
    """Convolution, batch normalisation over each channel, ReLU.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    gamma, beta : ndarray of shape (F,)
        Scale and shift of the normalisation.
    conv_param : dict
        ``stride`` and ``pad``.
    bn_param : dict
        As `spatial_batchnorm_forward` takes it; its running statistics are updated.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
    cache : tuple
        The caches of the three layers, for `conv_bn_relu_backward`.
    """
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    normalised, bn_cache = spatial_batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normalised)
    return out, (conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout, cache, input_gradient=True):
    """Backward pass of the convolution – batch normalisation – ReLU sandwich.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Upstream gradient.
    cache : tuple
        From `conv_bn_relu_forward` in mode "train".
    input_gradient : bool, default=True
        Whether dx is wanted; the first layer of a net has no use for it, and it is half of the work.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dw : ndarray of shape (F, C, HH, WW)
    db, dgamma, dbeta : ndarray of shape (F,)
        Gradients of the inputs, each in its input's shape.
    """
    conv_cache, bn_cache, relu_cache = cache
    da, dgamma, dbeta = spatial_batchnorm_backward(relu_backward(dout, relu_cache), bn_cache)
    dx, dw, db = conv_backward_fast(da, conv_cache, input_gradient)
    return dx, dw, db, dgamma, dbeta


def conv_relu_pool_forward(x, w, b, conv_param, pool_param):
    """Convolution, ReLU, max pooling.

    The largest of max(0, x_i) is max(0, largest x_i), so the pooling may come first: the ReLU then has a quarter of the
    work (with windows of 2 × 2), and its result is the same to the last bit.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    conv_param : dict
        ``stride`` and ``pad``.
    pool_param : dict
        ``pool_height``, ``pool_width`` and ``stride``.

    Returns
    -------
    out : ndarray of shape (N, F, H'', W'')
    cache : tuple
        The caches of the layers, for `conv_relu_pool_backward`.
    """
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    pooled, pool_cache = max_pool_forward_fast(a, pool_param)  # before the ReLU, which changes no maximum's place
    out, relu_cache = relu_forward(pooled)
    return out, (conv_cache, pool_cache, relu_cache)


def conv_relu_pool_backward(dout, cache, input_gradient=True):
    """Backward pass of the convolution – ReLU – max pooling sandwich.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H'', W'')
        Upstream gradient.
    cache : tuple
        From `conv_relu_pool_forward`.
    input_gradient : bool, default=True
        Whether dx is wanted; the first layer of a net has no use for it, and it is half of the work.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dw : ndarray of shape (F, C, HH, WW)
    db : ndarray of shape (F,)
        Gradients of the inputs, each in its input's shape.
    """
    conv_cache, pool_cache, relu_cache = cache
    da = max_pool_backward_fast(relu_backward(dout, relu_cache), pool_cache)
    return conv_backward_fast(da, conv_cache, input_gradient)


def conv_bn_relu_pool_forward(x, w, b, gamma, beta, conv_param, bn_param, pool_param):
    """Convolution, batch normalisation over each channel, ReLU, max pooling.

    The pooling comes before the ReLU, as in `conv_relu_pool_forward`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    gamma, beta : ndarray of shape (F,)
        Scale and shift of the normalisation.
    conv_param : dict
        ``stride`` and ``pad``.
    bn_param : dict
        As `spatial_batchnorm_forward` takes it; its running statistics are updated.
    pool_param : dict
        ``pool_height``, ``pool_width`` and ``stride``.

    Returns
    -------
    out : ndarray of shape (N, F, H'', W'')
    cache : tuple
        The caches of the layers, for `conv_bn_relu_pool_backward`.
    """
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    normalised, bn_cache = spatial_batchnorm_forward(a, gamma, beta, bn_param)
    pooled, pool_cache = max_pool_forward_fast(normalised, pool_param)
    out, relu_cache = relu_forward(pooled)
    return out, (conv_cache, bn_cache, pool_cache, relu_cache)


def conv_bn_relu_pool_backward(dout, cache, input_gradient=True):
    """Backward pass of the convolution – batch normalisation – ReLU – max pooling sandwich.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H'', W'')
        Upstream gradient.
    cache : tuple
        From `conv_bn_relu_pool_forward` in mode "train".
    input_gradient : bool, default=True
        Whether dx is wanted; the first layer of a net has no use for it, and it is half of the work.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dw : ndarray of shape (F, C, HH, WW)
    db, dgamma, dbeta : ndarray of shape (F,)
        Gradients of the inputs, each in its input's shape.
    """
    conv_cache, bn_cache, pool_cache, relu_cache = cache
    dnormalised = max_pool_backward_fast(relu_backward(dout, relu_cache), pool_cache)
    da, dgamma, dbeta = spatial_batchnorm_backward(dnormalised, bn_cache)
    dx, dw, db = conv_backward_fast(da, conv_cache, input_gradient)
    return dx, dw, db, dgamma, dbeta
