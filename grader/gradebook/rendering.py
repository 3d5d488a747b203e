"""Render untrusted text as HTML with limits on time, memory and size; where these are exceeded, show plain text.

Rendering Markdown, filtering HTML and colouring code take quadratic time on some texts: 50,000 lines of ``|`` or of
tabs take minutes. So they run in a child process that can be killed, and all cells of a page share one budget.
"""

from __future__ import annotations

import html
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..host.bounded_process import BoundedProcess, ChildDied, OutOfTime
from ..wording import visible

LIMIT: Final = 200_000
"""The most characters of one cell that are shown."""

_CELL_SECONDS: Final = 3.0  # a page of prose takes some milliseconds
_START_SECONDS: Final = 60.0  # for importing nbconvert
_MEMORY: Final = 2 << 30  # bytes of address space
_BOX_STYLE: Final = "overflow: auto; overflow-wrap: anywhere;"


@dataclass
class PageBudget:
    """The time and size that the rest of a page may still take.

    Attributes
    ----------
    seconds : float, default 10
        Processor seconds for rendering.
    characters : int, default 4,000,000
        Characters of HTML.
    """

    seconds: float = 10.0
    characters: int = 4_000_000


def bounded_html(render: Callable[..., str], source: str, *arguments: object, budget: PageBudget) -> str:
    """Render a text as HTML, or as plain text where rendering fails, takes too long or makes too much HTML.

    Parameters
    ----------
    render : callable
        ``render(source, *arguments)`` returns harmless HTML. The function has to be importable by its name.
    source : str
        The text; untrusted.
    *arguments : object
        Further arguments of `render`.
    budget : PageBudget
        The budget of the page. It is changed in place: what this text uses is taken off.

    Returns
    -------
    str
        Harmless HTML. Plain text stands in a ``<pre>`` element after a sentence that says why.
    """
    shown = source[:LIMIT]
    seconds = min(_CELL_SECONDS, budget.seconds)
    why = "there was no time left for this page"
    if seconds > 0:
        try:
            page, used = _renderer()(render, shown, *arguments, seconds=seconds)
        except Exception as error:  # a library may raise anything on an untrusted text
            budget.seconds -= seconds
            killed = isinstance(error, OutOfTime | ChildDied)
            why = "laying it out takes too long" if killed else "it cannot be laid out"
        else:
            budget.seconds -= used
            if len(page) <= budget.characters:
                budget.characters -= len(page)
                return page + ("" if shown == source else "<p><em>The rest of this text is not shown.</em></p>")
            why = "there was no room left on this page"
    return _plain(source, why, budget)


def boxed(page: str, title: str = "") -> str:
    """Put HTML into a box, so that none of it is drawn over the page around it.

    Parameters
    ----------
    page : str
        Harmless HTML.
    title : str, default ""
        A tooltip that says whose words these are. With a title, the box has a line at its left.

    Returns
    -------
    str
        HTML.
    """
    line = f' border-left: 3px solid #888; padding-left: 0.8em;" title="{html.escape(title)}' if title else ""
    return f'<div style="{_BOX_STYLE}{line}">{page}</div>'


def _plain(source: str, why: str, budget: PageBudget) -> str:
    text = visible(source, max(0, min(LIMIT, budget.characters)))
    page = f'<pre style="white-space: pre-wrap; overflow-wrap: anywhere;">{html.escape(text)}</pre>'
    budget.characters -= len(page)
    return f"<p><em>Shown as plain text, because {why}.</em></p>{page}"


class _Renderer:
    """Render texts in a child process, which is started at the first text and after each time it was killed."""

    def __init__(self) -> None:
        self._process = BoundedProcess()
        self._ready = False

    def __call__(self, render: Callable[..., str], *arguments: object, seconds: float) -> tuple[str, float]:
        """Call `render` in the child; return the HTML and the processor seconds that it took."""
        if not self._ready:
            self._process.call(_prepare, seconds=_START_SECONDS)
        self._ready = False  # where the next line raises, a new child has to be prepared
        answer = self._process.call(_timed, render, *arguments, seconds=seconds)
        self._ready = True
        return answer


_THREAD_LOCAL: Final = threading.local()


def _renderer() -> _Renderer:
    """Return this thread's renderer; a child is killed with the thread that started it, so each thread has its own."""
    if not hasattr(_THREAD_LOCAL, "renderer"):
        _THREAD_LOCAL.renderer = _Renderer()
    renderer: _Renderer = _THREAD_LOCAL.renderer
    return renderer


def _prepare() -> None:
    """Import the libraries in the child and limit its memory, before any text's time is measured."""
    from . import markdown  # noqa: F401 (imported so that the first text need not wait for it)

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _timed(render: Callable[..., str], *arguments: object) -> tuple[str, float]:
    """Call `render`; return its HTML and the processor seconds that it took. Runs in the child."""
    begun = time.process_time()
    page = render(*arguments)
    return page, time.process_time() - begun
