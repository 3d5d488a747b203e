"""Writing files so that a reader never meets half of one, and a writer that is killed leaves nothing for good."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write `data` to `path` atomically, unless it stands there already.

    Parameters
    ----------
    path : Path
        Folders on the way are made.
    data : bytes
        The content.

    Returns
    -------
    bool
        Whether anything was written.
    """
    if content(path) == data:
        return False
    with atomic_writes({path: data}):
        return True


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """The name of an empty file that takes the place of `path` at the end of the ``with`` statement.

    That name is always the same, so whoever comes after a killed writer takes over what it left. Writers take turns:
    each holds a lock, which the kernel drops when its holder dies.

    Parameters
    ----------
    path : Path
        Its folder exists.

    Yields
    ------
    Path
        Beside `path`. Where the ``with`` statement is left by an exception, or the file was removed meanwhile, `path`
        stays as it was.
    """
    half = path.with_name(f".{path.name}.part")
    held = _turn(half)
    try:
        yield half
        if half.exists():
            os.fsync(held)  # a rename may reach the disk before the bytes do
            os.replace(half, path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    finally:
        os.close(held)


@contextmanager
def atomic_writes(files: Mapping[Path, bytes]) -> Iterator[None]:
    """Write several files: all bytes at the beginning of the ``with`` statement, all names at its end.

    So a disk that is too full for one of them is met before anything was changed.

    Parameters
    ----------
    files : mapping of Path to bytes
        Folders on the way are made; what stands there already is left alone.
    """
    with ExitStack() as halves:
        for path, data in files.items():
            if content(path) != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                halves.enter_context(atomic_write(path)).write_bytes(data)
        yield


def content(path: Path) -> bytes | None:
    """A file's bytes; None where there is none."""
    try:
        return path.read_bytes() if path.is_file() else None
    except FileNotFoundError:  # removed between the two looks
        return None


def _turn(half: Path) -> int:
    """A handle on the file `half`, emptied, once no other process holds it."""
    while True:
        held = os.open(half, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(held), half.stat()):
                os.ftruncate(held, 0)
                return held
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(held)
            raise
        os.close(held)  # whoever held it has just put it in place
