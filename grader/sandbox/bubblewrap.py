"""Confine workers with bubblewrap, which builds on Linux namespaces.

It needs the program ``bwrap``, and either root's ``CAP_SYS_ADMIN`` or a kernel that lets ordinary users create user
namespaces.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .confine import SECONDS_TO_DIE, Confinement, Process, SandboxUnavailable
from .privileges import SYS_ADMIN, has, unprivileged_user
from .readable import DEVICES, ReadableFiles
from .unconfined import Child


class Bubblewrap(Confinement):
    """Start a fork server and its workers in namespaces of their own.

    They get an empty file system into which the readable folders are bound. They have no network, and see no process
    outside.
    """

    name = "bubblewrap"

    def __init__(self) -> None:
        # With CAP_SYS_ADMIN no user namespace is needed. Without such a namespace, the worker can become a user that is
        # not root outside of it either.
        self._user_namespace = os.geteuid() != 0 or not has(SYS_ADMIN)

    @property
    def user(self) -> int:
        """See `Confinement.user`."""
        return 0 if self._user_namespace else unprivileged_user()

    def tasks(self) -> int:
        """See `Confinement.tasks`. A new user namespace has no threads yet."""
        return 0 if self._user_namespace else super().tasks()

    def spawn(
        self, files: ReadableFiles, scratch: str, environment: Mapping[str, str], control: socket.socket
    ) -> Process:
        """Start a confined fork server; see `Confinement.spawn`."""
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxUnavailable("the program bwrap is not installed (Debian and Fedora: package bubblewrap)")
        try:
            argv = [*self._options(files, scratch), "--", *files.argv]
            return _BwrapProcess(program, argv, scratch, environment, control)
        except OSError as error:
            raise SandboxUnavailable(f"bwrap could not be started: {error}") from error

    def _options(self, files: ReadableFiles, scratch: str) -> list[str]:
        options = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        options += ["--unshare-user"] if self._user_namespace else []
        options += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        if self.user:
            # The worker needs these to become that user, and then drops them as well; see `inside.privileges`.
            for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_DAC_READ_SEARCH"):
                options += ["--cap-add", capability]
        links = dict(files.links)
        # The standard library is bound as one folder, because binding its two hundred entries one by one takes a tenth
        # of a second. What else lies in that folder is covered below.
        readable = [files.library, *(path for path in files.paths if not Path(path).is_relative_to(files.library))]
        # bwrap would create missing parent folders itself, but with a mode that only root can enter.
        for folder in _parents([*readable, *links, scratch]):
            options += ["--symlink", links[folder], folder] if folder in links else ["--dir", folder]
        for path, target in links.items():
            options += ["--symlink", target, path]
        for path in readable:
            options += ["--ro-bind", path, path]
        for path in files.hidden:
            empty = ["--tmpfs", path, "--remount-ro", path]
            options += empty if os.path.isdir(path) else ["--ro-bind", "/dev/null", path]
        for path in DEVICES:
            options += ["--dev-bind", path, path]
        # The root folder that bwrap makes is a tmpfs without a size limit: remount it, so that only the scratch folder
        # stays writable.
        return [*options, "--bind", scratch, scratch, "--remount-ro", "/", "--chdir", scratch]


def _parents(paths: Iterable[str]) -> list[str]:
    """List the folders above these paths; a parent comes before its children."""
    return sorted({str(parent) for path in paths for parent in Path(path).parents} - {"/"})


class _BwrapProcess(Child):
    """The process bwrap together with the fork server that it started, and the server's workers.

    When bwrap is killed, the first process of the process namespace dies with it, and the kernel then kills all others
    in that namespace. bwrap does not wait for this to be done, so `wait` does.
    """

    def __init__(
        self,
        program: str,
        options: Sequence[str],
        scratch: str,
        environment: Mapping[str, str],
        control: socket.socket,
    ) -> None:
        info_read, info_write = os.pipe()
        try:
            argv = [program, "--info-fd", str(info_write), *options]
            super().__init__(argv, scratch, environment, control, (info_write,))
        finally:
            os.close(info_write)
        self._init_fd = _pidfd(_init_pid(info_read))

    def wait(self, seconds: float = SECONDS_TO_DIE) -> str:
        """Reap bwrap, and wait until the kernel has ended every process in the namespace; see `Process.wait`."""
        ended = super().wait(seconds)
        if self._init_fd is not None:
            select.select([self._init_fd], [], [], SECONDS_TO_DIE)  # a pidfd is readable once its process has ended
            os.close(self._init_fd)
            self._init_fd = None
        return ended


def _init_pid(info: int) -> int | None:
    """Read the process ID of the namespace's first process from bwrap's ``--info-fd``; None where bwrap failed."""
    with os.fdopen(info) as report:
        try:
            return int(json.load(report)["child-pid"])
        except (ValueError, KeyError):
            return None


def _pidfd(pid: int | None) -> int | None:
    """Open a file descriptor on a process, which stays valid if the ID is reused; None where the process is gone."""
    try:
        return None if pid is None else os.pidfd_open(pid)
    except ProcessLookupError:
        return None
