"""Read submitted tar archives."""

from __future__ import annotations

import tarfile
from typing import IO, BinaryIO, cast

from .archive_members import CHUNK, DAMAGED, CappedReader, library_message, normal_path, read_member, too_many_members
from .tree import MAX_ENTRIES, Entry, Kind, Unreadable, too_large

_MOST_HEADER_BYTES = 4 << 10
"""The largest extended header, in bytes. tarfile takes quadratic time for it: 10 ms for 4 KiB, 10 minutes for 1 MiB."""

_MOST_HEADER_WORK = MAX_ENTRIES * (2 << 10) ** 2
"""The largest sum of the squares of all headers' sizes in bytes, which takes tarfile some seconds."""


class Tar:
    """A tar archive that implements `Tree`.

    Parameters
    ----------
    file : binary file
        The archive; `close` closes it.
    complete : bool, default True
        Whether `file` holds the whole archive. If not, a remark says so.
    """

    def __init__(self, file: BinaryIO, complete: bool = True) -> None:
        self._file = file
        reader = CappedReader(file)
        reader.largest_read = _MOST_HEADER_BYTES
        self._tar = tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r:")  # noqa: SIM115 (closed by `close`)
        self._members: dict[str, tarfile.TarInfo] = {}
        self.entries: list[Entry] = []
        self.remarks: list[str] = []
        self.failed = False
        try:
            self._list()
        except DAMAGED:
            complete = False
        reader.largest_read = CHUNK
        if not complete:
            self.remarks.append("the archive is truncated, damaged or too large; what could be read of it was taken")

    def _list(self) -> None:
        squares = 0
        while member := self._tar.next():
            squares += (member.offset_data - member.offset) ** 2
            if squares > _MOST_HEADER_WORK:
                raise ValueError("its headers are longer than any submission's")
            if len(self.entries) >= MAX_ENTRIES:
                self.remarks += too_many_members(MAX_ENTRIES + 1)
                return
            name = normal_path(member.name)
            self._members[name] = member
            self.entries.append(Entry(name, _tar_kind(member)))

    def read(self, name: str, cap: int) -> bytes:
        """Read a regular file; see `Tree.read`."""
        member = self._members[name]
        if member.size > cap:
            raise too_large(cap)
        try:
            file = self._tar.extractfile(member)
            if file is None:
                raise Unreadable("is not a regular file")
            with file:
                return read_member(file, cap, member.size)
        except DAMAGED as error:
            raise Unreadable(f"is damaged ({library_message(error)})") from error

    def close(self) -> None:
        """Close the archive."""
        self._tar.close()
        self._file.close()


def _tar_kind(member: tarfile.TarInfo) -> Kind:
    if member.issym() or member.islnk():
        return "link"
    return "folder" if member.isdir() else "file" if member.isreg() else "other"
