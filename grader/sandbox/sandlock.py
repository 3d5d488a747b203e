"""Confine workers with sandlock, a Python package that builds on Landlock and seccomp.

It needs neither root nor namespaces, but a kernel with Landlock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .confine import SECONDS_TO_DIE, SIZES_AND_TIMES, Confinement, Process, SandboxUnavailable
from .privileges import unprivileged_user
from .readable import DEVICES, ReadableFiles


class Sandlock(Confinement):
    """Start workers under Landlock, seccomp and sandlock's supervisor thread.

    Landlock decides which files may be read and written, seccomp which system calls may be made, and the supervisor
    does the rest.

    Tried with Linux 6.1 (Landlock ABI 2) and later. That version does not check sockets, signals and truncation yet;
    the worker's own system call filter refuses those, see `inside.syscalls`.
    """

    name = "sandlock"
    not_promised: ClassVar = {
        SIZES_AND_TIMES: "Landlock refuses to open files and to list folders, but a submission that guesses the path "
        "of a file sees that it exists, how large it is and when it was written."
    }

    @property
    def user(self) -> int:
        """See `Confinement.user`."""
        return unprivileged_user(supervised=True)

    def spawn(self, files: ReadableFiles, scratch: str, environment: Mapping[str, str]) -> Process:
        """Start a confined worker; see `Confinement.spawn`. It is killed when the thread that started it ends."""
        try:  # an optional package, which loads a compiled library when it is imported
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
    """Adapt a process that sandlock started to the interface `Process`."""

    def __init__(self, sandbox: Any, process: Any) -> None:
        self._sandbox = sandbox  # keep a reference: the supervisor thread ends when this object is deleted
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
        """Reap the process; see `Process.wait`. sandlock itself kills a process that has not ended in time."""
        result = self._process.wait(seconds)
        self._process.__exit__(None, None, None)  # closes the pipes
        return f"signal {result.signal}" if result.signal > 0 else f"exit status {result.exit_code}"
