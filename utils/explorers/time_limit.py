"""Stop a student's loop that never ends, in whichever thread it runs.

One thread of its own looks every quarter of a second at what is under way. Code that has used up its time is ended by
an exception, raised on the line where it is. Python does that between two of its own steps: a single call that never
comes back from C, such as ``sum(itertools.count())``, cannot be stopped, and Jupyter's *Restart Kernel* has to end it.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

PAUSE = 0.25  # seconds between two looks
AGAIN = 4  # looks from one exception to the next: a bare ``except:`` in the loop may have caught the first
ASLEEP = 0.01  # of a second: a process that computes less in each second sleeps
LONGEST = 12.0  # times the limit: on a machine that is so busy, nothing can be measured
OWN = ("utils.explorers", "utils.checks")  # no exception is raised in these: it would leave them half-done
LIBRARIES = {"numpy", *sys.stdlib_module_names}  # nor in these, where it is not a student's code that calls them


class TimeUp(BaseException):
    """What is raised in code that has used up its time; no ``except Exception`` catches it."""


@dataclass(eq=False)
class Run:
    """Code that is under way in one thread.

    Attributes
    ----------
    thread : int
    limit : float
        Seconds of processor time, or asleep: waiting for a busy machine does not count.
    used : float
        Seconds so far.
    looks : int
        How often the time was found to be used up.
    """

    thread: int
    limit: float
    used: float = 0.0
    looks: int = 0
    begun: float = field(default_factory=time.monotonic)
    noted: float = field(default_factory=time.monotonic)
    computed: float = field(default_factory=time.process_time)

    def is_over(self) -> bool:
        """Note how much time has passed, and say whether it is used up."""
        now, computed = time.monotonic(), time.process_time()
        passed, computing = now - self.noted, computed - self.computed
        # A look that comes late is one that had to wait for the machine, as the code may have had to.
        asleep = passed < 4 * PAUSE and computing < ASLEEP * passed
        self.used += passed if asleep else min(passed, computing)
        self.noted, self.computed = now, computed
        return self.used > self.limit or now - self.begun > self.limit * LONGEST


class Watch:
    """The thread that looks, and what it looks at."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._lock = threading.RLock()  # the garbage of a generator may be collected while it is held
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Limit the time of what runs inside; `TimeUp` is raised in it when that is used up.

        Parameters
        ----------
        seconds : float
        """
        run = Run(threading.get_ident(), seconds)
        try:
            try:
                self._begin(run)
                yield
            finally:
                self._end(run)
        except TimeUp:
            self._end(run)  # it may have been raised before the first `_end` was through
            raise

    def _begin(self, run: Run) -> None:
        with self._lock:
            self._runs.append(run)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="time limit", daemon=True)
                self._thread.start()
        self._some.set()

    def _end(self, run: Run) -> None:
        with self._lock:
            if run in self._runs:
                self._runs.remove(run)
                if run.looks:
                    _settle(run.thread)

    def _look(self) -> None:
        while True:
            self._some.wait()
            time.sleep(PAUSE)
            with self._lock:
                if not self._runs:
                    self._some.clear()
                for run in self._runs:
                    if run.is_over() and _in_students_code(run.thread):
                        if run.looks % AGAIN == 0:
                            _raise_in(run.thread, TimeUp)
                        run.looks += 1


def _in_students_code(thread: int) -> bool:
    """Whether a thread is in code that is neither of the explorers nor in a library that the explorers have called."""
    frame, found = sys._current_frames().get(thread), False
    while frame is not None and not _module(frame).startswith(OWN):
        found = found or _module(frame).partition(".")[0] not in LIBRARIES
        frame = frame.f_back
    return found


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Have an exception raised in another thread at its next step; None takes back one that was not raised yet."""
    what = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)


def _settle(thread: int) -> None:
    """See to it that nothing will be raised in a thread any more: what was not raised yet is out of date.

    An exception that is only taken back stays noted as pending in CPython 3.11, where the next function that a
    debugger traces then never begins. So in this thread, where that can be done, the last one is raised and caught.
    """
    if thread != threading.get_ident():
        _raise_in(thread, None)
        return
    try:
        _raise_in(thread, TimeUp)
        while True:  # it is raised at one of the next steps
            pass
    except TimeUp:
        return


WATCH = Watch()
"""The one that all explorers of this process share."""
