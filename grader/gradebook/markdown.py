"""Turn Markdown and code that a student wrote into HTML that is harmless in an instructor's browser.

A text can be written such that these functions take almost any amount of time and memory. Call them through
`rendering`, which limits both.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any, Final

from bleach import clean
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MARKS: Final = ("\ue000", "\ue001")
"""Two characters that no attribute keeps, so that a caller may write them around what it puts into the HTML later."""

_DEEPEST: Final = 100
"""The most levels of nested tags: nbconvert processes the page afterwards in time quadratic in their number."""

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
    """Render Markdown as HTML, then remove from the HTML everything that does more than format.

    The order matters: a filter that reads the Markdown would not see that ``[x](javascript:…)`` becomes a link.

    Parameters
    ----------
    source : str
        Markdown, which may contain formulas and HTML.
    attachments : dict of str to dict of str to str
        The cell's attached pictures: name → MIME type → base64.

    Returns
    -------
    str
        HTML without scripts, styles, forms, frames and classes. Links lead to the web or into the page. Pictures are
        attached, or are files beside the notebook. Formulas are left for MathJax.

    Raises
    ------
    ValueError
        When tags are nested more than a hundred deep.
    """
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    return harmless(MarkdownWithMath(renderer=renderer).render(source))


def harmless(html: str) -> str:
    """Remove from HTML everything that does more than format; raise ValueError where it is nested too deep."""
    safe = str(clean(html, tags=_TAGS, attributes=_keep, protocols={"http", "https", "mailto", "data"}))
    steps = accumulate(-1 if tag.startswith("</") else 1 for tag in _OPENS_OR_CLOSES.findall(safe))
    if max(steps, default=0) > _DEEPEST:
        raise ValueError(f"tags are nested more than {_DEEPEST} deep")
    return safe


def highlight(source: str) -> str:
    """Render Python code of a notebook as HTML with colours, as nbconvert does."""
    colour = Highlight2HTML(pygments_lexer="ipython3")  # type: ignore[no-untyped-call]  # nbconvert leaves it untyped
    return str(colour(source))


def _keep(tag: str, name: str, value: Any) -> bool:
    """Whether an attribute of a tag may stay in the HTML."""
    if any(mark in value for mark in MARKS):
        return False
    if name == "href":
        return tag == "a" and _LINK.match(value) is not None
    if name == "src":
        return tag == "img" and _PICTURE.fullmatch(value) is not None
    return name in ("alt", "title", "width", "height", "start", "colspan", "rowspan")
