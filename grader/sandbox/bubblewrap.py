"""Confinement by bubblewrap: namespaces, on any kernel that lets one have them; needs the program ``bwrap``."""

from __future__ import annotations

import json
import os
import select
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .confine import SECONDS_TO_DIE, Confinement, Process, SandboxUnavailable
from .privileges import SYS_ADMIN, has, unprivileged_user
from .readable import DEVICES, ReadableFiles
from .unconfined import Child


class Bubblewrap(Confinement):
    """An empty file system with the readable folders bound into it, and no network, process or host to be seen."""

    name = "bubblewrap"

    def __init__(self) -> None:
        # Root of the machine needs no user namespace, and can then become a user that is not root at all.
        self._own_users = os.geteuid() != 0 or not has(SYS_ADMIN)

    @property
    def user(self) -> int:
        """See `Confinement.user`."""
        return 0 if self._own_users else unprivileged_user(supervised=False)

    def tasks(self) -> int:
        """See `Confinement.tasks`; in a user namespace of its own the worker is the first."""
        return 0 if self._own_users else super().tasks()

    def spawn(self, files: ReadableFiles, scratch: str, environment: Mapping[str, str]) -> Process:
        """Start a worker confined. It dies with the thread that started it."""
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxUnavailable("the program bwrap is not installed (Debian and Fedora: package bubblewrap)")
        try:
            return _Namespaces(program, [*self._options(files, scratch), "--", *files.argv], scratch, environment)
        except OSError as error:
            raise SandboxUnavailable(f"bwrap could not be started: {error}") from error

    def _options(self, files: ReadableFiles, scratch: str) -> list[str]:
        options = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        options += ["--unshare-user"] if self._own_users else []
        options += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        if self.user:
            # Just what the worker needs to become that user; it drops these, too.
            for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_DAC_READ_SEARCH"):
                options += ["--cap-add", capability]
        # bwrap would make the folders on the way for root alone.
        links = dict(files.links)
        # To bind the two hundred entries of the standard library one by one takes a tenth of a second.
        readable = [files.library, *(path for path in files.paths if not Path(path).is_relative_to(files.library))]
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
        # The root that bwrap makes is writable memory without a bound: nothing but the scratch folder stays writable.
        return [*options, "--bind", scratch, scratch, "--remount-ro", "/", "--chdir", scratch]


def _parents(paths: Iterable[str]) -> list[str]:
    """The folders above these paths, each after its own parent."""
    return sorted({str(parent) for path in paths for parent in Path(path).parents} - {"/"})


class _Namespaces(Child):
    """A process that bwrap started, and bwrap itself.

    Killing bwrap kills the first process of the process namespace, and the kernel then kills the rest: that is
    waited for, as bwrap itself does not wait for it.
    """

    def __init__(self, program: str, options: Sequence[str], scratch: str, environment: Mapping[str, str]) -> None:
        told, tell = os.pipe()
        try:
            super().__init__([program, "--info-fd", str(tell), *options], scratch, environment, (tell,))
        finally:
            os.close(tell)
        number = _number_of_first(told)
        self._first = _pidfd(number)
        self._children = Path(f"/proc/{number}/task/{number}/children")

    @property
    def pid(self) -> int | None:
        """See `Process.pid`. The first process of the namespace is bwrap's own; what it has started is the worker."""
        try:
            children = self._children.read_text().split()
        except OSError:
            return None
        return int(children[0]) if len(children) == 1 else None

    def wait(self, seconds: float = SECONDS_TO_DIE) -> str:
        """Reap bwrap, and wait until the kernel has ended everything inside."""
        ended = super().wait(seconds)
        if self._first is not None:
            select.select([self._first], [], [], SECONDS_TO_DIE)
            os.close(self._first)
            self._first = None
        return ended


def _number_of_first(told: int) -> int | None:
    """The number of the first process of the namespace, from what bwrap writes about it."""
    with os.fdopen(told) as report:
        try:
            return int(json.load(report)["child-pid"])
        except (ValueError, KeyError):
            return None


def _pidfd(number: int | None) -> int | None:
    """A handle on a process; None when it is gone."""
    try:
        return None if number is None else os.pidfd_open(number)
    except ProcessLookupError:
        return None
