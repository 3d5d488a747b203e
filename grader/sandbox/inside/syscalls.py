"""The system calls that submitted code does not get, as a seccomp filter.

A list of what is refused rather than of what is allowed: Python, numpy and the C library use some hundred calls, and a
list of those would break with the next release of any of them. Calls that are younger than the list do not exist for
the worker. See seccomp(2); the numbers are those of the kernel's ``unistd.h``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

# name: (x86-64, 64-bit Arm); None where the architecture has no such call.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # Another process or program. With no way to make one there is nothing to leave behind.
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    # Out of the process group by which the grader kills.
    "setpgid": (109, 154),
    "setsid": (112, 157),
    # The network, local sockets included.
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # Other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    # Memory and messages that the limit on address space does not see, or that outlive the process.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # The scratch folder stays flat, and holds nothing but files.
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "link": (86, None),
    "linkat": (265, 37),
    # The view of the file system, and ways around it. Landlock checks truncate only since Linux 6.2.
    "truncate": (76, 45),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "fanotify_init": (300, 262),
    # Parts of the kernel that have no use here and a history of holes.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "syslog": (103, 116),
    "acct": (163, 89),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
}
NEWEST = 462  # mseal (Linux 6.10); from 424 on the numbers are the same everywhere

_CLONE, _CLONE3 = (56, 220), (435, 435)
_KILL_PROCESS, _KILL_THREAD = (62, 129), (234, 131)  # kill, tgkill
_FCNTL, _PRCTL = (72, 25), (157, 167)
_CLONE_THREAD = 0x10000
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15  # a file descriptor that signals another process
_PR_SET_PDEATHSIG = 1

# AUDIT_ARCH_*, what the kernel calls the architecture of a system call
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; both machines are little-endian

_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE, _ABSENT = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS


class _Instruction(ctypes.Structure):
    """``struct sock_filter``: an operation, how far to jump if it holds or not, and its constant."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class Program(ctypes.Structure):
    """``struct sock_fprog``, with the instructions kept alive."""

    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def filter_program(threads: bool) -> Program:
    """Assemble the filter for this machine.

    Parameters
    ----------
    threads : bool
        Whether threads may be started; how many is for ``RLIMIT_NPROC`` to say.

    Returns
    -------
    Program
        For ``prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, …)``.

    Raises
    ------
    OSError
        On a machine whose numbers are not listed.
    """
    machine = os.uname().machine if sys.maxsize > 2**32 else "32 bit"
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"the list of refused system calls does not cover {machine}")
    column, architecture = _MACHINES[machine]
    own = [os.getpid()]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),  # 32-bit calls, whose numbers mean something else
        (_LOAD, 0, 0, _NUMBER),
        (_ABOVE, 0, 1, NEWEST),  # the x32 calls too, which set a high bit
        (_RETURN, 0, 0, _ABSENT),
        # clone3 keeps its flags in memory, where they cannot be checked; the C library then uses clone.
        (_EQUAL, 0, 1, _CLONE3[column]),
        (_RETURN, 0, 0, _ABSENT),
        *_decide(_CLONE[column], 0, _ANY_BIT, [_CLONE_THREAD if threads else 0], _ALLOW, _REFUSE),
        *_decide(_KILL_PROCESS[column], 0, _EQUAL, own, _ALLOW, _REFUSE),
        *_decide(_KILL_THREAD[column], 0, _EQUAL, own, _ALLOW, _REFUSE),
        *_decide(_FCNTL[column], 1, _EQUAL, [_F_SETOWN, _F_SETSIG, _F_SETOWN_EX], _REFUSE, _ALLOW),
        *_decide(_PRCTL[column], 0, _EQUAL, [_PR_SET_PDEATHSIG], _REFUSE, _ALLOW),
    ]
    for numbers in REFUSED.values():
        number = numbers[column]
        if number is not None:
            lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    lines.append((_RETURN, 0, 0, _ALLOW))
    instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    return Program(len(lines), ctypes.cast(instructions, ctypes.POINTER(_Instruction)))


def _decide(
    number: int, argument: int, test: int, values: list[int], then: int, otherwise: int
) -> list[tuple[int, int, int, int]]:
    """Lines that end the filter for one call: `then` if its argument passes the test with any value."""
    lines = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument)]
    for value in values:
        lines += [(test, 0, 1, value), (_RETURN, 0, 0, then)]
    lines.append((_RETURN, 0, 0, otherwise))
    return [(_EQUAL, 0, len(lines), number), *lines]
