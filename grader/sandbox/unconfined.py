"""Run workers without a confinement, where that was asked for by name.

This module also adapts `subprocess.Popen` to the interface `Process`, which `bubblewrap` uses, too.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from .confine import SECONDS_TO_DIE, Confinement, Process
from .readable import ReadableFiles


class Unconfined(Confinement):
    """Start workers without any confinement: for code that one would run anyway, and for tests of the probes."""

    name = "none"
    drops_privileges = False

    def spawn(self, files: ReadableFiles, scratch: str, environment: Mapping[str, str]) -> Process:
        """Start an unconfined worker; see `Confinement.spawn`."""
        return Child(files.argv, scratch, environment)


class Child:
    """Adapt a `subprocess.Popen` to the interface `Process`.

    Parameters
    ----------
    argv : sequence of str
        The command.
    scratch : str
        The working directory.
    environment : mapping of str to str
        All environment variables.
    passed : tuple of int, default ()
        File descriptors that the process inherits besides the three pipes.
    """

    def __init__(
        self, argv: Sequence[str], scratch: str, environment: Mapping[str, str], passed: tuple[int, ...] = ()
    ) -> None:
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
            pass_fds=passed,
        )
        self._child = child
        self._pipes = [pipe for pipe in (child.stdin, child.stdout, child.stderr) if pipe is not None]
        self.stdin, self.stdout, self.stderr = (pipe.fileno() for pipe in self._pipes)

    @property
    def pid(self) -> int | None:
        """See `Process.pid`."""
        return self._child.pid

    def kill(self) -> None:
        """Kill the process group; the process leads one of its own, because it was started in a new session."""
        if self._child.returncode is None:
            try:
                os.killpg(self._child.pid, 9)
            except ProcessLookupError:  # there is no such group (any more)
                self._child.kill()

    def wait(self, seconds: float = SECONDS_TO_DIE) -> str:
        """Reap the process; see `Process.wait`."""
        try:
            code = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._child.wait()
        for pipe in self._pipes:
            pipe.close()
        return f"signal {-code}" if code < 0 else f"exit status {code}"
