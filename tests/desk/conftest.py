"""A desk that is served in this process, and a way to send it any request."""

from __future__ import annotations

import asyncio
import http.client
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from desk_course import desk_course

from grader.course import Course, load
from grader.desk.desk import Desk
from grader.desk.server import serve_until
from grader.gradebook import Gradebook

ANSWERS = {"ada": "Because.", "bob": "It is.", "cy": "YOUR ANSWER HERE"}  # cy has not answered


@dataclass
class Served:
    """A desk that is served, and one browser's cookie for it."""

    desk: Desk
    port: int
    token: str
    cookie: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What a browser sends from one of the desk's pages."""
        host = f"127.0.0.1:{self.port}"
        return {"Host": host, "Origin": f"http://{host}", "Cookie": self.cookie}

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, **form: object):
        """Send a request; returns the status, the answer's headers and its text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = urlencode(form, doseq=True) if method == "POST" else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        with closing(connection):
            connection.request(method, path, body, {**kind, **(self.headers if headers is None else headers)})
            with connection.getresponse() as answer:
                return answer.status, answer.headers, answer.read().decode()

    def log_in(self) -> Served:
        """Another browser at the same desk."""
        _, headers, _ = self.send("GET", f"/?token={self.token}", {"Host": f"127.0.0.1:{self.port}"})
        cookie = str(headers["Set-Cookie"])
        return Served(self.desk, self.port, self.token, cookie.partition(";")[0])

    def get(self, path: str) -> str:
        """The text of a page, after redirects."""
        status, headers, text = self.send("GET", path)
        if status in (302, 303):
            return self.get(headers["Location"])
        assert status == 200, text
        return text

    def page_of(self, student: str, question: str = "why") -> str:
        """The address of an answer, below ``/grade``."""
        found = self.desk.question("a1", question)
        return f"/a1/{question}/{self.desk.number(found, student)}"

    def grade(self, student: str, action: str = "stay", **form: object):
        """Open an answer and send its form; returns what the desk answers."""
        page = self.get(f"/grade{self.page_of(student)}")
        seen = re.search(r'name="seen" value="([^"]*)"', page)
        assert seen
        words = seen[1].replace("&#34;", '"')
        return self.send("POST", f"/grade{self.page_of(student)}", action=action, **{"seen": words, **form})


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course, graded once: nbgrader takes seconds for that."""
    return desk_course(tmp_path_factory.mktemp("prepared"), ANSWERS).root


@pytest.fixture
def course(prepared: Path, tmp_path: Path) -> Course:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return load(tmp_path)


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A thread that serves one desk after the other, so that what renders texts is started once."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join(60)
    made.close()


Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def serve(course: Course, loop: asyncio.AbstractEventLoop) -> Serve:
    """``with serve(anonymous=True) as served``: a desk on the course, and a browser that is logged in."""

    @contextmanager
    def serving(**options: bool) -> Iterator[Served]:
        stop, found = asyncio.Event(), Future[tuple[Desk, str]]()

        async def run() -> None:
            with Gradebook(course) as book:
                desk = Desk(course, book, course.root / "submitted", **options)
                await serve_until(desk, "Grace", 0, lambda address: found.set_result((desk, address)), stop)

        ended = asyncio.run_coroutine_threadsafe(run(), loop)
        desk, address = found.result(60)
        parts = urlsplit(address)
        yield Served(desk, parts.port or 0, parts.query.removeprefix("token=")).log_in()
        loop.call_soon_threadsafe(stop.set)
        ended.result(60)

    return serving


@pytest.fixture
def served(serve: Serve) -> Iterator[Served]:
    with serve() as found:
        yield found
