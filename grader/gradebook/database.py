"""nbgrader's database for the grader: found, in one transaction, with errors in one sentence."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from nbgrader import api
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import scoped_session, sessionmaker

from ..errors import GradebookError
from ..host.files import atomic_write
from ..host.interruptions import as_interruption
from ..wording import one_line


def find_own_programs() -> None:
    """Put this Python's own programs on PATH: nbgrader starts ``alembic`` by name when it makes a gradebook."""
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if folder not in path:
        os.environ["PATH"] = os.pathsep.join([folder, *path])


@contextlib.contextmanager
def transaction(book: Any) -> Iterator[Any]:
    """nbgrader's API on one transaction.

    The API commits after each step. On a session that was joined to an outer transaction those commits only
    flush (SQLAlchemy, "Joining a Session into an External Transaction").
    """
    own = book.db
    with book.engine.begin() as connection:
        joined = sessionmaker(bind=connection, join_transaction_mode="rollback_only")
        book.db = scoped_session(joined)
        try:
            yield book
            book.db.flush()
        finally:
            book.db.remove()
            book.db = own


def open_database(url: str, course_id: str) -> Any:
    """nbgrader's API on a database, which is made where there is none.

    nbgrader makes one table after the other, and never again what is missing when it was stopped at that. So a new
    SQLite file gets its name when it is complete.
    """
    where = make_url(url)
    path = Path(where.database) if where.get_backend_name() == "sqlite" and where.database else None
    named = path and path.name != ":memory:" and not str(path).startswith("file:")
    if path and named and not path.exists():
        with atomic_write(path) as half:
            half.with_name(f"{half.name}-journal").unlink(missing_ok=True)  # of one that was stopped: not of this file
            if path.exists():
                half.unlink()
            else:
                api.get_alembic_version = _newest_schema
                api.Gradebook(where.set(database=str(half)), course_id).close()
    return api.Gradebook(url, course_id)


def _newest_schema() -> str | None:
    """What nbgrader asks a process of alembic for; one that would take seconds and outlive a kill."""
    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


@contextlib.contextmanager
def errors_in_one_sentence(what: str, place: str) -> Iterator[None]:
    """Turn what the database or the disk says into one sentence.

    Raises
    ------
    Interrupted
        Where the machine got in the way of `what` at `place`, so that trying again is all it takes.
    GradebookError
        Where there is something to put right.
    """
    try:
        with as_interruption(place):
            yield
    except (SQLAlchemyError, api.InvalidEntry, api.MissingEntry) as error:
        reason = getattr(error, "orig", None) or error
        said = str(reason).strip() or type(reason).__name__
        raise GradebookError(f"{what}: {said.splitlines()[0]}.") from error
    except ImportError as error:
        raise GradebookError(f"{what}: {error}; install the driver of this database.") from error
    except OSError as error:
        raise GradebookError(f"{what}: {error}.") from error


def without_password(url: str) -> str:
    """A database's URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return one_line(url)
