"""A run that is killed at any moment: does the next one end up where an undisturbed one does, and is nothing left?"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from runs import Place

UNGUARDED = """
import grader.host.bounded_process as bounded
off = "from grader.host import bounded_process as b; b._PR_SET_PDEATHSIG = 3"  # an option that changes nothing
stay = "import atexit, time; atexit.register(time.sleep, 60)"
bounded._PROGRAM = bounded._PROGRAM.replace("from grader", f"{stay}; {off}; from grader")
"""


def check_all(place: Place, kills: int, seed: int, seconds: float, expected: dict[str, object]) -> None:
    """Kill runs over a class at random moments, going on each time, and over it again when it is done."""
    moments = random.Random(seed)
    while kills:
        process = place.start()
        try:
            process.wait(moments.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            kills -= place.kill(process)
            assert place.strays() == []
            assert (place.integrity(), place.mounts()) == ("ok", [])
        else:
            process.communicate()
            check_end(place, process.returncode, expected)
            place.reset()
    check_end(place, place.run()[0], expected)


def check_end(place: Place, code: int, expected: dict[str, object]) -> None:
    assert code == 0
    assert place.results() == expected
    assert place.leftovers() == []
    assert place.strays() == []


@pytest.mark.slow
def test_five_kills_of_a_small_class(make_place, undisturbed) -> None:
    check_all(make_place(12), 5, 7, *undisturbed(12))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_kills_of_a_class_of_fifty(make_place) -> None:
    place = make_place(50)
    check_all(place, 100, 11, *place.undisturbed())


def wait_for(place: Place, process: subprocess.Popen[bytes], name: str, count: int = 1) -> list[int]:
    """The numbers of a run's processes with a name in their command, once there are so many; none when it has ended."""
    while process.poll() is None:
        found = [int(line.split(":")[0]) for line in place.processes() if name in line]
        if len(found) >= count:
            return found
        time.sleep(0.1)  # to look through all processes of a machine is work, too
    return []


@pytest.mark.slow
def test_without_their_guard_grading_processes_outlive_the_run(place: Place) -> None:
    process = place.start("--jobs", "2", before=UNGUARDED)
    assert wait_for(place, process, "grader.host.bounded_process", 2)
    assert wait_for(place, process, "inside/main.py")
    assert place.kill(process)
    try:
        assert place.strays(2) != []
    finally:
        for line in place.processes():
            os.kill(int(line.split(":")[0]), signal.SIGKILL)


@pytest.mark.slow
def test_a_killed_grading_process_costs_nobody_anything(make_place, expected) -> None:
    place = make_place(5)
    process = place.start("--jobs", "2")
    for _ in range(2):
        pools = wait_for(place, process, "grader.host.bounded_process", 2)
        assert wait_for(place, process, "inside/main.py")
        os.kill(pools[0], signal.SIGKILL)
        time.sleep(0.5)
    process.communicate()
    check_end(place, process.returncode, expected(5))


@pytest.mark.slow
def test_a_killed_worker_is_not_held_against_a_submission(make_place, expected) -> None:
    place = make_place(5)
    process = place.start("--jobs", "1")
    assert wait_for(place, process, "grader.host.bounded_process")  # the workers before that are the doctor's
    killed = 0
    for worker in wait_for(place, process, "inside/main.py"):
        os.kill(worker, signal.SIGKILL)
        killed += 1
    process.communicate()
    assert killed
    check_end(place, process.returncode, expected(5))


@pytest.mark.slow
def test_a_clock_that_is_set_back_changes_nothing(place: Place, expected) -> None:
    clock = {"PYTHONPATH": str(Path(__file__).with_name("clock"))}
    process = place.start(**clock, NNDL_TEST_CLOCK="86400")
    wait_for(place, process, "grader.host.bounded_process")
    wait_for(place, process, "inside/main.py")
    assert place.kill(process)
    code, _ = place.run(**clock, NNDL_TEST_CLOCK="-86400")
    check_end(place, code, expected(3))
