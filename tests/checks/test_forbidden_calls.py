"""A function that is closed answers by no name, and is itself again afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from utils.checks.forbidden_calls import calls_forbidden


def double(x: int) -> int:
    """Twice as much."""
    return 2 * x


ALIAS = double
BY_OTHER_NAMES: dict[str, Callable[[int], int]] = {
    "its name": lambda x: double(x),
    "another name": ALIAS,
    "a partial": partial(double),
    "a default": lambda x, f=double: f(x),
}


@pytest.mark.parametrize("name", BY_OTHER_NAMES)
def test_no_name_reaches_it(name: str) -> None:
    with calls_forbidden(double, "write x + x"), pytest.raises(RuntimeError, match=r"^write x \+ x$"):
        BY_OTHER_NAMES[name](3)
    assert BY_OTHER_NAMES[name](3) == 6


def test_it_opens_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), calls_forbidden(double, ""):
        raise ZeroDivisionError
    assert double(3) == 6


@pytest.mark.parametrize("what", [None, int, len, (lambda y: lambda x: x + y)(1)])
def test_what_is_no_plain_function_is_left_alone(what: Callable[[int], int] | None) -> None:
    with calls_forbidden(what, "never said"):
        pass
