"""Layers on images: convolution and max pooling written out as loops, and two normalisations.

A minibatch of images has shape (N, C, H, W): examples, channels, rows, columns. The loops here are for reading and
checking; `utils.fast_layers` computes the same fast enough for training. As in `layers`, no argument is changed,
the cache included.
"""

import numpy as np

from utils.layer_checks import (
    check_axes,
    check_cache,
    check_finite,
    check_shape,
    check_upstream,
    checked_count,
    checked_mode,
    label_cache,
    open_cache,
    window_counts,
)

from .layers import batchnorm_backward_alt, batchnorm_forward


def conv_forward_naive(x, w, b, conv_param):
    """Convolutional layer: F filters slide over the images, each looking at all channels at once.

        out[n, f, i, j] = b[f] + Σ_{c,p,q} w[f, c, p, q] · x_pad[n, c, i·stride + p, j·stride + q]

    x_pad is x with `pad` rows and columns of zeros around each image. As everywhere in deep learning the filters are
    not flipped. Rows and columns that are left over at the end, because another step would not fit, are ignored.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    conv_param : dict
        ``stride``: pixels between two positions of a filter, 1 or more. ``pad``: zeros on each side, 0 or more.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
        H' = 1 + ⌊(H + 2 pad − HH) / stride⌋, W' = 1 + ⌊(W + 2 pad − WW) / stride⌋; in the dtype of x.
    cache : tuple
        ``(x, w, b, conv_param)``.

    Raises
    ------
    ValueError
        If stride or pad is not such a number, a shape does not fit, a filter is larger than the padded image, or x
        holds NaN or infinity.

    References
    ----------
    Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86 (1998), section II.
    """
    stride, pad, out_height, out_width = _conv_sizes("conv_forward_naive", x, w, b, conv_param)
    check_finite("conv_forward_naive", "x", x)
    out = np.zeros((x.shape[0], w.shape[0], out_height, out_width), dtype=x.dtype)

    # Fill out.
    # ======== YOUR CODE HERE: conv_layers.conv_forward_naive (hw5, 8 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: one image, one channel, one filter; a filter as large as the image
    # - dtype: float32; the answer has the right dtype
    # - memory order: Fortran order in memory
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("conv_forward_naive: your code here")
    # ======== END OF YOUR CODE ========

    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    """Backward pass of the convolutional layer.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Each out[n, f, i, j] is a sum of products of one window with one filter; its upstream gradient flows back to both.
    Where windows overlap, a pixel gets a share from each. What flowed into the padding is cut off.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Upstream gradient ∂L/∂out.
    cache : tuple
        ``(x, w, b, conv_param)`` from `conv_forward_naive`.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x.
    dw : ndarray of shape (F, C, HH, WW)
        ∂L/∂w.
    db : ndarray of shape (F,)
        ∂L/∂b.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the output's shape.
    """
    parts = (np.ndarray, np.ndarray, np.ndarray, dict)
    check_cache("conv_backward_naive", cache, "(x, w, b, conv_param)", *parts)
    x, w, b, conv_param = cache
    stride, pad, *out_size = _conv_sizes("conv_backward_naive", x, w, b, conv_param)
    check_upstream("conv_backward_naive", dout, (x.shape[0], w.shape[0], *out_size))

    # Set dx, dw and db.
    # ======== YOUR CODE HERE: conv_layers.conv_backward_naive (hw5, 10 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: one image, one channel, one filter; a filter as large as the image
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("conv_backward_naive: your code here")
    # ======== END OF YOUR CODE ========

    return dx, dw, db


def max_pool_forward_naive(x, pool_param):
    """Max pooling: each window is replaced by its largest entry, in every channel by itself.

        out[n, c, i, j] = max_{p,q} x[n, c, i·stride + p, j·stride + q],    0 ≤ p < pool_height, 0 ≤ q < pool_width

    Windows may overlap. Rows and columns that are left over at the end, because another step would not fit, are
    ignored.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    pool_param : dict
        ``pool_height``, ``pool_width``: size of a window. ``stride``: pixels between two windows. Each 1 or more.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
        H' = 1 + ⌊(H − pool_height) / stride⌋, W' = 1 + ⌊(W − pool_width) / stride⌋; in the dtype of x.
    cache : tuple
        ``(x, pool_param)``.

    Raises
    ------
    ValueError
        If a setting is not such a number, x does not have four axes, a window is larger than the image, or x holds
        NaN or infinity.
    """
    pool_height, pool_width, stride, out_height, out_width = _pool_sizes("max_pool_forward_naive", x, pool_param)
    check_finite("max_pool_forward_naive", "x", x)
    out = np.zeros((*x.shape[:2], out_height, out_width), dtype=x.dtype)

    # Fill out.
    # ======== YOUR CODE HERE: conv_layers.max_pool_forward_naive (hw5, 5 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: one image, one channel; a window as large as the image
    # - numerical range: numbers far below 0, close to each other
    # - dtype: float32; the answer has the right dtype
    # - memory order: Fortran order in memory
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("max_pool_forward_naive: your code here")
    # ======== END OF YOUR CODE ========

    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    """Backward pass of max pooling: the upstream gradient of a window goes to its largest entry.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Where entries tie for the largest, any split between them is right as long as its parts add up to the whole; the
    first of them may take it all. An entry that is the largest of several windows gets the gradients of all of them.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
        Upstream gradient ∂L/∂out.
    cache : tuple
        ``(x, pool_param)`` from `max_pool_forward_naive`.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the output's shape.
    """
    check_cache("max_pool_backward_naive", cache, "(x, pool_param)", np.ndarray, dict)
    x, pool_param = cache
    pool_height, pool_width, stride, *out_size = _pool_sizes("max_pool_backward_naive", x, pool_param)
    check_upstream("max_pool_backward_naive", dout, (*x.shape[:2], *out_size))

    # Set dx.
    # ======== YOUR CODE HERE: conv_layers.max_pool_backward_naive (hw5, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: one image, one channel; a window as large as the image
    # - numerical range: numbers far below 0, close to each other
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    # - tie: entries that tie for the largest
    raise NotImplementedError("max_pool_backward_naive: your code here")
    # ======== END OF YOUR CODE ========

    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalisation of images: every channel brought to mean 0 and variance 1 over examples, rows and columns.

    A channel means the same wherever a filter looked, so the statistics of channel c are taken over all N·H·W of its
    numbers. Seen as a table with N·H·W rows and C columns, this is `batchnorm_forward`. To get the table, channels
    have to become the last axis first: a reshape alone would mix channels and pixels.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    gamma : ndarray of shape (C,)
        Scale.
    beta : ndarray of shape (C,)
        Shift.
    bn_param : dict
        As in `batchnorm_forward`; ``running_mean`` and ``running_var`` have shape (C,) and are written back.

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
        In the dtype of x.
    cache : tuple
        For `spatial_batchnorm_backward`.

    Raises
    ------
    ValueError
        If the mode is neither "train" nor "test", a shape does not fit, or x holds NaN or infinity.

    References
    ----------
    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015, section 3.2.
    """
    mode = checked_mode("spatial_batchnorm_forward", "bn_param", bn_param)
    _check_normalisable("spatial_batchnorm_forward", x, gamma, beta, x.shape[1:2])

    # Set out and cache.
    # ======== YOUR CODE HERE: conv_layers.spatial_batchnorm_forward (hw5, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single image; images of a single row; a single channel
    # - dtype: float32; the answer has the right dtype
    # - memory order: Fortran order in memory
    # - side effect: arguments stay as they are, unless documented; nothing else is left behind
    raise NotImplementedError("spatial_batchnorm_forward: your code here")
    # ======== END OF YOUR CODE ========

    return out, label_cache("spatial_batchnorm_forward", x.shape, cache if mode == "train" else None)


def spatial_batchnorm_backward(dout, cache):
    """Backward pass of the batch normalisation of images.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H, W)
        Upstream gradient ∂L/∂out.
    cache : tuple
        From `spatial_batchnorm_forward` in mode "train".

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x.
    dgamma : ndarray of shape (C,)
        ∂L/∂gamma.
    dbeta : ndarray of shape (C,)
        ∂L/∂beta.

    Raises
    ------
    ValueError
        If the cache is another layer's or comes from test mode, or `dout` does not have the output's shape.
    """
    cache = open_cache("spatial_batchnorm_backward", cache, dout)
    # Here cache is what you kept in spatial_batchnorm_forward.
    # ======== YOUR CODE HERE: conv_layers.spatial_batchnorm_backward (hw5, 5 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single image; images of a single row; a single channel
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("spatial_batchnorm_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx, dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Group normalisation: in each image, each group of channels is brought to mean 0 and variance 1.

        x̂ = (x − μ) / √(σ² + eps),    out = gamma · x̂ + beta

    The C channels are cut into G groups of C / G neighbours. μ and σ² belong to one group of one image: mean and
    variance (divided by their number) of its C/G · H · W entries. No image sees another one, so training and test
    are the same. G = 1 is layer normalisation of the whole image, G = C treats every channel by itself.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    gamma : ndarray of shape (1, C, 1, 1)
        Scale, one for each channel.
    beta : ndarray of shape (1, C, 1, 1)
        Shift, one for each channel.
    G : int
        Number of groups; divides C.
    gn_param : dict
        ``eps``: added to the variance, default 1e-5.

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
        In the dtype of x.
    cache : tuple
        For `spatial_groupnorm_backward`.

    Raises
    ------
    ValueError
        If G does not divide C, a shape does not fit, or x holds NaN or infinity.

    References
    ----------
    Y. Wu, K. He, "Group normalization", ECCV 2018, section 3.
    """
    eps = float(gn_param.get("eps", 1e-5))
    _check_normalisable("spatial_groupnorm_forward", x, gamma, beta, (1, *x.shape[1:2], 1, 1))
    divisors = [size for size in range(1, x.shape[1] + 1) if x.shape[1] % size == 0]
    if G not in divisors:
        raise ValueError(
            f"spatial_groupnorm_forward: G is {G!r} for {x.shape[1]} channels; it must be one of {divisors}."
        )

    # Set out, and cache (whatever your backward pass needs).
    # ======== YOUR CODE HERE: conv_layers.spatial_groupnorm_forward (hw5, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single image; one group of all channels; each channel its own group; images of a
    #   single pixel
    # - dtype: float32; the answer has the right dtype
    # - memory order: Fortran order in memory
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("spatial_groupnorm_forward: your code here")
    # ======== END OF YOUR CODE ========

    return out, label_cache("spatial_groupnorm_forward", x.shape, cache)


def spatial_groupnorm_backward(dout, cache):
    """Backward pass of group normalisation.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Within a group the gradient of x is that of a layer normalisation; gamma and beta are shared by all images and
    pixels.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H, W)
        Upstream gradient ∂L/∂out.
    cache : tuple
        From `spatial_groupnorm_forward`.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x.
    dgamma : ndarray of shape (1, C, 1, 1)
        ∂L/∂gamma.
    dbeta : ndarray of shape (1, C, 1, 1)
        ∂L/∂beta.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the output's shape.
    """
    cache = open_cache("spatial_groupnorm_backward", cache, dout)
    # Here cache is what you kept in spatial_groupnorm_forward.
    # ======== YOUR CODE HERE: conv_layers.spatial_groupnorm_backward (hw5, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single image; one group of all channels; each channel its own group; images of a
    #   single pixel
    # - numerical range: a gamma that is 0
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("spatial_groupnorm_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx, dgamma, dbeta


def _conv_sizes(layer, x, w, b, conv_param):
    """Stride, pad, H' and W' of a convolution whose arguments fit each other."""
    stride = checked_count(layer, "conv_param", conv_param, "stride")
    pad = checked_count(layer, "conv_param", conv_param, "pad", least=0)
    check_axes(layer, "x", x, "N, C, H, W")
    check_axes(layer, "w", w, "F, C, HH, WW")
    filters = (w.shape[0], x.shape[1], *w.shape[2:])
    check_shape(layer, "w", w, filters, f"as x has {x.shape[1]} channels")
    check_shape(layer, "b", b, w.shape[:1], "one bias for each filter")
    return stride, pad, *window_counts(layer, x.shape[2:], w.shape[2:], stride, pad)


def _pool_sizes(layer, x, pool_param):
    """Window, stride, H' and W' of a pooling whose arguments fit each other."""
    names = ("pool_height", "pool_width", "stride")
    pool_height, pool_width, stride = (checked_count(layer, "pool_param", pool_param, name) for name in names)
    check_axes(layer, "x", x, "N, C, H, W")
    out_size = window_counts(layer, x.shape[2:], (pool_height, pool_width), stride)
    return pool_height, pool_width, stride, *out_size


def _check_normalisable(layer, x, gamma, beta, shape):
    """See that x holds images of numbers, with one entry of gamma and beta for each channel."""
    check_axes(layer, "x", x, "N, C, H, W")
    for name, array in (("gamma", gamma), ("beta", beta)):
        check_shape(layer, name, array, shape, "one entry for each channel of x")
    check_finite(layer, "x", x)
