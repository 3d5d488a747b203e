"""What earlier runs leave for later ones, on disk: made anew when it is deleted."""

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


def kept_results(course: Course) -> diskcache.Cache:
    """The store of a course; opening it makes it."""
    # Everything in the database: what diskcache puts into files of their own, a kill can leave there for ever.
    return diskcache.Cache(str(course.root / _FOLDER), disk_min_file_size=2**30)


def keep(course: Course, results: Mapping[str, bytes]) -> None:
    """Leave something for later runs; raises `Interrupted` where that cannot be done."""
    place = course.root / _FOLDER
    try:
        with as_interruption(place), kept_results(course) as store:
            for key, value in results.items():
                store.set(key, value)
    except sqlite3.Error as error:
        raise Interrupted(
            f"{place} cannot be used ({error}): delete this folder and {AGAIN} in the gradebook."
        ) from None


def digest(parts: Iterable[bytes]) -> str:
    """A key for the store: SHA-256, in hexadecimal, of all that a result depends on."""
    summary = hashlib.sha256()
    for part in parts:
        summary.update(len(part).to_bytes(8))
        summary.update(part)
    return summary.hexdigest()


@cache
def code_digest(reference: Reference) -> bytes:
    """A digest of all code that a verdict depends on: the grader's, the reference's, Python's and NumPy's version."""
    summary = hashlib.sha256(f"{sys.version} {np.__version__}".encode())
    kit = Path(__file__).parents[1]
    for folder in (kit, kit.parent / "utils", reference.folder, reference.exercises_folder):
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.wrong"))):
            summary.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return summary.digest()
