"""Temporary folders that do not outlive the process that made them.

A process that is killed removes nothing. So each folder is held by a lock, which the kernel drops with the last process
that has it open; what nobody holds any more, the next grader on the machine removes.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_PREFIX = "grader-temporary-"
_OURS = re.compile(rf"{_PREFIX}[a-z0-9_]{{8}}")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class TemporaryFolder:
    """A new temporary folder, for as long as this process lives or until `release`.

    Attributes
    ----------
    path : str
        The folder, readable by its owner alone.
    """

    def __init__(self) -> None:
        _remove_abandoned_once()
        self.path, self._held = _new_folder()

    def release(self) -> None:
        """Remove the folder and everything in it. Releasing twice is fine."""
        if self._held >= 0:
            remove(self.path)
            os.close(self._held)
            self._held = -1


@contextmanager
def temporary_folder() -> Iterator[str]:
    """The path of a new temporary folder, until the end of the ``with`` statement."""
    folder = TemporaryFolder()
    try:
        yield folder.path
    finally:
        folder.release()


def remove_abandoned() -> None:
    """Remove the folders of processes that are gone."""
    place = tempfile.gettempdir()
    for name in filter(_OURS.fullmatch, os.listdir(place)):
        path = os.path.join(place, name)
        try:
            held = _open_locked(path)
        except OSError:
            continue  # it is in use, somebody else's, or just gone
        try:
            remove(path)
        finally:
            os.close(held)


@cache
def _remove_abandoned_once() -> None:
    remove_abandoned()


def remove(path: str) -> None:
    """Remove a folder whatever lies in it. Removing what is gone is fine."""
    if not os.path.isdir(path):
        return
    os.chmod(path, 0o700)
    shutil.rmtree(path, ignore_errors=True)
    if os.path.isdir(path):  # nested deeper than Python recurses: only an unconfined worker can do that
        subprocess.run(["rm", "-rf", "--", path], check=False, capture_output=True)


def _new_folder() -> tuple[str, int]:
    while True:
        path = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            return path, _open_locked(path)
        except OSError as error:
            # Between its making and its lock, another grader may have swept the folder away: then another one.
            if not isinstance(error, FileNotFoundError | BlockingIOError):
                remove(path)
                raise


def _open_locked(path: str) -> int:
    """A handle on a folder, with the lock on it; an OSError where another process has that or the folder is gone."""
    held = os.open(path, _FOLDER)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(held), os.stat(path)):
            raise FileNotFoundError(path)
    except BaseException:
        os.close(held)
        raise
    return held
