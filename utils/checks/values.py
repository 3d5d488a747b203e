"""Walk through nested values: the inputs of a case, and the outputs of a program.

Both are dicts of arrays, numbers and strings, and of further dicts, lists and tuples. A place in nested dicts is called
a *path* and is written with dots: ``"grads.W1"``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

import numpy as np

_NO_TABLES: Final = frozenset((np.ndarray, np.float64, bool, int, float, str, list, tuple, type(None)))
"""The types of most values, none of which is a mapping."""


def walk(values: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield each value that is not a dict, with its path; lists and tuples are not entered.

    Parameters
    ----------
    values : mapping of str to object
    above : str, default ""
        Path of `values` itself, with a dot at its end.

    Examples
    --------
    >>> dict(walk({"x": 1, "params": {"W1": 2, "b1": 3}}))
    {'x': 1, 'params.W1': 2, 'params.b1': 3}
    """
    for name, value in values.items():
        if _is_table(value):
            yield from walk(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _is_table(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is a mapping; the general question takes long to answer."""
    kind = type(value)
    return kind is dict or (kind not in _NO_TABLES and isinstance(value, Mapping))


def parts(value: object) -> list[object]:
    """Return everything in a value that is not a dict, a list or a tuple.

    Examples
    --------
    >>> parts({"x": 1, "steps": [2, (3, 4)]})
    [1, 2, 3, 4]
    """
    found: list[object] = []
    _collect(value, found)
    return found


def _collect(value: object, found: list[object]) -> None:
    if _is_table(value):
        value = list(value.values())
    if isinstance(value, (list, tuple)):  # `list | tuple` would be made anew for each of many values
        for item in value:
            _collect(item, found)
    else:
        found.append(value)


def count_numbers(value: object) -> int:
    """Count the numbers in a value; whatever is not an array counts as one."""
    return sum(part.size if isinstance(part, np.ndarray) else 1 for part in parts(value))


def value_at(values: Mapping[str, object], path: str) -> object:
    """Return the value at a path; None where there is none."""
    here: object = values
    for name in path.split("."):
        if not _is_table(here):
            return None
        here = here.get(name)
    return here


def needless_names(values: Mapping[str, object], path: str, expected: Mapping[str, object]) -> frozenset[str]:
    """Return the names beside a path that are not expected there.

    Examples
    --------
    >>> sorted(needless_names({"grads": {"W1": 0, "dW1": 1}}, "grads.W1", {"grads": {"W1": 0}}))
    ['dW1']
    """
    above = path.rpartition(".")[0]
    found, right = (value_at(where, above) if above else where for where in (values, expected))
    return (
        frozenset(found) - frozenset(right)
        if isinstance(found, Mapping) and isinstance(right, Mapping)
        else frozenset()
    )


def with_value_at(values: Mapping[str, object], path: str, value: object) -> dict[str, object]:
    """Return `values` with another value at a path; the dicts on the path are new, and all else is shared."""
    name, _, rest = path.partition(".")
    inner: Any = values[name] if rest else None
    return {**values, name: with_value_at(inner, rest, value) if rest else value}
