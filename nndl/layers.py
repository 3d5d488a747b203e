"""Layers: for each, a forward pass and the backward pass that undoes it for gradients.

A forward pass returns its output and a *cache*; the backward pass gets the upstream gradient `dout` (the loss
differentiated by that output) and the cache, and returns one downstream gradient per input, in the input's
own shape. A layer never changes its arguments and answers in the precision it was asked in: float32 in,
float32 out. The cache is such an argument, and all that a backward pass knows of the forward pass: other
passes may come in between, and a second backward pass from one cache gives the same gradients again.

A backward pass applies the chain rule to what it is given, and so takes about as long as the forward pass. A derivative
measured by running a forward pass again for changed inputs is no backward pass, however exact: the grader also runs
inputs so large that it does not end in time.
"""

import numpy as np

from utils.layer_checks import (
    check_axes,
    check_cache,
    check_finite,
    check_shape,
    check_upstream,
    checked_mode,
    checked_probability,
    label_cache,
    open_cache,
)


def affine_forward(x, w, b):
    """Affine (fully connected) layer: every example flattened to a row x_n, out_n = x_n w + b.

    Parameters
    ----------
    x : ndarray of shape (N, d_1, …, d_k)
        Minibatch of N examples, each of any shape with d_1 · … · d_k = D numbers.
    w : ndarray of shape (D, M)
        Weights.
    b : ndarray of shape (M,)
        Biases.

    Returns
    -------
    out : ndarray of shape (N, M)
        One row per example.
    cache : tuple
        ``(x, w, b)``, with x in its original shape.
    """
    # ======== YOUR CODE HERE: layers.affine_forward (hw3, 3 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single example; a single feature and a single output; as many examples as features
    #   and outputs
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: images, of which the cache keeps the shape; arguments stay as they are, unless
    #   documented
    raise NotImplementedError("affine_forward: your code here")
    # ======== END OF YOUR CODE ========
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """Backward pass of the affine layer.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Parameters
    ----------
    dout : ndarray of shape (N, M)
        Upstream gradient ∂L/∂out.
    cache : tuple
        ``(x, w, b)`` from `affine_forward`.

    Returns
    -------
    dx : ndarray of shape (N, d_1, …, d_k)
        ∂L/∂x, in the shape x came in.
    dw : ndarray of shape (D, M)
        ∂L/∂w.
    db : ndarray of shape (M,)
        ∂L/∂b.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the output's shape.
    """
    check_cache("affine_backward", cache, "(x, w, b)", np.ndarray, np.ndarray, np.ndarray)
    x, w, _ = cache
    check_upstream("affine_backward", dout, (x.shape[0], w.shape[1]))
    # ======== YOUR CODE HERE: layers.affine_backward (hw3, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single example; a single feature and a single output; as many examples as features
    #   and outputs
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("affine_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx, dw, db


def relu_forward(x):
    """Rectified linear unit, out = max(0, x), applied to every entry.

    Parameters
    ----------
    x : ndarray of any shape
        Input.

    Returns
    -------
    out : ndarray, same shape as x
        The input where it is positive, 0 elsewhere.
    cache : ndarray
        x itself.
    """
    # ======== YOUR CODE HERE: layers.relu_forward (hw3, 2 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single example
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    # - tie: with entries that are exactly 0
    raise NotImplementedError("relu_forward: your code here")
    # ======== END OF YOUR CODE ========
    cache = x
    return out, cache


def relu_backward(dout, cache):
    """Backward pass of the rectified linear unit.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.
    At exactly 0 the function has a kink; taking its slope there as 0 or as 1 are both right.

    Parameters
    ----------
    dout : ndarray of any shape
        Upstream gradient ∂L/∂out.
    cache : ndarray, same shape as dout
        The input x of `relu_forward`.

    Returns
    -------
    dx : ndarray, same shape as x
        ∂L/∂x.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the output's shape.
    """
    x = cache
    check_cache("relu_backward", x, "x", np.ndarray)
    check_upstream("relu_backward", dout, x.shape)
    # ======== YOUR CODE HERE: layers.relu_backward (hw3, 2 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single example
    # - dtype: float32
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented; nothing else is left behind
    # - tie: with entries that are exactly 0
    raise NotImplementedError("relu_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx


def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalisation: every feature brought to mean 0 and variance 1 over the minibatch, then scaled and shifted.

        x̂ = (x − μ) / √(σ² + eps),    out = gamma · x̂ + beta

    In training, μ and σ² are the mean and the variance of each feature over the N examples (divided by N, not
    by N − 1), and running statistics are kept for later:

        running ← momentum · running + (1 − momentum) · sample

    In test mode μ and σ² are those running statistics, so that an example's output does not depend on the
    others, and nothing is updated.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        Minibatch of N examples with D features.
    gamma : ndarray of shape (D,)
        Scale.
    beta : ndarray of shape (D,)
        Shift.
    bn_param : dict
        ``mode``: "train" or "test". ``eps``: added to the variance, default 1e-5. ``momentum``: share of the
        running statistics that stays, default 0.9. ``running_mean``, ``running_var``: (D,), default 0; written
        back here after every call.

    Returns
    -------
    out : ndarray of shape (N, D)
        In the dtype of x.
    cache : tuple
        For `batchnorm_backward`; empty in test mode, which needs no gradients.

    Raises
    ------
    ValueError
        If the mode is neither "train" nor "test", a shape does not fit, or x holds NaN or infinity.

    References
    ----------
    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015, algorithms 1 and 2.
    """
    mode = checked_mode("batchnorm_forward", "bn_param", bn_param)
    eps, momentum = float(bn_param.get("eps", 1e-5)), float(bn_param.get("momentum", 0.9))
    _check_normalisable("batchnorm_forward", x, gamma, beta)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1], dtype=x.dtype))

    if mode == "train":
        # Set out, cache (whatever your backward pass needs), and the new running_mean and running_var.
        # ======== YOUR CODE HERE: layers.batchnorm_forward, part 1 of 2 (hw4, 8 points) ========
        # Also checked, for 25 % of the points:
        # - shape: exactly as documented
        # - edge shape: training on a single example; a single example in test mode; a single feature; as many
        #   examples as features
        # - dtype: float32; float32 in test mode; the answer has the right dtype
        # - memory order: Fortran order in memory
        # - side effect: arguments stay as they are, unless documented; nothing else is left behind
        raise NotImplementedError("batchnorm_forward: your code here")
        # ======== END OF YOUR CODE ========
    else:
        cache = None
        # Set out.
        # ======== YOUR CODE HERE: layers.batchnorm_forward, part 2 of 2 (hw4, 8 points) ========
        raise NotImplementedError("batchnorm_forward: your code here")
        # ======== END OF YOUR CODE ========

    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    return out, label_cache("batchnorm_forward", x.shape, cache)


def batchnorm_backward(dout, cache):
    """Backward pass of batch normalisation, one step of the computation graph at a time.

    Every example enters its output along three paths: directly, through the mean, and through the variance.
    Draw the graph of the forward pass and walk it backwards; where paths meet, their gradients add.
    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Upstream gradient ∂L/∂out.
    cache : tuple
        From `batchnorm_forward` in mode "train".

    Returns
    -------
    dx : ndarray of shape (N, D)
        ∂L/∂x.
    dgamma : ndarray of shape (D,)
        ∂L/∂gamma.
    dbeta : ndarray of shape (D,)
        ∂L/∂beta.

    Raises
    ------
    ValueError
        If the cache is another layer's or comes from test mode, or `dout` does not have the output's shape.

    References
    ----------
    Ioffe and Szegedy 2015, section 3.
    """
    cache = open_cache("batchnorm_backward", cache, dout)
    # Here cache is what you kept in batchnorm_forward.
    # ======== YOUR CODE HERE: layers.batchnorm_backward (hw4, 8 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: as many examples as features
    # - numerical range: a gamma that is 0
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("batchnorm_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    """Backward pass of batch normalisation in closed form.

    The steps of `batchnorm_backward`, put together on paper, leave an expression for dx in which only dout, x̂,
    gamma and the standard deviation occur. It gives the same numbers with fewer passes over the arrays.

    Two derivations, so two functions: neither may call the other, and where both have the same body it counts once, for
    `batchnorm_backward`.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Upstream gradient ∂L/∂out.
    cache : tuple
        From `batchnorm_forward` in mode "train".

    Returns
    -------
    dx : ndarray of shape (N, D)
        ∂L/∂x.
    dgamma : ndarray of shape (D,)
        ∂L/∂gamma.
    dbeta : ndarray of shape (D,)
        ∂L/∂beta.

    Raises
    ------
    ValueError
        If the cache is another layer's or comes from test mode, or `dout` does not have the output's shape.
    """
    cache = open_cache("batchnorm_backward_alt", cache, dout)
    # Here cache is what you kept in batchnorm_forward.
    # ======== YOUR CODE HERE: layers.batchnorm_backward_alt (hw4, 5 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: as many examples as features
    # - numerical range: a gamma that is 0
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("batchnorm_backward_alt: your code here")
    # ======== END OF YOUR CODE ========
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    """Layer normalisation: every example brought to mean 0 and variance 1 over its features, then scaled and shifted.

        x̂ = (x − μ) / √(σ² + eps),    out = gamma · x̂ + beta

    Here μ and σ² belong to one example each: mean and variance over its D features (divided by D). No example
    sees another one, so training and test mode are the same and there are no running statistics.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        Minibatch of N examples with D features.
    gamma : ndarray of shape (D,)
        Scale.
    beta : ndarray of shape (D,)
        Shift.
    ln_param : dict
        ``eps``: added to the variance, default 1e-5.

    Returns
    -------
    out : ndarray of shape (N, D)
        In the dtype of x.
    cache : tuple
        For `layernorm_backward`.

    Raises
    ------
    ValueError
        If a shape does not fit, or x holds NaN or infinity.

    References
    ----------
    J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450, 2016, section 3.
    """
    eps = float(ln_param.get("eps", 1e-5))
    _check_normalisable("layernorm_forward", x, gamma, beta)

    # Set out, and cache (whatever your backward pass needs).
    # ======== YOUR CODE HERE: layers.layernorm_forward (hw4, 4 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: a single example; a single feature; as many examples as features
    # - dtype: float32; the answer has the right dtype
    # - memory order: Fortran order in memory
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("layernorm_forward: your code here")
    # ======== END OF YOUR CODE ========

    return out, label_cache("layernorm_forward", x.shape, cache)


def layernorm_backward(dout, cache):
    """Backward pass of layer normalisation.

    Computed from the cache and `dout`, not by running the forward pass for changed inputs.

    As in batch normalisation, only that the sums over examples and over features change places for dx; gamma and
    beta are still shared by all examples.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Upstream gradient ∂L/∂out.
    cache : tuple
        From `layernorm_forward`.

    Returns
    -------
    dx : ndarray of shape (N, D)
        ∂L/∂x.
    dgamma : ndarray of shape (D,)
        ∂L/∂gamma.
    dbeta : ndarray of shape (D,)
        ∂L/∂beta.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the output's shape.
    """
    cache = open_cache("layernorm_backward", cache, dout)
    # Here cache is what you kept in layernorm_forward.
    # ======== YOUR CODE HERE: layers.layernorm_backward (hw4, 5 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - edge shape: as many examples as features
    # - numerical range: a gamma that is 0
    # - dtype: float32
    # - memory order: Fortran order in memory
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("layernorm_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
    """Inverted dropout: in training, every entry is dropped with probability p, and what stays is divided by 1 − p.

        out = x · mask,    mask = 0 with probability p, else 1 / (1 − p), for each entry by itself

    The division keeps the expected output at x, so that in test mode the layer has nothing to do: out = x.

    Parameters
    ----------
    x : ndarray of any shape
        Input.
    dropout_param : dict
        ``p``: the probability of *dropping* an entry, 0 ≤ p < 1. ``mode``: "train" or "test". ``seed``: optional;
        with it the mask is the same in every call, as a numeric gradient check needs, and np.random is left alone.

    Returns
    -------
    out : ndarray, same shape and dtype as x
    cache : tuple
        ``(dropout_param, mask)``; mask is None in test mode. A mask that does not hold the factor 1 / (1 − p) will do
        if `dropout_backward` brings the factor in.

    Raises
    ------
    ValueError
        If the mode is neither "train" nor "test", p is no such probability, or x holds NaN or infinity.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014),
    sections 4 and 10 (the form that scales in training).
    """
    mode = checked_mode("dropout_forward", "dropout_param", dropout_param)
    p = checked_probability("dropout_forward", "p", dropout_param.get("p"))
    check_finite("dropout_forward", "x", x)
    seed = dropout_param.get("seed")
    # Draw from rng: np.random itself, or with a seed a generator that starts from it. Both have rand and random.
    rng = np.random if seed is None else np.random.RandomState(seed)

    mask = None
    # In training, set mask and out; in test mode, set out.
    # ======== YOUR CODE HERE: layers.dropout_forward (hw4, 5 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - numerical range: p = 0: nothing is dropped
    # - dtype: float32; an image in test mode, float32; the answer has the right dtype
    # - side effect: two calls, each with a mask of its own; two calls with one seed, which drop the same
    #   entries; many calls with small arrays, of which next to nothing is dropped; many calls with small
    #   arrays, of which almost everything is dropped; arguments stay as they are, unless documented;
    #   nothing else is left behind
    raise NotImplementedError("dropout_forward: your code here")
    # ======== END OF YOUR CODE ========

    return out.astype(x.dtype, copy=False), (dropout_param, mask)


def dropout_backward(dout, cache):
    """Backward pass of inverted dropout.

    Parameters
    ----------
    dout : ndarray of any shape
        Upstream gradient ∂L/∂out.
    cache : tuple
        ``(dropout_param, mask)`` from `dropout_forward`.

    Returns
    -------
    dx : ndarray, same shape and dtype as dout
        ∂L/∂x: zero where the entry was dropped; in test mode dout itself.

    Raises
    ------
    ValueError
        If the cache is another layer's, or `dout` does not have the mask's shape.
    """
    check_cache("dropout_backward", cache, "(dropout_param, mask)", dict, object)
    dropout_param, mask = cache
    mode = checked_mode("dropout_backward", "dropout_param", dropout_param)

    if mask is not None:
        check_upstream("dropout_backward", dout, np.shape(mask))

    # Set dx, in both modes.
    # ======== YOUR CODE HERE: layers.dropout_backward (hw4, 3 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - dtype: float32; the answer has the right dtype
    # - side effect: a second backward pass from the same cache, after another forward pass; arguments
    #   stay as they are, unless documented
    raise NotImplementedError("dropout_backward: your code here")
    # ======== END OF YOUR CODE ========

    return dx.astype(dout.dtype, copy=False)


def softmax_loss(x, y):
    """Cross-entropy of the softmax of the scores, averaged over the minibatch, and its gradient.

        L = 1/N Σ_n ( log Σ_c exp(x_nc) − x_{n,y_n} ),    ∂L/∂x = ( softmax(x) − onehot(y) ) / N

    The largest score of each row is subtracted first; that changes neither formula and keeps exp from
    overflowing.

    Parameters
    ----------
    x : ndarray of shape (N, C)
        Scores (logits), one row per example.
    y : ndarray of int, shape (N,)
        Labels in 0 … C−1.

    Returns
    -------
    loss : float
        L.
    dx : ndarray of shape (N, C)
        ∂L/∂x.

    Raises
    ------
    ValueError
        If a shape is wrong, the minibatch is empty, or a label is not a whole number in 0 … C−1.
    """
    y = _checked_labels("softmax_loss", x, y)
    n = np.arange(len(y))
    x_safe = x - np.max(x, axis=1, keepdims=True)
    log_softmax = x_safe - np.log(np.sum(np.exp(x_safe), axis=1, keepdims=True))
    loss = -np.mean(log_softmax[n, y])
    dx = np.exp(log_softmax)
    dx[n, y] -= 1
    return loss, dx / len(y)


def svm_loss(x, y):
    """Multiclass hinge loss with margin 1, averaged over the minibatch, and its gradient.

        L = 1/N Σ_n Σ_{c ≠ y_n} max(0, x_nc − x_{n,y_n} + 1)

    Each violated margin pushes its own score down and the correct one up by 1/N.

    Parameters
    ----------
    x : ndarray of shape (N, C)
        Scores, one row per example.
    y : ndarray of int, shape (N,)
        Labels in 0 … C−1.

    Returns
    -------
    loss : float
        L.
    dx : ndarray of shape (N, C)
        ∂L/∂x.

    Raises
    ------
    ValueError
        If a shape is wrong, the minibatch is empty, or a label is not a whole number in 0 … C−1.

    References
    ----------
    J. Weston, C. Watkins, "Support vector machines for multi-class pattern recognition", ESANN 1999.
    """
    y = _checked_labels("svm_loss", x, y)
    n = np.arange(len(y))
    margins = np.maximum(0, x - x[n, y][:, None] + 1)
    margins[n, y] = 0
    loss = np.sum(margins) / len(y)
    dx = (margins > 0).astype(margins.dtype)
    dx[n, y] = -np.sum(dx, axis=1)
    return loss, dx / len(y)


def _check_normalisable(layer, x, gamma, beta):
    """See that x is a table of numbers, with one entry of gamma and beta for each of its columns."""
    check_axes(layer, "x", x, "N, D")
    for name, array in (("gamma", gamma), ("beta", beta)):
        check_shape(layer, name, array, x.shape[1:], "one entry for each of the D features")
    check_finite(layer, "x", x)


def _checked_labels(name, x, y):
    """Return the labels as an array, or say in one sentence what is wrong with them or with the scores."""
    y = np.asarray(y)
    if np.ndim(x) != 2 or 0 in np.shape(x):
        raise ValueError(
            f"{name}: the scores have shape {np.shape(x)}; pass an array of shape (N, C), "
            "one row per example and one column per class, neither of them 0."
        )
    num_examples, num_classes = np.shape(x)
    if y.shape != (num_examples,):
        raise ValueError(
            f"{name}: the labels have shape {y.shape} for {num_examples} rows of scores; "
            f"pass one label per row, shape ({num_examples},)."
        )
    if y.dtype.kind not in "iu":
        raise ValueError(f"{name}: the labels are {y.dtype} numbers; pass whole numbers, y.astype(int).")
    outside = np.flatnonzero((y < 0) | (y >= num_classes))
    if outside.size:
        raise ValueError(
            f"{name}: label {y[outside[0]]} at position {outside[0]} is outside 0 … {num_classes - 1}; "
            f"use the labels 0 … {num_classes - 1}, or scores with more than {num_classes} columns."
        )
    return y
