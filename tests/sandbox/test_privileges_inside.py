"""The privileges that the worker drops before it runs submitted code."""

from __future__ import annotations

import multiprocessing
import resource
import time
from multiprocessing.connection import Connection

import pytest

from grader.sandbox.inside import privileges


def _processor_limit(tell: Connection, used: float, limit: int) -> None:
    time.process_time = lambda: used
    privileges.drop_privileges({"RLIMIT_CPU": limit}, 1 << 30, 0)
    tell.send(resource.getrlimit(resource.RLIMIT_CPU))


@pytest.mark.parametrize("used", [0.0, 0.3, 5.0, 80.2])
def test_the_limit_on_processor_time_leaves_out_what_the_start_has_used(used: float):
    told, tell = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_processor_limit, args=(tell, used, 3))
    child.start()
    tell.close()
    soft, hard = told.recv()
    child.join()
    assert soft == hard
    assert used + 3 <= soft < used + 4
