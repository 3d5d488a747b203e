"""A program that runs out of time, or is killed, runs a second time before that counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from submissions import solved, submission

from grader.course import Course, LimitSettings
from grader.judging import oracle
from grader.judging.budget import Budget
from grader.judging.submitted_module import SubmittedModule
from grader.reference import Reference
from grader.report import Report
from grader.sandbox import Worker, WorkerLost, choose_confinement
from grader.sandbox.worker import Job
from utils.checks.program import Answer


class BusyMachine:
    """Lose every worker at one of its first programs, as often as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, reason: str, times: int, programs: str) -> None:
        self.left = times
        run = Worker.run_several

        def lose(worker: Worker, jobs: Sequence[Job], *rest: Any) -> Iterator[Answer]:
            if self.left and any(programs in program for program, _, _ in jobs):
                self.left -= 1
                worker.close()
                raise WorkerLost(reason, "the machine was busy")
            return run(worker, jobs, *rest)

        monkeypatch.setattr(Worker, "run_several", lose)


def graded(course: Course, reference: Reference) -> Report:
    files = {"nndl/layers.py": solved(reference)["nndl/layers.py"]}
    way = choose_confinement("auto")
    return oracle.grade(submission(files), course, course["hw3"], "ana", confinement=way, secret=b"a secret")


def verdicts(report: Report) -> dict[str, str]:
    return {one.name: one.verdict for one in report.exercises if one.name.startswith("layers.")}


@pytest.mark.parametrize("reason", ["timeout", "killed"])
@pytest.mark.parametrize("programs", ["pass", "relu_forward"])  # the import of the file, and an exercise
def test_what_a_busy_machine_has_lost_once_earns_everything(
    reason: str, programs: str, course: Course, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = BusyMachine(monkeypatch, reason, 1, programs)
    assert set(verdicts(graded(course, reference)).values()) == {"pass"}
    assert not machine.left


def test_without_the_second_try_it_would_cost_points(
    course: Course, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SubmittedModule, "_may_try_again", lambda *_: False)
    BusyMachine(monkeypatch, "timeout", 1, "relu_forward")
    assert verdicts(graded(course, reference))["layers.relu_forward"] == "timeout"


def test_what_is_lost_twice_counts(course: Course, reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    BusyMachine(monkeypatch, "timeout", 2, "relu_forward")
    found = verdicts(graded(course, reference))
    assert found.pop("layers.relu_forward") == "timeout"
    assert set(found.values()) == {"pass"}


def test_the_seconds_of_a_first_try_are_given_back() -> None:
    budget = Budget(LimitSettings(seconds=5, exercise_seconds=20, submission_seconds=30))
    for _ in range(3):  # three exercises that never end: each takes the seconds of both of its tries
        budget.begin()
        budget.charge(5.0)
        budget.give_back(5.0)
        budget.charge(5.0)
        budget.end()
    assert budget.left() == pytest.approx(15.0, abs=0.1)
