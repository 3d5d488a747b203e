"""Replace files so that a killed update can be finished, and keep what was there, so that it can be undone.

An update first writes a backup, ``backups/<date>/``, with the old and the new content of every file that changes. Then
``backups/unfinished`` names this backup, and only then the files are replaced, one by one. So a killed update has
changed nothing before that moment, and afterwards the next command finishes it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ..files import PART, content, sha256, write_whole
from .plan import BESIDE

FOLDER = "backups"
_UNFINISHED = "unfinished"
_INDEX = "backup.json"


class CannotWrite(Exception):
    """A file that cannot be written now; the message says what to do."""


@dataclass(frozen=True)
class Backup:
    """The old and the new content of the files that an update has changed.

    Attributes
    ----------
    folder : Path
    number : int
        Backups are numbered as they come.
    title : str
        What was done.
    files : mapping of str to pair of str or None
        SHA-256 before and after, by path; None where there was or is no file.
    undoes : int
        The number of the backup that this one has undone; 0 for none.
    """

    folder: Path
    number: int
    title: str
    files: Mapping[str, tuple[str | None, str | None]] = field(repr=False)
    undoes: int = 0

    def before(self, path: str) -> bytes | None:
        """Return a file's content before the update."""
        return content(self.folder / "before" / path)

    def after(self, path: str) -> bytes | None:
        """Return a file's content after the update."""
        return content(self.folder / "after" / path)


@dataclass(frozen=True)
class Done:
    """A finished update: its backup, and files that were changed meanwhile and so have the new content beside them."""

    backup: Backup
    meanwhile: tuple[str, ...] = ()


def replace_files(root: Path, writes: Mapping[str, bytes | None], title: str, undoes: int = 0) -> Done:
    """Keep the old content of some files, then replace them.

    Parameters
    ----------
    root : Path
        The student's folder.
    writes : mapping of str to bytes or None
        The new contents by path; None removes a file.
    title : str
        What is done, or undone, for people who look into the backup.
    undoes : int, default 0
        The number of the backup that is undone by this.

    Raises
    ------
    CannotWrite
        When a file cannot be written. Nothing has changed then, or some files were replaced and `finish` goes on.
    """
    number = max([0, *(backup.number for backup in backups(root))]) + 1
    name = _free_name(root)
    part = root / FOLDER / f"{name}{PART}"
    try:
        files = {}
        for path, data in writes.items():
            old = content(root / path)
            files[path] = [old if old is None else sha256(old), data if data is None else sha256(data)]
            for side, kept in (("before", old), ("after", data)):
                if kept is not None:
                    _write(part / side / path, kept)
        index = {"number": number, "title": title, "undoes": undoes, "files": files}
        _write(part / _INDEX, json.dumps(index, indent=1).encode())
        _write(root / FOLDER / _UNFINISHED, name.encode())
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise CannotWrite(
            f"{error.filename or part} cannot be written ({error.strerror}); nothing was changed."
        ) from None
    done = finish(root)
    assert done is not None
    return done


def finish(root: Path) -> Done | None:
    """Finish an update that was interrupted; return it, or None if there is none.

    Raises
    ------
    CannotWrite
        When a file cannot be written now.
    """
    unfinished = content(root / FOLDER / _UNFINISHED)
    name = unfinished.decode("utf-8", "replace").strip() if unfinished is not None else ""
    for part in (root / FOLDER).glob(f"*{PART}"):
        if part.is_file():
            part.unlink()
        elif part.name != f"{name}{PART}":  # the update that has left it has changed nothing
            shutil.rmtree(part, ignore_errors=True)
    if unfinished is None:
        return None
    folder = root / FOLDER / name
    if folder.with_name(f"{name}{PART}").is_dir():
        folder.with_name(f"{name}{PART}").rename(folder)
    backup = _read(folder)
    if backup is None:
        raise CannotWrite(f"{root / FOLDER / _UNFINISHED} names no backup; remove it and run the update again.")
    meanwhile = []
    try:
        for path in backup.files:
            for part in (root / path).parent.glob(f".{Path(path).name}.*{PART}"):  # half of it, when it was interrupted
                part.unlink()
            meanwhile += [path] if not _carry_out(root, backup, path) else []
        (root / FOLDER / _UNFINISHED).unlink()
    except OSError as error:
        raise CannotWrite(
            f"{error.filename} cannot be written ({error.strerror}); close the program that has it open, or make room "
            "on the disk. The next command goes on from here."
        ) from None
    return Done(backup, tuple(meanwhile))


def backups(root: Path) -> list[Backup]:
    """List the backups in a folder, the oldest first."""
    found = [_read(folder) for folder in (root / FOLDER).glob("*") if not folder.name.endswith(PART)]
    return sorted((backup for backup in found if backup), key=lambda backup: backup.number)


def to_undo(root: Path) -> Backup | None:
    """Return the backup of the last update that is not undone."""
    known = backups(root)
    undone = {backup.undoes for backup in known}
    return next((one for one in reversed(known) if not one.undoes and one.number not in undone), None)


def _carry_out(root: Path, backup: Backup, path: str) -> bool:
    """Bring one file into the state after the update, unless somebody has changed it since the backup was made."""
    before, after = backup.files[path]
    target, wanted = root / path, backup.after(path)
    now = content(target)
    here = None if now is None else sha256(now)
    if (wanted is None) != (after is None):
        raise CannotWrite(f"{backup.folder / 'after' / path} is missing; {path} stays as it is.")
    if here == after:
        return True
    if here != before:
        if wanted is not None:
            _write(target.with_name(f"{target.name}{BESIDE}"), wanted)
        return False
    if wanted is not None:
        _write(target, wanted)
        return True
    target.unlink(missing_ok=True)
    for folder in list(target.parents)[: path.count("/")]:  # folders that the update has made, when it is undone
        if any(folder.iterdir()):
            break
        folder.rmdir()
    return True


def _free_name(root: Path) -> str:
    """Return a name for a new backup: the local time, with a number if it is taken."""
    name, number = datetime.now().strftime("%Y-%m-%d_%H-%M-%S"), 1
    unique = name
    while (root / FOLDER / unique).exists():
        number += 1
        unique = f"{name}_{number}"
    return unique


def _read(folder: Path) -> Backup | None:
    """Read a backup's index; None if the folder has none."""
    try:
        index = json.loads((folder / _INDEX).read_bytes())
        files = {str(path): (before, after) for path, (before, after) in index["files"].items()}
        return Backup(folder, int(index["number"]), str(index["title"]), files, int(index["undoes"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write(path: Path, data: bytes) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
