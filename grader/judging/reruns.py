"""Run the code under test again once its answers are known, without risking the points that it has earned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from utils.checks.case import Finding
from utils.checks.program import Answer, Crash, Run

from ..sandbox import WorkerLost
from .budget import Budget, OutOfBudget

CHANGED_SECONDS: Final = 5.0
"""Seconds that runs of changed code may use for one exercise.

Their number has a limit (`utils.checks.diagnose.changes`), so only code that is made to be slow uses that many: five
times what the slowest runs of a trained net need.
"""

_NOT_RUN: Final = Crash(False, "TimeoutError", "not run any more")


class Reruns:
    """Runs the code under test again after all cases were answered, for follow-through and for hints.

    A run that takes too long or ends the process costs none of the points that were earned before. Nothing is run after
    it, and the follow-through or the hint that needed it is left out.

    Attributes
    ----------
    findings : tuple of Finding
        What to tell the student about such a run; empty if there was none.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.findings: tuple[Finding, ...] = ()

    def run(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program; return a crash without running it after an earlier run was ended."""
        if not self.findings:
            try:
                return self._run(program, inputs, fetch)
            except (WorkerLost, OutOfBudget) as error:
                slow = isinstance(error, OutOfBudget) or error.reason == "timeout"
                why = "took too long" if slow else "ended its process"
                hint = f"What is right counts. More could not be found out, because running the code again {why}."
                self.findings = (Finding("", "timeout" if slow else "killed", hint),)
        return _NOT_RUN


class ChangedRuns:
    """Runs the code under test with small changes, for hints alone: it takes no seconds that other exercises may need.

    Parameters
    ----------
    run : callable
        ``run(program, inputs, fetch, seconds)``.
    budget : Budget
        What these runs use of it is given back.
    """

    def __init__(
        self, run: Callable[[str, Mapping[str, object], Sequence[str], float], Answer], budget: Budget
    ) -> None:
        self._run, self._budget, self._left = run, budget, CHANGED_SECONDS

    def run(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program; return a crash without running it once the seconds are used up or a run was ended."""
        if self._left <= 0:
            return _NOT_RUN
        before = self._budget.used
        try:
            return self._run(program, inputs, fetch, self._left)
        except (WorkerLost, OutOfBudget):
            self._left = 0.0
            return _NOT_RUN
        finally:
            used = self._budget.used - before
            self._budget.give_back(used)
            self._left -= used
