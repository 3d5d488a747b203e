"""What every way of confining a worker promises.

No network; no other process seen, signalled or traced; only the interpreter, and the few packages and functions that
the submitted module needs, readable (see `readable_files`); one small scratch folder; limits on memory, processes, file size,
processor time, wall-clock time and output; nothing left behind. `grader.sandbox.doctor` proves it by running probes
inside.
"""

from __future__ import annotations

import os
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
    """No way of confinement holds on this machine, or the one that was asked for does not."""

    exit_code = 3


class Process(Protocol):
    """A worker's process, seen from outside.

    Attributes
    ----------
    stdin, stdout, stderr : int
        This side's ends of the pipes.
    """

    stdin: int
    stdout: int
    stderr: int

    @property
    def pid(self) -> int | None:
        """The number of the process that runs `argv`, as seen from here; None where it cannot be told."""

    def kill(self) -> None:
        """Kill the whole process tree. Killing what is gone is fine."""

    def wait(self, seconds: float = SECONDS_TO_DIE) -> str:
        """Reap the process and close the pipes; kill it first if it has not ended within `seconds`.

        Returns
        -------
        str
            How it ended: ``"exit status 3"``, ``"signal 9"``.
        """


class Confinement(ABC):
    """One way to confine a process.

    Attributes
    ----------
    name : str
        As it stands in every report.
    drops_privileges : bool
        Whether the worker also drops its privileges before it runs submitted code.
    not_promised : mapping of str to str
        What this way cannot keep, and why: a promise in the words of `doctor` → one sentence.
    """

    name: ClassVar[str]
    drops_privileges: ClassVar[bool] = True
    not_promised: ClassVar[Mapping[str, str]] = {}

    @property
    def user(self) -> int:
        """The user that the worker becomes; 0 when it stays what it is."""
        return 0

    def tasks(self) -> int:
        """How many threads the kernel already counts towards the worker's limit: those of its user."""
        return tasks_of(self.user or os.getuid())

    @abstractmethod
    def spawn(self, files: ReadableFiles, scratch: str, environment: Mapping[str, str]) -> Process:
        """Start a worker confined.

        Parameters
        ----------
        files : ReadableFiles
            What may be read, and the command.
        scratch : str
            The one folder that may be written to; also the working directory.
        environment : mapping of str to str
            The whole environment.

        Raises
        ------
        SandboxUnavailable
        """
