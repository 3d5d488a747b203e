"""A PostgreSQL server of the tests' own: in a temporary folder, behind a socket, with a password."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

PASSWORD = "not-to-be-shown"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "listen_addresses=")


class NoServer(Exception):
    """There is no PostgreSQL here that a test can start; the message says why."""


@dataclass
class Server:
    """A server that runs.

    Attributes
    ----------
    url : str
        The database that every server has.
    """

    url: str
    numbers: Iterator[int] = field(default_factory=count)

    def database(self, template: str = "template0") -> str:
        """The URL of a new database, empty or a copy of the one whose URL is given."""
        name, template = f"test{next(self.numbers)}", make_url(template).database if "/" in template else template
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def remove(self, url: str) -> None:
        """Remove a database; this raises where somebody has it open."""
        self.execute(f"DROP DATABASE {make_url(url).database}")

    def execute(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


def programs() -> Path:
    """The folder of the server's programs; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found and not debian:
        raise NoServer("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    return Path(found).parent if found else debian[-1].parent


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, as another user where this one is root, for whom it refuses to run."""
    try:
        import psycopg  # noqa: F401  # whether it is there is all that matters
    except ImportError:
        raise NoServer("psycopg is not installed; run: pip install 'psycopg[binary]'") from None
    place, user = programs(), "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # the path of a socket has at most 107 bytes
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        command = [place / program, "-D", data, *arguments]
        done = subprocess.run(command, cwd=folder, user=user, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise NoServer(f"{program} failed: {done.stderr.strip()}")

    try:
        (folder / "password").write_text(PASSWORD)
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        run("initdb", "-U", "grader", "--auth=password", "--pwfile=password", "--no-sync", "-E", "UTF8", "--no-locale")
        options = " ".join(f"-c {setting}" for setting in (*QUICK, f"unix_socket_directories={folder}"))
        run("pg_ctl", "start", "--wait", "--silent", "-l", str(folder / "log"), "-o", options)
        try:
            yield Server(f"postgresql+psycopg://grader:{PASSWORD}@/postgres?host={folder}")
        finally:
            run("pg_ctl", "stop", "--mode=immediate", "--silent")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
