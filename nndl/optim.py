"""Update rules: how a parameter moves, given its gradient.

Every rule is called as ``next_w, config = rule(w, dw, config)``. `config` holds the rule's settings and
whatever it has to remember from one step to the next; a missing entry gets its default. The solver keeps one
config per parameter and hands the returned one to the next step.
"""

import numpy as np


def sgd(w, dw, config=None):
    """Plain stochastic gradient descent, w ← w − learning_rate · dw.

    Parameters
    ----------
    w : ndarray of any shape
        Parameter. Updated in place, which keeps its memory and its dtype.
    dw : ndarray, same shape as w
        Gradient of the loss in w.
    config : dict, optional
        ``learning_rate`` (default 1e-2).

    Returns
    -------
    next_w : ndarray
        `w`, after the step.
    config : dict
        The configuration, defaults filled in.
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    w -= config["learning_rate"] * dw
    return w, config


def sgd_momentum(w, dw, config=None):
    """Gradient descent with momentum: the step is a running sum of gradients that slowly forgets.

        v' = momentum · v − learning_rate · dw,    next_w = w + v'

    Parameters
    ----------
    w : ndarray of any shape
        Parameter; left as it is.
    dw : ndarray, same shape as w
        Gradient of the loss in w; left as it is.
    config : dict, optional
        ``learning_rate`` (default 1e-2), ``momentum`` (default 0.9), ``velocity`` v (default: zeros like w).

    Returns
    -------
    next_w : ndarray, same shape and dtype as w
        The parameter after the step.
    config : dict
        The settings, with ``velocity`` now v'.

    References
    ----------
    B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; written as in
    I. Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013,
    section 2.
    """
    config = _with_defaults(config, learning_rate=1e-2, momentum=0.9)
    v = config.get("velocity", np.zeros_like(w))
    learning_rate, momentum = config["learning_rate"], config["momentum"]

    # Set next_w, and v to the new velocity.
    # ======== YOUR CODE HERE: optim.sgd_momentum (hw4, 3 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - numerical range: one step of small numbers, with settings that are 0
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("sgd_momentum: your code here")
    # ======== END OF YOUR CODE ========

    config["velocity"] = v
    return next_w, config


def sgd_nesterov_momentum(w, dw, config=None):
    """Gradient descent with Nesterov's momentum: look ahead along the velocity before taking the gradient.

        v' = momentum · v − learning_rate · dw,    next_w = w + v' + momentum · (v' − v)

    The net holds the parameters at the point ahead, w + momentum · v, so that `dw` is the gradient there. In
    that variable the step takes the form above.

    Parameters
    ----------
    w : ndarray of any shape
        Parameter; left as it is.
    dw : ndarray, same shape as w
        Gradient of the loss in w; left as it is.
    config : dict, optional
        ``learning_rate`` (default 1e-2), ``momentum`` (default 0.9), ``velocity`` v (default: zeros like w).

    Returns
    -------
    next_w : ndarray, same shape and dtype as w
        The parameter after the step.
    config : dict
        The settings, with ``velocity`` now v'.

    References
    ----------
    Y. Nesterov, "A method for solving a convex programming problem with rate of convergence O(1/k²)", 1983;
    as a momentum in I. Sutskever et al., "On the importance of initialization and momentum in deep learning",
    ICML 2013, section 2.
    """
    config = _with_defaults(config, learning_rate=1e-2, momentum=0.9)
    v = config.get("velocity", np.zeros_like(w))
    learning_rate, momentum = config["learning_rate"], config["momentum"]

    # Set next_w, and v to the new velocity; the formula needs the old one, too.
    # ======== YOUR CODE HERE: optim.sgd_nesterov_momentum (hw4, 4 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - numerical range: one step of small numbers, with settings that are 0
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("sgd_nesterov_momentum: your code here")
    # ======== END OF YOUR CODE ========

    config["velocity"] = v
    return next_w, config


def adagrad(w, dw, config=None):
    """AdaGrad: every entry of w gets a step size of its own, from the size of all its gradients so far.

        a' = a + dw²,    next_w = w − learning_rate · dw / (√a' + epsilon)

    The sum only grows, so the steps only become shorter; `rmsprop` takes a running mean in its place.

    Parameters
    ----------
    w : ndarray of any shape
        Parameter; left as it is.
    dw : ndarray, same shape as w
        Gradient of the loss in w; left as it is.
    config : dict, optional
        ``learning_rate`` (default 1e-2), ``epsilon`` (default 1e-8, keeps the division away from 0), ``a`` (sum of
        all dw² so far, default: zeros like w).

    Returns
    -------
    next_w : ndarray, same shape and dtype as w
        The parameter after the step.
    config : dict
        The settings, with ``a`` now a'.

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
    JMLR 12 (2011), section 1 (the version with a diagonal matrix).
    """
    config = _with_defaults(config, learning_rate=1e-2, epsilon=1e-8)
    a = config.get("a", np.zeros_like(w))
    learning_rate, epsilon = config["learning_rate"], config["epsilon"]

    # Set next_w, and a to the new sum of dw².
    # ======== YOUR CODE HERE: optim.adagrad (hw4, 3 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - numerical range: one step of small numbers
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("adagrad: your code here")
    # ======== END OF YOUR CODE ========

    config["a"] = a
    return next_w, config


def rmsprop(w, dw, config=None):
    """RMSProp: every entry of w gets a step size of its own, from the recent size of its gradient.

        a' = decay_rate · a + (1 − decay_rate) · dw²,    next_w = w − learning_rate · dw / (√a' + epsilon)

    Parameters
    ----------
    w : ndarray of any shape
        Parameter; left as it is.
    dw : ndarray, same shape as w
        Gradient of the loss in w; left as it is.
    config : dict, optional
        ``learning_rate`` (default 1e-2), ``decay_rate`` (default 0.99), ``epsilon`` (default 1e-8, keeps the
        division away from 0), ``a`` (running mean of dw², default: zeros like w).

    Returns
    -------
    next_w : ndarray, same shape and dtype as w
        The parameter after the step.
    config : dict
        The settings, with ``a`` now a'.

    References
    ----------
    T. Tieleman, G. Hinton, "Neural networks for machine learning", Coursera 2012, lecture 6.5.
    """
    config = _with_defaults(config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
    a = config.get("a", np.zeros_like(w))
    learning_rate, decay_rate, epsilon = config["learning_rate"], config["decay_rate"], config["epsilon"]

    # Set next_w, and a to the new running mean of dw².
    # ======== YOUR CODE HERE: optim.rmsprop (hw4, 4 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - numerical range: one step of small numbers, with settings that are 0
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("rmsprop: your code here")
    # ======== END OF YOUR CODE ========

    config["a"] = a
    return next_w, config


def adam(w, dw, config=None):
    """Adam: momentum and RMSProp together, both corrected for having started at zero.

        t' = t + 1,    v' = beta1 · v + (1 − beta1) · dw,    a' = beta2 · a + (1 − beta2) · dw²

        next_w = w − learning_rate · v̂ / (√â + epsilon),    v̂ = v' / (1 − beta1^t'),    â = a' / (1 − beta2^t')

    After one step v' is only (1 − beta1) · dw; the correction makes v̂ a mean of the gradients again.

    Parameters
    ----------
    w : ndarray of any shape
        Parameter; left as it is.
    dw : ndarray, same shape as w
        Gradient of the loss in w; left as it is.
    config : dict, optional
        ``learning_rate`` (default 1e-3), ``beta1`` (default 0.9), ``beta2`` (default 0.999), ``epsilon``
        (default 1e-8), ``v`` (running mean of dw, default: zeros like w), ``a`` (running mean of dw², default:
        zeros like w), ``t`` (steps taken so far, default 0).

    Returns
    -------
    next_w : ndarray, same shape and dtype as w
        The parameter after the step.
    config : dict
        The settings, with ``v``, ``a`` and ``t`` now v' (not v̂), a' (not â) and t'.

    References
    ----------
    D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
    """
    config = _with_defaults(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
    v, a = config.get("v", np.zeros_like(w)), config.get("a", np.zeros_like(w))
    t, beta1, beta2 = config["t"], config["beta1"], config["beta2"]
    learning_rate, epsilon = config["learning_rate"], config["epsilon"]

    # Set next_w, and v, a and t to their new values.
    # ======== YOUR CODE HERE: optim.adam (hw4, 6 points) ========
    # Also checked, for 25 % of the points:
    # - shape: exactly as documented
    # - numerical range: one step of small numbers, with settings that are 0
    # - dtype: float32
    # - side effect: arguments stay as they are, unless documented
    raise NotImplementedError("adam: your code here")
    # ======== END OF YOUR CODE ========

    config["v"], config["a"], config["t"] = v, a, t
    return next_w, config


def _with_defaults(config, **defaults):
    """A copy of the settings with defaults filled in; plain floats take on the precision of the arrays they meet."""
    config = {**defaults, **(config or {})}
    return {name: float(value) if isinstance(value, np.floating) else value for name, value in config.items()}
