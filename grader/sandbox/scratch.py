"""A worker's scratch folder: private, watched, and removed whatever lies in it.

A worker cannot make folders in it (see `inside.syscalls`), so one look at its entries sees everything.
"""

from __future__ import annotations

import os

from ..claims import Claim

_MAX_FILES = 1000


class Scratch:
    """A new folder for one worker.

    Parameters
    ----------
    user : int
        Who is to own it; 0 for the current user.
    """

    def __init__(self, user: int) -> None:
        self._claim = Claim()
        self.path = self._claim.path
        if user:
            os.chown(self.path, user, user)

    def exceeds(self, size: int) -> bool:
        """Whether more than `size` bytes lie in it, or more files than anyone needs."""
        total = 0
        try:
            with os.scandir(self.path) as entries:
                for count, entry in enumerate(entries):
                    try:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    except FileNotFoundError:
                        continue
                    if total > size or count >= _MAX_FILES:
                        return True
        except OSError:
            return True  # it was made unreadable to hide what is in it
        return False

    def remove(self) -> None:
        """Remove the folder and everything in it. Removing twice is fine."""
        self._claim.release()
