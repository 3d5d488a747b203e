"""Try to break out of the sandbox: this file is the submission that the doctor hands in.

Its text runs inside the sandbox as the module ``submitted.probes``. Each function makes one attempt, and returns a
sentence about what it reached, or an empty string where it was refused. It imports the standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable

_LIBC = ctypes.CDLL(None, use_errno=True)
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}  # the C library has no function for it


def connect(family: int, kind: int, address: tuple[str, int] | str) -> str:
    """Connect to one of the doctor's listening sockets."""
    try:
        with socket.socket(family, kind) as connection:
            connection.settimeout(2)
            connection.connect(address)
            connection.send(b"hello")
    except OSError:
        return ""
    return f"{address!r} was reached"


def open_socket(family: int, kind: int) -> str:
    """Create a socket."""
    try:
        socket.socket(family, kind).close()
    except OSError:
        return ""
    return "a socket was opened"


def list_folder(folder: str, names: list[str]) -> str:
    """List a folder and find one of the names that are known to be in it."""
    try:
        seen = set(os.listdir(folder)) & set(names)
    except OSError:
        return ""
    return f"{folder} was listed" if seen else ""


def read(path: str) -> str:
    """Read a file."""
    try:
        with open(path, "rb") as file:
            return f"{path} was read" if file.read(1) else ""
    except OSError:
        return ""


def write(folder: str) -> str:
    """Create a file in a folder."""
    path = os.path.join(folder, f"grader-probe-{os.getpid()}")
    try:
        with open(path, "wb") as file:
            file.write(b"x")
    except OSError:
        return ""
    with contextlib.suppress(OSError):
        os.unlink(path)
    return f"a file was left in {folder}"


def change(path: str) -> str:
    """Change a file's mode, owner, times or attributes, for which Landlock has no rules.

    Each is set to its present value, so that the file stays the same where the attempt succeeds.
    """
    try:
        now = os.stat(path)
    except OSError:
        return ""
    done = _done(
        mode=lambda: os.chmod(path, now.st_mode & 0o7777),
        owner=lambda: os.chown(path, now.st_uid, now.st_gid),
        times=lambda: os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns)),
        attributes=lambda: _set_and_remove(path),
    )
    return f"{done} of {path} could be changed" if done else ""


def _set_and_remove(path: str) -> None:
    os.setxattr(path, "user.probe", b"")
    os.removexattr(path, "user.probe")


def change_open_file() -> str:
    """Change the mode, owner, times or attributes of an open file.

    A worker may open many files for reading that belong to the grader's user, and must not change those either.
    """
    with open("own", "wb") as file:
        fd = file.fileno()
        done = _done(
            mode=lambda: os.fchmod(fd, 0o600),
            owner=lambda: os.fchown(fd, os.getuid(), os.getgid()),
            times=lambda: os.utime(fd),
            attributes=lambda: os.setxattr(fd, "user.probe", b""),
        )
    return f"{done} of an open file could be changed" if done else ""


def truncate(path: str) -> str:
    """Empty a file by opening it with ``O_TRUNC``, without asking to write."""
    for flags in (os.O_RDONLY, os.O_ACCMODE):  # access mode 3 asks neither to read nor to write; see open(2)
        try:
            os.close(os.open(path, flags | os.O_TRUNC))
        except OSError:
            continue
        return f"{path} was emptied"
    return ""


def stat_file(path: str) -> str:
    """Read the size and the times of a file."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{path} was seen to have {found.st_size} bytes"


def watch(folder: str) -> str:
    """Watch a folder with inotify."""
    watcher = _LIBC.inotify_init1(0)
    if watcher < 0:
        return ""
    number = _LIBC.inotify_add_watch(watcher, os.fsencode(folder), 0x100)  # IN_CREATE
    os.close(watcher)
    return f"{folder} was watched" if number >= 0 else ""


def limit_other(victim: int) -> str:
    """Set the limits and priorities of another process, each to its present value."""
    machine = os.uname().machine
    done = _done(
        limits=lambda: _limit_files(victim),
        priority=lambda: os.setpriority(os.PRIO_PROCESS, victim, os.getpriority(os.PRIO_PROCESS, victim)),
        processors=lambda: os.sched_setaffinity(victim, os.sched_getaffinity(victim)),
        scheduling=lambda: os.sched_setscheduler(victim, os.SCHED_OTHER, os.sched_param(0)),
        disk_priority=lambda: _called(_LIBC.syscall(_IOPRIO_SET[machine], 1, victim, 2 << 13 | 4)),
    )
    return f"{done} of process {victim} could be set" if done else ""


def _limit_files(victim: int) -> None:
    open_files, limits = 7, (ctypes.c_ulong * 2)()
    _called(_LIBC.prlimit(victim, open_files, None, limits))
    _called(_LIBC.prlimit(victim, open_files, limits, None))


def remove_queue(name: str) -> str:
    """Remove a message queue, which belongs to a user and not to a process."""
    return "" if _LIBC.mq_unlink(name.encode()) else f"the message queue {name} was removed"


def call_unlisted() -> str:
    """Make a harmless system call that no numpy process makes."""
    try:
        ends = os.pipe()
    except OSError:
        return ""
    for end in ends:
        os.close(end)
    return "a pipe was opened"


def _called(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), "refused")


def _done(**attempts: Callable[[], object]) -> str:
    """Call all attempts, and list the names of those that were not refused."""
    done = []
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError):
            attempt()
            done.append(name)
    return ", ".join(done)


def see_process(victim: int) -> str:
    """Find another process in ``/proc``."""
    try:
        others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    except OSError:
        others = []
    return f"process {victim} was seen" if str(victim) in others else ""


def send_signal(victim: int) -> str:
    """Signal another process."""
    try:
        os.kill(victim, signal.SIGUSR1)
    except OSError:
        return ""
    return f"process {victim} was signalled"


def trace(victim: int) -> str:
    """Attach to another process, as a debugger does."""
    attach, detach = 16, 17
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(attach, victim, 0, 0):
        return ""
    os.waitpid(victim, 0x40000000)  # __WALL
    libc.ptrace(detach, victim, 0, 0)
    return f"process {victim} was traced"


def fork() -> str:
    """Start another process."""
    try:
        child = os.fork()
    except OSError:
        return ""
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "a process was started"


def run_program() -> str:
    """Start another program."""
    for path in ("/bin/true", "/usr/bin/true"):
        try:
            subprocess.run([path], check=True)
        except (OSError, subprocess.SubprocessError):
            continue
        return f"{path} was run"
    return ""


def leave_daemon() -> int:
    """Start a background process that no parent waits for; return its process ID, or 0 where that was refused."""
    try:
        reader, writer = os.pipe()
        child = os.fork()
    except OSError:
        return 0
    if child:
        os.waitpid(child, 0)
        return int(os.read(reader, 20))
    os.setsid()
    grandchild = os.fork()
    if grandchild:
        os.write(writer, str(grandchild).encode())
        os._exit(0)
    for fd in range(256):
        try:
            os.close(fd)
        except OSError:
            continue
    time.sleep(60)
    os._exit(0)


def leave_group() -> str:
    """Leave the process group, which is what the grader kills."""
    try:
        os.setpgid(0, os.getpgid(os.getppid()))
    except (OSError, ProcessLookupError):
        return ""
    return "the process left its group"


def survive_parent() -> str:
    """Clear the signal that kills this process when the grader ends; see prctl(2), ``PR_SET_PDEATHSIG``."""
    set_pdeathsig, get_pdeathsig = 1, 2
    libc = ctypes.CDLL(None)
    libc.prctl(set_pdeathsig, 0, 0, 0, 0)
    number = ctypes.c_int(0)
    libc.prctl(get_pdeathsig, ctypes.byref(number), 0, 0, 0)
    return "" if number.value == signal.SIGKILL else "the process would outlive the grader"


def take_memory(size: int) -> str:
    """Map `size` bytes of memory."""
    try:
        mmap.mmap(-1, size).close()
    except (OSError, MemoryError):
        return ""
    return f"{size >> 20} MiB were taken"


def take_hidden_memory() -> str:
    """Create a file in memory, whose content does not count towards the limit on address space."""
    try:
        os.close(os.memfd_create("probe"))
    except OSError:
        return ""
    return "memory was taken outside of the limit"


def start_threads(count: int) -> str:
    """Start `count` threads."""
    done = threading.Event()
    started = []
    try:
        for _ in range(count):
            thread = threading.Thread(target=done.wait)
            thread.start()
            started.append(thread)
    except (RuntimeError, MemoryError):
        return ""
    finally:
        done.set()
        for thread in started:
            thread.join()
    return f"{count} threads were started"


def open_files(count: int) -> str:
    """Open `count` files at once."""
    opened = []
    try:
        opened += [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]
    except OSError:
        return ""
    finally:
        for fd in opened:
            os.close(fd)
    return f"{count} files were opened"


def fill_file(size: int) -> str:
    """Write a file of `size` bytes in the scratch folder."""
    try:
        with open("big", "wb") as file:
            file.truncate(size)
    except OSError:
        return ""
    return f"a file of {size >> 20} MiB was written"


def hide_files(size: int) -> str:
    """Write more than `size` bytes to files that are then removed from the folder but stay open."""
    written = 0
    while written <= size:
        name = f"hidden-{written}"
        hidden = os.open(name, os.O_CREAT | os.O_WRONLY)  # stays open
        written += os.write(hidden, bytes(1 << 20))
        os.unlink(name)
    time.sleep(1)  # so that the grader, which counts the files, has time to see them
    return f"{written >> 20} MiB were hidden"


def become_root() -> str:
    """Become root again, or use one of root's privileges."""
    done = _done(
        root=lambda: os.setuid(0),
        groups=lambda: os.setgroups([0]),
        chroot=lambda: os.chroot("/"),
    )
    return f"{done}: still allowed" if done else ""


def use_processor() -> None:
    """Use the processor until the process is killed."""
    while True:
        pass
