"""Describe random draws that are wrong: the factor, the share and the shared draws of a mask, the spread of weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...compare import Array, as_array
from ...compare.dropout import Dropped, shared_axes
from ...compare.initial_weights import Initialised

MIN_ENTRIES = 50
TOLERANCE = 1e-5
MIN_DROPPED = 20  # dropped entries that are due on average: that there is none is then no chance
MIN_UNIFORM = 200  # weights whose width and spread tell uniform from normal ones
MIN_WEIGHTS = 500  # the standard deviation of as many draws is known to 13 % or better, at four standard errors


def draw_clauses(
    rules: Sequence[object], values: Sequence[object], inputs: Sequence[Mapping[str, object]], compared: str
) -> list[str]:
    """Say what is wrong with random draws, in all of some cases.

    Parameters
    ----------
    rules, values, inputs : sequences of one length
        The rule of the output in each case, what came, and the case's inputs.
    compared : str
        What is said of the numbers before. Where it is about the mean, it says nothing of the standard deviation.

    Returns
    -------
    list of str
        A clause for each property; empty where none can be named.
    """
    uniform = uniform_clause(rules, values, inputs)
    if uniform:
        return [uniform]
    spread, rule = spread_clause(rules, values, inputs), rules[0]
    if spread and isinstance(rule, Initialised) and (rule.is_relative or "standard deviation" not in compared):
        spread += ", and should be √(2 / n) with n as the fan-in" if rule.is_relative else f", and should be {rule.std}"
    return [*mask_clauses(masks(rules, values, inputs)), *([spread] if spread else [])]


class Mask(NamedTuple):
    """The output of dropout in one case, divided by its input: 0 where an entry was dropped."""

    factors: Array
    p: float


def masks(rules: Sequence[object], values: Sequence[object], inputs: Sequence[Mapping[str, object]]) -> list[Mask]:
    """Collect the masks of some cases; those that cannot be seen are left out.

    Parameters
    ----------
    rules, values, inputs : sequences of one length
        The rule of the output in each case, what came, and the case's inputs.

    Returns
    -------
    list of Mask
    """
    found = []
    for rule, value, given in zip(rules, values, inputs, strict=True):
        out = as_array(value)
        if not isinstance(rule, Dropped) or out is None:
            continue
        x, p = np.asarray(given[rule.of]), float(str(given[rule.p]))
        if x.shape == out.shape and x.all() and x.size >= MIN_ENTRIES and 0 < p < 1 and np.isfinite(out).all():
            found.append(Mask(out.astype(np.float64) / x, p))
    return found


def mask_clauses(found: Sequence[Mask]) -> list[str]:
    """Say what is wrong with masks in all of some cases.

    Parameters
    ----------
    found : sequence of Mask

    Returns
    -------
    list of str
        A clause for each property; empty where none can be named.
    """
    if not found:
        return []
    return [clause for clause in (_factor(found), _share(found), _shared(found)) if clause]


def _factor(found: Sequence[Mask]) -> str:
    """Name the number that what is kept is multiplied by, where that is wrong."""
    kept = [mask.factors[mask.factors != 0] for mask in found]
    if min(map(len, kept)) < 2 or any(np.ptp(one) > TOLERANCE * abs(one).max() for one in kept):
        return ""
    wrong = [
        (one[0], mask.p) for one, mask in zip(kept, found, strict=True) if abs(one[0] - 1 / (1 - mask.p)) > TOLERANCE
    ]
    if not wrong:
        return ""
    for name, value in (
        ("1: it is not scaled up", lambda p: 1.0),
        ("1 / (1 − p) cut off to a whole number, as in a mask of integers", lambda p: float(int(1 / (1 - p)))),
        ("1 / p", lambda p: 1 / p),
        ("1 − p", lambda p: 1 - p),
        ("p", lambda p: p),
        ("1 / (1 − p)², as by scaling twice", lambda p: (1 - p) ** -2),
    ):
        if all(abs(one[0] - value(mask.p)) <= TOLERANCE for one, mask in zip(kept, found, strict=True)):
            return f"what is kept is multiplied by {name}; the factor should be 1 / (1 − p)"
    factor, p = wrong[0]
    where = "" if all(abs(other - factor) <= TOLERANCE for other, _ in wrong) else f" where p is {p:.3g}"
    return f"what is kept is multiplied by {factor:.4g}{where}; the factor should be 1 / (1 − p)"


def _share(found: Sequence[Mask]) -> str:
    """Say that entries are dropped with the probability of being kept, that none is, or that all are."""
    shares = [float((mask.factors == 0).mean()) for mask in found]
    if not any(shares):
        expected = sum(mask.p * mask.factors.size for mask in found)
        return "nothing is dropped; each entry should be, with probability p" if expected > MIN_DROPPED else ""
    allowed = [6 * np.sqrt(mask.p * (1 - mask.p) / _draws(mask)) for mask in found]
    near = [
        [abs(share - p) <= most for share, p, most in zip(shares, wanted, allowed, strict=True)]
        for wanted in ([mask.p for mask in found], [1 - mask.p for mask in found])
    ]
    if all(near[1]) and not any(near[0]):
        return "the share of entries that are dropped is 1 − p; it should be p"
    return ""


def _shared(found: Sequence[Mask]) -> str:
    """Say that entries along an axis share one draw."""
    two = [mask for mask in found if mask.factors.ndim == 2]
    for axis, name in ((1, "row"), (0, "column")):
        if two and all(shared_axes(mask.factors == 0, mask.p) == [axis] for mask in two):
            return f"all entries of a {name} are dropped or kept together; each should be dropped by itself"
    return ""


def _draws(mask: Mask) -> float:
    """Count the entries that were drawn by themselves."""
    shared = shared_axes(mask.factors == 0, mask.p)
    return mask.factors.size / float(np.prod([mask.factors.shape[axis] for axis in shared]))


def uniform_clause(rules: Sequence[object], values: Sequence[object], inputs: Sequence[Mapping[str, object]]) -> str:
    """Say that weights are uniform between two bounds, which should be normal, and name the upper one.

    The width of a uniform distribution is √12 standard deviations; as many normal draws spread over five and more.

    Parameters
    ----------
    rules, values, inputs : sequences of one length
        As for `spread_clause`.

    Returns
    -------
    str
        A clause; ``""`` where the weights of a case are not uniform, or are too few to tell.
    """
    bounds, names, wanted = set(), list[list[str]](), ""
    for rule, value, given in zip(rules, values, inputs, strict=True):
        array = as_array(value)
        if not isinstance(rule, Initialised) or rule.is_uniform:
            return ""
        if array is None or array.ndim < 2 or array.size < MIN_UNIFORM:
            return ""
        low, high, wanted = float(array.min()), float(array.max()), rule.std
        width, end = high - low, 12 * (high - low) / array.size
        if (
            not width
            or abs(float(array.std()) * np.sqrt(12) / width - 1) > 0.12
            or np.unique(array).size < array.size / 2
        ):
            return ""
        bounds.add("0 and " if 0 <= low < end else "− and + " if abs(low + high) < end else "")
        known = [("that standard deviation", right := float(str(given[rule.std]))), *_spreads(array.shape, right)]
        names.append([name for name, bound in known if not rule.is_relative and high <= bound < high + end])
    common = [name for name in names[0] if all(name in others for others in names)]
    between, upper = bounds.pop() if len(bounds) == 1 else "", common[0] if common else "some number"
    where = f"between {between}{upper}" if between else "between two numbers"
    return f"its entries are uniform {where}; they should be normal, with mean 0 and standard deviation {wanted}"


def spread_clause(rules: Sequence[object], values: Sequence[object], inputs: Sequence[Mapping[str, object]]) -> str:
    """Name the size that a wrong standard deviation of weights goes by.

    Parameters
    ----------
    rules, values, inputs : sequences of one length
        The rule of the weights in each case in which they are wrong, what came, and the case's inputs.

    Returns
    -------
    str
        A clause; ``""`` where the spread is none of the usual ones in all cases, or where two of them fit, and for
        uniform draws, whose right spread goes by another formula.
    """
    fitting: list[set[str]] = []
    for rule, value, given in zip(rules, values, inputs, strict=True):
        array = as_array(value)
        if not isinstance(rule, Initialised) or array is None or array.ndim < 2 or array.size < MIN_ENTRIES:
            return ""
        if rule.is_relative and rule.is_uniform:
            return ""
        right, spread = float(str(given[rule.std])), float(array.std())
        if rule.is_relative:  # they come divided by this
            right = np.sqrt(2 / np.prod(array.shape[1:]))
            spread *= right
        near = 4 * spread / np.sqrt(2 * array.size)
        fitting.append({name for name, std in _spreads(array.shape, right) if abs(std - spread) <= near})
    largest = max((array.size for array in map(as_array, values) if array is not None), default=0)
    common = set.intersection(*fitting) if len(fitting) > 1 and largest >= MIN_WEIGHTS else set()
    return f"its standard deviation is about {common.pop()}" if len(common) == 1 else ""


def _spreads(shape: tuple[int, ...], right: float) -> Iterator[tuple[str, float]]:
    """Yield the standard deviations that weights of this shape are given by mistake, each with its name."""
    for name, size in (
        ("the first size of the shape", shape[0]),
        ("the second size of the shape", shape[1]),
        ("the product of all sizes but the first", int(np.prod(shape[1:]))),
        ("the number of all weights", int(np.prod(shape))),
        *(
            [("the fan-out, filters times pixels of the window", shape[0] * int(np.prod(shape[2:])))]
            if shape[2:]
            else []
        ),
    ):
        for words, std in (
            ("1 / n", 1 / size),
            ("2 / n", 2 / size),
            ("√(1 / n)", size**-0.5),
            ("√(2 / n)", (2 / size) ** 0.5),
        ):
            if not np.isclose(std, right):
                yield f"{words} with n as {name}", std
    yield "1", 1.0
    yield "the square of what it should be", right**2
    yield "the root of what it should be", right**0.5
