"""The small course with its gradebook, and the two databases that the tests of the gradebook run against."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgresql_server import NoServer, Server, running
from small_course import make

from grader.course import Course
from grader.gradebook import Gradebook


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The small course with a gradebook that was made once: nbgrader takes seconds for that. Not to be changed."""
    course = make(tmp_path_factory.mktemp("prepared"))
    with Gradebook(course) as book:
        book.prepare("a1")
    return course


@pytest.fixture
def small(prepared: Course, tmp_path: Path) -> Course:
    """A copy of `prepared` for one test."""
    course = make(tmp_path)
    shutil.copy(prepared.root / "gradebook.db", tmp_path)
    return course


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    try:
        with running() as server:
            yield server
    except NoServer as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database on the server into which the small course's assignment has been entered; never to be opened."""
    course = make(tmp_path_factory.mktemp("template"))
    with Gradebook(course, server.database()) as book:
        book.prepare("a1")
    return book.url


@pytest.fixture
def there(server: Server, template: str) -> Iterator[str]:
    """A copy of `template`. It cannot be removed while anybody has it open, so everything has to be closed."""
    url = server.database(template)
    yield url
    server.remove(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str:
    """The gradebook of the test's fixture `small`; or a database of a PostgreSQL server that holds the same.

    What the ordinary suite shows on a server as well is marked with `both_databases`.
    """
    if request.param == "postgresql":
        return request.getfixturevalue("there")
    return f"sqlite:///{request.getfixturevalue('small').root / 'gradebook.db'}"
