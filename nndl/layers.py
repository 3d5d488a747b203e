"""Layers: for each, a forward pass and the backward pass that undoes it for gradients.

A forward pass returns its output and a *cache*; the backward pass gets the upstream gradient `dout` (the loss
differentiated by that output) and the cache, and returns one downstream gradient per input, in the input's
own shape. A layer never changes its arguments and answers in the precision it was asked in: float32 in,
float32 out.
"""

import numpy as np


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
    raise NotImplementedError("affine_forward: your code here")
    # ======== END OF YOUR CODE ========
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """Backward pass of the affine layer.

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
    """
    x, w, _ = cache
    # ======== YOUR CODE HERE: layers.affine_backward (hw3, 6 points) ========
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
    raise NotImplementedError("relu_forward: your code here")
    # ======== END OF YOUR CODE ========
    cache = x
    return out, cache


def relu_backward(dout, cache):
    """Backward pass of the rectified linear unit.

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
    """
    x = cache
    # ======== YOUR CODE HERE: layers.relu_backward (hw3, 2 points) ========
    raise NotImplementedError("relu_backward: your code here")
    # ======== END OF YOUR CODE ========
    return dx


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
