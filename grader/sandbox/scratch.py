"""A worker's scratch folder: private, watched for as long as the worker lives, and removed whatever lies in it.

A worker can neither make folders in it nor remove, rename or hide a file (see `inside.syscalls`), so one look at its
entries sees all that was written.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from ..host.temporary_folders import TemporaryFolder

_MAX_FILES = 1000
_SECONDS_BETWEEN_LOOKS = 0.05


class Scratch:
    """A new folder for one worker.

    Parameters
    ----------
    user : int
        Who is to own it; 0 for the current user.
    size : int
        Bytes that may lie in it.

    Attributes
    ----------
    path : str
        The folder.
    exceeded : bool
        Whether more was found in it.
    """

    def __init__(self, user: int, size: int) -> None:
        self._folder = TemporaryFolder()
        self.path = self._folder.path
        self.exceeded = False
        self._size = size
        self._done = threading.Event()
        self._watcher: threading.Thread | None = None
        if user:
            os.chown(self.path, user, user)

    def watch(self, end: Callable[[], None]) -> None:
        """Look into the folder until it is removed, and call `end` when it holds too much.

        A thread of its own does that: submitted code may have threads, which write whatever this process is at.
        """
        self._watcher = threading.Thread(target=self._look, args=(end,), name="scratch", daemon=True)
        self._watcher.start()

    def _look(self, end: Callable[[], None]) -> None:
        while not self._done.wait(_SECONDS_BETWEEN_LOOKS):
            if self._holds_too_much():
                self.exceeded = True
                end()
                return

    def _holds_too_much(self) -> bool:
        """Whether more than `size` bytes lie in it, or more files than anyone needs."""
        total = 0
        try:
            with os.scandir(self.path) as entries:
                for count, entry in enumerate(entries):
                    try:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    except FileNotFoundError:
                        continue  # only an unconfined worker can remove one
                    if total > self._size or count >= _MAX_FILES:
                        return True
        except OSError:
            return not self._done.is_set()  # it was made unreadable to hide what is in it
        return False

    def unwatch(self) -> None:
        """Look no more: the worker is about to be gone."""
        self._done.set()
        if self._watcher is not None:
            self._watcher.join()

    def remove(self) -> None:
        """Remove the folder and everything in it. Removing twice is fine."""
        self.unwatch()
        self._folder.release()
