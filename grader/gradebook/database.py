"""Open nbgrader's database, change it in one transaction, and turn its errors into one sentence."""

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
    """Add the folder of this Python's programs to PATH, because nbgrader starts the program ``alembic`` by its name."""
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if folder not in path:
        os.environ["PATH"] = os.pathsep.join([folder, *path])


@contextlib.contextmanager
def transaction(book: Any) -> Iterator[Any]:
    """Run all of the API's steps in the ``with`` statement in one transaction.

    nbgrader's API commits after each step. Where its session is joined to an outer transaction, these commits only
    flush (SQLAlchemy's documentation, "Joining a Session into an External Transaction").

    Parameters
    ----------
    book : nbgrader.api.Gradebook
        nbgrader's API.

    Yields
    ------
    nbgrader.api.Gradebook
        `book`. The transaction is committed at the end of the ``with`` statement, and rolled back where it raises.
    """
    original_session = book.db
    with book.engine.begin() as connection:
        joined = sessionmaker(bind=connection, join_transaction_mode="rollback_only")
        book.db = scoped_session(joined)
        try:
            yield book
            book.db.flush()
        finally:
            book.db.remove()
            book.db = original_session


def open_database(url: str, course_id: str) -> Any:
    """Open nbgrader's API on a database, and make the database where there is none.

    nbgrader creates one table after the other. If it is stopped in between, it never creates the missing ones. So a new
    SQLite database is made under a temporary name, and renamed when it is complete.

    Parameters
    ----------
    url : str
        The database's URL.
    course_id : str
        nbgrader's name for the course.

    Returns
    -------
    nbgrader.api.Gradebook
    """
    parsed = make_url(url)
    path = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    is_file = path and path.name != ":memory:" and not str(path).startswith("file:")
    if path and is_file and not path.exists():
        with atomic_write(path) as part:
            # A run that was stopped here may have left its journal. SQLite would apply it to the new file.
            part.with_name(f"{part.name}-journal").unlink(missing_ok=True)
            if path.exists():  # another process has made it meanwhile
                part.unlink()
            else:
                api.get_alembic_version = _newest_schema
                api.Gradebook(parsed.set(database=str(part)), course_id).close()
    return api.Gradebook(url, course_id)


def _newest_schema() -> str | None:
    """Read the version of nbgrader's newest database schema from its own files.

    nbgrader starts a process of alembic for this, which takes seconds, and goes on even if the grader is killed.
    """
    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


@contextlib.contextmanager
def errors_in_one_sentence(what: str, place: str) -> Iterator[None]:
    """Turn errors of the database and the disk in the ``with`` statement into errors with one sentence.

    Parameters
    ----------
    what : str
        A clause that says what failed, with which the sentence begins.
    place : str
        The database, for errors that do not name a file.

    Raises
    ------
    Interrupted
        When the machine failed, so that running the same command again is enough.
    GradebookError
        When something has to be put right first.
    """
    try:
        with as_interruption(place):
            yield
    except (SQLAlchemyError, api.InvalidEntry, api.MissingEntry) as error:
        reason = getattr(error, "orig", None) or error
        message = str(reason).strip() or type(reason).__name__
        raise GradebookError(f"{what}: {message.splitlines()[0]}.") from error
    except ImportError as error:
        raise GradebookError(f"{what}: {error}; install the driver of this database.") from error
    except OSError as error:
        raise GradebookError(f"{what}: {error}.") from error


def without_password(url: str) -> str:
    """Return a database's URL with its password replaced by asterisks, for messages."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return one_line(url)
