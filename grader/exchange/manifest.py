"""Compare what was handed in with the manifest that the student's own command has packed with it.

The manifest says which files were altered, added or lost after packing: by a system that unpacks and packs archives, by
a repaired file, by mistake. Students can write a manifest as they like, so it proves nothing about who wrote a file.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Final

import msgspec

from utils.workspace.handing_in.receipt import FORMAT, MANIFEST

from ..submission import NotASubmission
from ..submission.archive import opened_archive
from ..submission.submission import SYSTEM_FILES
from ..submission.tree import Tree, Unreadable, printable

_LARGEST: Final = 1 << 20  # bytes of a manifest
_ROOM: Final = 256 << 20  # bytes of all files together
_MOST_NAMES: Final = 8  # in one sentence


class _File(msgspec.Struct):
    sha256: str


class _Manifest(msgspec.Struct):
    format: int
    files: dict[str, _File]


def altered(archive: bytes) -> tuple[str, ...]:
    """Say what differs between an archive and the manifest in it.

    Parameters
    ----------
    archive : bytes
        What was handed in, from anybody.

    Returns
    -------
    tuple of str
        Sentences for the remarks. There are none where nothing differs, where there is no manifest, as in what was
        handed in without the student's command, and where the archive cannot be read, which others say.
    """
    try:
        tree = opened_archive(io.BytesIO(archive), "the archive")
    except NotASubmission:
        return ()
    try:
        return tuple(_differences(tree))
    finally:
        tree.close()


def _differences(tree: Tree) -> Iterator[str]:
    names = {entry.name for entry in tree.entries if entry.kind == "file"}
    places = sorted((name for name in names if name.rpartition("/")[2] == MANIFEST), key=lambda name: name.count("/"))
    if not places:
        return
    try:
        manifest = msgspec.json.decode(tree.read(places[0], _LARGEST), type=_Manifest)
    except (Unreadable, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield f"{MANIFEST} cannot be read: it was altered after packing"
        return
    if manifest.format != FORMAT:
        return  # of another version of the student's command
    top = places[0].removesuffix(MANIFEST)
    there = {name.removeprefix(top) for name in names if name.startswith(top)} - {MANIFEST}
    there = {name for name in there if not set(name.split("/")) & set(SYSTEM_FILES)}
    digests = _digests(tree, top, sorted(there & manifest.files.keys()))
    changed = [name for name, digest in digests.items() if digest != manifest.files[name].sha256.lower()]
    for what, found in (
        ("altered after packing", changed),
        ("added after packing", sorted(there - manifest.files.keys())),
        ("packed, and not there any more", sorted(manifest.files.keys() - there)),
    ):
        if found:
            yield f"{what}: {_listed(found)}"


def _digests(tree: Tree, top: str, names: list[str]) -> dict[str, str]:
    """Return the SHA-256 of files; ``""`` of one that cannot be read."""
    found, room = {}, _ROOM
    for name in names:
        try:
            data = tree.read(f"{top}{name}", room)
        except Unreadable:
            found[name] = ""
        else:
            found[name] = hashlib.sha256(data).hexdigest()
            room -= len(data)
    return found


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(printable(name) for name in names[:_MOST_NAMES]) + more
