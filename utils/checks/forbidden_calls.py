"""Keep a function from being called while another one is checked that has to do without it.

Programs of cases import it; so does the sandbox's worker, which runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def calls_forbidden(function: Callable[..., Any] | None, why: str) -> Iterator[None]:
    """Make every call of a function raise RuntimeError, by whatever name it is called.

    What is replaced is the function's code, not its name, so a second name for it or a wrapper around it raises, too.
    What is not a plain function (a class, a closure, None) is left as it is.

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
    >>> with calls_forbidden(double, "add x to itself"):
    ...     double(3)
    Traceback (most recent call last):
        ...
    RuntimeError: add x to itself
    >>> double(3)
    6
    """
    target: Any = function
    own_code = getattr(target, "__code__", None)
    if own_code is None or own_code.co_freevars:  # the code of a closure cannot be replaced by that of a plain function
        yield
        return
    # Compiled here, so that it needs no name from the module of the function whose code it replaces.
    made: dict[str, Any] = {}
    exec(compile(f"def refuse(*args, **kwargs):\n    raise RuntimeError({why!r})\n", "<forbidden>", "exec"), made)
    target.__code__ = made["refuse"].__code__
    try:
        yield
    finally:
        target.__code__ = own_code
