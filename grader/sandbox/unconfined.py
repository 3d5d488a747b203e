"""Run workers without a confinement, where that was asked for by name.

This module also adapts `subprocess.Popen` to the interface `Process`, which `bubblewrap` uses, too.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping, Sequence

from .confine import SECONDS_TO_DIE, Confinement, Process
from .readable import ReadableFiles


class Unconfined(Confinement):
    """Start workers without any confinement: for code that one would run anyway, and for tests of the probes."""

    name = "none"
    drops_privileges = False

    def spawn(
        self, files: ReadableFiles, scratch: str, environment: Mapping[str, str], control: socket.socket
    ) -> Process:
        """Start an unconfined fork server; see `Confinement.spawn`."""
        return Child(files.argv, scratch, environment, control)


class Child:
    """Adapt a `subprocess.Popen` to the interface `Process`.

    Parameters
    ----------
    argv : sequence of str
        The command. The number of the control socket's descriptor is added to it.
    scratch : str
        The working directory.
    environment : mapping of str to str
        All environment variables.
    control : socket
        The socket that the process inherits.
    passed : tuple of int, default ()
        File descriptors that the process inherits, too.
    """

    def __init__(
        self,
        argv: Sequence[str],
        scratch: str,
        environment: Mapping[str, str],
        control: socket.socket,
        passed: tuple[int, ...] = (),
    ) -> None:
        self._child = subprocess.Popen(
            [*argv, str(control.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=scratch,
            env=dict(environment),
            start_new_session=True,
            pass_fds=(control.fileno(), *passed),
        )
        assert self._child.stderr is not None
        self._pipe = self._child.stderr
        self.stderr = self._pipe.fileno()

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
        self._pipe.close()
        return how_it_ended(code)


def how_it_ended(code: int) -> str:
    """Say how a process has ended, by the code that `subprocess.Popen` gives: minus the signal's number, if any."""
    return f"signal {-code}" if code < 0 else f"exit status {code}"
