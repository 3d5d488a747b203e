"""Keep a copy of what a student has written, and notice by it that a release was unpacked over the student's files.

Each command of the course, and each cell of a notebook that has imported the checks, brings ``backups/latest/`` up to
date. A file that is as a release has given it, where the copy has work in it, was overwritten.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .backup import FOLDER
from .plan import Plan, plan_update
from .release import INVENTORY, Release, read_inventory

LATEST = "latest"
"""The copy's folder in the folder of backups."""


def keep(root: Path, package: str) -> None:
    """Copy what has changed since the last time; where that is impossible, such as on a full disk, do nothing."""
    with suppress(OSError):
        if not (root / INVENTORY).is_file():  # no student's folder
            return
        for path in _written_in(root, package):
            _copy(root / path, root / FOLDER / LATEST / path)


def plan_to_restore(root: Path) -> Plan | None:
    """Plan to bring back what a release that was unpacked over it has overwritten.

    The release is merged as by an update, with what the student had written before. Returns None if nothing was
    overwritten.
    """
    latest = root / FOLDER / LATEST
    if not latest.is_dir():
        return None
    before, here = read_inventory(latest), read_inventory(root)
    fresh = {path for path, data in here.originals.items() if _is_new(root, path) and _readable(root / path) == data}
    kept = {path: _readable(latest / path) for path in fresh}
    if all(data in (None, before.originals.get(path), here.originals[path]) for path, data in kept.items()):
        return None

    def read(path: str) -> bytes | None:
        data = kept.get(path)
        return _readable(root / path) if data is None else data

    plan = plan_update(read, before, Release(here, here.originals))
    for path, data in kept.items():
        if data not in (None, before.originals.get(path)):
            plan.writes.setdefault(path, data)
            plan.restored.append(path)
    plan.writes = {path: data for path, data in plan.writes.items() if _readable(root / path) != data}
    return plan


def _written_in(root: Path, package: str) -> Iterator[str]:
    """Yield the paths of the files that students write in, and of the inventory by which they are compared."""
    yield INVENTORY
    found = [*(root / package).rglob("*.py"), *(root / "assignments").rglob("*.ipynb")]
    for path in found:
        if not {"__pycache__", ".ipynb_checkpoints"} & {*path.parts}:
            yield path.relative_to(root).as_posix()


def _is_new(root: Path, path: str) -> bool:
    """Tell whether a file may have changed since it was copied."""
    return not _unchanged(root / path, root / FOLDER / LATEST / path)


def _unchanged(path: Path, copy: Path) -> bool:
    try:
        one, other = path.stat(), copy.stat()
    except OSError:
        return False
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _copy(path: Path, copy: Path) -> None:
    """Copy a file with its date, so that a change of either shows; nobody sees half a copy."""
    if _unchanged(path, copy):
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_name(f".{copy.name}.part")
    shutil.copy2(path, part)
    os.replace(part, copy)


def _readable(path: Path) -> bytes | None:
    """Return a file's content; None where it is absent or cannot be read now, which is no reason to restore it."""
    try:
        return path.read_bytes()
    except OSError:
        return None
