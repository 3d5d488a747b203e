"""Find out which privileges the grader has, and which user its workers can therefore become."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

NOBODY = 65534
DAC_READ_SEARCH, _SETGID, _SETUID, SYS_ADMIN = 2, 6, 7, 21  # bits; see capabilities(7)


@cache
def capabilities() -> int:
    """Read the effective capabilities of this process as a bit set; 0 on a system that has none."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0"), 16)


def has(*bits: int) -> bool:
    """Whether this process has all of these capabilities."""
    return all(capabilities() >> bit & 1 for bit in bits)


@cache
def unprivileged_user() -> int:
    """Choose the user that a worker becomes.

    Returns
    -------
    int
        `NOBODY` where the grader is root and may change the user. Otherwise 0: the worker keeps its user. A worker that
        therefore stays root loses all capabilities and may start no threads; see `inside.privileges`.
    """
    return NOBODY if os.geteuid() == 0 and has(_SETGID, _SETUID) and _is_mapped(NOBODY) else 0


def _is_mapped(user: int) -> bool:
    """Whether the user exists in this user namespace."""
    try:
        ranges = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    except OSError:
        return False
    return any(first <= user < first + count for first, _, count in ranges)


def closed_to_others(paths: Iterable[str]) -> str:
    """Return the first folder that a user who owns nothing may not enter on the way to one of these; ``""`` if none."""
    folders = dict.fromkeys(str(folder) for path in paths for folder in reversed(Path(path).parents))
    return next((folder for folder in folders if not os.stat(folder).st_mode & stat.S_IXOTH), "")


def tasks_of(user: int) -> int:
    """Count the threads that a user has on this machine, as far as ``/proc`` shows them; once in a second."""
    return _tasks_of(user, int(time.monotonic()))


@lru_cache(maxsize=4)
def _tasks_of(user: int, second: int) -> int:
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == user:
                    count += len(os.listdir(f"{entry.path}/task"))
            except OSError:
                continue  # the process has just ended
    return count
