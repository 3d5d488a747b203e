"""The choice between the ways of confining a worker, and the promise that each of them keeps.

No network; no other process seen, signalled or traced; only the interpreter, the installed packages and ``utils``
readable; one small scratch folder; limits on memory, processes, file size, processor time, wall-clock time and output;
nothing left behind. `grader.sandbox.doctor` proves it by running probes inside.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar, Protocol

from ..errors import GraderError, UnusableInput
from .privileges import tasks_of

SECONDS_TO_DIE = 10.0


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
    narrows : bool
        Whether the worker also narrows itself before it runs submitted code.
    """

    name: ClassVar[str]
    narrows: ClassVar[bool] = True

    @property
    def user(self) -> int:
        """The user that the worker becomes; 0 when it stays what it is."""
        return 0

    def tasks(self) -> int:
        """How many threads the kernel already counts towards the worker's limit: those of its user."""
        return tasks_of(self.user or os.getuid())

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
    UnusableInput
        When there is no sandbox of that name.
    """
    from .bare_way import Bare

    if choice == Bare.name:
        return Bare()
    ways = _ways()
    if choice not in ("auto", *ways):
        raise UnusableInput(f"there is no sandbox called {choice!r}; there are: auto, {', '.join(ways)}, {Bare.name}")
    reasons = []
    for name in ways if choice == "auto" else [choice]:
        try:
            return _proved(name)
        except SandboxUnavailable as error:
            reasons.append(f"{name}: {error}")
    raise SandboxUnavailable(f"submitted code cannot be confined on this machine ({'; '.join(reasons)}). {WAYS_OUT}")


WAYS_OUT = (
    "Ways out: for sandlock, a kernel with Landlock (from Linux 5.13; 'landlock' in /sys/kernel/security/lsm); for "
    "bubblewrap, its program and the right to user namespaces; for code you would run anyway, --sandbox none."
)


def _ways() -> dict[str, type[Confinement]]:
    """The ways that confine, the preferred one first."""
    from .bubblewrap_way import Bubblewrap
    from .sandlock_way import Sandlock

    return {way.name: way for way in (Sandlock, Bubblewrap)}


@cache
def _proved(name: str) -> Confinement:
    """One way of confinement, after a worker inside has tried to get out; see `doctor.quick`."""
    from .doctor import quick

    way = _ways()[name]()
    escaped = [probe for probe in quick(way) if not probe.held]
    if escaped:
        raise SandboxUnavailable("it does not hold: " + "; ".join(f"{p.promise}: {p.detail}" for p in escaped))
    return way
