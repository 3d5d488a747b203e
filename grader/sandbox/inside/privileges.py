"""Drop the worker's privileges before it runs submitted code.

The confinement decides from outside what the process may reach. In addition, the worker itself gives up what it needed
only while it started: root's privileges, most system calls, and all resources beyond its limits. It can take none of
them back.

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
    """The kernel refused to drop a privilege, so no submitted code may run."""


def drop_privileges(rlimits: Mapping[str, int], memory: int, user: int, keeps_search: bool = True) -> None:
    """Set the resource limits, change the user, drop all capabilities and install the system call filter.

    Parameters
    ----------
    rlimits : mapping of str to int
        Hard limits by the names of the constants in `resource`. The one on processor time counts from now on.
    memory : int
        Bytes of address space that may be mapped beyond what is mapped now.
    user : int
        ID of the user and group to become; 0 to keep both.
    keeps_search : bool, default True
        Whether another user keeps ``CAP_DAC_READ_SEARCH``, where this process has it.

    Raises
    ------
    PrivilegesNotDropped
        When the kernel refuses. The worker then does not start.
    """
    # Only memory that is mapped from now on counts: a PyTorch built for CUDA maps gigabytes when it is imported.
    for name, limit in {**rlimits, "RLIMIT_AS": mapped_bytes() + memory}.items():
        kind = getattr(resource, name)
        if name == "RLIMIT_CPU":
            # The kernel counts from the start of the process, and its imports may have taken seconds.
            limit += math.ceil(time.process_time())
        hard = resource.getrlimit(kind)[1]
        lowest = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (lowest, lowest))
    _drop_capabilities(user, keeps_search)
    # The kernel kills the worker when the thread that started it ends. A change of user clears this setting, so it
    # comes after that.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)  # without it, only root may install a filter
    # RLIMIT_NPROC does not bind root, so a worker that has to stay root may start no threads at all.
    program = filter_program(threads=os.getuid() != 0)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))


def _drop_capabilities(user: int, keeps_search: bool) -> None:
    """Become `user`, and drop all capabilities except ``CAP_DAC_READ_SEARCH``, if that is to be kept.

    That capability passes over the permissions of files. Without it, a worker that is no longer root could not import
    from a Python in a private folder like ``/root/.pyenv``. The confinement still decides which files can be read. Root
    of a container may not have it, as by default in Docker's: then no capability is kept.
    """
    kept = 0
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    if user:
        _prctl(_PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        owned = (ctypes.c_uint32 * 6)()
        if _libc.capget(header, owned):
            raise PrivilegesNotDropped(ctypes.get_errno(), "capabilities could not be read")
        kept = owned[1] & _CAP_DAC_READ_SEARCH if keeps_search else 0
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
