"""Give each worker an empty scratch folder, limit the size of its content, and empty it afterwards.

A worker can neither make folders in it nor remove or rename files (see `inside.syscalls`). So adding up the entries of
the folder counts everything that the worker has written.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from ..host.temporary_folders import TemporaryFolder, remove

_MAX_FILES = 1000
_SECONDS_BETWEEN_CHECKS = 0.05


class Scratch:
    """A new scratch folder for the workers of one fork server, which follow each other.

    Parameters
    ----------
    user : int
        ID of the user who is to own it; 0 for the current user.

    Attributes
    ----------
    path : str
        The folder.
    exceeded : bool
        Whether the present worker's files were found to take up more than they may, or to be too many.
    """

    def __init__(self, user: int) -> None:
        self._folder = TemporaryFolder()
        self.path = self._folder.path
        self.exceeded = False
        self._size = 0
        self._kill: Callable[[], None] = lambda: None
        self._watching = threading.Event()
        self._removed = False
        self._checking = threading.Lock()
        self._watcher: threading.Thread | None = None
        if user:
            # The fork server still belongs to the grader's user, and packages that it imports write files here.
            os.chown(self.path, user, os.getgid())
            os.chmod(self.path, 0o770)

    def watch(self, size: int, kill: Callable[[], None]) -> None:
        """Check the folder's size twenty times a second, until `unwatch`.

        The checks run in a thread of their own, because threads of the submitted code can write at any time, also while
        this process is busy.

        Parameters
        ----------
        size : int
            Bytes that its files may take up together.
        kill : callable
            Called once, when the folder holds too much.
        """
        self._size, self._kill, self.exceeded = size, kill, False
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._check_always, name="scratch", daemon=True)
            self._watcher.start()
        self._watching.set()

    def _check_always(self) -> None:
        while self._watching.wait() and not self._removed:
            time.sleep(_SECONDS_BETWEEN_CHECKS)
            with self._checking:
                if self._watching.is_set() and self._holds_too_much():
                    self.exceeded = True
                    self._watching.clear()
                    self._kill()

    def _holds_too_much(self) -> bool:
        """Whether the files take up more than `size` bytes on the disk, or are more than `_MAX_FILES`."""
        total = 0
        try:
            with os.scandir(self.path) as entries:
                for count, entry in enumerate(entries):
                    try:
                        # The blocks that a file takes up, not its length: a sparse file may be long and empty.
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    except FileNotFoundError:
                        continue  # the file was just removed, which only an unconfined worker can do
                    if total > self._size or count >= _MAX_FILES:
                        return True
        except OSError:
            # The folder cannot be listed. Unless it has just been removed, the worker has made it unreadable to hide
            # its content.
            return not self._removed
        return False

    def unwatch(self) -> None:
        """End the checks, because the worker is about to end."""
        self._watching.clear()
        with self._checking:  # wait until a check that is going on has ended
            pass

    def empty(self) -> bool:
        """Remove everything in the folder, and return whether it is empty now."""
        self.unwatch()
        try:
            for entry in os.scandir(self.path):
                if entry.is_dir(follow_symlinks=False):  # only an unconfined worker can make one
                    remove(entry.path)
                else:
                    os.unlink(entry.path)
            return not os.listdir(self.path)
        except OSError:
            return False

    def remove(self) -> None:
        """Remove the folder and everything in it. Removing it twice does nothing."""
        self.unwatch()
        self._removed = True
        self._watching.set()  # the watcher sees that there is nothing left to watch, and ends
        self._folder.release()
