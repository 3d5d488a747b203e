"""Confine workers by file permissions, in a container that holds nothing but the grader and one submission.

For kernels without Landlock, on which a container's root may make no namespaces either. It promises less than the other
confinements, so it is only used where it was asked for by name.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import ClassVar, Final

from .confine import SIZES_AND_TIMES, Confinement, Process, SandboxUnavailable
from .privileges import closed_to_others, unprivileged_user
from .readable import ReadableFiles
from .unconfined import Child

_READABLE: Final = "What every user of the container may read can be read; the grader has to close its own files."
_WRITABLE: Final = "A folder that every user of the container may write to, such as /tmp, can be written to."
_SEEN: Final = "The numbers of other processes can be seen in /proc, though nothing can be done to them."


class OtherUser(Confinement):
    """Let workers become a user who owns nothing and has no capability, behind the filter of system calls.

    The filter refuses networks, other processes, and changes of modes and owners. Which files can be read and written
    is left to their permissions: what a submission must not read has to be closed to other users.
    """

    name = "other-user"
    keeps_search = False
    not_promised: ClassVar = {
        SIZES_AND_TIMES: _READABLE,
        "the grader's code is not readable": _READABLE,
        "layers that could answer for a student are not readable": _READABLE,
        "the course's folder is not listed": _READABLE,
        "the home folder is not listed": _READABLE,
        "a file outside of the sandbox is not readable": _READABLE,
        "nothing is written to the temporary folder": _WRITABLE,
        "nothing is written outside of the scratch folder": _WRITABLE,
        "nothing is written to shared memory": _WRITABLE,
        "the grader is not seen": _SEEN,
        "no other process is seen": _SEEN,
    }

    @property
    def user(self) -> int:
        """See `Confinement.user`."""
        return unprivileged_user()

    def spawn(
        self, files: ReadableFiles, scratch: str, environment: Mapping[str, str], control: socket.socket
    ) -> Process:
        """Start a fork server; see `Confinement.spawn`."""
        if not self.user:
            raise SandboxUnavailable("only root, with the right to become another user, can run submissions as one")
        if folder := closed_to_others(files.paths):
            raise SandboxUnavailable(
                f"Python needs files below {folder}, which other users may not enter; install it elsewhere"
            )
        try:
            return Child(files.argv, scratch, environment, control)
        except OSError as error:
            raise SandboxUnavailable(f"a process could not be started: {error}") from error
