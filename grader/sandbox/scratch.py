"""A worker's scratch folder: private, watched, and removed whatever lies in it.

A worker cannot make folders in it (see `inside.syscalls`), so one look at its entries sees everything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

_MAX_FILES = 1000


class Scratch:
    """A new folder for one worker.

    Parameters
    ----------
    user : int
        Who is to own it; 0 for the current user.
    """

    def __init__(self, user: int) -> None:
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="nndl-"))
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
        if not os.path.isdir(self.path):
            return
        os.chmod(self.path, 0o700)
        shutil.rmtree(self.path, ignore_errors=True)
        if os.path.isdir(self.path):  # nested deeper than Python recurses: only an unconfined worker can do that
            subprocess.run(["rm", "-rf", "--", self.path], check=False, capture_output=True)
