"""Statistical tests for random draws: is it credible that these numbers were drawn independently?

Every test has a bound on its false-alarm rate that holds for any number of draws, not only for many: a right answer is
called wrong with a probability of at most `ALARM`. An exercise makes fewer than a hundred of these tests, so fewer than
one right submission in ten million is called wrong (docs/grading.md).
"""

from __future__ import annotations

from math import erf, log, sqrt

import numpy as np

from .tolerance import Array

ALARM = 1e-9
"""Upper bound of the false-alarm rate of one test."""

_BANDS = np.arange(1, 13) / 4
"""Draws are counted up to these distances from the mean, in standard deviations."""

_BOUNDS = np.array([*-_BANDS, 0.0, *_BANDS])
_P_BELOW = np.array([(1 + erf(bound / sqrt(2))) / 2 for bound in _BOUNDS])
_P_INSIDE = np.array([erf(band / sqrt(2)) for band in _BANDS])
"""How probable it is that a draw is below each bound, and within each band."""

_NORMAL_AT = np.arange(-8, 8, 1 / 64)
_NORMAL = np.array([(1 + erf(z / sqrt(2))) / 2 for z in _NORMAL_AT])
"""The standard normal distribution function at these numbers. NumPy has no erf; between them, linear interpolation is
off by at most 1 / 64² / 8 · max |φ'| < 1e-5."""

_CORRELATED = 10.0
"""A correlation is significant from so many standard errors on. By Bernstein's inequality the false-alarm rate is 2e-9
for 400 places of a mask that drops 15 %, and less in all other uses."""


def unlikely_count(count: int | Array, draws: int, p: float | Array, tests: int = 1) -> bool:
    """Whether an event of probability `p` is too frequent, or too rare, for independent draws.

    Parameters
    ----------
    count : int or ndarray
        How often it happened; of several events, whether that is so of any.
    draws : int
        In how many draws.
    p : float or ndarray
        Its probability, 0 < p < 1.
    tests : int, default=1
        How many tests are made together, and share one false-alarm rate.

    Notes
    -----
    The Chernoff bound: a share k/n that is as far from p as this has probability at most exp(−n KL(k/n ‖ p)) on either
    side, for every n (Hoeffding 1963, theorem 1). It also holds for draws without replacement (section 6 there).
    """
    share = np.asarray(count) / draws
    # What never happens adds nothing, although the logarithm of its share is infinite.
    terms = [part * np.log(np.where(part > 0, part, 1.0) / of) for part, of in ((share, p), (1 - share, 1 - p))]
    return bool(np.any(draws * sum(terms) > log(2 * tests / ALARM)))


def not_normal(z: Array) -> bool:
    """Whether numbers are not credible as independent draws from the standard normal distribution.

    Counts the numbers below each of some bounds, and those between each bound and its negative.

    Parameters
    ----------
    z : ndarray
        Any shape.
    """
    z = np.sort(z, axis=None)
    below = np.searchsorted(z, _BOUNDS)
    inside = np.searchsorted(z, _BANDS) - np.searchsorted(z, -_BANDS, side="right")
    counts, p = np.concatenate([below, inside]), np.concatenate([_P_BELOW, _P_INSIDE])
    return unlikely_count(counts, z.size, p, counts.size)


def not_uniform(z: Array) -> bool:
    """Whether numbers are not credible as independent draws from the uniform distribution with mean 0 and variance 1.

    None may be outside its range but by rounding. Inside, the numbers below each of some bounds are counted.

    Parameters
    ----------
    z : ndarray
        Any shape.
    """
    share = (np.ravel(z) / sqrt(3) + 1) / 2
    if ((share < -1e-6) | (share > 1 + 1e-6)).any():
        return True
    bounds = np.arange(1, 16) / 16
    return unlikely_count(np.searchsorted(np.sort(share), bounds), share.size, bounds, bounds.size)


def too_even(z: Array) -> bool:
    """Whether numbers follow the standard normal distribution more closely than draws do, as a table of it would.

    The largest distance between the distribution of n draws and the true one is near ``0.8 / sqrt(n)``. It is below
    ``0.2 / sqrt(n)`` with probability 5e-13 (Kolmogorov 1933).
    """
    z = np.sort(np.ravel(z))
    true = np.interp(z, _NORMAL_AT, _NORMAL)
    ranks = np.arange(z.size + 1) / z.size
    distance = max(float((ranks[1:] - true).max()), float((true - ranks[:-1]).max()))
    return z.size >= 100 and distance < 0.2 / sqrt(z.size)


def correlated(one: Array, other: Array) -> bool:
    """Whether two arrays are not credible as independent draws; of the longer one the first entries count."""
    size = min(one.size, other.size)
    first, second = (np.ravel(array)[:size] - np.ravel(array)[:size].mean() for array in (one, other))
    return abs(float(first @ second)) > _bound(size) * float(np.linalg.norm(first) * np.linalg.norm(second))


def repeats_itself(array: Array) -> bool:
    """Whether the entries of an array are not credible as independent draws, because a pattern repeats in it.

    The array is compared with itself, shifted by each number of places, in the order of its rows and of its columns.
    """
    return any(_has_autocorrelation(np.ravel(order)) for order in (array, array.T))


def _has_autocorrelation(values: Array) -> bool:
    size, centred = values.size, values - values.mean()
    products = np.fft.irfft(np.abs(np.fft.rfft(centred)) ** 2, size)  # with itself, shifted by 0, 1, 2, … places
    bounds = np.full(size, _bound(size))
    if size % 2 == 0:
        bounds[size // 2] *= sqrt(2)  # shifted by half its length, each product is counted twice
    return bool((np.abs(products) > bounds * products[0])[1:].any())


def _bound(size: int) -> float:
    """Return the correlation from which on draws count as dependent; above 1, so never reached, for few draws."""
    return _CORRELATED / sqrt(size) if size else 1.0
