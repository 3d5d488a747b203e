"""HTML of a stranger's text within bounded time, memory and size, or else that text as it is.

Markdown, HTML filters and syntax colouring take quadratic time on texts that are made for it: 50,000 lines of ``|`` or
of tabs keep them busy for minutes. So they run in a process that can be ended, and a whole page has one budget.
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
"""Characters of one cell that are shown. Nobody reads more."""

_CELL_SECONDS: Final = 3.0  # a page of prose takes some milliseconds
_START_SECONDS: Final = 60.0  # importing nbconvert
_MEMORY: Final = 2 << 30
_FENCE: Final = "overflow: auto; overflow-wrap: anywhere;"


@dataclass
class PageBudget:
    """What one page may still take.

    Attributes
    ----------
    seconds : float
        Processor time for rendering; 10 at first.
    characters : int
        Of HTML; 4 million at first.
    """

    seconds: float = 10.0
    characters: int = 4_000_000


def bounded_html(render: Callable[..., str], source: str, *arguments: object, budget: PageBudget) -> str:
    """Render a text, or show it as plain text where that takes too long, too much, or fails.

    Parameters
    ----------
    render : callable
        ``render(source, *arguments)`` gives harmless HTML; importable by its name.
    source : str
        From anybody.
    *arguments : object
        Further arguments of `render`.
    budget : PageBudget
        Of the page; what is used is taken off.

    Returns
    -------
    str
        Harmless HTML. Plain text stands in a ``<pre>`` element, behind a sentence that says so.
    """
    shown = source[:LIMIT]
    seconds = min(_CELL_SECONDS, budget.seconds)
    why = "there was no time left for this page"
    if seconds > 0:
        try:
            page, used = _renderer()(render, shown, *arguments, seconds=seconds)
        except Exception as error:  # whatever a library raises on a stranger's text
            budget.seconds -= seconds
            late = isinstance(error, OutOfTime | ChildDied)
            why = "laying it out takes too long" if late else "it cannot be laid out"
        else:
            budget.seconds -= used
            if len(page) <= budget.characters:
                budget.characters -= len(page)
                return page + ("" if shown == source else "<p><em>The rest of this text is not shown.</em></p>")
            why = "there was no room left on this page"
    return _plain(source, why, budget)


def boxed(page: str, title: str = "") -> str:
    """HTML in a box of its own: what is in it paints over nothing outside of it.

    Parameters
    ----------
    page : str
        Harmless HTML.
    title : str, optional
        Whose words they are; with a title the box has a line at its left.
    """
    line = f' border-left: 3px solid #888; padding-left: 0.8em;" title="{html.escape(title)}' if title else ""
    return f'<div style="{_FENCE}{line}">{page}</div>'


def _plain(source: str, why: str, budget: PageBudget) -> str:
    text = visible(source, max(0, min(LIMIT, budget.characters)))
    page = f'<pre style="white-space: pre-wrap; overflow-wrap: anywhere;">{html.escape(text)}</pre>'
    budget.characters -= len(page)
    return f"<p><em>Shown as plain text, because {why}.</em></p>{page}"


class _Renderer:
    """A process that renders, started when it is first needed and again after it was ended."""

    def __init__(self) -> None:
        self._process = BoundedProcess()
        self._ready = False

    def __call__(self, render: Callable[..., str], *arguments: object, seconds: float) -> tuple[str, float]:
        """The HTML and the processor seconds that it took."""
        if not self._ready:
            self._process.call(_prepare, seconds=_START_SECONDS)
        self._ready = False
        answer = self._process.call(_timed, render, *arguments, seconds=seconds)
        self._ready = True
        return answer


_OF_THREAD: Final = threading.local()


def _renderer() -> _Renderer:
    """This thread's: a child process dies with the thread that started it."""
    if not hasattr(_OF_THREAD, "renderer"):
        _OF_THREAD.renderer = _Renderer()
    renderer: _Renderer = _OF_THREAD.renderer
    return renderer


def _prepare() -> None:
    """In the child, before time is counted."""
    from . import markdown  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _timed(render: Callable[..., str], *arguments: object) -> tuple[str, float]:
    begun = time.process_time()
    page = render(*arguments)
    return page, time.process_time() - begun
