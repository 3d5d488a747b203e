"""Results of tasks in a form in which two runs can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from grader.classrun.task import Failure, Result, Task
from grader.judging.outcome import Outcome


def by_student(results: Iterator[tuple[Task, Result]]) -> dict[str, object]:
    """Results by student, times aside; no student may have two."""
    found: dict[str, object] = {}
    for task, result in results:
        assert task.student not in found, "a second result"
        found[task.student] = timeless(result)
    return found


def timeless(result: Result) -> object:
    if isinstance(result, Failure):
        return result
    return {name: _timeless(outcome) for name, outcome in result.items()}


def _timeless(outcome: Outcome) -> Outcome:
    return replace(outcome, seconds=0.0)
