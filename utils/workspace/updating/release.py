"""Read a release of the course: an archive or a folder, and the inventory of the release that a folder was made from.

A release keeps an inventory of itself, ``goldens/release.zip``: which files it has given, with their SHA-256, and a
copy of those that students write in. An update compares with these copies what the student has written.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..files import sha256

INVENTORY = "goldens/release.zip"
_INDEX = "release.json"
_ORIGINALS = "originals/"
_LARGEST = 500 * 2**20  # bytes of all files of a release together
_MOST = 20_000  # files
_PATH = re.compile(r'[^\\:*?"<>|\x00-\x1f]+')  # no drive, no backslash, nothing that Windows cannot write
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # devices, for Windows


class UnusableRelease(Exception):
    """An archive that is no release of this course, or is damaged; the message says what to do."""


@dataclass(frozen=True)
class Inventory:
    """What a folder was made from.

    Attributes
    ----------
    package, title : str
        The student's package, and the course.
    assignments : tuple of str
    files : mapping of str to str
        SHA-256 of each file that was given, by path.
    originals : mapping of str to bytes
        Those files that students write in, as they were given.
    """

    package: str = ""
    title: str = ""
    assignments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    originals: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """A short name that tells one release from another: it depends on the files only."""
        listed = "".join(f"{path}\n{digest}\n" for path, digest in sorted(self.files.items()))
        return sha256(listed.encode())[:6]

    def to_bytes(self) -> bytes:
        """Return the content of ``goldens/release.zip``; the same for the same inventory."""
        index = {
            "package": self.package,
            "title": self.title,
            "assignments": list(self.assignments),
            "files": dict(sorted(self.files.items())),
        }
        entries = {_INDEX: f"{json.dumps(index, indent=1, ensure_ascii=False)}\n".encode()}
        entries |= {f"{_ORIGINALS}{path}": data for path, data in sorted(self.originals.items())}
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in entries.items():
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # dated 1980: equal bytes each time
        return out.getvalue()


@dataclass(frozen=True)
class Release:
    """A release that was read: its inventory, and all its files by path."""

    inventory: Inventory
    files: Mapping[str, bytes]


def is_written_in(path: str, package: str) -> bool:
    """Tell whether students write in a file of a release: their package's modules, and notebooks."""
    in_package = path.startswith(f"{package}/") and path.endswith(".py")
    return in_package or (path.startswith("assignments/") and path.endswith(".ipynb"))


def inventory_of(files: Mapping[str, bytes], package: str, title: str) -> Inventory:
    """Make the inventory of a release.

    Parameters
    ----------
    files : mapping of str to bytes
        All files that are given, by path; an inventory among them is left out.
    package, title : str
        The student's package, and the course.
    """
    given = {path: data for path, data in files.items() if path != INVENTORY}
    assignments = {path.split("/")[1] for path in given if path.startswith("assignments/")}
    return Inventory(
        package,
        title,
        tuple(sorted(assignments)),
        {path: sha256(data) for path, data in given.items()},
        {path: data for path, data in given.items() if is_written_in(path, package)},
    )


def read_inventory(root: Path) -> Inventory:
    """Read the inventory in a student's folder; an empty one if there is none, or it is damaged."""
    try:
        return parse_inventory((root / INVENTORY).read_bytes())
    except (OSError, UnusableRelease):
        return Inventory()


def parse_inventory(data: bytes) -> Inventory:
    """Read the content of an inventory; `UnusableRelease` if it is none."""
    entries = _entries(data)
    try:
        index = json.loads(entries.pop(_INDEX))
        originals = {name.removeprefix(_ORIGINALS): text for name, text in entries.items()}
        files = {str(path): str(digest) for path, digest in index["files"].items()}
        assignments = tuple(map(str, index["assignments"]))
        inventory = Inventory(str(index["package"]), str(index["title"]), assignments, files, originals)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UnusableRelease(f"Its inventory ({INVENTORY}) cannot be read; get the archive again.") from None
    for path in (*inventory.files, *inventory.originals):
        _check_path(path)
    return inventory


def read_release(source: Path | bytes) -> Release:
    """Read a release from an archive's path or bytes, or from the folder that an archive was unpacked to.

    Only files that the release's inventory lists are read, and each has to have the content that it lists.

    Raises
    ------
    UnusableRelease
        When it is no release, or damaged, or has a file that would be written outside of the student's folder.
    """
    if isinstance(source, Path) and source.is_dir():
        return _read_folder(source)
    try:
        entries = _entries(source if isinstance(source, bytes) else _limited(source))
    except OSError as error:
        raise UnusableRelease(f"{error.filename} cannot be read ({error.strerror}).") from None
    tops = {name.split("/")[0] for name in entries if name.split("/", 1)[-1] == INVENTORY}
    prefix = "" if INVENTORY in entries else f"{next(iter(tops), '')}/"
    if len(tops) > 1 or f"{prefix}{INVENTORY}" not in entries:
        raise UnusableRelease(
            f"This is no release of a course that can be updated to: it has no {INVENTORY}. If you downloaded another "
            "file, take the course's archive; an older release can only be unpacked into a folder of its own."
        )
    files = {name.removeprefix(prefix): data for name, data in entries.items() if name.startswith(prefix)}
    return _verified(files)


def _read_folder(folder: Path) -> Release:
    """Read a release that lies unpacked in a folder; files in it that the release has not given do not matter."""
    try:
        inventory = (folder / INVENTORY).read_bytes()
        listed = parse_inventory(inventory).files
        files = {path: (folder / path).read_bytes() for path in listed if (folder / path).is_file()}
    except OSError as error:
        raise UnusableRelease(f"{folder} is no release of a course ({error.strerror}: {INVENTORY}).") from None
    return _verified({**files, INVENTORY: inventory})


def _verified(files: Mapping[str, bytes]) -> Release:
    inventory = parse_inventory(files[INVENTORY])
    bad = [path for path, digest in inventory.files.items() if path not in files or sha256(files[path]) != digest]
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        raise UnusableRelease(f"{bad[0]}{more} in it is not as released; get the archive again.")
    return Release(inventory, {path: files[path] for path in inventory.files})


def _limited(path: Path) -> bytes:
    """Read a file, unless it is larger than any release."""
    if path.stat().st_size > _LARGEST:
        raise UnusableRelease(f"{path} is larger than any release of a course; look whether it is the right file.")
    return path.read_bytes()


def _entries(data: bytes) -> dict[str, bytes]:
    """Read the files of a zip archive, within limits; nothing is written to the disk."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # The name of a damaged entry may be empty, of which `ZipInfo.is_dir` asks the last character.
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            _check_entries(entries)
            return dict(_contents(archive, entries))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise UnusableRelease(f"This is no zip archive, or a damaged one ({error}); get it again.") from None


def _check_entries(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse entries that could be written outside of the folder, that are too large, or that are no files."""
    seen: set[str] = set()
    for entry in entries:
        _check_path(entry.filename)
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise UnusableRelease(f"{entry.filename} in it is a link or a device; get the archive from your course.")
        if entry.filename.casefold() in seen:
            raise UnusableRelease(f"{entry.filename} is in it twice; get the archive from your course.")
        seen.add(entry.filename.casefold())
    if len(entries) > _MOST or sum(entry.file_size for entry in entries) > _LARGEST:
        raise UnusableRelease("It is larger than any release of a course; get the archive from your course.")


def _check_path(path: str) -> None:
    """Refuse a path that is not a plain relative one."""
    parts = path.split("/")
    plain = (
        _PATH.fullmatch(path)
        and parts[0].casefold() != "backups"
        and all(
            part and part not in (".", "..") and part == part.rstrip(". ") and not _RESERVED.fullmatch(part)
            for part in parts
        )
    )
    if not plain:
        raise UnusableRelease(f"{path!r} in it is no plain file name; get the archive from your course.")


def _contents(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents; an entry that holds more than it says is refused before it fills the memory."""
    for entry in entries:
        with archive.open(entry) as file:
            data = file.read(entry.file_size + 1)
        if len(data) != entry.file_size:
            raise UnusableRelease(f"{entry.filename} in it is damaged; get the archive again.")
        yield entry.filename, data
