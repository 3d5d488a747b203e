"""Write the archive that is handed in, with a manifest of its files, and a receipt to keep.

The archive depends on the files alone, so packing the same files again gives the same bytes. The manifest in it has the
SHA-256 of each file, by which whoever receives it can tell whether one was altered on the way.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from ..files import sha256
from ..progress import Mark, Progress

MANIFEST = "MANIFEST.json"
FORMAT = 1
_DATE = (1980, 1, 1, 0, 0, 0)  # for all files, so that the time of packing plays no part


def manifest_of(package: str, assignment: str, files: Mapping[str, bytes]) -> bytes:
    """Return the manifest: the digest and the size of each file, by its name in the archive, as JSON."""
    entries = {name: {"sha256": sha256(data), "bytes": len(data)} for name, data in sorted(files.items())}
    table = {"format": FORMAT, "course": package, "assignment": assignment, "files": entries}
    return json.dumps(table, indent=1).encode() + b"\n"


def archive_of(package: str, assignment: str, files: Mapping[str, bytes]) -> bytes:
    """Pack files, and their manifest, into a zip archive with one folder."""
    everything = {**files, MANIFEST: manifest_of(package, assignment, files)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in sorted(everything.items()):
            entry = zipfile.ZipInfo(f"{assignment}/{name}", _DATE)
            entry.external_attr = 0o100644 << 16  # a file that everybody may read; by default only its owner may
            entry.create_system = 3  # the same byte on every system
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def receipt(
    archive: Path, data: bytes, files: Mapping[str, bytes], found: Progress, due: str, broken: Sequence[str]
) -> str:
    """Return the receipt: what was packed, when, and what the visible checks said of it.

    Parameters
    ----------
    archive : Path
    data : bytes
        The archive's content.
    files : mapping of str to bytes
        What is in it.
    found : Progress
        How the assignment stood.
    due : str
        When it is due.
    broken : sequence of str
        What was wrong with it, and was packed all the same.
    """
    time = datetime.now().astimezone()
    written = found.assignment.points - found.checkable
    lines = [
        f"Receipt for {archive.name}",
        "",
        f"packed    {time:%a} {time.day} {time:%b %Y, %H:%M:%S %Z} (by this computer's clock)",
        f"{found.assignment.name:<9} {due}",
        f"sha256    {sha256(data)}",
        f"points    {found.points:g} of {found.checkable:g} by the visible checks; the grader uses other cases",
    ]
    if written:
        lines.append(f"          {written:g} more for answers in words, which people grade")
    lines += ["", "What the visible checks said:"]
    for mark in Mark:
        names = [one.exercise.name for one in found.exercises if one.mark is mark]
        if names:
            lines.append(f"  {mark} {len(names)}: {', '.join(names)}")
    if broken:
        lines += ["", "Packed all the same:", *(f"  ✗ {sentence}" for sentence in broken)]
    lines += ["", f"{len(files)} files (SHA-256, bytes, name):"]
    lines += [f"  {sha256(content)} {len(content):>9} {name}" for name, content in sorted(files.items())]
    return "\n".join(lines) + "\n"
