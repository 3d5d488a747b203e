"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import os
from pathlib import Path


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write `data` to `path` atomically, unless it stands there already.

    Parameters
    ----------
    path : Path
        Folders on the way are made.
    data : bytes
        The content.

    Returns
    -------
    bool
        Whether anything was written.
    """
    if content(path) == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        half.write_bytes(data)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    return True


def content(path: Path) -> bytes | None:
    """A file's bytes; None where there is none."""
    return path.read_bytes() if path.is_file() else None
