"""Read submitted zip archives."""

from __future__ import annotations

import stat
import zipfile
from typing import IO, BinaryIO, cast

from .archive_members import CHUNK, DAMAGED, CappedReader, library_message, normal_path, read_member, too_many_members
from .tree import MAX_ENTRIES, Entry, Unreadable, too_large

_UTF8 = 0x800  # the flag by which a member says that its name is UTF-8


class Zip:
    """A zip archive that implements `Tree`.

    Parameters
    ----------
    file : binary file
        The archive; `close` closes it.
    most_entries : int, default 5000
        How many members are looked at.
    largest_directory : int, default 1 MiB
        The largest directory of members that is read, in bytes.
    """

    def __init__(self, file: BinaryIO, *, most_entries: int = MAX_ENTRIES, largest_directory: int = CHUNK) -> None:
        self._file = file
        reader = CappedReader(file)
        reader.largest_read = largest_directory
        self._zip = zipfile.ZipFile(cast("IO[bytes]", reader))
        reader.largest_read = CHUNK
        infos = self._zip.infolist()
        self.remarks = too_many_members(len(infos), most_entries)
        self.failed = False
        self._infos = {normal_path(_name(info)): info for info in infos[:most_entries]}
        self.entries = [_zip_entry(info) for info in infos[:most_entries]]

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
    name = normal_path(_name(info))
    # Not `ZipInfo.is_dir`, which raises an IndexError for an empty name (Python 3.11).
    if info.filename.endswith("/") or kind == stat.S_IFDIR:
        return Entry(name, "folder")
    if kind == stat.S_IFLNK:
        return Entry(name, "link")
    return Entry(name, "file" if kind in (0, stat.S_IFREG) else "other")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name. Many programs write names in UTF-8 without the flag that says so."""
    if not info.flag_bits & _UTF8:
        try:
            return info.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return info.filename
