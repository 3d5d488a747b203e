"""Write files atomically: a reader sees either the old content or the new, even if the writer is killed.

A killed writer may leave a partial file beside the target. The next writer of the same target reuses that file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write `data` to `path` atomically, unless the file has this content already.

    Parameters
    ----------
    path : Path
        The file; missing parent folders are made.
    data : bytes
        The content.

    Returns
    -------
    bool
        Whether the file was written.
    """
    if content(path) == data:
        return False
    with atomic_writes({path: data}):
        return True


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield an empty temporary file, which replaces `path` at the end of the ``with`` statement.

    The temporary file of a target always has the same name, so that a writer reuses the file that a killed one has
    left. Only one writer of a target runs at a time: each holds a lock on the temporary file, which the kernel releases
    when the writer ends, however it ends.

    Parameters
    ----------
    path : Path
        The target, in a folder that exists.

    Yields
    ------
    Path
        The temporary file, in the same folder. `path` stays as it was where the ``with`` statement is left by an
        exception, or the temporary file is removed in it.
    """
    part = path.with_name(f".{path.name}.part")
    locked = _open_locked(part)
    try:
        yield part
        if part.exists():
            os.fsync(locked)  # otherwise the rename could reach the disk before the content does
            os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        os.close(locked)


@contextmanager
def atomic_writes(files: Mapping[Path, bytes]) -> Iterator[None]:
    """Write several files: the content when the ``with`` statement begins, the renames to their targets when it ends.

    So a full disk raises before any target has changed. The body of the ``with`` statement can do more work, such as a
    transaction in a database: where it raises, no target changes.

    Parameters
    ----------
    files : mapping of Path to bytes
        Targets and their content; missing parent folders are made. A file that has its content already is not written.
    """
    with ExitStack() as parts:
        for folder in dict.fromkeys(path.parent for path in files):
            folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            if content(path) != data:
                parts.enter_context(atomic_write(path)).write_bytes(data)
        yield


def link_or_copy(source: Path, target: Path) -> None:
    """Make a file the same as another one: a hard link to it where the file system allows that, otherwise a copy.

    So thousands of the same file take the space and the time of one. Both are then one file, so use it for files that
    are replaced as a whole when they change, as all writers here do.

    Parameters
    ----------
    source : Path
    target : Path
        In a folder that exists. A file that has the same content already stays as it is.
    """
    try:
        os.link(source, target)
        return
    except OSError:  # it is there already, or is on another file system, or links are forbidden or too many
        if target.exists() and target.samefile(source):
            return
    with atomic_writes({target: source.read_bytes()}):
        pass


def content(path: Path) -> bytes | None:
    """Return a file's bytes; None where there is no such file."""
    try:
        return path.read_bytes() if path.is_file() else None
    except FileNotFoundError:  # it was removed after `is_file`
        return None


def _open_locked(part: Path) -> int:
    """Open a temporary file for writing, wait for the lock on it, and empty it."""
    while True:
        locked = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(locked, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(locked), part.stat()):
                os.ftruncate(locked, 0)
                return locked
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(locked)
            raise
        # While this process waited for the lock, the writer before it has renamed the file to its target. Try again
        # with a new one.
        os.close(locked)
