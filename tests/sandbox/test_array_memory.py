"""Arrays take memory that the program has freed, or large pages, so that the kernel is called seldom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import resource, sys
sys.path.insert(0, {root!r})
import numpy as np
from grader.sandbox.inside.array_memory import keep_freed_memory, reserve_in_large_pages

if {kept}:
    keep_freed_memory()
if {reserved}:
    reserve_in_large_pages()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def work(size):
    arrays = [np.ones(size) for _ in range(5)]
    return sum(array[0] for array in arrays)

if {warm}:
    work({size})
before = faults()
for _ in range({times}):
    work({size})
print(faults() - before)
"""


def page_faults(kept: bool, size: int, times: int = 20, *, reserved: bool = False, warm: bool = True) -> int:
    program = PROGRAM.format(root=str(ROOT), kept=kept, size=size, times=times, reserved=reserved, warm=warm)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the setting is one of glibc")
def test_arrays_come_from_memory_that_was_freed() -> None:
    size = 200_000  # numbers: 1.6 MB
    assert page_faults(True, size) < 100
    assert page_faults(False, size) > 1000  # without the setting, the kernel clears most pages again


def test_large_arrays_go_back_to_the_kernel() -> None:
    assert page_faults(True, 5_000_000, 1) > 1000


LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(
    not LARGE_PAGES.is_file() or "[never]" in LARGE_PAGES.read_text(), reason="this kernel gives no pages of 2 MiB"
)
def test_the_first_arrays_come_in_large_pages() -> None:
    size = 500_000  # numbers: 4 MB, five times
    # Where the machine's memory is in pieces, the kernel takes small pages for one or two of ten large ones.
    assert page_faults(True, size, 1, reserved=True, warm=False) < 2000
    assert page_faults(True, size, 1, warm=False) > 4000
