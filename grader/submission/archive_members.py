"""Helpers for reading zip and tar archives whose headers may state false names and sizes."""

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
"""The exceptions that the libraries raise when they read a damaged archive."""


class CappedReader(io.RawIOBase):
    """A binary file whose `read` raises ValueError where it would return more than `largest_read` bytes.

    `zipfile` and `tarfile` read an archive's directory and headers with one call of the size that the archive states,
    which may be a gigabyte.

    Parameters
    ----------
    file : binary file
        The archive; closing this object does not close it.

    Attributes
    ----------
    largest_read : int
        The most bytes that one call of `read` may return; 1 MiB at first.
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
    """Read a member to its end, whatever size the archive states for it.

    Parameters
    ----------
    member : binary file
        The member, opened for reading.
    cap : int
        The largest size in bytes that is allowed. Reading stops at the first MiB beyond it.
    expected : int, optional
        The size in bytes that the member has to have; any by default.

    Returns
    -------
    bytes
        The whole content.

    Raises
    ------
    Unreadable
        When the member is larger than `cap`, or does not have the expected size.
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
    """Turn a member's name into a relative path with ``/``.

    Archives made on Windows may have backslashes, tar writes a leading ``./``, and names of folders end in a slash.
    """
    parts = name.replace("\\", "/").rstrip("/").split("/")
    return "/".join(part for part in parts if part != ".")


def too_many_members(count: int, most: int = MAX_ENTRIES) -> list[str]:
    """Return a remark where an archive has more than `most` members, of which the rest is ignored."""
    if count <= most:
        return []
    return [f"the archive has more than {most} members; the rest was not looked at"]


def library_message(error: BaseException) -> str:
    """Return a library's error message about an archive, made safe to print because it may quote names from it."""
    return printable(str(error)) or type(error).__name__
