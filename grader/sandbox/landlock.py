"""Confine workers by Landlock, which needs neither root nor namespaces, but a kernel that has it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import ClassVar

from .confine import SIZES_AND_TIMES, Confinement, Process, SandboxUnavailable
from .inside import landlock
from .privileges import DAC_READ_SEARCH, closed_to_others, has, unprivileged_user
from .readable import ReadableFiles
from .unconfined import Child


class Landlock(Confinement):
    """Let the fork server restrict itself by Landlock before it imports anything.

    Landlock decides which files may be read and written. Everything else is refused by the worker's own system call
    filter, see `inside.syscalls`: a network, other processes, and what the older versions of Landlock do not check.

    Tried with Linux 6.1 (version 2 of Landlock) and later.
    """

    name = "landlock"
    by_landlock = True
    not_promised: ClassVar = {
        SIZES_AND_TIMES: "Landlock refuses to open files and to list folders, but a submission that guesses the path "
        "of a file sees that it exists, how large it is and when it was written."
    }

    @property
    def user(self) -> int:
        """See `Confinement.user`."""
        return unprivileged_user()

    def spawn(
        self, files: ReadableFiles, scratch: str, environment: Mapping[str, str], control: socket.socket
    ) -> Process:
        """Start a fork server that will restrict itself; see `Confinement.spawn`."""
        if not landlock.version():
            raise SandboxUnavailable("this kernel has no Landlock, or 'landlock' is not in /sys/kernel/security/lsm")
        if self.user and not has(DAC_READ_SEARCH) and (folder := closed_to_others(files.paths)):
            raise SandboxUnavailable(
                f"Python needs files below {folder}, which other users may not enter; install it elsewhere"
            )
        try:
            return Child(files.argv, scratch, environment, control)
        except OSError as error:
            raise SandboxUnavailable(f"a process could not be started: {error}") from error
