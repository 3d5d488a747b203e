"""Read and write the files of a student's folder, such that no other program ever sees half of one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

PART = ".part"  # ends the name of what is not yet whole


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def content(path: Path) -> bytes | None:
    """Return what is in a file; None where there is none.

    Raises
    ------
    OSError
        When it is there and cannot be read, so that nobody takes it for absent and writes over it.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file such that it has its old or its new content, also after a power cut.

    Raises
    ------
    OSError
        When it cannot be written, also where its folder is not there; the old content stays.
    """
    number, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # otherwise the new name could reach the disk before the content does
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
