"""A function that takes too long, dies, or raises in a child process."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from grader.host.bounded_process import BoundedProcess, ChildDied, OutOfTime, cpu_seconds


def _product(size: int) -> float:
    """Minutes inside of one call of a C library."""
    matrix = np.ones((size, size), np.float16)
    return float((matrix @ matrix)[0, 0])


@pytest.fixture
def child():
    with BoundedProcess() as process:
        yield process


def test_what_a_function_returns_or_raises_comes_back(child):
    assert child.call(divmod, 7, 2, seconds=5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        child.call(divmod, 7, 0, seconds=5)


def test_a_loop_inside_of_c_is_ended_and_the_next_call_works(child):
    with pytest.raises(OutOfTime):
        child.call(_product, 4000, seconds=0.5)
    assert child.call(divmod, 7, 2, seconds=5) == (3, 1)


def test_a_sleeper_is_ended_by_the_clock(child):
    with pytest.raises(OutOfTime):
        child.call(time.sleep, 1000, seconds=0.05)


def test_a_death_is_told_and_the_next_call_works(child):
    with pytest.raises(ChildDied):
        child.call(os._exit, 3, seconds=5)
    assert child.call(divmod, 7, 2, seconds=5) == (3, 1)


def test_what_the_watcher_raises_ends_the_call(child):
    def watch() -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError):
        child.call(time.sleep, 1000, seconds=100, watch=watch)


def test_the_clock_of_a_process_runs_while_it_works_and_not_while_it_sleeps():
    begun = cpu_seconds(os.getpid())
    time.sleep(0.2)
    slept = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) < slept + 0.1:
        pass
    assert slept - begun < 0.1
    assert cpu_seconds(2**22 + 1) == 0.0


def test_memory_beyond_the_limit_is_an_error_and_not_the_end():
    with BoundedProcess(memory=64 << 20) as small:
        with pytest.raises(MemoryError):
            small.call(bytearray, 256 << 20, seconds=5)
        assert small.call(len, bytearray(8 << 20), seconds=5) == 8 << 20


def test_what_calls_have_taken_adds_up_over_children(child):
    assert child.spent == 0.0
    with pytest.raises(OutOfTime):
        child.call(_product, 4000, seconds=0.2)
    before = child.spent
    assert before > 0.2
    child.call(sum, range(10**6), seconds=5)
    assert before < child.spent < before + 5


def test_a_child_may_have_a_child_of_its_own(child):
    assert child.call(_in_another, seconds=5) == (3, 1)


def _in_another() -> object:
    with BoundedProcess() as other:
        return other.call(divmod, 7, 2, seconds=5)
