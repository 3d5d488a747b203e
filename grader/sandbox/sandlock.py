"""Confinement by sandlock: Landlock and seccomp, from a Python package; no root, no namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .confine import SECONDS_TO_DIE, SIZES_AND_TIMES, Confinement, Process, SandboxUnavailable
from .privileges import unprivileged_user
from .readable import DEVICES, ReadableFiles


class Sandlock(Confinement):
    """Landlock says what may be read and written, seccomp which system calls there are, sandlock's supervisor the rest.

    Needs Landlock; tried with Linux 6.1 (Landlock's version 2) and later. What that version does not check yet
    (sockets, signals, truncation), the worker's own filter refuses as well; see `inside.syscalls`.
    """

    name = "sandlock"
    not_promised: ClassVar = {
        SIZES_AND_TIMES: "Landlock decides about opening and listing; who guesses a file's path sees that it is there, "
        "how large it is and when it was written."
    }

    @property
    def user(self) -> int:
        """See `Confinement.user`."""
        return unprivileged_user(supervised=True)

    def spawn(self, files: ReadableFiles, scratch: str, environment: Mapping[str, str]) -> Process:
        """Start a worker confined. It dies with the thread that started it."""
        try:
            from sandlock import Protection, Sandbox, landlock_abi_version
            from sandlock.sandbox import StdioMode
        except (ImportError, OSError, RuntimeError) as error:
            raise SandboxUnavailable(f"the package sandlock cannot be loaded: {error}") from error
        if landlock_abi_version() < 1:
            raise SandboxUnavailable("this kernel has no Landlock, or 'landlock' is not in /sys/kernel/security/lsm")

        sandbox = Sandbox(
            fs_readable=[*files.paths, *DEVICES],
            fs_writable=[scratch, "/dev/null"],
            clean_env=True,
            env=dict(environment),
            cwd=scratch,
            max_processes=1,
            allow_degraded=list(Protection),
            no_coredump=True,
        )
        pipe = StdioMode.PIPED
        try:
            return _Confined(sandbox, sandbox.popen(list(files.argv), stdin=pipe, stdout=pipe, stderr=pipe))
        except (RuntimeError, OSError) as error:
            raise SandboxUnavailable(f"sandlock could not start a process here: {error}") from error


class _Confined:
    """A sandlock process as a `Process`."""

    def __init__(self, sandbox: Any, process: Any) -> None:
        self._sandbox = sandbox  # the supervisor lives as long as this object
        self._process = process
        self.stdin, self.stdout, self.stderr = (s.fileno() for s in (process.stdin, process.stdout, process.stderr))

    @property
    def pid(self) -> int | None:
        """See `Process.pid`."""
        found: int | None = self._process.pid
        return found

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()

    def wait(self, seconds: float = SECONDS_TO_DIE) -> str:
        """Reap the process; see `Process.wait`. sandlock itself kills what has not ended in time."""
        result = self._process.wait(seconds)
        self._process.__exit__(None, None, None)  # closes the pipes
        return f"signal {result.signal}" if result.signal > 0 else f"exit status {result.exit_code}"
