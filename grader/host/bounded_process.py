"""Run trusted functions on untrusted input in a child process, with limits on time and memory.

A loop inside of a C library cannot be stopped from within its process: Python runs a signal's handler only when the
library returns, and a thread cannot be killed. So a function that may take long on untrusted input runs in a child
process, which can be killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import resource
import select
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
"""Wall-clock seconds allowed for each processor second, so that other load on the machine does not end a call."""

_SECONDS_BETWEEN_CHECKS: Final = 0.25
_SECONDS_TO_EXIT: Final = 20.0
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
    """The function used up its time, and its process has been killed."""


class ChildDied(Exception):
    """The process ended without an answer, because it ran out of memory or was killed from outside."""


def cpu_seconds(process: int) -> float:
    """Read the processor time that a process has used, with all its threads.

    Parameters
    ----------
    process : int
        Its process ID; it may belong to any user.

    Returns
    -------
    float
        Seconds; 0 where there is no such process.
    """
    # The ID of the kernel's clock for another process, as clock_getcpuclockid(3) computes it; Python does not offer
    # that function.
    try:
        return time.clock_gettime((~process << 3) | 2)
    except OSError:
        return 0.0


class BoundedProcess:
    """A child process that calls functions one after the other.

    It is started at the first call, and again at the next call after it was ended. Use it from one thread only, because
    the child is killed when the thread that started it ends.

    Parameters
    ----------
    memory : int, optional
        Bytes of address space that the child may map beyond what it has mapped when it is ready; a larger request
        raises MemoryError in the child. No limit by default.
    prepare : callable, optional
        Called in the child when it starts, before `memory` is limited and before any call's time is measured: for slow
        imports. It has to be importable by its name. Nothing is called by default.
    """

    def __init__(self, memory: int | None = None, prepare: Callable[[], object] | None = None) -> None:
        self._memory, self._prepare = memory, prepare
        self._process: Any = None
        self._connection: Connection | None = None
        self._readable = select.poll()
        self._end: Callable[[], object] = lambda: None
        self._spent_before = 0.0  # by children that have ended already
        self._spent_at_start = 0.0  # by the present child before it was ready

    @property
    def spent(self) -> float:
        """Processor seconds that all calls so far have taken, including one that is still running."""
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
            The function; importable by its name. Values that it stores in its module are there at the next call, until
            the child is ended.
        *arguments : object
            Its arguments. They are sent by pickle, and so is the returned value: both processes are trusted.
        seconds : float
            Processor seconds that the call may take. It may take `WALL_PER_CPU` times as many on the wall clock.
        watch : callable, optional
            Called four times a second during the call; an exception that it raises ends the child.

        Returns
        -------
        object
            What the function returns. An exception that it raises is raised here.

        Raises
        ------
        OutOfTime
            When the call takes longer than `seconds`.
        ChildDied
            When the child does not start, or ends during the call.
        """
        connection, process = self._start()
        clock_end = time.monotonic() + seconds * WALL_PER_CPU
        cpu_end = cpu_seconds(process.pid) + seconds
        try:
            _send(connection, (function, arguments))
            while not self._readable.poll(1000 * _SECONDS_BETWEEN_CHECKS):
                if watch:
                    watch()
                if cpu_seconds(process.pid) > cpu_end or time.monotonic() > clock_end:
                    raise OutOfTime(f"{function.__name__} did not end within {seconds:g} seconds")
            returned, value = _receive(connection)
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

    def _start(self) -> tuple[Connection, subprocess.Popen[bytes]]:
        """Start the child unless it is running, and wait until it is ready."""
        if self._connection is None:
            ours, theirs = socket.socketpair()
            with theirs:
                # Not by multiprocessing, because its children import the main program again, whatever that is.
                arguments = [str(theirs.fileno()), str(os.getpid()), json.dumps(sys.path)]
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _PROGRAM, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )
            self._connection = Connection(ours.detach())
            self._readable = select.poll()
            self._readable.register(self._connection.fileno(), select.POLLIN)
            self._end = weakref.finalize(self, _end, self._process, self._connection)
            try:
                _send(self._connection, (self._prepare, self._memory))
                _receive(self._connection)  # wait for its imports, which do not count towards the first call
            except (EOFError, ConnectionError) as error:
                self.close()
                raise ChildDied("a process of the grader's own did not start") from error
            except BaseException:
                self.close()
                raise
            self._spent_at_start = cpu_seconds(self._process.pid)
        return self._connection, self._process

    def close(self) -> None:
        """End the child. Closing it twice does nothing; a later call starts a new one."""
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


def _send(connection: Connection, message: object) -> None:
    """Send a message. The connection's own method can send sockets and locks, and takes twice as long for that."""
    connection.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


def _receive(connection: Connection) -> Any:
    return pickle.loads(connection.recv_bytes())


def _end(process: subprocess.Popen[bytes], connection: Connection) -> None:
    """End a child: close its connection, so that an idle child exits and cleans up, and kill it if it does not."""
    connection.close()
    try:
        process.wait(_SECONDS_TO_EXIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.returncode:  # it was killed, so it could not remove its temporary folders
        remove_abandoned()


def _serve(connection: Connection, parent: int) -> None:
    """Call functions until the parent closes the connection; this is the child's main function."""
    # The kernel kills this process when the parent's thread ends.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before the line above, so no signal will come
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends this process
    prepare, memory = _receive(connection)
    if prepare is not None:
        prepare()
    if memory is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    _send(connection, None)
    while True:
        try:
            function, arguments = _receive(connection)
        except (EOFError, ConnectionError):
            return
        try:
            outcome = (True, function(*arguments))
        except Exception as error:
            outcome = (False, error)
        try:
            _send(connection, outcome)
        except ConnectionError:
            return
