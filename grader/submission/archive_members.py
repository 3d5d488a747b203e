"""What reading a zip and a tar have in common: nothing that an archive claims decides how much is read."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from typing import IO, BinaryIO

from .tree import MAX_ENTRIES, Unreadable, printable, too_large

CHUNK = 1 << 20
DAMAGED = (
    OSError, EOFError, ValueError, OverflowError, RuntimeError,
    zlib.error, struct.error, tarfile.TarError, zipfile.BadZipFile,
)  # fmt: skip
"""What the libraries raise when they meet a damaged archive."""


class CappedReader(io.RawIOBase):
    """A file that is handed out in small pieces only: a forged directory of a gigabyte ends here.

    Parameters
    ----------
    file : binary file
        Stays open; whoever opened it closes it.

    Attributes
    ----------
    largest_read : int
        Most bytes that one call of `read` may give; 1 MiB at first.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.largest_read = CHUNK

    def read(self, size: int | None = -1) -> bytes:
        data = self._file.read(
            min(size, self.largest_read + 1) if size is not None and size >= 0 else self.largest_read + 1
        )
        if len(data) > self.largest_read:
            raise ValueError("its directory is larger than any submission's")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def read_member(member: IO[bytes], cap: int, expected: int | None = None) -> bytes:
    """Read a member up to its cap and one piece more, whatever size it claims.

    Parameters
    ----------
    member : binary file
    cap : int
        Largest number of bytes that is taken.
    expected : int, optional
        How many there have to be.

    Raises
    ------
    Unreadable
    """
    parts: list[bytes] = []
    size = 0
    while part := member.read(CHUNK):
        parts.append(part)
        size += len(part)
        if size > cap:
            raise too_large(cap)
    if expected is not None and size != expected:
        raise Unreadable("is damaged (its end is missing)")
    return b"".join(parts)


def normal_path(name: str) -> str:
    """A member's name as a path: Windows writes backslashes, tar a leading ``./``, folders a trailing slash."""
    parts = name.replace("\\", "/").rstrip("/").split("/")
    return "/".join(part for part in parts if part != ".")


def too_many_members(count: int) -> list[str]:
    """A remark, when an archive has more members than are looked at."""
    if count <= MAX_ENTRIES:
        return []
    return [f"the archive has more than {MAX_ENTRIES} members; the rest was not looked at"]


def library_message(error: BaseException) -> str:
    """What a library says about a damaged archive, which may quote names in it."""
    return printable(str(error)) or type(error).__name__
