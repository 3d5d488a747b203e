"""What a program's clock counts: processor time and sleep, and not the waiting for a busy machine."""

from __future__ import annotations

import pytest

from grader.sandbox import Confinement, Limits, Worker, WorkerLost, clock
from grader.sandbox.inside.wire import WireTimeout
from grader.sandbox.unconfined import Unconfined


class Machine:
    """A worker, and the time, as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.worker = self.own = self.answering = 0.0
        self.sleeps = False
        monkeypatch.setattr(clock.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(clock.time, "process_time", lambda: self.own)
        monkeypatch.setattr(clock, "cpu_seconds", lambda process: self.worker)
        monkeypatch.setattr(clock, "_sleeps", lambda process: self.sleeps)
        self.clock = clock.ProgramClock(5.0, 1234, lambda: self.answering)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_waiting_for_a_processor_does_not_count(machine: Machine) -> None:
    for _ in range(200):
        machine.now += 0.25
        machine.worker += 0.02
        machine.clock.check()
    assert machine.clock.used == pytest.approx(4.0)
    assert machine.clock.deadline == 60.0


@pytest.mark.parametrize("what", ["worker", "own", "answering"])
def test_processor_time_of_all_three_counts(machine: Machine, what: str) -> None:
    setattr(machine, what, 4.9)
    machine.clock.check()
    setattr(machine, what, 5.1)
    with pytest.raises(WireTimeout):
        machine.clock.check()


def test_sleep_counts_and_work_is_not_counted_as_sleep_too(machine: Machine) -> None:
    machine.sleeps = True
    for _ in range(10):
        machine.now += 0.25
        machine.worker += 0.1
        machine.clock.check()
    assert machine.clock.used == pytest.approx(2.5)
    machine.now += 2.6
    with pytest.raises(WireTimeout):
        machine.clock.check()


def test_the_time_that_an_answer_takes_does_not_count_as_sleep(machine: Machine) -> None:
    machine.sleeps = True
    machine.now += 100.0
    machine.clock.answered()
    machine.now += 0.25
    machine.clock.check()
    assert machine.clock.used == pytest.approx(0.25)


def test_a_workers_time_counts_after_it_has_ended(machine: Machine) -> None:
    machine.worker = 3.0
    machine.clock.check()
    machine.worker = 0.0
    assert machine.clock.outside == 3.0


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(600)"])
def test_each_confinement_knows_the_workers_process(confinement: Confinement, code: str) -> None:
    with Worker(confinement, {"own": ""}, "own", {}, None, Limits(seconds=0.5)) as worker:
        assert worker._process.pid
        with pytest.raises(WorkerLost) as lost:
            worker.run(code, {}, ())
        assert lost.value.reason == "timeout"
        assert worker.outside > 0.25


def test_without_the_clock_only_the_deadline_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock.ProgramClock, "check", lambda self: None)
    with Worker(Unconfined(), {"own": "import time"}, "own", {}, None, Limits(seconds=0.2)) as worker:
        worker.run("own.time.sleep(0.6)", {}, ())
