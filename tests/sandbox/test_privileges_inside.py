"""The privileges that the worker drops before it runs submitted code."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from grader.sandbox.inside import privileges

ROOT = Path(__file__).parents[2]


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


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
@pytest.mark.parametrize(
    ("capabilities", "keeps_search", "kept"),
    [("-sys_admin", True, 4), ("-sys_admin", False, 0), ("-dac_read_search", True, 0), ("-dac_read_search", False, 0)],
)
def test_of_roots_capabilities_at_most_one_is_kept(capabilities: str, keeps_search: bool, kept: int):
    """Root of a container that Docker starts without options lacks CAP_DAC_READ_SEARCH, whose bit is 4."""
    program = (
        "from grader.sandbox.inside import privileges\n"
        f"privileges.drop_privileges({{}}, 1 << 30, 65534, {keeps_search})\n"
        "lines = open('/proc/self/status').read().splitlines()\n"
        "print(*(int(line.split()[1], 16) for line in lines if line.startswith(('CapEff', 'CapPrm'))))\n"
    )
    command = ["setpriv", "--bounding-set", capabilities, sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.split() == [str(kept), str(kept)], done.stderr
