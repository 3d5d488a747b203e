"""Runs of changed code, for hints alone, take no seconds and no points from anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from grader.course import LimitSettings
from grader.judging.budget import Budget, OutOfBudget
from grader.judging.reruns import CHANGED_SECONDS, ChangedRuns
from grader.sandbox import WorkerLost
from utils.checks.program import Answer, Crash, Ran


def budget() -> Budget:
    return Budget(LimitSettings())


def test_the_seconds_are_given_back_and_limited() -> None:
    spent, limits = budget(), []

    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str], seconds: float) -> Answer:
        limits.append(seconds)
        spent.charge(CHANGED_SECONDS * 0.6)
        return Ran({})

    before = spent.left()
    runs = ChangedRuns(run, spent)
    answers = [runs.run("", {}, ()) for _ in range(4)]
    assert [isinstance(answer, Ran) for answer in answers] == [True, True, False, False]
    assert limits[1] < 0.5 * CHANGED_SECONDS < limits[0] <= CHANGED_SECONDS
    assert spent.left() == pytest.approx(before, abs=0.5 * CHANGED_SECONDS)


@pytest.mark.parametrize("error", [WorkerLost("timeout", "too slow"), OutOfBudget("used up")], ids=type)
def test_after_a_run_that_is_ended_no_other_is_begun(error: Exception) -> None:
    begun = []

    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str], seconds: float) -> Answer:
        begun.append(program)
        raise error

    runs = ChangedRuns(run, budget())
    assert all(isinstance(runs.run(program, {}, ()), Crash) for program in ("first", "second"))
    assert begun == ["first"]
