"""Markdown and code that a student wrote, as HTML that does nothing in an instructor's browser.

These functions take any amount of time and memory on texts that are made for it; `rendering` bounds them.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any, Final

from bleach import clean  # type: ignore[import-untyped]
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_DEEPEST: Final = 100
"""Levels of nested tags. What nbconvert does to a page afterwards takes quadratic time for them."""

_TAGS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr b br code del em i img ins kbd s span strong sub sup u
        blockquote dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre summary ul
        table tbody td th thead tr
        """,
    )
)
_PICTURE: Final = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*|[\w.-]+(/[\w.-]+)*")
_OPENS_OR_CLOSES: Final = re.compile(r"</?(?!(?:br|hr|img)\b)\w")
_LINK: Final = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)


def to_safe_html(source: str, attachments: dict[str, dict[str, str]]) -> str:
    """Render Markdown, then keep of the HTML what only formats.

    The order matters: a filter over Markdown itself does not see that ``[x](javascript:…)`` becomes a link.

    Parameters
    ----------
    source : str
        Markdown with formulas; HTML may stand in it.
    attachments : dict of str to dict of str to str
        The cell's pictures: name → MIME type → base64.

    Returns
    -------
    str
        No script, style, form, frame or class. Links lead to the web, pictures are attached or lie beside the
        notebook. Formulas are left for MathJax.

    Raises
    ------
    ValueError
        Where tags are nested a hundred deep.
    """
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    html = MarkdownWithMath(renderer=renderer).render(source)
    safe = str(clean(html, tags=_TAGS, attributes=_keep, protocols={"http", "https", "mailto", "data"}))
    steps = accumulate(-1 if tag.startswith("</") else 1 for tag in _OPENS_OR_CLOSES.findall(safe))
    if max(steps, default=0) > _DEEPEST:
        raise ValueError(f"tags are nested more than {_DEEPEST} deep")
    return safe


def highlight(source: str) -> str:
    """Colour Python code of a notebook as nbconvert does."""
    colour = Highlight2HTML(pygments_lexer="ipython3")  # type: ignore[no-untyped-call]
    return str(colour(source))


def _keep(tag: str, name: str, value: Any) -> bool:
    """Whether an attribute may stay."""
    if name == "href":
        return tag == "a" and _LINK.match(value) is not None
    if name == "src":
        return tag == "img" and _PICTURE.fullmatch(value) is not None
    return name in ("alt", "title", "width", "height", "start", "colspan", "rowspan")
