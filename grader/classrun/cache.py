"""Keep results on disk, so that a later run need not compute them again.

The cache holds a record for each student and assignment, successful self-tests, and receipts for gradebook entries. All
of it can be computed again, so the cache's folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..course import Course
from ..host.sealed_store import SealedStore

FOLDER: Final = Path("build", "verdicts")


class Cache(SealedStore):
    """The cache of a course.

    Nothing is ever removed to make room: a class has one record for each student and assignment.

    Parameters
    ----------
    course : Course
    """

    def __init__(self, course: Course) -> None:
        super().__init__(course.root / FOLDER)


def digest(parts: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of everything that a result depends on."""
    summary = hashlib.sha256()
    for part in parts:
        # With its length before it, no part can be mistaken for two parts, or for the beginning of the next.
        summary.update(len(part).to_bytes(8))
        summary.update(part)
    return summary.digest()
