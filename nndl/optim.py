"""Update rules: how a parameter moves, given its gradient.

Every rule is called as ``next_w, config = rule(w, dw, config)``. `config` holds the rule's settings and
whatever it has to remember from one step to the next; a missing entry gets its default. The solver keeps one
config per parameter.
"""


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
