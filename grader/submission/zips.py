"""Read submitted zip archives."""

from __future__ import annotations

import stat
import zipfile
from typing import IO, BinaryIO, cast

from .archive_members import DAMAGED, CappedReader, library_message, normal_path, read_member, too_many_members
from .tree import MAX_ENTRIES, Entry, Unreadable, too_large


class Zip:
    """A zip archive that implements `Tree`.

    Parameters
    ----------
    file : binary file
        The archive; `close` closes it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(cast("IO[bytes]", CappedReader(file)))
        infos = self._zip.infolist()
        self.remarks = too_many_members(len(infos))
        self._infos = {normal_path(info.filename): info for info in infos[:MAX_ENTRIES]}
        self.entries = [_zip_entry(info) for info in infos[:MAX_ENTRIES]]

    def read(self, name: str, cap: int) -> bytes:
        """Read a regular file; see `Tree.read`."""
        info = self._infos[name]
        if info.flag_bits & 1:
            raise Unreadable("is encrypted")
        # Other methods are rare, and with LZMA the archive chooses how much memory decompressing it takes.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("is compressed in a way that is not read here")
        if info.file_size > cap:
            raise too_large(cap)
        try:
            with self._zip.open(info) as member:
                return read_member(member, cap)
        except DAMAGED as error:
            raise Unreadable(f"is damaged ({library_message(error)})") from error

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()
        self._file.close()


def _zip_entry(info: zipfile.ZipInfo) -> Entry:
    kind = stat.S_IFMT(info.external_attr >> 16)
    # Not `ZipInfo.is_dir`, which raises an IndexError for an empty name (Python 3.11).
    if info.filename.endswith("/") or kind == stat.S_IFDIR:
        return Entry(normal_path(info.filename), "folder")
    if kind == stat.S_IFLNK:
        return Entry(normal_path(info.filename), "link")
    return Entry(normal_path(info.filename), "file" if kind in (0, stat.S_IFREG) else "other")
