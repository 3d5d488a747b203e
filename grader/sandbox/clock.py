"""How long a program has run, whatever else the machine is busy with.

On a machine under load a program may be kept waiting for a processor for a long time, and that must not decide about
its verdict. So what counts is processor time, and the time in which the worker sleeps; waiting for a processor is
neither.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..host.bounded_process import WALL_PER_CPU, cpu_seconds
from .inside.wire import WireTimeout


class ProgramClock:
    """The clock of one program.

    Counted are the processor time of the worker, of this process (which reads, watches and compares on behalf of the
    program) and of the process that answers questions, and the time in which the worker sleeps.

    Parameters
    ----------
    seconds : float
        What the program may use.
    worker : int or None
        The worker's process; None where its number is not known, and `deadline` alone is left.
    answering : callable
        Processor seconds that answering questions has taken so far.

    Attributes
    ----------
    deadline : float
        On the clock of `time.monotonic`: when the program is ended whatever it has used. It is so far away that a busy
        machine does not reach it.
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
        """Seconds that count and that this process has not spent itself."""
        self._worker_seconds = max(self._worker_seconds, self._read_worker() - self._worker_before)
        return self._worker_seconds + self._answering() - self._answering_before + self._slept

    @property
    def used(self) -> float:
        """Seconds that count."""
        return self.outside + time.process_time() - self._own_before

    @property
    def left(self) -> float:
        """Seconds that the program may still use."""
        return self._seconds - self.used

    def look(self) -> None:
        """To be called several times a second while the worker is waited for.

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
        """To be called when a question was answered: the worker was waiting until now, and that is no sleep."""
        self._last, self._last_busy = time.monotonic(), self.used - self._slept

    def _read_worker(self) -> float:
        return 0.0 if self._worker is None else cpu_seconds(self._worker)


def _sleeps(worker: int) -> bool:
    """Whether no thread of the worker wants a processor or waits for a disk.

    It does not sleep either while another thread of this process is kept waiting for a processor: that may be
    sandlock's, which has to agree before the worker can open a file.
    """
    theirs = _states(worker)
    states = {*theirs, *_states(os.getpid(), besides=threading.get_native_id())}
    return bool(theirs) and not states & {"R", "D"}


def _states(process: int, besides: int = 0) -> list[str]:
    """The states of a process's threads, as ps(1) shows them."""
    found = []
    for stat in Path(f"/proc/{process}/task").glob("*/stat"):
        with suppress(OSError):  # the thread has just ended
            if stat.parent.name != str(besides):
                found.append(stat.read_text().rpartition(")")[2].split()[0])
    return found
