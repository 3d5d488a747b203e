"""One background thread for all explorers: long work in short steps, taken in turns.

A job is a generator. The thread asks each live job for one step after the other, so that two explorers get the same
share whatever they compute, and no step holds up the page for long. A page that is closed takes its work with it: the
page ticks a `Pulse`, and a job whose pulse is silent rests, then ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from IPython import get_ipython
from threadpoolctl import ThreadpoolController

AWAY = 10.0  # seconds without a tick after which work rests: the page is closed, or its tab in the background
GONE = 120.0  # seconds after which it ends; browsers slow the clock of a hidden tab down to one tick a minute
BREATH = 0.001  # seconds between two rounds, in which the kernel answers the page
PATIENCE = 0.05  # seconds that a picture waits for the step which is under way
BLAS = ThreadpoolController()


class Status(Enum):
    """Where a job stands."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Pulse:
    """Whether somebody is looking.

    A page says so by ticking. Some pages do not: messages get lost, and not every program that shows widgets has a
    clock in them. So what a person does counts as well, and for longer; ticks that follow are taken at their word.

    Parameters
    ----------
    clock : callable, default time.monotonic
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: float | None = None
        self._ticked = False

    def beat(self) -> None:
        """The page is there."""
        self._last, self._ticked = self._clock(), True

    def touch(self) -> None:
        """Somebody has done something, so a page is there, be it one that does not tick."""
        self._last, self._ticked = self._clock(), False

    @property
    def silence(self) -> float:
        """Seconds since the page was last heard; infinite before that."""
        return float("inf") if self._last is None else self._clock() - self._last

    @property
    def here(self) -> bool:
        """Whether work may go on."""
        return self.silence <= (AWAY if self._ticked else GONE)

    @property
    def ticks(self) -> bool:
        """Whether the page's ticks arrive."""
        return self._ticked and self.here

    @property
    def gone(self) -> bool:
        """Whether the page was there and has left for good."""
        return self._last is not None and self.silence > GONE


@dataclass(eq=False)
class Job:
    """A piece of long work.

    Attributes
    ----------
    steps : iterator
        Each item is what is known so far.
    tell : callable
        ``tell(job, item)`` after each step, and ``tell(job, None)`` when the status changes; called in the thread
        that computes.
    pulse : Pulse
    status : Status
    error : Exception or None
        What ended it, when it failed.
    """

    steps: Iterator[Any]
    tell: Callable[[Job, Any], None]
    pulse: Pulse
    status: Status = Status.RUNNING
    error: BaseException | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def pause(self) -> None:
        """Rest until `resume`."""
        self._turn(Status.RUNNING, Status.PAUSED)

    def resume(self) -> None:
        """Go on."""
        self._turn(Status.PAUSED, Status.RUNNING)

    def stop(self) -> None:
        """End; what was computed so far stays."""
        if not self._turn(Status.RUNNING, Status.STOPPED):
            self._turn(Status.PAUSED, Status.STOPPED)

    def step(self) -> None:
        """Compute one step and tell what came."""
        try:
            item = next(self.steps)
            if self.status is not Status.STOPPED:  # what was asked for meanwhile is another question
                self.tell(self, item)
        except StopIteration:
            self._turn(Status.RUNNING, Status.DONE)
        except BaseException as error:  # of one job alone: the thread is there for all of them
            self.error = error
            self._turn(Status.RUNNING, Status.FAILED)

    @property
    def over(self) -> bool:
        """Whether it will never take another step."""
        return self.status in (Status.DONE, Status.STOPPED, Status.FAILED)

    def _turn(self, old: Status, new: Status) -> bool:
        with self._lock:
            if self.status is not old:
                return False
            self.status = new
        self.tell(self, None)
        return True


class Jobs:
    """The thread, and the jobs that wait for their turn."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._wake = threading.Condition()
        self._turn = threading.RLock()  # held by whoever runs a student's code: a step, or the page
        self._held_by: set[str] = set()
        self._gives_way = False
        self._free = threading.Event()  # set while nobody holds
        self._free.set()
        self._thread: threading.Thread | None = None

    def start(self, job: Job) -> Job:
        """Put a job in the row."""
        with self._wake:
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="explorers", daemon=True)
                self._thread.start()
            self._wake.notify()
        return job

    def hold(self, who: str, patience: float = PATIENCE) -> None:
        """Let no step begin until `who` has let go; the step under way is waited for, `patience` seconds at most."""
        with self._wake:
            self._held_by.add(who)
            self._free.clear()
        if self._turn.acquire(timeout=patience):
            self._turn.release()

    def let_go(self, who: str) -> None:
        """The end of `hold`."""
        with self._wake:
            self._held_by.discard(who)
            if not self._held_by:
                self._free.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold while the page is drawn: it is drawn sooner, and has numpy's generator to itself."""
        self.hold("page")
        try:
            yield
        finally:
            self.let_go("page")

    def give_way(self) -> None:
        """Rest while a cell of the notebook runs: its random numbers and its share of the processor are its own."""
        kernel = get_ipython()
        if kernel is None or self._gives_way:
            return
        self._gives_way = True
        kernel.events.register("pre_run_cell", lambda info: self.hold("cell", 1.0))
        kernel.events.register("post_run_cell", lambda result: self._cell_has_run())

    def _cell_has_run(self) -> None:
        for job in list(self._jobs):
            job.pulse.touch()  # somebody ran it; and a page cannot tick meanwhile, and is not gone for that
        self.let_go("cell")

    def round(self) -> bool:
        """One step of every job that may take one; whether any did."""
        self._free.wait()
        with self._wake:
            for job in self._jobs:
                if job.pulse.gone:
                    job.stop()
            self._jobs = [job for job in self._jobs if not job.over]
            ready = [job for job in self._jobs if job.status is Status.RUNNING and job.pulse.here]
        if ready:
            with BLAS.limit(limits=1):  # small matrices gain nothing from more, and a busy machine loses much
                for job in ready:
                    with self._turn:
                        if self._free.is_set():
                            job.step()
            time.sleep(BREATH)
        return bool(ready)

    def _run(self) -> None:
        while True:
            if not self.round():
                with self._wake:
                    self._wake.wait(0.2 if self._jobs else None)


JOBS = Jobs()
"""The one that all explorers of this process share."""
