"""A worker's scratch folder: made private, removed whatever lies in it."""

from __future__ import annotations

import shutil


def remove(folder: str) -> None:
    """Remove the folder and everything in it."""
    shutil.rmtree(folder, ignore_errors=True)
