"""Serve the desk to browsers on this machine, and to nobody else.

A page on the web can make a browser send requests to this machine, and a name of its own can lead here (DNS rebinding).
So every request has to name this machine as its host, carry a cookie that only the address with the token sets, and, if
it changes anything, come from one of the desk's own pages. The pages run one script, which is the desk's own, and load
nothing from elsewhere; the Content-Security-Policy holds the browser to it even where escaping fails.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import signal
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from ..errors import GraderError, Interrupted, UnusableInput
from ..gradebook.by_hand import HandGrade
from ..wording import one_line
from .desk import Desk, Grader
from .pages import markdown, render, stylesheet
from .questions import Question

HOST: Final = "127.0.0.1"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers hide the origin of forms, too
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LARGEST_REQUEST: Final = 1 << 20  # bytes


class Sessions:
    """Who may use the desk: those who know the token, each with a session of their own.

    Parameters
    ----------
    name : str
        The name of a grader who has not given another one.
    """

    def __init__(self, name: str) -> None:
        self.token = secrets.token_urlsafe(24)
        self._name = name
        self._graders: dict[str, Grader] = {}

    def begin(self, token: str) -> str | None:
        """Begin a session; return its cookie, or None where the token is wrong."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        cookie = secrets.token_urlsafe(24)
        self._graders[cookie] = Grader(secrets.token_hex(8), self._name)
        return cookie

    def grader(self, cookie: str) -> Grader | None:
        """Return whose session a cookie is of; None where it is of none."""
        return self._graders.get(cookie)

    def rename(self, cookie: str, name: str) -> None:
        """Give the grader of a session another name."""
        self._graders[cookie] = Grader(self._graders[cookie].session, name)


class DeskHandler(RequestHandler):
    """Checks each request, and answers with pages that can do no harm."""

    desk: Desk
    sessions: Sessions
    grader: Grader

    def initialize(self, desk: Desk, sessions: Sessions) -> None:
        """Take what all handlers share."""
        self.desk, self.sessions = desk, sessions

    def set_default_headers(self) -> None:
        """Set the headers of every answer."""
        self.clear_header("Server")
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    @property
    def _port(self) -> int:
        port: int = self.application.settings["port"]
        return port

    @property
    def cookie_name(self) -> str:
        """The name of the cookie; with the port, because browsers share cookies among the ports of a machine."""
        return f"desk-{self._port}"

    def prepare(self) -> None:
        """Refuse what does not come from one of the desk's own pages."""
        hosts = {f"{name}:{self._port}" for name in (HOST, "localhost")}
        if self.request.headers.get_list("Host") not in [[host] for host in hosts]:
            raise HTTPError(403, "the Host header names another machine")
        if self.request.method not in ("GET", "HEAD"):
            # A form that another site's page sends has that site's origin; browsers let no page change it.
            if self.request.headers.get("Origin") != f"http://{self.request.headers['Host']}":
                raise HTTPError(403, "the request comes from another site's page")
        elif token := self.get_query_argument("token", ""):
            self._log_in(token)
            return
        found = self.sessions.grader(self.get_cookie(self.cookie_name, "") or "")
        if found is None:
            raise HTTPError(401, "no session; use the address that grader desk has printed")
        self.grader = found

    def _log_in(self, token: str) -> None:
        """Set the cookie, and lead to the same address without the token.

        It is a page that leads there, because on a redirect from another program's link browsers hold the cookie back.
        """
        cookie = self.sessions.begin(token)
        if cookie is None:
            raise HTTPError(401, "the token in the address is wrong; use the address that grader desk has printed")
        self.set_cookie(self.cookie_name, cookie, httponly=True, samesite="Strict", path="/")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(render("login.html.j2", path="/" + self.request.path.lstrip("/\\")))

    def find(self, question: Question, number: str) -> tuple[list[HandGrade], int]:
        """Find an answer by its number in the address: all answers to the question, and its place among them."""
        answers = self.desk.answers(question, self.grader.session)
        for place, grade in enumerate(answers):
            if self.desk.number(question, grade.student) == number:
                return answers, place
        raise HTTPError(404, "there is no such answer")

    def redirect_to(self, *parts: str, **query: str) -> None:
        """Lead to a page of the desk, after a change."""
        path = "/" + "/".join(parts)
        self.redirect(f"{path}?{urlencode(query)}" if query else path, status=303)

    def show(self, template: str, **values: Any) -> None:
        """Answer with a page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(render(template, desk=self.desk, grader=self.grader, **values))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with one sentence about what is wrong."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, GraderError):
            self.set_status(503 if isinstance(error, Interrupted) else 400)
            reason = one_line(str(error))
        else:
            reason = (isinstance(error, HTTPError) and error.log_message) or self._reason
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(render("error.html.j2", reason=reason))

    def log_exception(self, *arguments: Any) -> None:
        """Log only errors that are mistakes in the desk; the others are on the page."""
        if not isinstance(arguments[1], GraderError):
            super().log_exception(*arguments)


class _File(DeskHandler):
    """The stylesheet and the script, which are the same for all pages."""

    def get(self, name: str) -> None:
        kinds: dict[str, tuple[str, Callable[[], str]]] = {
            "desk.css": ("text/css", stylesheet),
            "desk.js": ("text/javascript", lambda: (Path(__file__).parent / "desk.js").read_text("utf-8")),
        }
        kind, read = kinds[name]
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(read())


class _Nothing(DeskHandler):
    def get(self) -> None:
        raise HTTPError(404, "there is no such page; the list of questions is at /")


def application(desk: Desk, sessions: Sessions, port: int) -> Application:
    """Make the application of a desk that is served on this port."""
    from .handlers import ROUTES

    shared = {"desk": desk, "sessions": sessions}
    routes: list[Any] = [(rf"/{address}", handler, shared) for address, handler in ROUTES]
    routes.append((r"/(desk\.css|desk\.js)", _File, shared))
    return Application(
        routes,
        default_handler_class=_Nothing,
        default_handler_args=shared,
        port=port,
        log_function=lambda handler: None,
    )


async def serve_until(desk: Desk, name: str, port: int, opened: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serve a desk until an event is set.

    Parameters
    ----------
    desk : Desk
    name : str
        The grader's name.
    port : int
        0 for one that is free.
    opened : callable
        Called with the address, the token in it, when the desk listens.
    stop : asyncio.Event

    Raises
    ------
    UnusableInput
        When the port is taken.
    """
    try:
        sockets = bind_sockets(port, address=HOST)
    except OSError as error:
        raise UnusableInput(f"Port {port} cannot be used ({error.strerror}); choose another with --port.") from None
    port = sockets[0].getsockname()[1]
    sessions = Sessions(name)
    server = HTTPServer(
        application(desk, sessions, port), max_body_size=_LARGEST_REQUEST, max_buffer_size=_LARGEST_REQUEST
    )
    server.add_sockets(sockets)
    markdown("")  # starts what renders texts, so that the first page need not wait for it
    opened(f"http://{HOST}:{port}/?token={sessions.token}")
    try:
        await stop.wait()
    finally:
        server.stop()
        await server.close_all_connections()


def serve(desk: Desk, name: str, *, port: int = 0, browser: bool = True, say: Callable[[str], object] = print) -> None:
    """Serve a desk until Ctrl-C.

    Parameters
    ----------
    desk : Desk
    name : str
        The grader's name.
    port : int, default 0
        0 for one that is free.
    browser : bool, default True
        Whether to open the page in a browser.
    say : callable, default print
        Called with the lines that say where the desk is.
    """

    async def run(folder: Path) -> None:
        def opened(address: str) -> None:
            say(f"The desk is open at {address}")
            say("Ctrl-C closes it; every grade is in the gradebook as soon as it is entered.")
            if browser:
                webbrowser.open(_link_file(folder, address).as_uri())

        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve_until(desk, name, port, opened, stop)

    with tempfile.TemporaryDirectory() as folder:  # only its owner can read it
        asyncio.run(run(Path(folder)))


def _link_file(folder: Path, address: str) -> Path:
    """Write a page that leads to the desk; every user of the machine could read an address in the browser's command."""
    path = folder / "desk.html"
    path.write_text(render("login.html.j2", path=address), "utf-8")
    return path
