"""What the doctor hands in: a submission that tries to get out.

The text of this file runs inside the sandbox as ``nndl.probes``. Each function tries one thing and returns what it
reached, or an empty string when it was refused. It uses nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time


def connect(family: int, kind: int, address: object) -> str:
    """Reach a listener of the doctor's."""
    try:
        with socket.socket(family, kind) as connection:
            connection.settimeout(2)
            connection.connect(tuple(address) if isinstance(address, list) else address)
            connection.send(b"hello")
    except OSError:
        return ""
    return f"{address} was reached"


def read(path: str) -> str:
    """Read a file, or list a folder."""
    try:
        if os.path.isdir(path):
            return f"{path} was listed" if os.listdir(path) else ""
        with open(path, "rb") as file:
            return f"{path} was read" if file.read(1) else ""
    except OSError:
        return ""


def write(folder: str) -> str:
    """Leave a file in a folder."""
    path = os.path.join(folder, f"nndl-probe-{os.getpid()}")
    try:
        with open(path, "wb") as file:
            file.write(b"x")
    except OSError:
        return ""
    os.unlink(path)
    return f"a file was left in {folder}"


def look_around(victim: int) -> str:
    """See another process."""
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
    """Leave a process behind that nobody waits for; returns its number, or 0."""
    reader, writer = os.pipe()
    try:
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
    """Leave the process group by which the grader kills."""
    try:
        os.setpgid(0, os.getpgid(os.getppid()))
    except (OSError, ProcessLookupError):
        return ""
    return "the process left its group"


def survive_parent() -> str:
    """Ask to live on when the grader is killed."""
    set_pdeathsig, get_pdeathsig = 1, 2
    libc = ctypes.CDLL(None)
    libc.prctl(set_pdeathsig, 0, 0, 0, 0)
    number = ctypes.c_int(0)
    libc.prctl(get_pdeathsig, ctypes.byref(number), 0, 0, 0)
    return "" if number.value == signal.SIGKILL else "the process would outlive the grader"


def take_memory(size: int) -> str:
    """Take `size` bytes."""
    try:
        taken = bytearray(size)
    except MemoryError:
        return ""
    return f"{len(taken) >> 20} MiB were taken"


def take_hidden_memory() -> str:
    """Get memory that no limit on address space sees."""
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
    os.unlink("big")
    return f"a file of {size >> 20} MiB was written"


def become_root() -> str:
    """Take back a privilege: root's name, or one of its capabilities."""
    for change in (lambda: os.setuid(0), lambda: os.chroot("/")):
        try:
            change()
        except OSError:
            continue
        if os.geteuid() == 0 and _effective_capabilities():
            return "a privilege was taken back"
    return ""


def _effective_capabilities() -> int:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capget(header, sets)
    return sets[0] | sets[3]


def burn() -> None:
    """Use the processor until stopped."""
    while True:
        pass
