"""Make temporary folders that are removed even if the process that made them is killed.

Each process holds a lock on its folders. When it is killed it cannot remove them, but the kernel releases the locks.
The next grader on the machine removes all folders that are not locked.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

_PREFIX = "grader-temporary-"
_NAME = re.compile(rf"{_PREFIX}[a-z0-9_]{{8}}")  # as tempfile.mkdtemp makes them
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class TemporaryFolder:
    """A new temporary folder, which exists until `release` is called or this process ends.

    Attributes
    ----------
    path : str
        The folder; only its owner can read it.
    """

    def __init__(self) -> None:
        _remove_abandoned_once()
        self.path, self._lock = _new_folder()

    def release(self) -> None:
        """Remove the folder and everything in it. Releasing it twice does nothing."""
        if self._lock >= 0:
            remove(self.path)
            os.close(self._lock)
            self._lock = -1


@contextmanager
def temporary_folder() -> Iterator[str]:
    """Yield the path of a new temporary folder, and remove it at the end of the ``with`` statement."""
    folder = TemporaryFolder()
    try:
        yield folder.path
    finally:
        folder.release()


def remove_abandoned() -> None:
    """Remove the temporary folders of processes that have ended."""
    parent = tempfile.gettempdir()
    for name in filter(_NAME.fullmatch, os.listdir(parent)):
        path = os.path.join(parent, name)
        try:
            lock = _open_locked(path)
        except OSError:
            continue  # the folder is in use, cannot be read, or has just been removed
        try:
            with suppress(PermissionError):  # it belongs to another user
                remove(path)
        finally:
            os.close(lock)


@cache
def _remove_abandoned_once() -> None:
    remove_abandoned()


def remove(path: str) -> None:
    """Remove a folder and everything in it. Removing a folder that does not exist does nothing."""
    if not os.path.isdir(path):
        return
    os.chmod(path, 0o700)  # a worker may have taken away the owner's permissions
    shutil.rmtree(path, ignore_errors=True)
    # rmtree fails on folders that are nested deeper than Python recurses. Only an unconfined worker can make those.
    if os.path.isdir(path):
        subprocess.run(["rm", "-rf", "--", path], check=False, capture_output=True)


def _new_folder() -> tuple[str, int]:
    """Make and lock a folder; return its path and the descriptor that holds the lock."""
    while True:
        path = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            return path, _open_locked(path)
        except OSError as error:
            # Another grader may take the new folder for an abandoned one and remove it before it is locked here. In
            # that case, try again.
            if not isinstance(error, FileNotFoundError | BlockingIOError):
                remove(path)
                raise


def _open_locked(path: str) -> int:
    """Open a folder and lock it; raise an OSError where another process has locked it or it does not exist any more."""
    lock = os.open(path, _FOLDER)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The folder may have been removed, and another one made under the same name, between opening and locking.
        if not os.path.samestat(os.fstat(lock), os.stat(path)):
            raise FileNotFoundError(path)
    except BaseException:
        os.close(lock)
        raise
    return lock
