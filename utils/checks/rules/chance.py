"""What numbers that were drawn independently hardly ever look like.

Every test here has a bound on its false alarms that holds for any number of draws, not only for many: a right answer is
called wrong with a probability of at most `ALARM`. An exercise makes fewer than a hundred of these tests, so that one
right submission in ten million is called wrong (docs/grading.md).
"""

from __future__ import annotations

from math import erf, log, sqrt

import numpy as np

from .tolerance import Array

ALARM = 1e-9
"""False-alarm rate of one test."""

_BANDS = tuple(step / 4 for step in range(1, 13))  # deviations from the mean that are counted up to, in units of std
_CORRELATED = 10.0
"""Standard errors. By Bernstein's inequality that is 2e-9 for 400 places of a mask that drops 15 %, less for others."""


def unlikely_count(count: int, draws: int, p: float, tests: int = 1) -> bool:
    """Whether an event of probability `p` hardly ever happens so often, or so seldom, in independent draws.

    Parameters
    ----------
    count, draws : int
        How often it happened, and in how many draws.
    p : float
        Its probability, 0 < p < 1.
    tests : int, default=1
        How many such tests share the one false alarm.

    Notes
    -----
    The Chernoff bound: a share k/n that is as far from p as this has probability at most exp(−n KL(k/n ‖ p)) on either
    side, for every n (Hoeffding 1963, theorem 1). It also holds for draws without replacement (section 6 there).
    """
    share = count / draws
    divergence = sum(part * log(part / of) for part, of in ((share, p), (1 - share, 1 - p)) if part > 0)
    return draws * divergence > log(2 * tests / ALARM)


def not_normal(z: Array) -> bool:
    """Whether numbers are hardly ever independent draws from the standard normal distribution.

    The numbers below each of some bounds are counted, and those between each bound and its negative.

    Parameters
    ----------
    z : ndarray
        Any shape.
    """
    z = np.ravel(z)
    inside = [(int((np.abs(z) < band).sum()), erf(band / sqrt(2))) for band in _BANDS]
    below = [(int((z < band).sum()), (1 + erf(band / sqrt(2))) / 2) for band in (*_BANDS, *(-b for b in _BANDS), 0.0)]
    counts = [*inside, *below]
    return any(unlikely_count(count, z.size, p, len(counts)) for count, p in counts)


def too_even(z: Array) -> bool:
    """Whether numbers follow the standard normal distribution more closely than draws ever do, as a table of it would.

    The largest distance between the distribution of n draws and the true one is near ``0.8 / sqrt(n)``. It is below
    ``0.2 / sqrt(n)`` with probability 5e-13 (Kolmogorov 1933).
    """
    z = np.sort(np.ravel(z))
    true = np.array([(1 + erf(value / sqrt(2))) / 2 for value in z])
    ranks = np.arange(z.size + 1) / z.size
    distance = max(float((ranks[1:] - true).max()), float((true - ranks[:-1]).max()))
    return z.size >= 100 and distance < 0.2 / sqrt(z.size)


def correlated(one: Array, other: Array) -> bool:
    """Whether two arrays are hardly ever drawn independently; of the longer one the first entries count."""
    size = min(one.size, other.size)
    first, second = (np.ravel(array)[:size] - np.ravel(array)[:size].mean() for array in (one, other))
    return abs(float(first @ second)) > _bound(size) * float(np.linalg.norm(first) * np.linalg.norm(second))


def repeats_itself(array: Array) -> bool:
    """Whether an array is hardly ever drawn entry by entry: some places on, in rows or columns, it resembles itself."""
    return any(_resembles_itself(np.ravel(order)) for order in (array, array.T))


def _resembles_itself(values: Array) -> bool:
    size, centred = values.size, values - values.mean()
    products = np.fft.irfft(np.abs(np.fft.rfft(centred)) ** 2, size)  # with itself, moved on by 0, 1, 2, … places
    bounds = np.full(size, _bound(size))
    if size % 2 == 0:
        bounds[size // 2] *= sqrt(2)  # half the places on, each product is counted twice
    return bool((np.abs(products) > bounds * products[0])[1:].any())


def _bound(size: int) -> float:
    """A correlation that independent draws hardly ever reach; more than any is where there are too few of them."""
    return _CORRELATED / sqrt(size) if size else 1.0
