"""Say how long code may run and how much memory it may take, and measure it as the grader does."""

from __future__ import annotations

import time
from dataclasses import dataclass

ASLEEP = 0.01  # of a second: code that computes less in each second sleeps
SILENT = 1.5  # times its limit: a process that has not said for so long where it is will not say it
LONGEST = 12.0  # times its limit: on a machine that is so busy, nothing can be measured
PAUSE = 0.25  # seconds between two questions


@dataclass(frozen=True)
class Limits:
    """What the code under test may use; the grader uses the same.

    Attributes
    ----------
    seconds : float, default 10
        For one run.
    exercise_seconds : float, default 30
        For all runs of one exercise together.
    memory : int, default 2 GiB
        Bytes, on top of what Python and the packages take.
    """

    seconds: float = 10.0
    exercise_seconds: float = 30.0
    memory: int = 2 * 2**30


class Clock:
    """Measures the time that a call has used: its processor time, and the time in which it sleeps.

    Time spent waiting for a busy machine is left out, so that other programs do not make a right answer too slow. The
    processor time is known only when the child is asked for it, and it is not asked before the limit may be reached.

    Parameters
    ----------
    seconds : float
        The limit.
    """

    def __init__(self, seconds: float) -> None:
        self._limit = seconds
        self._start = self._noted = time.monotonic()
        self._computed = 0.0
        self._asked: float | None = None
        self.used = 0.0

    def should_ask(self) -> bool:
        """Whether it is time to ask the child; if so, the question is taken as asked."""
        now = time.monotonic()
        due = now - self._start >= self._limit if self._noted == self._start else now - self._noted >= PAUSE
        if self._asked is not None or not due:
            return False
        self._asked = now
        return True

    def note(self, computed: float) -> None:
        """Note the processor time that the call has used so far, which the child has said."""
        now = time.monotonic()
        computing, passed = computed - self._computed, now - self._noted
        self.used += passed if computing < ASLEEP * passed else computing
        self._computed, self._noted, self._asked = computed, now, None

    def is_over(self) -> bool:
        """Whether the time is used up, or cannot be measured any more."""
        now = time.monotonic()
        silent = self._asked is not None and now - self._asked > max(1.0, self._limit * (SILENT - 1))
        return self.used > self._limit or silent or now - self._start > self._limit * LONGEST
