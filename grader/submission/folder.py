"""Read a submitted folder without following links.

Every part of a path is opened relative to its parent folder with ``O_NOFOLLOW``. So a file cannot be replaced by a link
between the moment when it is listed and the moment when it is read.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice

from .tree import MAX_DEPTH, MAX_ENTRIES, Entry, NotASubmission, Unreadable, printable, too_large

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a named pipe that nobody writes to must not wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1 << 20


class Folder:
    """A folder that implements `Tree`.

    Parameters
    ----------
    path : str
        The folder. Folders above it may be links, because those belong to the instructor.
    most_entries : int, default 5000
        How many entries are looked at.
    most_depth : int, default 8
        How deep nested folders are looked into.
    skipped : collection of str, default ()
        Names of files and folders that are not looked at, wherever they are.

    Raises
    ------
    NotASubmission
        When it cannot be opened or listed.
    """

    def __init__(
        self,
        path: str,
        *,
        most_entries: int = MAX_ENTRIES,
        most_depth: int = MAX_DEPTH,
        skipped: Collection[str] = (),
    ) -> None:
        self.entries: list[Entry] = []
        self.remarks: list[str] = []
        self.failed = False
        self._most_entries, self._most_depth, self._skipped = most_entries, most_depth, skipped
        try:
            self._root = os.open(path, _FOLDER)
        except OSError as error:
            raise NotASubmission(f"{printable(path)} cannot be opened: {error.strerror}") from error
        try:
            self._list(self._root, "", most_depth)
        except OSError as error:
            os.close(self._root)
            raise NotASubmission(f"{printable(path)} cannot be listed: {error.strerror}") from error

    def _list(self, folder: int, prefix: str, depth: int) -> None:
        with os.scandir(folder) as found:
            children = sorted(islice(found, self._most_entries + 1), key=lambda child: child.name)
        for child in children:
            if child.name in self._skipped:
                continue
            if len(self.entries) >= self._most_entries:
                self._remark_once(f"the folder has more than {self._most_entries} entries; the rest was not looked at")
                return
            name = prefix + child.name
            if child.is_symlink():
                self.entries.append(Entry(name, "link"))
            elif child.is_dir(follow_symlinks=False):
                self.entries.append(Entry(name, "folder"))
                self._descend(folder, child.name, name, depth)
            else:
                regular = child.is_file(follow_symlinks=False)
                self.entries.append(Entry(name, "file" if regular else "other"))

    def _descend(self, parent: int, child: str, name: str, depth: int) -> None:
        if depth == 0:
            self._remark_once(f"folders nested more than {self._most_depth} deep were not looked into")
            return
        try:
            folder = os.open(child, _FOLDER, dir_fd=parent)
        except OSError:
            self.failed = True
            self.remarks.append(f"the folder {printable(name)} could not be opened")
            return
        try:
            self._list(folder, name + "/", depth - 1)
        finally:
            os.close(folder)

    def _remark_once(self, sentence: str) -> None:
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def read(self, name: str, cap: int) -> bytes:
        """Read a regular file; see `Tree.read`."""
        try:
            with self._opened(name) as fd:
                status = os.fstat(fd)
                if not stat.S_ISREG(status.st_mode):
                    raise Unreadable("is not a regular file")
                if status.st_size > cap:
                    raise too_large(cap)
                return _read_whole(fd, cap)
        except OSError as error:
            # With O_NOFOLLOW, a link raises ELOOP in place of a file, and ENOTDIR in place of a folder.
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise Unreadable("is a symbolic link") from error
            self.failed = True
            raise Unreadable(f"cannot be read ({error.strerror})") from error

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        """Open a file part by part, and yield its descriptor."""
        *folders, last = name.split("/")
        opened = [self._root]
        try:
            for part in folders:
                opened.append(os.open(part, _FOLDER, dir_fd=opened[-1]))
            opened.append(os.open(last, _FILE, dir_fd=opened[-1]))
            yield opened[-1]
        finally:
            for fd in opened[1:]:
                os.close(fd)

    def close(self) -> None:
        """Close the folder."""
        os.close(self._root)


def _read_whole(fd: int, cap: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := os.read(fd, _CHUNK):
        parts.append(part)
        size += len(part)
        if size > cap:  # the file has grown since its size was checked
            raise too_large(cap)
    return b"".join(parts)
