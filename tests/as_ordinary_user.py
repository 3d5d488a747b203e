"""Run a command as a user without any capability, where the tests run as root: ``as_ordinary_user.py COMMAND …``.

This Python may lie in a home that only root may enter. So the command gets a view of the file system of its own, in
which the way to it is open; nothing else of such a home is there.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

USER = 65534  # nobody
_CLONE_NEWNS = 0x20000


def ordinary(*command: str) -> list[str]:
    """The command, changed so that it runs as an ordinary user; unchanged where the tests do so themselves."""
    return [sys.executable, __file__, *command] if os.geteuid() == 0 else list(command)


def hand_over(*folders: Path) -> None:
    """Make folders, with all that lies in them, that user's."""
    if os.geteuid() == 0:
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, USER, USER, follow_symlinks=False)


def main() -> None:
    """Open the way, become the user, run the command."""
    if ctypes.CDLL(None).unshare(_CLONE_NEWNS):
        sys.exit("a mount namespace cannot be had; run the tests as an ordinary user")
    _mount("--make-rprivate", "/")
    for path in {sys.base_prefix, sys.prefix, str(Path(__file__).parents[1])}:
        _open_the_way(Path(path))
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.execv(sys.argv[1], sys.argv[1:])


def _open_the_way(path: Path) -> None:
    """Make a folder reachable whose parents are closed to others."""
    closed = next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 1), None)
    if closed is None:
        return
    aside = Path("/mnt")
    _mount("--bind", str(path), str(aside))
    _mount("-t", "tmpfs", "-o", "mode=755", "none", str(closed))
    path.mkdir(parents=True)
    _mount("--move", str(aside), str(path))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main()
