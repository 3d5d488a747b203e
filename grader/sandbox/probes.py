"""What the doctor hands in: a submission that tries to get out.

The text of this file runs inside the sandbox as ``nndl.probes``. Each function tries one thing and returns what it
reached, or an empty string when it was refused. It uses nothing but the standard library.
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

_CAP_DAC_READ_SEARCH = 1 << 2  # what may be read is for the confinement to say


def connect(family: int, kind: int, address: tuple[str, int] | str) -> str:
    """Reach a listener of the doctor's."""
    try:
        with socket.socket(family, kind) as connection:
            connection.settimeout(2)
            connection.connect(address)
            connection.send(b"hello")
    except OSError:
        return ""
    return f"{address!r} was reached"


def open_socket(family: int, kind: int) -> str:
    """Have a socket at all."""
    try:
        socket.socket(family, kind).close()
    except OSError:
        return ""
    return "a socket was opened"


def see(folder: str, names: list[str]) -> str:
    """See, in a folder, one of the names that are known to be there."""
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
        mmap.mmap(-1, size).close()
    except (OSError, MemoryError):
        return ""
    return f"{size >> 20} MiB were taken"


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
    """Take back root's name, and with it a capability."""
    with contextlib.suppress(OSError):
        os.setuid(0)
    kept = _effective_capabilities() & ~_CAP_DAC_READ_SEARCH
    return f"capabilities {kept:x} are left" if kept else ""


def _effective_capabilities() -> int:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capget(header, sets)
    return int(sets[0]) | int(sets[3]) << 32


def burn() -> None:
    """Use the processor until stopped."""
    while True:
        pass
