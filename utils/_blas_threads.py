"""How threads of ours keep out of the way of NumPy's own, those of its BLAS.

Two sets of threads that wait for each other by spinning fight for the cores: on a busy machine, the same convolution
was measured to take a hundred times as long. So while our threads multiply, each multiplies alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_limits = ExitStack()
_inside = 0


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")  # looks through all loaded libraries: once is enough


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within it, a matrix product uses only the thread that asks for it.

    The setting is the process's own, so it is undone when the last of several users, on several threads, has left.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _limits.enter_context(_blas().limit(limits=1))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limits.close()
