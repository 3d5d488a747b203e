"""Keep results on disk, so that a later run need not compute them again.

The cache holds reports, successful self-tests, receipts for gradebook entries, and fingerprints of submissions. All of
it can be computed again, so the cache's folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import diskcache
import numpy as np

from ..course import Course
from ..errors import Interrupted
from ..host.interruptions import AGAIN, as_interruption
from ..reference import Reference

_FOLDER = Path("build", "verdicts")


def open_cache(course: Course) -> diskcache.Cache:
    """Open the cache of a course, and create it if there is none; use it as a context manager, which closes it."""
    # By default diskcache writes large values into files of their own. If the process is killed between writing such a
    # file and entering it into the database, the file stays for ever. So all values go into the database.
    return diskcache.Cache(str(course.root / _FOLDER), disk_min_file_size=2**30)


def keep(course: Course, results: Mapping[str, bytes]) -> None:
    """Store results in the cache of a course.

    Parameters
    ----------
    course : Course
    results : mapping of str to bytes
        Key → value; see `digest` for keys.

    Raises
    ------
    Interrupted
        When the cache cannot be written.
    """
    place = course.root / _FOLDER
    try:
        with as_interruption(place), open_cache(course) as store:
            for key, value in results.items():
                store.set(key, value)
    except sqlite3.Error as error:
        raise Interrupted(
            f"{place} cannot be used ({error}): delete this folder and {AGAIN} in the gradebook."
        ) from None


def digest(parts: Iterable[bytes]) -> str:
    """Return a key for the cache: the SHA-256, in hexadecimal, of everything that a result depends on."""
    summary = hashlib.sha256()
    for part in parts:
        # With its length before it, no part can be mistaken for two parts, or for the beginning of the next.
        summary.update(len(part).to_bytes(8))
        summary.update(part)
    return summary.hexdigest()


@cache
def code_digest(reference: Reference) -> bytes:
    """Return a digest of all code that a verdict depends on.

    That is the code of the grader, of ``utils``, of the reference and of its recipes and misconceptions, and the
    versions of Python and NumPy. It is computed once in the life of a process.
    """
    summary = hashlib.sha256(f"{sys.version} {np.__version__}".encode())
    kit = Path(__file__).parents[1]
    for folder in (kit, kit.parent / "utils", reference.folder, reference.exercises_folder):
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.wrong"))):
            summary.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return summary.digest()
