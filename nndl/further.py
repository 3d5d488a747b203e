"""Further exercises: five ideas from papers, to be written for the fun of it.

Nothing here is graded, and nothing that is graded may need this file: while the rest is graded it is not there. Each
function has a check in the notebook that speaks of it, and each docstring names the paper and the section that the
formula comes from. Layers keep the agreement of `layers`: a forward pass returns its output and a cache, a backward
pass one gradient for each input, and no argument is changed.
"""

import numpy as np

from utils.layer_checks import (
    check_axes,
    check_cache,
    check_finite,
    check_shape,
    check_upstream,
    checked_count,
    checked_probability,
    window_counts,
)


def adamw(w, dw, config=None):
    """Adam with decoupled weight decay: the weights shrink beside the gradient step, not by way of the gradient.

        t' = t + 1,    v' = beta1 · v + (1 − beta1) · dw,    a' = beta2 · a + (1 − beta2) · dw²

        v̂ = v' / (1 − beta1^t'),    â = a' / (1 − beta2^t')

        next_w = w − learning_rate · ( v̂ / (√â + epsilon) + weight_decay · w )

    Both terms are computed from w as it was before the step. The moments know nothing of the decay. An L2 penalty in
    the loss would add weight_decay · w to dw instead, and so to both moments.

    Parameters
    ----------
    w : ndarray of any shape
        Parameter; left as it is.
    dw : ndarray, same shape as w
        Gradient of the loss in w, without any penalty; left as it is.
    config : dict, optional
        ``learning_rate`` (default 1e-3), ``beta1`` (default 0.9), ``beta2`` (default 0.999), ``epsilon`` (default
        1e-8), ``weight_decay`` (default 1e-2), ``v`` (running mean of dw, default: zeros like w), ``a`` (running mean
        of dw², default: zeros like w), ``t`` (steps taken so far, default 0).

    Returns
    -------
    next_w : ndarray, same shape and dtype as w
        The parameter after the step.
    config : dict
        The settings, with ``v``, ``a`` and ``t`` now v' (not v̂), a' (not â) and t'.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2. Their η_t · α is
    ``learning_rate``, which a solver may lower from epoch to epoch, and their λ is α · ``weight_decay``, so that a
    change of the learning rate changes both terms alike.
    """
    defaults = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2, "t": 0}
    config = {**defaults, **(config or {})}
    # A plain float takes on the precision of the arrays it meets; a numpy number would turn float32 into float64.
    config = {name: float(value) if isinstance(value, np.floating) else value for name, value in config.items()}
    v, a = config.get("v", np.zeros_like(w)), config.get("a", np.zeros_like(w))
    t, beta1, beta2 = config["t"], config["beta1"], config["beta2"]
    learning_rate, epsilon, weight_decay = config["learning_rate"], config["epsilon"], config["weight_decay"]

    # Set next_w, and v, a and t to their new values.
    # ======== YOUR CODE HERE: further.adamw (hw4, for fun) ========
    # Also checked:
    # - shape: exactly as documented
    # - numerical range: one step of small numbers, with settings that are 0
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("adamw: your code here")
    # ======== END OF YOUR CODE ========

    config["v"], config["a"], config["t"] = v, a, t
    return next_w, config


def max_norm(w, limit):
    """Max-norm constraint: no hidden unit may have incoming weights that are longer than `limit`.

        w_m ← w_m · min(1, limit / ‖w_m‖₂)    for each column w_m

    It is applied after every step of an optimiser, to the weights and not to the biases: where a step has carried a
    column out of the ball of radius `limit`, the column is brought back to its surface; a column inside stays as it is.

    Parameters
    ----------
    w : ndarray of shape (D, M)
        Weights of an affine layer. Column m holds what comes into unit m. Left as it is.
    limit : float
        The longest Euclidean norm that a column may have, more than 0.

    Returns
    -------
    out : ndarray of shape (D, M)
        An array of its own, in the dtype of w.

    Raises
    ------
    ValueError
        If w does not have two axes, or `limit` is not a positive number.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014),
    section 5.1.
    """
    check_axes("max_norm", "w", w, "D, M")
    if not limit > 0:
        raise ValueError(f"max_norm: limit is {limit!r}; pass the longest norm that a column may have, more than 0.")
    limit = float(limit)

    # Set out.
    # ======== YOUR CODE HERE: further.max_norm (hw4, for fun) ========
    # Also checked:
    # - shape: exactly as documented
    # - edge shape: one unit; one input
    # - numerical range: a column of zeros
    # - dtype: float32; the answer has the right dtype
    # - side effect: arguments stay as they are, unless documented; nothing else is left behind
    raise NotImplementedError("max_norm: your code here")
    # ======== END OF YOUR CODE ========

    return out


def smoothed_softmax_loss(x, y, smoothing):
    """Softmax loss with label smoothing: a share of each label is spread evenly over all classes.

        q_nc = (1 − smoothing) · [c = y_n] + smoothing / C,    L = −1/N Σ_n Σ_c q_nc log p_nc

    p_nc is the softmax of row n. The right class has a share of the spread part, too, and each row of q adds up to 1.
    At smoothing 0 this is the plain softmax loss.

    Parameters
    ----------
    x : ndarray of shape (N, C)
        Scores (logits), one row per example; left as it is.
    y : ndarray of int, shape (N,)
        Labels in 0 … C−1.
    smoothing : float
        The share that is spread, 0 ≤ smoothing < 1.

    Returns
    -------
    loss : float
        L.
    dx : ndarray of shape (N, C)
        ∂L/∂x.

    Raises
    ------
    ValueError
        If `smoothing` is not such a number, or x does not have two axes, or y not one label for each row.

    References
    ----------
    C. Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, section 7.
    """
    smoothing = checked_probability("smoothed_softmax_loss", "smoothing", smoothing)
    check_axes("smoothed_softmax_loss", "x", x, "N, C")
    y = np.asarray(y)
    check_shape("smoothed_softmax_loss", "y", y, x.shape[:1], "one label for each row of x")
    log_p = _log_softmax(x)

    # Set loss and dx. log_p has shape (N, C) and holds log p.
    # ======== YOUR CODE HERE: further.smoothed_softmax_loss (hw3, for fun) ========
    # Also checked:
    # - shape: exactly as documented
    # - edge shape: a single example; two classes
    # - numerical range: scores that are sure
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("smoothed_softmax_loss: your code here")
    # ======== END OF YOUR CODE ========

    return loss, dx


def depthwise_conv_forward(x, w, b, conv_param):
    """Depthwise convolution: one filter for each channel, which looks at that channel alone.

        out[n, c, i, j] = b[c] + Σ_{p,q} w[c, p, q] · x_pad[n, c, i·stride + p, j·stride + q]

    x_pad is x with `pad` rows and columns of zeros around each image. There are as many channels afterwards as before,
    and nothing is mixed between them. Rows and columns that are left over at the end are ignored, as in
    `conv_layers.conv_forward_naive`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    w : ndarray of shape (C, HH, WW)
        Filters, one for each channel.
    b : ndarray of shape (C,)
        Biases.
    conv_param : dict
        ``stride``: pixels between two positions of a filter, 1 or more. ``pad``: zeros on each side, 0 or more.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
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
    A. Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications", 2017,
    section 3.1, equation 3.
    """
    stride, pad, out_height, out_width = _depthwise_sizes("depthwise_conv_forward", x, w, b, conv_param)
    check_finite("depthwise_conv_forward", "x", x)
    out = np.zeros((*x.shape[:2], out_height, out_width), dtype=x.dtype)

    # Fill out.
    # ======== YOUR CODE HERE: further.depthwise_conv_forward (hw5, for fun) ========
    # Also checked:
    # - shape: exactly as documented
    # - edge shape: one image, one channel; one image, several channels; as many images as channels
    # - dtype: float32; the answer has the right dtype
    # - memory order: Fortran order in memory
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("depthwise_conv_forward: your code here")
    # ======== END OF YOUR CODE ========

    return out, (x, w, b, conv_param)


def depthwise_conv_backward(dout, cache):
    """Backward pass of the depthwise convolution.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Each out[n, c, i, j] is a sum of products of one window of channel c with that channel's filter; its upstream
    gradient flows back to both. What flowed into the padding is cut off.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
        Upstream gradient ∂L/∂out.
    cache : tuple
        ``(x, w, b, conv_param)`` from `depthwise_conv_forward`.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        ∂L/∂x.
    dw : ndarray of shape (C, HH, WW)
        ∂L/∂w.
    db : ndarray of shape (C,)
        ∂L/∂b.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the output's shape.
    """
    parts = (np.ndarray, np.ndarray, np.ndarray, dict)
    check_cache("depthwise_conv_backward", cache, "(x, w, b, conv_param)", *parts)
    x, w, b, conv_param = cache
    stride, pad, out_height, out_width = _depthwise_sizes("depthwise_conv_backward", x, w, b, conv_param)
    check_upstream("depthwise_conv_backward", dout, (*x.shape[:2], out_height, out_width))

    # Set dx, dw and db.
    # ======== YOUR CODE HERE: further.depthwise_conv_backward (hw5, for fun) ========
    # Also checked:
    # - shape: exactly as documented
    # - edge shape: one image, one channel; one image, several channels; as many images as channels
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("depthwise_conv_backward: your code here")
    # ======== END OF YOUR CODE ========

    return dx, dw, db


def sharpness_aware_gradient(loss_and_gradient, w, radius):
    """The gradient of sharpness-aware minimisation (SAM): taken where the loss is highest nearby, not where w is.

        g = ∇L(w),    ε̂ = radius · g / ‖g‖₂,    g_SAM = ∇L(w + ε̂)

    To first order, w + ε̂ is the point of largest loss within the distance `radius` of w. An optimiser then moves w, not
    that point, along g_SAM. Where g is 0 there is no way up, and ε̂ is 0.

    Parameters
    ----------
    loss_and_gradient : callable
        ``loss, gradient = loss_and_gradient(w)``, with a gradient of the shape of w.
    w : ndarray of any shape
        Parameters; left as they are. The norm is that of all their entries together.
    radius : float
        How far away the highest loss is looked for, ρ in the paper; 0 or more.

    Returns
    -------
    gradient : ndarray, same shape as w
        g_SAM.

    References
    ----------
    P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, "Sharpness-aware minimization for efficiently improving
    generalization", ICLR 2021, equations 2 and 3, with p = 2.
    """
    # Set gradient.
    # ======== YOUR CODE HERE: further.sharpness_aware_gradient (hw6, for fun) ========
    # Also checked:
    # - shape: exactly as documented
    # - edge shape: a single number
    # - numerical range: where the gradient is 0
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("sharpness_aware_gradient: your code here")
    # ======== END OF YOUR CODE ========

    return gradient


def _log_softmax(x):
    """The logarithms of the softmax of each row; scores of any size are safe."""
    x_safe = x - np.max(x, axis=1, keepdims=True)
    return x_safe - np.log(np.sum(np.exp(x_safe), axis=1, keepdims=True))


def _depthwise_sizes(layer, x, w, b, conv_param):
    """Stride, pad, H' and W' of a depthwise convolution whose arguments fit each other."""
    stride = checked_count(layer, "conv_param", conv_param, "stride")
    pad = checked_count(layer, "conv_param", conv_param, "pad", least=0)
    check_axes(layer, "x", x, "N, C, H, W")
    check_axes(layer, "w", w, "C, HH, WW")
    check_shape(layer, "w", w, (x.shape[1], *w.shape[1:]), "one filter for each channel of x")
    check_shape(layer, "b", b, w.shape[:1], "one bias for each channel")
    return stride, pad, *window_counts(layer, x.shape[2:], w.shape[1:], stride, pad)
