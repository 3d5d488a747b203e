"""Open nbgrader's database, let one grader after the other change it, and turn its errors into one sentence."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from alembic.script import ScriptDirectory
from nbgrader import api
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import URL, Connection, Engine, create_engine, func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ..errors import GradebookError
from ..host.files import atomic_write
from ..host.interruptions import as_interruption
from ..wording import one_line

_DRIVERS: Final = ("psycopg", "psycopg2")  # of PostgreSQL; the first that is installed is used
_INSTALL: Final = "install the driver of this database, for PostgreSQL with: pip install 'psycopg[binary]'"
_SEARCHED: Final = (  # columns by which rows are searched
    ("grade", "notebook_id"),
    ("comment", "notebook_id"),
    ("submitted_notebook", "assignment_id"),
    ("submitted_assignment", "student_id"),
    ("grader_written", "student"),
)
_SECRETS: Final = ("password", "sslpassword")  # what the query of a PostgreSQL URL may hold


def find_own_programs() -> None:
    """Add the folder of this Python's programs to PATH, because nbgrader starts the program ``alembic`` by its name."""
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if folder not in path:
        os.environ["PATH"] = os.pathsep.join([folder, *path])


@contextlib.contextmanager
def one_at_a_time(engine: Engine, *what: str, unless: str = "") -> Iterator[Connection]:
    """Let one grader after the other into the ``with`` statement, where the database is a PostgreSQL server.

    nbgrader looks whether a row is there, and adds it if it is not. Where two graders do this at once, the second one
    fails. (SQLite has a lock of its own.)

    Parameters
    ----------
    engine : Engine
        The database.
    *what : str
        What is done. Graders that do different things do not wait for each other.
    unless : str, default ""
        What nobody may be doing meanwhile, although several may do other things beside each other.

    Yields
    ------
    Connection
        One whose transaction holds the lock. It is committed at the end of the ``with`` statement.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            if unless:
                connection.execute(select(func.pg_advisory_xact_lock_shared(_key(unless))))
            _wait_for_others(connection, what)
        yield connection


def _wait_for_others(connection: Connection, what: Iterable[str]) -> None:
    """Take locks of the PostgreSQL server, which lets them go when the transaction ends, however it ends.

    All graders take them in the same order, so that no two of them ever wait for each other.
    """
    for key in sorted(map(_key, what)):
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def _key(what: str) -> int:
    """Return the number by which the server knows a lock."""
    name = f"gradebook {what}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)


def open_database(url: str, course_id: str) -> Any:
    """Open nbgrader's API on a database, and make the database's tables where there are none.

    nbgrader creates one table after the other. If it is stopped in between, it never creates the missing ones. So a new
    SQLite database is made under a temporary name, and renamed when it is complete; in a PostgreSQL database, all
    tables are made in one transaction.

    Parameters
    ----------
    url : str
        The database's URL, as `with_driver` returns it.
    course_id : str
        nbgrader's name for the course.

    Returns
    -------
    nbgrader.api.Gradebook
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed, course_id)
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


def _open_postgresql(url: URL, course_id: str) -> Any:
    """Open nbgrader's API on a PostgreSQL server; two graders may do so at once."""
    engine = create_engine(url)
    try:
        with one_at_a_time(engine, "tables") as connection:
            if not inspect(connection).get_table_names():
                api.Base.metadata.create_all(connection)
                connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
                version = {"version": _newest_schema()}
                connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:version)"), version)
        with one_at_a_time(engine, "course"):
            return api.Gradebook(url, course_id)  # adds the course
    finally:
        engine.dispose()


def _newest_schema() -> str | None:
    """Read the version of nbgrader's newest database schema from its own files.

    nbgrader starts a process of alembic for this, which takes seconds, and goes on even if the grader is killed.
    """
    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


def create_indices(connection: Connection) -> None:
    """Make the indices by which the rows of one submission are found, where they are not there yet.

    nbgrader's own tables have none for this: it reads the grades of the whole class for each submission, so that the
    ten thousandth one takes a hundred times as long as the hundredth.
    """
    tables = inspect(connection)
    for table, column in _SEARCHED:
        name = f"grader_{table}_{column}"
        if all(index["name"] != name for index in tables.get_indexes(table)):  # asked, since some may only read it
            connection.execute(text(f"CREATE INDEX {name} ON {table} ({column})"))


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
        raise GradebookError(f"{what}: {error}; {_INSTALL}.") from error
    except OSError as error:
        raise GradebookError(f"{what}: {error}.") from error


def with_driver(url: str) -> str:
    """Return a database's URL with a driver that is installed, where it names PostgreSQL and no driver.

    Without it, the version of SQLAlchemy would decide which driver has to be installed.
    """
    try:
        parsed = make_url(url)
    except ValueError:  # a port that is no number
        raise ArgumentError("it is not the URL of a database") from None
    if "@" in (parsed.host or ""):
        raise ArgumentError("it has two @; write the one in the password as %40")
    installed = [driver for driver in _DRIVERS if find_spec(driver)]
    if parsed.drivername == "postgresql" and installed:
        return parsed.set(drivername=f"postgresql+{installed[0]}").render_as_string(hide_password=False)
    return url


def without_password(url: str) -> str:
    """Return a database's URL with asterisks in place of its password, for messages."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        parsed = None
    if parsed is None or "@" in (parsed.host or ""):  # nobody knows where its password ends
        scheme, _, rest = url.partition(":")
        return one_line(f"{scheme}:***@{rest.rpartition('@')[2]}" if "@" in rest else url)
    return parsed.difference_update_query(_SECRETS).render_as_string(hide_password=True)
