"""Keep results on disk, so that a later run need not compute them again.

The cache holds a record for each student and assignment, successful self-tests, and receipts for gradebook entries. All
of it can be computed again, so the cache's folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import diskcache

from ..course import Course
from ..errors import Interrupted
from ..host.interruptions import AGAIN, as_interruption

FOLDER: Final = Path("build", "verdicts")
_SEAL_BYTES: Final = 16


class Cache:
    """The cache of a course. It is opened once for many values; use it as a context manager, which closes it.

    Each value is stored with a digest of itself and its key. So a value that was damaged on the disk, or stands under
    another key, is treated as missing, and so is all that cannot be read.

    Parameters
    ----------
    course : Course
    """

    def __init__(self, course: Course) -> None:
        self._place = course.root / FOLDER

    def __enter__(self) -> Cache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the cache. It may be used again, and is opened anew then."""
        if "_store" in self.__dict__:
            self._store.close()
            del self.__dict__["_store"]

    def get(self, key: str) -> bytes | None:
        """Return the value that was stored under a key; None where there is none, or it cannot be used."""
        try:
            value = self._store.get(key.encode(errors="surrogatepass"))
        except Exception:  # a damaged database can raise anything, of diskcache and of pickle
            return None
        if isinstance(value, bytes) and value[:_SEAL_BYTES] == _seal(key, value[_SEAL_BYTES:]):
            return value[_SEAL_BYTES:]
        return None

    def put(self, values: Mapping[str, bytes]) -> None:
        """Store values under their keys, all of them or none.

        Raises
        ------
        Interrupted
            When the cache cannot be written.
        """
        try:
            with as_interruption(self._place), self._store.transact():
                for key, value in values.items():
                    self._store.set(key.encode(errors="surrogatepass"), _seal(key, value) + value)
        except sqlite3.Error as error:
            raise Interrupted(
                f"{self._place} cannot be used ({error}): delete this folder and {AGAIN} in the gradebook."
            ) from None

    @cached_property
    def _store(self) -> Any:
        # By default diskcache writes large values into files of their own. If the process is killed between writing
        # such a file and entering it into the database, the file stays for ever. So all values go into the database.
        # Nothing is ever removed to make room: a class has one record for each student and assignment.
        return diskcache.Cache(str(self._place), disk_min_file_size=2**30, eviction_policy="none", cull_limit=0)


def digest(parts: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of everything that a result depends on."""
    summary = hashlib.sha256()
    for part in parts:
        # With its length before it, no part can be mistaken for two parts, or for the beginning of the next.
        summary.update(len(part).to_bytes(8))
        summary.update(part)
    return summary.digest()


def _seal(key: str, value: bytes) -> bytes:
    return digest((key.encode(errors="surrogatepass"), value))[:_SEAL_BYTES]
