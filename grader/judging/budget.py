"""What one submission may use up, over all of its programs and everything that they cause in the grader."""

from __future__ import annotations

import time

from ..course import LimitSettings
from ..host.bounded_process import WALL_PER_CPU


class OutOfBudget(Exception):
    """The seconds of an exercise, or of the submission, are used up; the message says which, in one sentence."""


class Budget:
    """The seconds of one submission.

    Counted is processor time, of the workers and of the grader alike, and time in which a worker sleeps. Time in which
    nothing is done because the machine is busy does not count, up to `WALL_PER_CPU` times the seconds.

    Parameters
    ----------
    limits : LimitSettings
        ``exercise_seconds`` and ``submission_seconds``.
    """

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._earlier = 0.0  # seconds of the exercises before this one
        self.begin()

    def begin(self, own: float = 0.0) -> None:
        """Begin with an exercise.

        Parameters
        ----------
        own : float
            Seconds that this exercise has to itself: they come on top of those of an exercise and of the submission.
        """
        self._own = own
        self._outside = 0.0
        self._cpu, self._wall = time.process_time(), time.monotonic()

    def charge(self, seconds: float) -> None:
        """Count seconds that were spent on this exercise outside of this process."""
        self._outside += seconds

    @property
    def used(self) -> float:
        """Seconds of this exercise so far."""
        busy = time.process_time() - self._cpu + self._outside
        return max(busy, (time.monotonic() - self._wall) / WALL_PER_CPU)

    def end(self) -> None:
        """End the exercise."""
        self._earlier += max(0.0, self.used - self._own)
        self.begin()

    def left(self) -> float:
        """Seconds that the next program may use.

        Raises
        ------
        OutOfBudget
        """
        left = min(self._left())
        if left <= 0:
            raise self.used_up()
        return left

    def used_up(self) -> OutOfBudget:
        """What to raise where a program has used up what was left."""
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
        used = self.used - self._own
        return self._limits.exercise_seconds - used, self._limits.submission_seconds - self._earlier - used
