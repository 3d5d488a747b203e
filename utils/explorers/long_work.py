"""Long work behind an explorer: how far it is, buttons to pause and stop it, and its picture, now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets as widgets

from .jobs import Job, Jobs, Pulse, Status
from .main_thread import MainThread

REDRAW = 0.5  # seconds from the end of one picture of work that goes on to the next


class LongWork(widgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A bar that fills, the time that is left, and two buttons.

    Parameters
    ----------
    jobs : Jobs
        The background thread.
    pulse : Pulse
        Whether somebody is looking.
    main : MainThread
    draw : callable
        ``draw(found, over)``: draw what is known so far; `over` says whether that is all.
    fail : callable
        ``fail(error)``: say what has ended the work.
    touch : callable
        ``touch()`` is called when somebody has pressed a button.

    Attributes
    ----------
    job : Job or None
        What is under way, or ended last.
    """

    def __init__(
        self,
        jobs: Jobs,
        pulse: Pulse,
        main: MainThread,
        draw: Callable[[Any, bool], Any],
        fail: Callable[[BaseException], Any],
        touch: Callable[[], Any],
    ) -> None:
        self._jobs, self._pulse, self._main = jobs, pulse, main
        self._draw, self._fail, self._touch = draw, fail, touch
        self.job: Job | None = None
        self._latest: tuple[float, Any] | None = None  # the share that is done, and what is known so far
        self._begun = self._drawn = 0.0
        self._pending, self._in_sight = False, True
        self.progress = widgets.FloatProgress(min=0, max=1, description="Training", layout={"width": "260px"})
        self.left = widgets.Label()
        self.pause = widgets.Button(description="Pause", tooltip="Let the work rest, or go on")
        self.stop = widgets.Button(description="Stop", tooltip="End the work; what there is stays")
        self.pause.on_click(lambda _: main.do(self._toggle))
        self.stop.on_click(lambda _: self.job and self.job.stop())
        super().__init__([self.progress, self.left, self.pause, self.stop], layout={"flex_flow": "row wrap"})

    @property
    def found(self) -> Any:
        """What is known so far; None for nothing yet."""
        return self._latest[1] if self._latest is not None else None

    @property
    def over(self) -> bool:
        """Whether work was begun and has ended."""
        return self.job is not None and self.job.over

    def end(self) -> None:
        """Stop what is under way; what it has found is stale."""
        if self.job:
            self.job.stop()
        self._latest, self._begun, self._drawn = None, 0.0, 0.0
        self.progress.value = 0

    def begin(self, steps: Iterator[tuple[float, Any]]) -> None:
        """Start work.

        Parameters
        ----------
        steps : iterator of (float, object)
            After each short step, the share that is done, 0 to 1, and what is known so far.
        """
        self.job = self._jobs.start(Job(steps, self._on_step, self._pulse))
        self.say_status()

    def look(self, there: bool) -> None:
        """Say whether the explorer is in sight; while it is not, its work goes on and nothing is drawn."""
        self._in_sight = there
        if there and self.job:
            self._show(self.job)

    def draw(self) -> None:
        """Draw what is known so far anew."""
        if self.job and self._latest is not None:
            self._draw(self._latest[1], self.job.over)

    def say_status(self) -> None:
        """Say how long it will take, or why it rests."""
        job = self.job
        if job is None:
            return
        done = self.progress.value
        said = {Status.DONE: "done", Status.STOPPED: "stopped", Status.PAUSED: "paused", Status.FAILED: "ended"}
        left = (time.monotonic() - self._begun) * (1 - done) / done if done and self._begun else 0.0
        going = f"about {left:.0f} s left" if left >= 1 else "begins" if not done else ""
        waits = "rests, as the page is not heard; Run again begins anew"
        self.left.value = said.get(job.status, going if self._pulse.here else waits)
        self.pause.description = "Go on" if job.status is Status.PAUSED else "Pause"
        self.pause.disabled = self.stop.disabled = job.over

    def close(self) -> None:
        """End the work and take the widget away."""
        if self.job:
            self.job.stop()
        super().close()

    def _on_step(self, job: Job, item: Any) -> None:
        """Called in the background thread: the page hears of a change of status at once, of steps now and then."""
        if item is None:
            self._main.post(lambda: self._show(job))
        elif job is self.job:
            self._latest = item
            if self._in_sight and not self._pending and time.monotonic() - self._drawn > REDRAW:
                self._pending = True
                self._main.post(lambda: self._show(job))

    def _show(self, job: Job) -> None:
        self._pending = False
        if job is not self.job:
            return
        if self._latest is not None:
            self._begun = self._begun or time.monotonic()
            self.progress.value, found = self._latest
            self._draw(found, job.over)
            self._drawn = time.monotonic()
        self.say_status()
        if job.status is Status.FAILED and job.error is not None:
            self._fail(job.error)

    def _toggle(self) -> None:
        self._touch()
        if self.job and self.job.status is Status.PAUSED:
            self.job.resume()
        elif self.job:
            self.job.pause()
