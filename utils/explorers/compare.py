"""A second state beside the first: its picture, and its long work."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from .jobs import Job, Jobs, Pulse
from .lesson import Lesson
from .picture import Picture
from .state import State
from .student import Trouble, explain, running

REDRAW = 1.0  # seconds from one picture of its long work to the next


class Comparison:
    """What stands beside an explorer's own pictures.

    Parameters
    ----------
    explorer : Lesson
        What draws.
    jobs : Jobs
    pulse : Pulse
        Whether somebody is looking.
    post : callable
        ``post(action)``: do something in the main thread.

    Attributes
    ----------
    state : State or None
        What is shown beside; None for nothing.
    picture, results : Picture
        Where it is shown; nothing can be moved there.
    """

    def __init__(
        self, explorer: Lesson[Any], jobs: Jobs, pulse: Pulse, post: Callable[[Callable[[], Any]], None]
    ) -> None:
        self._explorer, self._jobs, self._pulse, self._post = explorer, jobs, pulse, post
        self._job: Job | None = None
        self._latest: Any = None
        self._drawn = 0.0
        self.state: State | None = None
        self.picture, self.results = Picture(), Picture()
        self._hide()

    def show(self, state: State | None, here: State, works: bool) -> None:
        """Show a state, or nothing.

        Parameters
        ----------
        state : State or None
        here : State
            The other one, for the caption.
        works : bool
            Whether there is long work.
        """
        self._stop()
        self.state = state
        if state is None:
            self._hide()
            return
        for area in (self.picture, self.results):
            area.layout.display = ""
        try:
            with self._jobs.held(), running(0):
                self._drawing = str(self._explorer.picture(state))
        except Trouble as trouble:
            self._drawing, works = str(trouble), False
        self.caption(here)
        if works:
            self._job = self._jobs.start(Job(self._explorer.work(state), self._tell, self._pulse))

    def caption(self, here: State) -> None:
        """Say in what this state differs from the other one."""
        if self.state is not None:
            said = html.escape(differences(self.state, here))
            self.picture.value = f"<p style='margin:0;font-weight:bold'>Beside: {said}</p>{self._drawing}"

    def close(self) -> None:
        """End the long work."""
        self._stop()

    def _hide(self) -> None:
        for area in (self.picture, self.results):
            area.value, area.layout.display = "", "none"

    def _stop(self) -> None:
        if self._job:
            self._job.stop()
        self._job, self._latest, self._drawn = None, None, 0.0
        self.results.value = ""

    def _tell(self, job: Job, item: Any) -> None:
        """Called in the background thread."""
        if job is not self._job:
            return
        self._latest = item if item is not None else self._latest
        if item is None or time.monotonic() - self._drawn > REDRAW:
            self._drawn = time.monotonic()
            self._post(lambda: self._draw_results(job))

    def _draw_results(self, job: Job) -> None:
        if job is not self._job or self.state is None:
            return
        if job.error is not None:
            self.results.value = explain(job.error)
        elif self._latest is not None:
            done, found = self._latest
            with self._jobs.held():
                shown = self._explorer.results(self.state, found)
            still = "" if job.over else f", {100 * done:.0f} % done"
            self.results.value = f"<p style='margin:0;font-weight:bold'>Beside{still}</p>{shown}"
            self._drawn = time.monotonic()


def differences(state: State, here: State) -> str:
    """What one state says differently from another one: ``"scale=0.3 (here 0.01)"``."""
    found = [
        f"{field.name} {_short(getattr(state, field.name))} (here {_short(getattr(here, field.name))})"
        for field in fields(state)
        if _short(getattr(state, field.name)) != _short(getattr(here, field.name))
    ]
    return ", ".join(found) or "the same state"


def _short(value: Any) -> str:
    return (
        ",".join(map(_short, value))
        if isinstance(value, tuple)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
