"""Turn errors of the machine (a full disk, a locked database, no more processes) into `Interrupted` with one sentence.

Such an error must never lower the score of a submission. It ends the run instead, and the user can run the same command
again, which goes on where this run ended.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import diskcache

from ..errors import Interrupted

AGAIN: Final = "run the same command again; what was graded is kept"

_FULL: Final = "disk full at {place}: free space and"
_READ_ONLY: Final = "{place} is read-only: make it writable and"
_LOCKED: Final = "{place} is locked by another program: close that and"
_BROKEN: Final = "{place} cannot be read or written: check the disk and"
_GONE: Final = "the connection to {place} was lost: see that the server runs and"
_TOO_MUCH: Final = "the machine has no more processes, files or memory to give: close other programs and"
_BY_ERRNO: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FULL),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _READ_ONLY),
    **dict.fromkeys((errno.EIO, errno.ESTALE), _BROKEN),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN), _TOO_MUCH),
}
_BY_SQLITE: Final = {  # by primary result code, which is the lowest byte of an extended one
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_IOERR: _BROKEN,
}
_BY_SQLSTATE: Final = {  # of PostgreSQL, in the appendix "PostgreSQL Error Codes" of its documentation
    "53100": _FULL,
    "25006": _READ_ONLY,
    "40P01": _LOCKED,  # each of two programs waits for the other
    "55P03": _LOCKED,
}


def interruption(error: BaseException, place: Path | str) -> Interrupted | None:
    """Translate an error of the machine into an error to report.

    Parameters
    ----------
    error : BaseException
        The exception that was raised.
    place : Path or str
        The file or database that was being used, for errors that do not name it.

    Returns
    -------
    Interrupted or None
        None where `error` is not an error of the machine.
    """
    # SQLAlchemy keeps a database's own exception in `orig`. It is not imported for that, because importing it takes
    # longer than a grading process, which uses no gradebook, needs for everything else.
    cause = getattr(error, "orig", None) or error
    sentence = None
    if isinstance(cause, diskcache.Timeout):
        sentence = _LOCKED
    elif isinstance(cause, sqlite3.Error):
        sentence = _BY_SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    elif isinstance(cause, OSError):
        sentence = _BY_ERRNO.get(cause.errno or 0)
        place = cause.filename if isinstance(cause.filename, str | Path) else place
    elif getattr(error, "connection_invalidated", False):
        sentence = _GONE
    else:
        sentence = _BY_SQLSTATE.get(getattr(cause, "sqlstate", None) or "")
    return None if sentence is None else Interrupted(f"{sentence.format(place=place)} {AGAIN}.")


@contextmanager
def as_interruption(place: Path | str) -> Iterator[None]:
    """Raise errors of the machine in the ``with`` statement as `Interrupted`; see `interruption` for `place`."""
    try:
        yield
    except Exception as error:
        found = interruption(error, place)
        if found is None:
            raise
        raise found from error
