"""Which part of a large family of tests the ordinary suite takes; `make slow` takes the rest before a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import pytest


def sampled(parameters: Iterable[Any], ids: Sequence[str] | None = None, *, every: int, first: int = 0) -> list[Any]:
    """Parameters of a test of which the ordinary suite takes one in `every`.

    Parameters
    ----------
    parameters : iterable
        What ``pytest.mark.parametrize`` takes; neighbours should be alike, so that the sample is spread over all.
    ids : sequence of str, optional
        The tests' names; without them pytest names them.
    every : int
        The ordinary suite takes the parameters number `first`, `first` + `every`, ...
    first : int
        Below `every`. Families that go over the same parameters begin elsewhere, so that together they see more.

    Returns
    -------
    list
        All parameters; those that are not in the sample are marked as slow.
    """
    assert 0 <= first < every
    listed = list(parameters)
    names = [None] * len(listed) if ids is None else ids
    return [
        _parameter(values, name, index % every == first)
        for index, (values, name) in enumerate(zip(listed, names, strict=True))
    ]


def one_of_each(
    parameters: Iterable[Any], kind: Callable[[Any], Hashable], ids: Sequence[str] | None = None, *, number: int = 0
) -> list[Any]:
    """Parameters of a test of which the ordinary suite takes one of each kind: that with this `number`, from 0.

    Where a kind has fewer, its last one is taken. All parameters are returned; the others are marked as slow.
    """
    listed = list(parameters)
    names = [None] * len(listed) if ids is None else ids
    count = Counter(kind(values) for values in listed)
    seen: Counter[Hashable] = Counter()
    found = []
    for values, name in zip(listed, names, strict=True):
        which = kind(values)
        found.append(_parameter(values, name, seen[which] == min(number, count[which] - 1)))
        seen[which] += 1
    return found


def _parameter(values: Any, name: str | None, ordinary: bool) -> Any:
    marks = () if ordinary else pytest.mark.slow
    return pytest.param(*(values if isinstance(values, tuple) else (values,)), id=name, marks=marks)
