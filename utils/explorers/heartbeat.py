"""A clock in the page that ticks while the page is open, so that the work of a closed page ends.

The kernel does not learn that a page was closed. So an explorer holds a `Play` widget that nobody sees: it ticks in the
page, each tick comes back as a change of its value, and a `Pulse` remembers when the last one came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from .jobs import Pulse
from .main_thread import MainThread

EVERY = 2000  # milliseconds from one tick to the next
TRIES = 3  # with one clock that the page does not answer; then it is given another one


class Heartbeat(widgets.Box):  # type: ignore[misc]  # ipywidgets has no types
    """Keeps a clock ticking in the page; there is nothing to see.

    Parameters
    ----------
    pulse : Pulse
        Hears of each tick.
    main : MainThread
    looked : callable
        ``looked()`` is called each time the clock was looked after, about once a second: what shows whether the page is
        there can follow.

    Attributes
    ----------
    clock : ipywidgets.Play
        The one that the page ticks now.
    """

    def __init__(self, pulse: Pulse, main: MainThread, looked: Callable[[], Any]) -> None:
        self._pulse, self._main, self._looked = pulse, main, looked
        self._asking = True
        self._unanswered = 0  # times that a tick was asked for since the last one
        self.clock = self._new_clock()
        super().__init__([self.clock], layout={"display": "none"})

    def begin(self) -> None:
        """Ask the page to tick, as soon as it is there."""
        self._ask(1.0)

    def tick(self) -> None:
        """The page has ticked."""
        self._pulse.beat()
        self._unanswered = 0

    def touch(self) -> None:
        """Somebody did something, so a page is there, whatever was thought before."""
        self._pulse.touch()
        if not self._asking:
            self._asking = True
            self._ask(1.0)

    def _new_clock(self) -> Any:
        clock = widgets.Play(interval=EVERY, max=10**9, repeat=True, playing=True, layout={"display": "none"})
        clock.observe(lambda _: self.tick(), "value")  # in whichever thread: the main one may have a cell to run
        return clock

    def _ask(self, wait: float) -> None:
        """Ask the page to tick: it begins only when `playing` changes while it is there to see that.

        A page sends nothing more of a widget whose last message was never answered, be it that the connection broke or
        that the kernel's thread for such messages was gone. So it is given another one now and then.
        """
        if not self._main.is_open or self.comm is None:
            return
        if self._pulse.gone:  # a kernel that talks to nobody looks busy, and is never put to rest; see `touch`
            self._asking = False
            return
        next_wait = 1.0 if self._pulse.ticks else min(1.5 * wait, 10.0)
        assert self._main.loop is not None
        self._main.loop.call_later(next_wait, self._ask, next_wait)
        self._looked()
        if self._pulse.ticks:
            return
        self._unanswered += 1
        if self._unanswered % (TRIES + 1):
            self.clock.playing = False
            self.clock.playing = True
        else:
            silent, self.clock = self.clock, self._new_clock()
            self.children = (self.clock,)
            silent.close()
