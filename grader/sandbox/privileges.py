"""What the grader itself may do, as far as it decides how a worker gives up privileges."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

NOBODY = 65534
_SETGID, _SETUID, _SYS_PTRACE, SYS_ADMIN = 6, 7, 19, 21  # bits; see capabilities(7)


@cache
def capabilities() -> int:
    """The effective capabilities of this process, as a bit set; 0 where there is no such thing."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0"), 16)


def has(*bits: int) -> bool:
    """Whether this process has all of these capabilities."""
    return all(capabilities() >> bit & 1 for bit in bits)


@cache
def unprivileged_user(supervised: bool) -> int:
    """The user that a worker becomes when the grader runs as root; 0 when it need not, or cannot, change.

    Parameters
    ----------
    supervised : bool
        Whether the grader has to look into the worker's memory, as sandlock does. Into that of another user it can
        with ``CAP_SYS_PTRACE`` only, which a container's root often lacks.

    Returns
    -------
    int
        A worker that stays root has not a single capability, and no threads.
    """
    needed = (_SETGID, _SETUID, _SYS_PTRACE) if supervised else (_SETGID, _SETUID)
    return NOBODY if os.geteuid() == 0 and has(*needed) and _is_mapped(NOBODY) else 0


def _is_mapped(user: int) -> bool:
    """Whether the user exists in this user namespace."""
    try:
        ranges = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    except OSError:
        return False
    return any(first <= user < first + count for first, _, count in ranges)


def tasks_of(user: int) -> int:
    """How many threads the user has on this machine, as far as one can see."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == user:
                    count += len(os.listdir(f"{entry.path}/task"))
            except OSError:
                continue  # gone meanwhile
    return count
