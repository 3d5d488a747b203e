"""Limit the time that one submission may use, over all of its programs and all work that they cause in the grader.

The limit of a single program run is not enough: an exercise runs many programs, and explaining a wrong answer runs
more.
"""

from __future__ import annotations

import time

from ..course import LimitSettings
from ..host.bounded_process import WALL_PER_CPU


class OutOfBudget(Exception):
    """The seconds of an exercise or of the submission are used up; the message is a sentence that says which."""


class Budget:
    """The seconds that one submission has used and may still use.

    A budget counts processor time, of the workers and of the grader alike, and time in which a worker sleeps. It does
    not count time spent waiting for a busy processor, so that a loaded machine changes no verdict. But wall-clock time
    divided by `WALL_PER_CPU` is a lower bound of what counts, so that a submission cannot wait for ever.

    Exercises are timed one after the other: call `begin` before an exercise and `end` after it.

    Parameters
    ----------
    limits : LimitSettings
        Its ``exercise_seconds`` and ``submission_seconds`` are used.
    """

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._earlier = 0.0  # seconds that the exercises before the current one have used
        self._given_back = 0.0
        self.begin()

    def begin(self, own: float = 0.0) -> None:
        """Start timing an exercise.

        Parameters
        ----------
        own : float, default 0
            Seconds that this exercise gets on top of both limits, and that do not count towards them.
        """
        self._own = own
        self._outside = 0.0
        self._cpu, self._wall = time.process_time(), time.monotonic()

    def charge(self, seconds: float) -> None:
        """Add seconds that were used for this exercise outside this process, such as by a worker."""
        self._outside += seconds

    def give_back(self, seconds: float) -> None:
        """Let the current exercise use these seconds once more, on top of both limits.

        A program that ran out of time runs a second time before that counts, and this must not take seconds away from
        exercises that are right. All exercises together get back as many seconds as a submission has at first, and no
        more. So no submission takes longer than twice that, but for what its exercises get of their own.
        """
        granted = max(0.0, min(seconds, self._limits.submission_seconds - self._given_back))
        self._given_back += granted
        self._own += granted

    @property
    def used(self) -> float:
        """Seconds that the current exercise has used so far."""
        busy = time.process_time() - self._cpu + self._outside
        return max(busy, (time.monotonic() - self._wall) / WALL_PER_CPU)

    def end(self) -> None:
        """Stop timing the exercise, and charge what it has used to the submission."""
        self._earlier += max(0.0, self.used - self._own)
        self.begin()

    def left(self) -> float:
        """Return the seconds that the next program may use: what is left of the exercise or of the submission.

        Raises
        ------
        OutOfBudget
            When nothing is left.
        """
        left = min(self._left())
        if left <= 0:
            raise self.used_up()
        return left

    def used_up(self) -> OutOfBudget:
        """Make the error that says which limit is used up: the one with less left."""
        exercise, submission = self._left()
        seconds, what = (
            (self._limits.exercise_seconds, "this exercise")
            if exercise <= submission
            else (self._limits.submission_seconds, "all exercises together")
        )
        return OutOfBudget(
            f"The {seconds + self._own:g} seconds that {what} may take are used up; "
            "make the code faster, and take out whatever waits."
        )

    def _left(self) -> tuple[float, float]:
        """Return the seconds left of the exercise, and of the submission."""
        used = self.used - self._own
        return self._limits.exercise_seconds - used, self._limits.submission_seconds - self._earlier - used
