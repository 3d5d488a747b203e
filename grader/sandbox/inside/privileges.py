"""What the worker gives up before it meets submitted code, whichever way it is confined.

The confinement outside says what the process may reach; here the process itself lets go of what it had needed to come
up: privileges of root, the right to start programs, and any resource beyond its limits. None of it can be taken back.

Linux only; see capabilities(7), prctl(2), seccomp(2).
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import time
from collections.abc import Mapping

from .address_space import mapped_bytes
from .syscalls import filter_program

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 8, 22, 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_READ_SEARCH = 1 << 2

_libc = ctypes.CDLL(None, use_errno=True)


class PrivilegesNotDropped(OSError):
    """A privilege could not be given up, so nothing may be run."""


def drop_privileges(rlimits: Mapping[str, int], memory: int, user: int) -> None:
    """Give up what submitted code must not have.

    Parameters
    ----------
    rlimits : mapping of str to int
        Names of the constants of `resource` and the limits, which are set hard. That on processor time counts from
        now on.
    memory : int
        Bytes of address space that may be taken beyond what is mapped now.
    user : int
        The user and group to become; 0 to stay what one is.

    Raises
    ------
    PrivilegesNotDropped
        When the kernel refuses. The worker then does not start.
    """
    # A PyTorch built for CUDA maps gigabytes of libraries when it is imported: only what comes after that is counted.
    for name, limit in {**rlimits, "RLIMIT_AS": mapped_bytes() + memory}.items():
        kind = getattr(resource, name)
        if name == "RLIMIT_CPU":
            # The kernel counts from the start of the process, and imports take seconds on a slow machine.
            limit += math.ceil(time.process_time())
        hard = resource.getrlimit(kind)[1]
        lowest = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (lowest, lowest))
    _drop_capabilities(user)
    # After the change of user, which clears it: the worker does not outlive the thread that started it.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # The kernel does not count root's threads: who has to stay root gets none.
    program = filter_program(threads=os.getuid() != 0)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))


def _drop_capabilities(user: int) -> None:
    """Become `user`; keep no capability but the one to read a Python that lies in a private home.

    What may be read is decided by the confinement; without this one capability the interpreter could not import from
    a folder like ``/root/.pyenv``.
    """
    kept = 0
    if user:
        _prctl(_PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        kept = _CAP_DAC_READ_SEARCH
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; twice, for the lower and the upper 32 bits
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    if _libc.capset(header, sets):
        raise PrivilegesNotDropped(ctypes.get_errno(), "capabilities could not be dropped")
    left = (ctypes.c_uint32 * 6)()
    if _libc.capget(header, left) or (left[0] | left[1]) & ~kept or left[3] | left[4]:
        raise PrivilegesNotDropped(0, "capabilities are left")


def _prctl(option: int, *arguments: int) -> None:
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc.prctl(ctypes.c_int(option), *values):
        raise PrivilegesNotDropped(ctypes.get_errno(), f"prctl({option}) was refused")
