"""Keep bytes on disk under keys, each sealed with a digest, so that a damaged value is never returned."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import diskcache

from ..errors import Interrupted
from .interruptions import AGAIN, as_interruption

_SEAL_BYTES: Final = 16


class SealedStore:
    """A folder with a database of values. It is opened once for many values; as a context manager, it closes itself.

    Each value is stored with a digest of itself and its key. So a value that was damaged on the disk, or stands under
    another key, is treated as missing, and so is all that cannot be read.

    Parameters
    ----------
    place : Path
        The folder; it is made when the first value is stored.
    most : int, optional
        Bytes of all values together. When there are more, those that were stored first are removed. Nothing is ever
        removed by default.
    """

    def __init__(self, place: Path, most: int | None = None) -> None:
        self._place, self._most = place, most

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store. It may be used again, and is opened anew then."""
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
            When the store cannot be written.
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
        room: dict[str, Any] = {"eviction_policy": "none", "cull_limit": 0}
        if self._most is not None:
            room = {"eviction_policy": "least-recently-stored", "size_limit": self._most}
        return diskcache.Cache(str(self._place), disk_min_file_size=2**30, **room)


def _seal(key: str, value: bytes) -> bytes:
    summary = hashlib.sha256(len(key).to_bytes(8))
    summary.update(key.encode(errors="surrogatepass"))
    summary.update(value)
    return summary.digest()[:_SEAL_BYTES]
