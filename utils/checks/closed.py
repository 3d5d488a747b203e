"""Keep a function from being called while another one is checked that must do without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def closed(function: Callable[..., Any] | None, why: str) -> Iterator[None]:
    """Make every call of a function raise, by whatever name it is called.

    The function's code is replaced, not its name: a second name for it, or a wrapper around it, meets the same error.
    What is no plain function (a class, a closure, None) is left as it is.

    Parameters
    ----------
    function : function or None
    why : str
        One sentence that says what should be done instead; the error's message.

    Yields
    ------
    None

    Examples
    --------
    >>> def double(x):
    ...     return 2 * x
    >>> with closed(double, "add x to itself"):
    ...     double(3)
    Traceback (most recent call last):
        ...
    RuntimeError: add x to itself
    >>> double(3)
    6
    """
    target: Any = function
    written = getattr(target, "__code__", None)
    if written is None or written.co_freevars:
        yield
        return
    # Compiled here, so that it needs no name from the module of the function that it stands in for.
    made: dict[str, Any] = {}
    exec(compile(f"def refuse(*args, **kwargs):\n    raise RuntimeError({why!r})\n", "<closed>", "exec"), made)
    target.__code__ = made["refuse"].__code__
    try:
        yield
    finally:
        target.__code__ = written
