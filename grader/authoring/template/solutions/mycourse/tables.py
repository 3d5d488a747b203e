"""Tables of numbers: a row for each example, a column for each thing that was measured."""

import numpy as np


def centre(x):
    """Shift every column of a table so that its mean is 0.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        N examples with D numbers each. It is not changed.

    Returns
    -------
    out : ndarray of shape (N, D)
    """
    ### BEGIN SOLUTION
    out = x - np.mean(x, axis=0)
    ### END SOLUTION
    return out
