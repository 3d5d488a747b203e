"""Open a submitted archive (zip, tar or tar.gz) without extracting it to disk.

An archive may state any size for its members, so these sizes do not decide how much is read: a member is read up to its
cap, and a compressed tar is decompressed in memory up to `MAX_UNPACKED`.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from typing import BinaryIO

from .archive_members import CHUNK, DAMAGED, library_message
from .tars import Tar
from .tree import NotASubmission, printable
from .zips import Zip

MAX_UNPACKED = 256 << 20
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
"""Endings of the file names that are collected as archives. The content then decides what kind an archive is."""


def open_archive(path: str) -> Zip | Tar:
    """Open an archive. Its first bytes decide about its kind, not its name.

    Parameters
    ----------
    path : str
        The archive, which should be a regular file.

    Returns
    -------
    Zip or Tar
        Both implement `tree.Tree`.

    Raises
    ------
    NotASubmission
        When the file cannot be opened, is neither zip nor tar, or is so damaged that its members cannot be listed.
    """
    shown = printable(path)
    try:
        # O_NONBLOCK: opening a named pipe that nobody writes to must not wait for ever.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise NotASubmission(f"{shown} cannot be opened: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise NotASubmission(f"{shown} is neither a folder nor an archive")
    return opened_archive(file, shown)


def opened_archive(file: BinaryIO, shown: str) -> Zip | Tar:
    """Open an archive as `open_archive` does, from a binary file.

    Parameters
    ----------
    file : binary file
        The archive; it is closed with the result, or where this function raises.
    shown : str
        Its name in messages, safe to print.
    """
    try:
        head = file.read(512)
        file.seek(0)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return Zip(file)
        if head.startswith(b"\x1f\x8b"):
            unpacked, complete = _gunzip(file)
            return Tar(unpacked, complete)
        if head[257:262] == b"ustar":  # the magic bytes stand in the first member's header
            return Tar(file)
        raise NotASubmission(f"{shown} is neither a folder nor a zip, tar or tar.gz archive")
    except DAMAGED as error:
        file.close()
        raise NotASubmission(f"{shown} is a damaged archive: {library_message(error)}") from error
    except NotASubmission:
        file.close()
        raise


def _gunzip(file: BinaryIO) -> tuple[BinaryIO, bool]:
    """Decompress a file in memory, up to `MAX_UNPACKED` bytes; return the bytes, and whether that is all of them."""
    unpacked = io.BytesIO()
    complete = True
    with file, gzip.GzipFile(fileobj=file) as packed:
        try:
            while unpacked.tell() < MAX_UNPACKED and (part := packed.read1(CHUNK)):
                unpacked.write(part)
            complete = not packed.read1(1)
        except (OSError, EOFError, zlib.error):
            complete = False
    unpacked.seek(0)
    return unpacked, complete
