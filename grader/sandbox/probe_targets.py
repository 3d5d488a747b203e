"""Set up targets outside of the sandbox for the doctor's probes: listening sockets, a secret file, another process."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..host.temporary_folders import temporary_folder
from .limits import Limits

Attempt = tuple[str, str, tuple[object, ...]]
"""A promise of the sandbox, the name of the function in `probes` that tries to break it, and its arguments."""


@dataclass
class ProbeTargets:
    """The targets that a probe must not be able to reach.

    Attributes
    ----------
    folder : str
        A folder that anyone may write to, with a file ``secret`` in it.
    tcp, udp, unix, abstract : socket
        Listening sockets on this machine; the name of `abstract` stands in no file system, see unix(7).
    queue : str
        The name of a message queue that belongs to the grader's user.
    victim : int
        The ID of a process that belongs to the grader's user.
    """

    folder: str
    tcp: socket.socket
    udp: socket.socket
    unix: socket.socket
    abstract: socket.socket
    queue: str
    victim: int

    def attempts(self) -> list[Attempt]:
        """List the attempts to reach these targets."""
        inet, unix = int(socket.AF_INET), int(socket.AF_UNIX)
        stream, datagram = int(socket.SOCK_STREAM), int(socket.SOCK_DGRAM)
        return [
            ("no TCP connection, not even to this machine", "connect", (inet, stream, self.tcp.getsockname())),
            ("no UDP packet, not even to this machine", "connect", (inet, datagram, self.udp.getsockname())),
            ("no connection to a local socket", "connect", (unix, stream, self.unix.getsockname())),
            ("no connection to an abstract socket", "connect", (unix, stream, "\0" + self.folder)),
            ("a file outside of the sandbox is not readable", "read", (f"{self.folder}/secret",)),
            ("password hashes are not readable", "read", ("/etc/shadow",)),
            ("nothing is written outside of the scratch folder", "write", (self.folder,)),
            ("nothing is written to shared memory", "write", ("/dev/shm",)),
            ("no message queue is removed", "remove_queue", (self.queue,)),
            ("no other process is seen", "see_process", (self.victim,)),
            ("limits and priorities of other processes cannot be changed", "limit_other", (self.victim,)),
            ("no other process is signalled", "send_signal", (self.victim,)),
            ("no other process is traced", "trace", (self.victim,)),
            # Four times the limit, because it was set to the limit plus the user's threads at that time, and some of
            # those may have ended since.
            ("threads are limited", "start_threads", (4 * Limits().threads,)),
        ]


@contextmanager
def probe_targets() -> Iterator[ProbeTargets]:
    """Set up the targets, and remove them at the end of the ``with`` statement."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        os.chmod(folder, 0o777)
        Path(folder, "secret").write_text("secret")

        def listener(family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
            opened = stack.enter_context(socket.socket(family, kind))
            opened.bind(address)
            if kind == socket.SOCK_STREAM:
                opened.listen()
            return opened

        # It ends when its standard input is closed, so that it never outlives this process.
        sleeper = "import signal, sys; signal.signal(signal.SIGUSR1, signal.SIG_IGN); sys.stdin.read()"
        argv = [sys.executable, "-I", "-S", "-c", sleeper]
        victim = stack.enter_context(subprocess.Popen(argv, stdin=subprocess.PIPE))
        stack.callback(victim.kill)
        yield ProbeTargets(
            folder,
            listener(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            listener(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            listener(socket.AF_UNIX, socket.SOCK_STREAM, f"{folder}/socket"),
            listener(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + folder),
            stack.enter_context(_message_queue()),
            victim.pid,
        )


@contextmanager
def _message_queue() -> Iterator[str]:
    """Create a POSIX message queue and yield its name; see mq_overview(7). Python has no module for such queues."""
    library, name = ctypes.CDLL(None), f"/grader-doctor-{os.getpid()}"
    queue = library.mq_open(name.encode(), os.O_CREAT | os.O_RDWR, 0o600, None)
    try:
        yield name
    finally:
        if queue >= 0:
            os.close(queue)  # on Linux, a queue's descriptor is a file descriptor
            library.mq_unlink(name.encode())
