"""Measure how long a program has run, independently of the machine's load.

On a busy machine a program may wait long for a processor, and its verdict must not depend on that. So the clock counts
processor time and the time in which the worker sleeps, but not the time in which it waits for a processor.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from ..host.bounded_process import WALL_PER_CPU, cpu_seconds
from .inside.wire import WireTimeout


class ProgramClock:
    """The clock of one program, which starts when the object is made.

    It counts the processor time of three processes: the worker, this process (which reads, watches and compares for the
    program) and the process that answers the program's questions. It also counts the time in which the worker sleeps.

    Parameters
    ----------
    seconds : float
        Seconds that the program may use.
    worker : int or None
        The worker's process ID; None where it is not known, in which case only `deadline` and this process's own time
        limit the program.
    answering : callable
        Called without arguments; returns the processor seconds that answering questions has taken so far.

    Attributes
    ----------
    deadline : float
        The time, on the clock of `time.monotonic`, at which the program is ended whatever it has used. It is
        `WALL_PER_CPU` times `seconds` away, so that a program on a busy machine is not ended by it.
    """

    def __init__(self, seconds: float, worker: int | None, answering: Callable[[], float]) -> None:
        self._seconds, self._worker, self._answering = seconds, worker, answering
        self._slept = 0.0
        self._worker_seconds = 0.0
        self._worker_before = self._read_worker()
        self._own_before, self._answering_before = time.process_time(), answering()
        self._last, self._last_busy = time.monotonic(), 0.0
        self.deadline = self._last + seconds * WALL_PER_CPU

    @property
    def outside(self) -> float:
        """Seconds used so far, without those that this process has spent itself."""
        # The worker's time reads as 0 once its process is gone: keep the largest value that was read.
        self._worker_seconds = max(self._worker_seconds, self._read_worker() - self._worker_before)
        return self._worker_seconds + self._answering() - self._answering_before + self._slept

    @property
    def used(self) -> float:
        """Seconds that the program has used so far."""
        return self.outside + time.process_time() - self._own_before

    @property
    def left(self) -> float:
        """Seconds that the program may still use."""
        return self._seconds - self.used

    def check(self) -> None:
        """Measure, and end the program where its time is used up.

        Call this several times a second while waiting for the worker: the time since the last call counts as sleep if
        the worker sleeps now.

        Raises
        ------
        WireTimeout
            When the program has used up its seconds.
        """
        now, busy = time.monotonic(), self.used - self._slept
        if self._worker is not None and _sleeps(self._worker):
            self._slept += max(0.0, now - self._last - (busy - self._last_busy))
        self._last, self._last_busy = now, busy
        if self.used > self._seconds:
            raise WireTimeout("the time is used up")

    def answered(self) -> None:
        """Do not count the time since the last `check` as sleep; call this when a question has been answered.

        While a question is being answered, the worker only waits for the grader.
        """
        self._last, self._last_busy = time.monotonic(), self.used - self._slept

    def _read_worker(self) -> float:
        return 0.0 if self._worker is None else cpu_seconds(self._worker)


def _sleeps(worker: int) -> bool:
    """Whether the worker sleeps: none of its threads is running, waits for a processor (R) or waits for a disk (D)."""
    states = _states(worker)
    return bool(states) and not {"R", "D"} & set(states)


def _states(process: int) -> list[str]:
    """List the states of a process's threads, as the letters that ps(1) shows."""
    found: list[str] = []
    folder = f"/proc/{process}/task"
    with suppress(OSError):  # the process has just ended
        for thread in os.listdir(folder):
            with suppress(OSError), open(f"{folder}/{thread}/stat", "rb") as stat:  # the thread has just ended
                # The thread's name stands in parentheses before the state, and may hold spaces; see proc(5).
                found.append(stat.read().rpartition(b")")[2].split()[0].decode())
    return found
