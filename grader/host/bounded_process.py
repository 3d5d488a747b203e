"""Run trusted functions on untrusted input in a child process that can be ended.

A loop inside of a C library cannot be stopped from within its process: a signal's handler waits for it, and a thread
cannot be killed. So what may take long on a stranger's input runs in a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from .temporary_folders import remove_abandoned

T = TypeVar("T")

WALL_PER_CPU: Final = 12.0
"""Wall-clock seconds allowed for each processor second: a machine under load decides nothing."""

_SECONDS_BETWEEN_LOOKS: Final = 0.25
_SECONDS_TO_LEAVE: Final = 20.0
_PR_SET_PDEATHSIG: Final = 1
_PROGRAM: Final = """\
import json, sys
from multiprocessing.connection import Connection
descriptor, parent, path = sys.argv[1:]
sys.path[:] = json.loads(path)
from grader.host.bounded_process import _serve
_serve(Connection(int(descriptor)), int(parent))
"""


class OutOfTime(Exception):
    """The function did not end in its time; its process has been killed."""


class ChildDied(Exception):
    """The process ended without an answer: it had no memory left, or was killed from outside."""


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used, all its threads together.

    Parameters
    ----------
    process : int
        Its number, as seen from here; any user's.

    Returns
    -------
    float
        Seconds. A process that is gone has used none.
    """
    # The kernel's clock of another process; see clock_getcpuclockid(3) for how its number is made.
    try:
        return time.clock_gettime((~process << 3) | 2)
    except OSError:
        return 0.0


class BoundedProcess:
    """A child process that calls functions one after the other; started when first asked, and again after it was ended.

    Use it from one thread: the child dies with the thread that started it.

    Parameters
    ----------
    memory : int, optional
        Bytes of address space that the child may take beyond what it has when it is up. What asks for more raises
        MemoryError. Without a limit by default.
    prepare : callable, optional
        Called in the child when it starts, before the limit is set: for imports that no call shall pay for. Importable
        by its name.
    """

    def __init__(self, memory: int | None = None, prepare: Callable[[], object] | None = None) -> None:
        self._memory, self._prepare = memory, prepare
        self._process: Any = None
        self._connection: Connection | None = None
        self._end: Callable[[], object] = lambda: None
        self._spent_before = 0.0  # by children that have ended
        self._spent_at_start = 0.0  # by the present one while it started

    @property
    def spent(self) -> float:
        """Processor seconds that all calls so far have taken, one that is still running included."""
        if self._connection is None:
            return self._spent_before
        return self._spent_before + max(0.0, cpu_seconds(self._process.pid) - self._spent_at_start)

    def call(
        self,
        function: Callable[..., T],
        *arguments: object,
        seconds: float,
        watch: Callable[[], None] | None = None,
    ) -> T:
        """Call a function in the child.

        Parameters
        ----------
        function : callable
            Importable by its name. What it keeps in its module stays for later calls, until the child is ended.
        *arguments : object
            Sent by pickle; so is what comes back. Both ends are trusted.
        seconds : float
            Processor time that it may take; on the clock it may take `WALL_PER_CPU` times as much.
        watch : callable, optional
            Called several times a second while it is waited for; what it raises ends the child.

        Returns
        -------
        object
            What the function returns. What it raises is raised here.

        Raises
        ------
        OutOfTime
        ChildDied
        """
        connection, process = self._started()
        clock_end = time.monotonic() + seconds * WALL_PER_CPU
        cpu_end = cpu_seconds(process.pid) + seconds
        try:
            connection.send((function, arguments))
            while not connection.poll(_SECONDS_BETWEEN_LOOKS):
                if watch:
                    watch()
                if cpu_seconds(process.pid) > cpu_end or time.monotonic() > clock_end:
                    raise OutOfTime(f"{function.__name__} did not end within {seconds:g} seconds")
            returned, value = connection.recv()
        except (EOFError, ConnectionError) as error:
            self.close()
            raise ChildDied(f"the process that ran {function.__name__} ended") from error
        except BaseException:
            process.kill()
            self.close()
            raise
        if returned:
            result: T = value
            return result
        raise value

    def _started(self) -> tuple[Connection, subprocess.Popen[bytes]]:
        if self._connection is None:
            ours, theirs = socket.socketpair()
            with theirs:
                # Not by multiprocessing, whose children import the main program anew, whatever that is.
                arguments = [str(theirs.fileno()), str(os.getpid()), json.dumps(sys.path)]
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _PROGRAM, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )
            self._connection = Connection(ours.detach())
            self._end = weakref.finalize(self, _end, self._process, self._connection)
            try:
                self._connection.send((self._prepare, self._memory))
                # Its imports are ours to wait for; they are not billed to the first call.
                self._connection.recv()
            except (EOFError, ConnectionError) as error:
                self.close()
                raise ChildDied("a process of the grader's own did not start") from error
            except BaseException:
                self.close()
                raise
            self._spent_at_start = cpu_seconds(self._process.pid)
        return self._connection, self._process

    def close(self) -> None:
        """End the child. Closing twice is fine."""
        if self._connection is not None:
            self._spent_before = self.spent
            self._connection = None
            self._end()

    def __enter__(self) -> BoundedProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _end(process: subprocess.Popen[bytes], connection: Connection) -> None:
    """Let a child that is idle go, so that it can tidy up; a child that was killed is tidied up after."""
    connection.close()
    try:
        process.wait(_SECONDS_TO_LEAVE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.returncode:
        remove_abandoned()


def _serve(connection: Connection, parent: int) -> None:
    """The child: answer until the other side is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    prepare, memory = connection.recv()
    if prepare is not None:
        prepare()
    if memory is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    connection.send(None)
    while True:
        try:
            function, arguments = connection.recv()
        except (EOFError, ConnectionError):
            return
        try:
            outcome = (True, function(*arguments))
        except Exception as error:
            outcome = (False, error)
        try:
            connection.send(outcome)
        except ConnectionError:
            return
