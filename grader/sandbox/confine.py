"""Define what every confinement of a worker promises, and the interface that each implements.

A confined worker

- has no network;
- cannot see, signal or trace another process;
- can read the interpreter and the few packages and functions that the submitted module needs, and nothing else (see
  `readable.readable_files`);
- can write to one small scratch folder only;
- has limits on memory, processes, file size, processor time, time asleep and output;
- leaves nothing behind.

`grader.sandbox.doctor` runs probes inside a worker to find out whether that is true on a given machine.
"""

from __future__ import annotations

import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol

from ..errors import GraderError
from .privileges import tasks_of

if TYPE_CHECKING:
    from .readable import ReadableFiles

SECONDS_TO_DIE = 10.0
SIZES_AND_TIMES = "sizes and times of the user's files are not seen"


class SandboxUnavailable(GraderError):
    """No confinement works on this machine, or the one that was asked for does not."""

    exit_code = 3


class Process(Protocol):
    """A confined process as the grader handles it.

    Attributes
    ----------
    stderr : int
        The grader's end of the pipe that the process writes its errors to.
    """

    stderr: int

    def kill(self) -> None:
        """Kill the whole process tree. Killing a process that has ended does nothing."""

    def wait(self, seconds: float = SECONDS_TO_DIE) -> str:
        """Reap the process and close the pipe.

        Parameters
        ----------
        seconds : float, default 10
            How long to wait; a process that has not ended by then is killed.

        Returns
        -------
        str
            How it ended: ``"exit status 3"``, ``"signal 9"``.
        """


class Confinement(ABC):
    """A method of confining a fork server and the workers that it makes.

    Attributes
    ----------
    name : str
        The name that stands in every report, and that ``--sandbox`` takes.
    by_landlock : bool
        Whether the fork server restricts itself by Landlock when it starts; see `inside.landlock`.
    drops_privileges : bool
        Whether the worker also drops its privileges before it runs submitted code; see `inside.privileges`.
    keeps_search : bool
        Whether a worker that becomes another user may still pass over the permissions of files to read them, because
        the confinement decides which files can be read; see `inside.privileges`.
    not_promised : mapping of str to str
        The promises that this confinement cannot keep, in the words of `doctor`, each with a sentence that says why.
    """

    name: ClassVar[str]
    by_landlock: ClassVar[bool] = False
    drops_privileges: ClassVar[bool] = True
    keeps_search: ClassVar[bool] = True
    not_promised: ClassVar[Mapping[str, str]] = {}

    @property
    def user(self) -> int:
        """The ID of the user that the worker becomes; 0 where it keeps its user."""
        return 0

    def tasks(self) -> int:
        """Count the threads that the worker's user already has: the kernel counts them towards ``RLIMIT_NPROC``."""
        return tasks_of(self.user or os.getuid())

    @abstractmethod
    def spawn(
        self, files: ReadableFiles, scratch: str, environment: Mapping[str, str], control: socket.socket
    ) -> Process:
        """Start a confined fork server. It is killed when the thread that started it ends.

        Parameters
        ----------
        files : ReadableFiles
            What the server and its workers may read, and the command that starts the server; the number of the control
            socket's descriptor is added to it.
        scratch : str
            The only folder that they may write to; also their working directory.
        environment : mapping of str to str
            All environment variables; they inherit none.
        control : socket
            The server's end of the control socket, which the server inherits.

        Raises
        ------
        SandboxUnavailable
            When the server cannot be started in this confinement.
        """
