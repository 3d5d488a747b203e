"""Build a seccomp filter that allows submitted code a list of system calls and refuses all others.

The list holds the calls that Python, numpy, matplotlib and PyTorch make once they are imported. A list of refused calls
would have to name everything through which a process can act outside of itself: modes, owners and times of files,
limits and priorities of other processes, message queues, inotify watches, locks. Landlock has no rules for most of
these either.

See seccomp(2); the numbers are those of the kernel's ``unistd.h``. The library libseccomp could assemble the filter,
but it would have to be installed beside Python, and be readable in every worker.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

# name: (x86-64, 64-bit Arm); None where the architecture has no such call.
ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # Reading and writing open files. The confinement decides which files can be opened.
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "lseek": (8, 62),
    "ftruncate": (77, 46),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    # Looking for modules to import.
    "stat": (4, None),
    "lstat": (6, None),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    # Memory, within the limit on address space.
    "brk": (12, 214),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    # Threads, handling signals, the end of the process.
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "getcpu": (309, 168),
    "membarrier": (324, 283),
    "arch_prctl": (158, None),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # IDs, limits and resource use of the process itself, and the machine's name.
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    # Clocks, pauses, random bytes.
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "getrandom": (318, 278),
}
NEWEST = 462  # mseal (Linux 6.10); from 424 on, all architectures have the same numbers

# Calls that are allowed or refused by the value of one of their arguments.
_OPEN, _OPENAT = (2, None), (257, 56)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_KILL, _TGKILL = (62, 129), (234, 131)
_PRLIMIT64, _SCHED_GETAFFINITY = (302, 261), (204, 123)
_FCNTL, _IOCTL, _PRCTL = (72, 25), (16, 29), (157, 167)
SELECTED = {
    "open": _OPEN,
    "openat": _OPENAT,
    "clone": _CLONE,
    "clone3": _CLONE3,
    "kill": _KILL,
    "tgkill": _TGKILL,
    "prlimit64": _PRLIMIT64,
    "sched_getaffinity": _SCHED_GETAFFINITY,
    "fcntl": _FCNTL,
    "ioctl": _IOCTL,
    "prctl": _PRCTL,
}
_CLONE_THREAD = 0x10000
_O_PATH, _O_TMPFILE = 0o10000000, 0o20000000  # a descriptor that needs no right to read; a file without a name
_O_RDONLY, _O_ACCMODE, _O_TRUNC = 0, 3, 0o1000
# Operations that concern the process's own descriptors or name only.
_FCNTL_ALLOWED = [0, 1, 2, 3, 4, 1030]  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC
_IOCTL_ALLOWED = [0x5401, 0x5413, 0x541B, 0x5450, 0x5451]  # TCGETS, TIOCGWINSZ, FIONREAD, FIONCLEX, FIOCLEX
_PRCTL_ALLOWED = [2, 15, 16, 0x53564D41]  # PR_GET_PDEATHSIG, PR_SET_NAME, PR_GET_NAME, PR_SET_VMA

# Machine: (column in the tables above, AUDIT_ARCH_* constant by which the kernel names the architecture of a call).
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; both machines are little-endian

# Operations of the filter: load a word, and a constant; jump if equal, if greater, if any bit is set; return.
_LOAD, _AND, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x45, 0x06
# What the filter returns. ENOSYS makes the C library try an older call in place of the refused one.
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
_REFUSE, _ABSENT = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS

_Line = tuple[int, int, int, int]
"""One instruction: an operation, the lines to skip if it holds, the lines to skip if not, and a constant."""


class _Instruction(ctypes.Structure):
    """``struct sock_filter``; the fields are those of a `_Line`."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class Program(ctypes.Structure):
    """``struct sock_fprog``. The pointer keeps a reference to the instructions."""

    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def filter_program(threads: bool) -> Program:
    """Assemble the filter for this machine and this process.

    Parameters
    ----------
    threads : bool
        Whether the process may start threads; ``RLIMIT_NPROC`` limits their number.

    Returns
    -------
    Program
        The argument of ``prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, …)``.

    Raises
    ------
    OSError
        On a machine whose system call numbers are not listed here.
    """
    machine = os.uname().machine if sys.maxsize > 2**32 else "32 bit"
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"the list of allowed system calls does not cover {machine}")
    column, architecture = _MACHINES[machine]
    own = os.getpid()
    lines: list[_Line] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),  # a 32-bit call, whose number would mean another call
        (_LOAD, 0, 0, _NUMBER),
        # A call that is newer than this list is answered as if the kernel did not have it; the C library then makes an
        # older one. The numbers of x32 calls have a high bit set, so they end here, too.
        (_ABOVE, 0, 1, NEWEST),
        (_RETURN, 0, 0, _ABSENT),
    ]
    for numbers in ALLOWED.values():
        number = numbers[column]
        if number is not None:
            lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    lines += [
        # clone3 has its flags in memory, which a filter cannot read. Without clone3, the C library calls clone.
        (_EQUAL, 0, 1, _CLONE3[column]),
        (_RETURN, 0, 0, _ABSENT),
        *_open(_OPEN[column], 1),
        *_open(_OPENAT[column], 2),
        *_decide(_CLONE[column], 0, _ANY_BIT, [_CLONE_THREAD if threads else 0], _ALLOW, _REFUSE),
        *_decide(_KILL[column], 0, _EQUAL, [own], _ALLOW, _REFUSE),
        *_decide(_TGKILL[column], 0, _EQUAL, [own], _ALLOW, _REFUSE),
        *_decide(_PRLIMIT64[column], 0, _EQUAL, [0, own], _ALLOW, _REFUSE),
        *_decide(_SCHED_GETAFFINITY[column], 0, _EQUAL, [0, own], _ALLOW, _REFUSE),
        *_decide(_FCNTL[column], 1, _EQUAL, _FCNTL_ALLOWED, _ALLOW, _REFUSE),
        *_decide(_IOCTL[column], 1, _EQUAL, _IOCTL_ALLOWED, _ALLOW, _REFUSE),
        *_decide(_PRCTL[column], 0, _EQUAL, _PRCTL_ALLOWED, _ALLOW, _REFUSE),
        (_RETURN, 0, 0, _REFUSE),
    ]
    instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    return Program(len(lines), ctypes.cast(instructions, ctypes.POINTER(_Instruction)))


def _open(number: int | None, argument: int) -> list[_Line]:
    """Assemble the lines that decide about a call that opens a file, by its flags.

    Before Linux 6.2, Landlock only checks whether a file is opened for reading or for writing, and not whether it is
    truncated. But ``O_TRUNC`` also empties a file that is opened for reading, or with access mode 3 (neither reading
    nor writing, meant for ioctl). So four things are refused: ``O_TRUNC`` with reading, access mode 3, ``O_PATH`` and
    ``O_TMPFILE``.
    """
    if number is None:
        return []
    lines: list[_Line] = [
        (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
        (_ANY_BIT, 4, 0, _O_PATH | _O_TMPFILE),
        (_AND, 0, 0, _O_TRUNC | _O_ACCMODE),
        (_EQUAL, 2, 0, _O_TRUNC | _O_RDONLY),
        (_EQUAL, 1, 0, _O_ACCMODE),
        (_EQUAL, 0, 1, _O_TRUNC | _O_ACCMODE),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return [(_EQUAL, 0, len(lines), number), *lines]


def _decide(number: int | None, argument: int, test: int, values: list[int], then: int, otherwise: int) -> list[_Line]:
    """Assemble the lines that decide about one call: return `then` if its argument passes the test with any value.

    They compare the lower 32 bits of the argument, because the kernel uses no more of these arguments.
    """
    if number is None:
        return []
    lines: list[_Line] = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument)]
    for value in values:
        lines += [(test, 0, 1, value), (_RETURN, 0, 0, then)]
    lines.append((_RETURN, 0, 0, otherwise))
    return [(_EQUAL, 0, len(lines), number), *lines]
