"""Do something that is asked for at each picture only now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .main_thread import MainThread

EVERY = 0.5  # seconds


class Throttle:
    """An action that is done at most twice a second, and once more after it was asked for last.

    Outside of a kernel nobody would do it later, and it is done at once.

    Parameters
    ----------
    action : callable
    main : MainThread
    clock : callable, default time.monotonic
        Seconds.
    """

    def __init__(
        self, action: Callable[[], Any], main: MainThread, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._action, self._main, self._clock = action, main, clock
        self._done = float("-inf")
        self._waits = False

    def ask(self) -> None:
        """Do it at once if that was not done in the last half second, or else at its end."""
        rest = self._done + EVERY - self._clock()
        if rest <= 0 or not self._main.is_open:
            self.now()
        elif not self._waits and self._main.loop is not None:
            self._waits = True
            self._main.loop.call_later(rest, self._late)

    def now(self) -> None:
        """Do it at once; what was asked for before is done with that."""
        self._waits = False
        self._done = self._clock()
        self._action()

    def _late(self) -> None:
        if self._waits:
            self.now()
