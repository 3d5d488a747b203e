"""Submitted archives: zip, tar and tar.gz, read in place.

An archive can claim anything about itself. So no claim is used to decide how much to read: a member is read up to its
cap and one byte more, a compressed tar is unpacked in memory up to a total, and the libraries get the file through
`_Careful`, which refuses to hand out more than a small piece at a time (a forged directory of a gigabyte ends there).
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile
import zlib
from typing import IO, BinaryIO, cast

from .tree import MAX_ENTRIES, Entry, Kind, NotASubmission, Unreadable, too_large

MAX_UNPACKED = 256 << 20
_PIECE = 1 << 20
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    tarfile.TarError,
    zipfile.BadZipFile,
)


class _Careful(io.RawIOBase):
    """A file that is handed out in small pieces only."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        data = self._file.read(min(size, _PIECE + 1) if size is not None and size >= 0 else _PIECE + 1)
        if len(data) > _PIECE:
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
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise NotASubmission(f"{path} cannot be opened: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotASubmission(f"{path} is neither a folder nor an archive")
        head = file.read(512)
        file.seek(0)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return Zip(file)
        if head.startswith(b"\x1f\x8b"):
            unpacked, complete = _gunzip(file)
            return Tar(unpacked, complete)
        if head[257:262] == b"ustar":
            return Tar(file)
        raise NotASubmission(f"{path} is neither a folder nor a zip, tar or tar.gz archive")
    except _DAMAGED as error:
        file.close()
        raise NotASubmission(f"{path} is a damaged archive: {_words(error)}") from error
    except NotASubmission:
        file.close()
        raise


class Zip:
    """A zip archive as a `Tree`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(cast("IO[bytes]", _Careful(file)))
        infos = self._zip.infolist()
        self.remarks = _too_many(len(infos))
        self._infos = {_plain(info.filename): info for info in infos[:MAX_ENTRIES]}
        self.entries = [_zip_entry(info) for info in infos[:MAX_ENTRIES]]

    def read(self, name: str, cap: int) -> bytes:
        """The bytes of a regular file; see `Tree.read`."""
        info = self._infos[name]
        if info.flag_bits & 1:
            raise Unreadable("is encrypted")
        # Other methods are rare, and LZMA lets the archive choose how much memory is taken.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("is compressed in a way that is not read here")
        if info.file_size > cap:
            raise too_large(cap)
        try:
            with self._zip.open(info) as member:
                return _read_member(member, cap)
        except _DAMAGED as error:
            raise Unreadable(f"is damaged ({_words(error)})") from error

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        self._file.close()


class Tar:
    """A tar archive as a `Tree`."""

    def __init__(self, file: BinaryIO, complete: bool = True) -> None:
        self._file = file
        self._tar = tarfile.open(fileobj=cast("IO[bytes]", _Careful(file)), mode="r:")  # noqa: SIM115 (closed by `close`)
        self._members: dict[str, tarfile.TarInfo] = {}
        self.entries: list[Entry] = []
        self.remarks: list[str] = []
        try:
            self._list()
        except _DAMAGED:
            complete = False
        if not complete:
            self.remarks.append("the archive is truncated, damaged or too large; what could be read of it was taken")

    def _list(self) -> None:
        while member := self._tar.next():
            if len(self.entries) >= MAX_ENTRIES:
                self.remarks += _too_many(MAX_ENTRIES + 1)
                return
            name = _plain(member.name)
            self._members[name] = member
            self.entries.append(Entry(name, _tar_kind(member)))

    def read(self, name: str, cap: int) -> bytes:
        """The bytes of a regular file; see `Tree.read`."""
        member = self._members[name]
        if member.size > cap:
            raise too_large(cap)
        try:
            file = self._tar.extractfile(member)
            if file is None:
                raise Unreadable("is not a regular file")
            with file:
                return _read_member(file, cap, member.size)
        except _DAMAGED as error:
            raise Unreadable(f"is damaged ({_words(error)})") from error

    def close(self) -> None:
        """Close the archive."""
        self._tar.close()
        self._file.close()


def _gunzip(file: BinaryIO) -> tuple[BinaryIO, bool]:
    """The unpacked bytes, as many as there are up to the cap, and whether that is all of them."""
    unpacked = io.BytesIO()
    complete = True
    with file, gzip.GzipFile(fileobj=file) as packed:
        try:
            while unpacked.tell() < MAX_UNPACKED and (part := packed.read(_PIECE)):
                unpacked.write(part)
            complete = not packed.read(1)
        except (OSError, EOFError, zlib.error):
            complete = False
    unpacked.seek(0)
    return unpacked, complete


def _read_member(member: IO[bytes], cap: int, expected: int | None = None) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := member.read(_PIECE):
        parts.append(part)
        size += len(part)
        if size > cap:
            raise too_large(cap)
    if expected is not None and size != expected:
        raise Unreadable("is damaged (its end is missing)")
    return b"".join(parts)


def _tar_kind(member: tarfile.TarInfo) -> Kind:
    if member.issym() or member.islnk():
        return "link"
    return "folder" if member.isdir() else "file" if member.isreg() else "other"


def _zip_entry(info: zipfile.ZipInfo) -> Entry:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir() or kind == stat.S_IFDIR:
        return Entry(_plain(info.filename), "folder")
    if kind == stat.S_IFLNK:
        return Entry(_plain(info.filename), "link")
    return Entry(_plain(info.filename), "file" if kind in (0, stat.S_IFREG) else "other")


def _plain(name: str) -> str:
    """A member's name as a path: Windows writes backslashes, tar a leading ``./``, folders a trailing slash."""
    name = name.replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    return name.rstrip("/") if name.strip("/") else name


def _too_many(count: int) -> list[str]:
    if count <= MAX_ENTRIES:
        return []
    return [f"the archive has more than {MAX_ENTRIES} members; the rest was not looked at"]


def _words(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
