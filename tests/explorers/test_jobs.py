"""One thread for all: turns, staleness, pausing, and a page that goes away."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from explorer_cases import HandJobs, wait_for
from IPython.core.events import EventManager, available_events

from utils.explorers import jobs as jobs_module
from utils.explorers.jobs import AWAY, GONE, Job, Jobs, Pulse, Status


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pulse(clock: Clock) -> Pulse:
    pulse = Pulse(clock)
    pulse.beat()
    return pulse


def numbers(count: int) -> Iterator[int]:
    yield from range(count)


def test_two_jobs_get_the_same_number_of_steps(pulse: Pulse) -> None:
    jobs, steps = HandJobs(), Counter[str]()
    for name in ("one", "other"):
        jobs.start(Job(numbers(100), lambda job, item, name=name: steps.update([name]), pulse))
    for _ in range(7):
        jobs.round()
    assert steps == {"one": 7, "other": 7}


def test_a_stopped_job_takes_no_step_and_keeps_what_it_told(pulse: Pulse) -> None:
    jobs, told = HandJobs(), list[Any]()
    job = jobs.start(Job(numbers(9), lambda job, item: told.append(item), pulse))
    jobs.round()
    job.stop()
    jobs.round()
    assert told == [0, None]  # the item, then that it stopped
    assert job.status is Status.STOPPED
    assert not jobs._jobs


def test_a_step_that_ends_after_the_stop_is_not_told(pulse: Pulse) -> None:
    told: list[Any] = []

    def steps() -> Iterator[int]:
        job.stop()  # as the page does while a step is computed
        yield 1

    job = Job(steps(), lambda job, item: told.append(item), pulse)
    job.step()
    assert told == [None]


def test_a_paused_job_rests_and_goes_on(pulse: Pulse) -> None:
    jobs, told = HandJobs(), list[Any]()
    job = jobs.start(Job(numbers(2), lambda job, item: told.append(item), pulse))
    job.pause()
    assert not jobs.round()
    job.resume()
    while jobs.round():
        pass
    assert [item for item in told if item is not None] == [0, 1]
    assert job.status is Status.DONE


def test_nothing_runs_before_a_page_is_open() -> None:
    jobs = HandJobs()
    jobs.start(Job(numbers(9), lambda job, item: None, Pulse(Clock())))
    assert not jobs.round()


def test_a_page_that_is_away_rests_the_work_and_one_that_is_gone_ends_it(clock: Clock, pulse: Pulse) -> None:
    jobs = HandJobs()
    job = jobs.start(Job(numbers(99), lambda job, item: None, pulse))
    assert jobs.round()
    clock.now = AWAY + 1
    assert not jobs.round()
    assert job.status is Status.RUNNING
    pulse.beat()  # a tab that comes back
    assert jobs.round()
    clock.now += GONE + 1
    assert not jobs.round()
    assert job.status is Status.STOPPED


def test_an_error_ends_its_own_job_alone(pulse: Pulse) -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("mine")

    jobs = HandJobs()
    bad = jobs.start(Job(broken(), lambda job, item: None, pulse))
    good = jobs.start(Job(numbers(5), lambda job, item: None, pulse))
    while jobs.round():
        pass
    assert (bad.status, good.status) == (Status.FAILED, Status.DONE)
    assert str(bad.error) == "mine"


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_code_that_would_end_python_ends_its_own_job_alone(pulse: Pulse, error: type[BaseException]) -> None:
    def leaving() -> Iterator[int]:
        yield 1
        raise error

    jobs = Jobs()
    bad = jobs.start(Job(leaving(), lambda job, item: None, pulse))
    wait_for(lambda: bad.over)
    good = jobs.start(Job(numbers(5), lambda job, item: None, pulse))
    wait_for(lambda: good.over)
    assert (bad.status, good.status) == (Status.FAILED, Status.DONE)


def test_the_thread_does_all_of_it() -> None:
    jobs, told, pulse = Jobs(), list[Any](), Pulse()
    pulse.beat()
    job = jobs.start(Job(numbers(5), lambda job, item: told.append(item), pulse))
    wait_for(lambda: len(told) == 6)
    assert told == [0, 1, 2, 3, 4, None]
    assert job.status is Status.DONE
    later = jobs.start(Job(numbers(2), lambda job, item: None, pulse))  # after the thread has had nothing to do
    wait_for(lambda: later.over)


def test_work_rests_while_a_cell_runs(monkeypatch: pytest.MonkeyPatch, pulse: Pulse, clock: Clock) -> None:
    events = EventManager(None, available_events)
    monkeypatch.setattr(jobs_module, "get_ipython", lambda: SimpleNamespace(events=events))
    jobs, steps = Jobs(), Counter[str]()
    jobs.give_way()
    job = jobs.start(Job(count(), lambda job, item: steps.update(["step"]), pulse))
    wait_for(lambda: steps["step"] > 3)
    events.trigger("pre_run_cell", None)
    taken = steps["step"]
    with jobs.held():  # a picture that is drawn meanwhile does not wake it
        pass
    time.sleep(0.1)
    assert steps["step"] == taken
    clock.now += GONE + 1  # the page could not tick in that time
    events.trigger("post_run_cell", None)
    wait_for(lambda: steps["step"] > taken)
    clock.now += AWAY + 1
    assert pulse.here  # a cell is run by somebody: the page need not tick as well
    assert not job.over
    job.stop()
