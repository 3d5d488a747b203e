"""The steps of k-means."""

import numpy as np


def assign(points, centres):
    """Find the nearest centre of each point.

    Parameters
    ----------
    points : ndarray of shape (N, D)
    centres : ndarray of shape (K, D)

    Returns
    -------
    ndarray of shape (N,), int
        The index of the nearest centre, by Euclidean distance; the first of those that are equally near.
    """
    ### BEGIN SOLUTION
    differences = points[:, None, :] - centres[None, :, :]
    nearest = (differences**2).sum(axis=2).argmin(axis=1)
    ### END SOLUTION
    return nearest


def update(points, nearest, centres):
    """Move each centre to the mean of its points.

    Parameters
    ----------
    points : ndarray of shape (N, D)
    nearest : ndarray of shape (N,), int
        As `assign` gives it.
    centres : ndarray of shape (K, D)
        Where the centres are now. A centre without points stays there. Not to be changed.

    Returns
    -------
    ndarray of shape (K, D)
    """
    ### BEGIN SOLUTION
    moved = centres.copy()
    for k in range(len(centres)):
        mine = points[nearest == k]
        if len(mine):
            moved[k] = mine.mean(axis=0)
    ### END SOLUTION
    return moved


def inertia(points, centres):
    """Add up the squared distances of all points to their nearest centres.

    Parameters
    ----------
    points : ndarray of shape (N, D)
    centres : ndarray of shape (K, D)

    Returns
    -------
    float
    """
    ### BEGIN SOLUTION
    squares = ((points[:, None, :] - centres) ** 2).sum(axis=2)
    total = np.sum(squares.min(axis=1))
    ### END SOLUTION
    return float(total)
