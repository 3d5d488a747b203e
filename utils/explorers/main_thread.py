"""Run what touches widgets in the kernel's main thread.

JupyterLab lets the page's messages arrive in another thread (a subshell of the kernel), even while a cell runs; long
work has a thread of its own. Both hand on to the kernel's event loop what is to be done with widgets.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from IPython import get_ipython

FLUSH = 0.02  # seconds in which a picture that was handed over leaves the kernel


class MainThread:
    """The kernel's main thread, as it is when this is made; outside of a kernel, everything is done at once.

    Attributes
    ----------
    loop : event loop or None
        None outside of a kernel.
    """

    def __init__(self) -> None:
        self.loop = event_loop()

    @property
    def is_open(self) -> bool:
        """Whether there is an event loop to post to."""
        return self.loop is not None and not self.loop.is_closed()

    def do(self, action: Callable[[], Any]) -> None:
        """Do what the page asks for; see `in_main_thread`."""
        in_main_thread(action, self.loop)

    def post(self, action: Callable[[], Any]) -> None:
        """Do something when the event loop comes to it, in whichever thread this is called."""
        if self.loop is None or self.loop.is_closed():
            action()
        else:
            with suppress(RuntimeError):  # it was closed just now
                self.loop.call_soon_threadsafe(action)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """No garbage is collected while a picture is made, nor before it has left the kernel.

        To look through all objects of a kernel keeps all threads waiting, the one that sends the picture as well.
        """
        collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collecting and self.loop is not None and not self.loop.is_closed():
                self.loop.call_later(FLUSH, gc.enable)
            elif collecting:
                gc.enable()


def in_main_thread(action: Callable[[], Any], loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Do what a page asks for: at once if this is the main thread, or else when that has nothing else to do.

    Parameters
    ----------
    action : callable
    loop : event loop, optional
        Of the main thread; the kernel's by default.
    """
    loop = loop or event_loop()
    if loop is None or threading.current_thread() is threading.main_thread():
        action()
    else:
        loop.call_soon_threadsafe(action)


def event_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of the kernel's main thread; None outside of a kernel."""
    of_kernel = getattr(getattr(get_ipython(), "kernel", None), "io_loop", None)
    loop: asyncio.AbstractEventLoop | None = getattr(of_kernel, "asyncio_loop", None)
    return loop
