"""Submitted archives: zip, tar and tar.gz, read in place.

An archive can claim anything about itself, so no claim decides how much is read: a member is read up to its cap, and a
compressed tar is unpacked in memory up to a total.
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
"""How archives are called that are collected; what they are, their content says."""


def open_archive(path: str) -> Zip | Tar:
    """Open an archive, whatever its name says, by what it contains.

    Parameters
    ----------
    path : str
        A regular file.

    Returns
    -------
    Zip or Tar
        Both are a `tree.Tree`.

    Raises
    ------
    NotASubmission
        When it is neither zip nor tar, or nothing in it can be read.
    """
    shown = printable(path)
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise NotASubmission(f"{shown} cannot be opened: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotASubmission(f"{shown} is neither a folder nor an archive")
        head = file.read(512)
        file.seek(0)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return Zip(file)
        if head.startswith(b"\x1f\x8b"):
            unpacked, complete = _gunzip(file)
            return Tar(unpacked, complete)
        if head[257:262] == b"ustar":
            return Tar(file)
        raise NotASubmission(f"{shown} is neither a folder nor a zip, tar or tar.gz archive")
    except DAMAGED as error:
        file.close()
        raise NotASubmission(f"{shown} is a damaged archive: {library_message(error)}") from error
    except NotASubmission:
        file.close()
        raise


def _gunzip(file: BinaryIO) -> tuple[BinaryIO, bool]:
    """The unpacked bytes, as many as there are up to the cap, and whether that is all of them."""
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
