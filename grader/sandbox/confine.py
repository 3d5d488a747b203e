"""The choice between the ways of confining a worker, and the promise that each of them keeps.

No network; no other process seen, signalled or traced; only the interpreter, the installed packages and ``utils``
readable; one small scratch folder; limits on memory, processes, file size, processor time, wall-clock time and output;
nothing left behind. `grader.sandbox.doctor` proves it by running probes inside.
"""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from ..errors import GraderError


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

    def kill(self) -> None:
        """Kill the whole process tree. Killing what is gone is fine."""

    def wait(self) -> str:
        """Reap the process and close the pipes; say in words how it ended: ``"exit status 3"``, ``"signal 9"``."""


class Confinement(ABC):
    """One way to confine a process.

    Attributes
    ----------
    name : str
        As it stands in every report.
    narrows : bool
        Whether the worker also narrows itself before it runs submitted code.
    """

    name: ClassVar[str]
    narrows: ClassVar[bool] = True

    @abstractmethod
    def spawn(self, argv: Sequence[str], scratch: str, environment: Mapping[str, str]) -> Process:
        """Start `argv` confined.

        Parameters
        ----------
        argv : sequence of str
            Program, by its absolute path, and arguments.
        scratch : str
            The one folder that may be written to; also the working directory.
        environment : mapping of str to str
            The whole environment.

        Raises
        ------
        SandboxUnavailable
        """


class Bare(Confinement):
    """No confinement at all: for code one would run anyway, and to see the probes fail."""

    name = "none"
    narrows = False

    def spawn(self, argv: Sequence[str], scratch: str, environment: Mapping[str, str]) -> Process:
        """Start `argv` as it is."""
        return Child(argv, scratch, environment)


class Child:
    """A `subprocess.Popen` as a `Process`."""

    def __init__(self, argv: Sequence[str], scratch: str, environment: Mapping[str, str]) -> None:
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            list(argv),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            bufsize=0,
            cwd=scratch,
            env=dict(environment),
            start_new_session=True,
        )
        self._child = child
        self._pipes = [pipe for pipe in (child.stdin, child.stdout, child.stderr) if pipe is not None]
        self.stdin, self.stdout, self.stderr = (pipe.fileno() for pipe in self._pipes)

    def kill(self) -> None:
        """Kill the process and its session's group."""
        if self._child.returncode is None:
            try:
                os.killpg(self._child.pid, 9)
            except ProcessLookupError:
                self._child.kill()

    def wait(self) -> str:
        """Reap the process."""
        code = self._child.wait()
        for pipe in self._pipes:
            pipe.close()
        return f"signal {-code}" if code < 0 else f"exit status {code}"


def confinement(choice: str = "auto") -> Confinement:
    """Choose a way of confinement that holds on this machine.

    Parameters
    ----------
    choice : str
        ``"auto"`` (the first of sandlock and bubblewrap that holds), ``"sandlock"``, ``"bubblewrap"`` or ``"none"``.
        Nothing but the word ``"none"`` leads to a bare run.

    Returns
    -------
    Confinement

    Raises
    ------
    SandboxUnavailable
        When nothing that was asked for holds; the sentence names the ways out.
    """
    from .sandlock_way import Sandlock

    if choice == "none":
        return Bare()
    return Sandlock()
