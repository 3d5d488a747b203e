"""Let a debugger stop in the student's code while a check runs it here."""

from __future__ import annotations

import bdb
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class LeftDebugger(Exception):
    """Somebody has left the debugger with ``q``. In a notebook it shows as its own text."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@contextmanager
def breakpoints_stop() -> Iterator[None]:
    """Have ``breakpoint()`` open Python's own debugger.

    A notebook's kernel may have set it to one that does nothing as long as no client is connected to it, and
    JupyterLab connects one only while its debugger is switched on.

    Yields
    ------
    None

    Raises
    ------
    LeftDebugger
    """
    before = sys.breakpointhook
    kernels_debugger = sys.modules.get("debugpy")
    if kernels_debugger is None or not kernels_debugger.is_client_connected():
        sys.breakpointhook = sys.__breakpointhook__
    try:
        yield
    except bdb.BdbQuit:
        raise LeftDebugger("■ The check has ended, because you left the debugger.") from None
    finally:
        sys.breakpointhook = before
