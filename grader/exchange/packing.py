"""Make one archive of the files of an attempt, so that no name that a student has chosen becomes a path on disk."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from ..submission import ARCHIVES, NotASubmission
from ..submission.archive import opened_archive
from ..submission.tree import Tree, Unreadable, printable

LARGEST: Final = 256 << 20  # bytes of one attempt, packed or not
_COPY: Final = re.compile(r"(-\d+| ?\(\d+\))(?=\.[a-z0-9]+$)")
_SAME_DATE: Final = (1980, 1, 1, 0, 0, 0)  # so that the same files always make the same archive


class Packed(NamedTuple):
    """An attempt as one archive.

    Attributes
    ----------
    data : bytes
        The archive.
    ending : str
        ``".zip"``, ``".tar"`` or ``".tar.gz"``.
    notes : tuple of str
        Sentences about what was left out, put elsewhere, or cannot be read.
    """

    data: bytes
    ending: str
    notes: tuple[str, ...] = ()


def pack(tree: Tree, files: Mapping[str, str], wanted: Sequence[str]) -> Packed:
    """Make one archive of an attempt.

    A single archive is kept as it is. Single files are put into a new one, each under the path that the assignment has
    for a file of that name, since many systems keep no folders; beside an archive, they complete it. The number of a
    copy, as in ``layers-2.py`` or ``layers (2).py``, is no part of the name.

    Parameters
    ----------
    tree : Tree
        The download.
    files : mapping of str to str
        Path in the attempt → name of the entry in the download. Where several files belong in one place, the last one
        counts.
    wanted : sequence of str
        The paths that the assignment asks for.

    Raises
    ------
    Unreadable
        When a file of the attempt cannot be read, or all are larger than `LARGEST` together.
    """
    contents: dict[str, bytes] = {}
    room = LARGEST
    for path, entry in files.items():
        try:
            contents[path] = tree.read(entry, room)
        except Unreadable as error:
            raise Unreadable(f"{printable(path)} {error}") from None
        room -= len(contents[path])
    archives = {path: ending for path, data in contents.items() if (ending := _archive_ending(path, data))}
    if len(contents) == 1 and archives:
        ((path, ending),) = archives.items()
        return Packed(contents[path], ending, tuple(_damage(contents[path], path)))
    notes: list[str] = []
    inside: dict[str, bytes] = {}
    top = ""
    for path in archives:
        inside |= _unpacked(contents.pop(path), path, notes)
        top = top or _top(inside, wanted)
    placed: dict[str, str] = {}
    for path, data in contents.items():
        place = top + _place(path, wanted)
        if place in inside and place not in placed:
            notes.append(f"{printable(path)} is also in the archive that was handed in with it, which counts")
            continue
        if place in placed:
            notes.append(f"of {printable(placed[place])} and {printable(path)}, the latter counts")
        inside[place], placed[place] = data, path
    return Packed(_zipped(inside), ".zip", tuple(notes))


def _archive_ending(path: str, data: bytes) -> str:
    """Return the ending for an archive by its first bytes; ``""`` if it is none, or is not called so."""
    if not path.lower().endswith(ARCHIVES):
        return ""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ".zip"
    if data.startswith(b"\x1f\x8b"):
        return ".tar.gz"
    return ".tar" if data[257:262] == b"ustar" else ""


def _damage(data: bytes, path: str) -> Iterator[str]:
    """Yield a sentence where an archive cannot be opened, and those on what is wrong with it."""
    try:
        tree = opened_archive(io.BytesIO(data), printable(path))
    except NotASubmission as error:
        yield str(error)
        return
    yield from tree.remarks
    tree.close()


def _unpacked(data: bytes, path: str, notes: list[str]) -> dict[str, bytes]:
    """Return the files in an archive; what cannot be read is left out, with a sentence in `notes`."""
    try:
        tree = opened_archive(io.BytesIO(data), printable(path))
    except NotASubmission as error:
        notes.append(str(error))
        return {}
    notes += tree.remarks
    found: dict[str, bytes] = {}
    room = LARGEST
    for entry in tree.entries:
        if entry.kind != "file" or not _is_inside(entry.name):
            continue
        try:
            found[entry.name] = tree.read(entry.name, room)
        except Unreadable as error:
            notes.append(f"{printable(entry.name)} {error} and was left out")
            continue
        room -= len(found[entry.name])
    tree.close()
    return found


def _is_inside(name: str) -> bool:
    """Whether a path leads to no place outside of an archive."""
    return not {"", "..", "."} & set(name.split("/")) and "\0" not in name


def _top(names: Mapping[str, bytes], wanted: Sequence[str]) -> str:
    """Return the folder, with a slash at its end, that an archive has around the assignment's files."""
    for path in wanted:
        for name in names:
            if name.endswith(f"/{path}") and name.count("/") == path.count("/") + 1:
                return name.removesuffix(path)
    return ""


def _place(path: str, wanted: Sequence[str]) -> str:
    """Return where a single file belongs: where the assignment has one of its name, or where it is."""
    if path in wanted or "/" in path:
        return path
    for name in (path.lower(), _COPY.sub("", path.lower())):
        places = [place for place in wanted if PurePosixPath(place).name.lower() == name]
        if len(places) == 1:
            return places[0]
    return path


def _zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            if _is_inside(name):
                info = zipfile.ZipInfo(name, _SAME_DATE)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(info, files[name])
    return packed.getvalue()
