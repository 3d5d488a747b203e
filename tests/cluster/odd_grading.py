"""Replacements for what a grading process does, which run in it; they find what they need in the course folder."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from grader.classrun.cluster import grading_process
from grader.classrun.cluster.plain_data import Refused
from grader.classrun.task import Result, Task


def _first_time(folder: str, name: str) -> bool:
    """Whether nobody has asked for this name before, in any process."""
    try:
        os.close(os.open(Path(folder) / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def dies(folder: str, nonce: bytes, expected: str, task: Task) -> Result | Refused:
    """The process dies at each submission of s01, and once at that of s02."""
    if task.student == "s01" or (task.student == "s02" and _first_time(folder, "died")):
        os._exit(1)
    return grading_process.judge(folder, nonce, expected, task)


def refuses_once(folder: str, nonce: bytes, expected: str, task: Task) -> Result | Refused:
    if _first_time(folder, "refused"):
        return Refused("disk full.")
    return grading_process.judge(folder, nonce, expected, task)


def is_wrong(folder: str, nonce: bytes, expected: str, task: Task) -> Result | Refused:
    """The grader has a mistake that only the submission of s01 shows."""
    if task.student == "s01":
        raise ZeroDivisionError("of the grader's own")
    return grading_process.judge(folder, nonce, expected, task)


def loops(folder: str, nonce: bytes, expected: str, task: Task) -> Mapping[str, object]:
    (Path(folder) / f"looping {os.getpid()}").touch()
    while True:
        time.sleep(0.01)


def fails(folder: str, assignment: str, sandbox: str) -> Refused:
    return Refused("no sandbox holds here")
