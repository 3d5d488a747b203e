"""Tell whether a hand-in has changed since an earlier run, by what the file system says of its files; none is read.

A file is taken to be the same if it has the same device, inode, size, mode, time of modification, and *time of change*
(``st_ctime_ns``). The last one is what makes this safe: the kernel sets it whenever content, name or attributes of a
file change, and no program can set it. So a file that is replaced or edited is noticed, even if it is as long as before
and was given its old time of modification, as ``cp -p``, ``rsync -a``, ``touch -d`` and archive programs do.

Two exceptions are made:

- Clocks of file systems tick: two changes within a tick have the same time. So nothing is said of a hand-in of which a
  file was changed less than `SETTLED` seconds before, or in the future.
- Some file systems have no time of change of their own (FAT, sshfs). There a file may be missed that is replaced by
  one of the same length and the same time of modification; ``grader grade --again`` reads everything.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from operator import attrgetter
from pathlib import Path
from typing import Final

from .submission import SYSTEM_FILES
from .tree import MAX_DEPTH, MAX_ENTRIES

SETTLED: Final = 2.0
"""Seconds; the clock of FAT has the longest ticks, and they are as long."""

_NAME: Final = attrgetter("name")


def file_states(path: Path) -> bytes:
    """Return a digest of the states of all files of a hand-in, or of any other folder or file.

    Parameters
    ----------
    path : Path
        A folder or an archive. Links in it count as links; where they lead to does not matter.

    Returns
    -------
    bytes
        The same only if nothing has changed; empty if nothing can be said, as of a link.
    """
    states: list[object] = []
    try:
        first, latest = os.lstat(path), time.time_ns() - int(SETTLED * 1e9)
        if stat.S_ISLNK(first.st_mode):
            return b""
        _collect(os.fspath(path), first, "", states, latest, MAX_DEPTH)
    except (OSError, _Unknown):
        return b""
    return hashlib.sha256(repr(states).encode(errors="surrogatepass")).digest()


def _collect(path: str, state: os.stat_result, name: str, states: list[object], latest: int, depth: int) -> None:
    """Append the state of a file, or of a folder and of all that is in it, to a list.

    The times of a folder are left out, because they change when something is added that does not count, such as
    ``__pycache__``.
    """
    if len(states) > MAX_ENTRIES:
        raise _Unknown
    same = (name, state.st_mode, state.st_dev, state.st_ino)
    if not stat.S_ISDIR(state.st_mode):
        if state.st_ctime_ns > latest or state.st_mtime_ns > latest:
            raise _Unknown
        states.append((*same, state.st_size, state.st_mtime_ns, state.st_ctime_ns))
        return
    if not depth:
        raise _Unknown
    states.append(same)
    with os.scandir(path) as found:
        children = sorted((child for child in found if child.name not in SYSTEM_FILES), key=_NAME)
    for child in children:
        inside = f"{name}/{child.name}"
        _collect(child.path, child.stat(follow_symlinks=False), inside, states, latest, depth - 1)


class _Unknown(Exception):
    """Nothing can be said of the files."""
