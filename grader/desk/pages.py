"""Fill in the desk's page templates. Everything in them is escaped, except what `Markup` says is harmless HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments.formatters import HtmlFormatter

from ..gradebook.markdown import highlight
from ..gradebook.rendering import PageBudget, bounded_html
from ..wording import WORDING, one_line, points, visible
from .markdown import page_html

_FOLDER: Final = Path(__file__).parent
_INLINE_STYLE: Final = re.compile(r'(<\w+) style="[^"]*"')  # the page's policy does not allow any


def markdown(text: str, pictures: dict[str, str] | None = None, budget: PageBudget | None = None) -> Markup:
    """Render Markdown that a student may have written as harmless HTML, within limits."""
    return _bounded(page_html, text, pictures or {}, budget=budget or PageBudget())


def code(text: str, budget: PageBudget | None = None) -> Markup:
    """Render code that a student may have written, with colours, within limits."""
    return _bounded(highlight, visible(text, 200_000), budget=budget or PageBudget())


def _bounded(render: Callable[..., str], *arguments: object, budget: PageBudget) -> Markup:
    text, *others = arguments
    return Markup(_INLINE_STYLE.sub(r"\1", bounded_html(render, str(text), *others, budget=budget)))


def render(template: str, **values: object) -> str:
    """Fill in one of the templates in the folder ``templates``."""
    return _environment().get_template(template).render(values)


@cache
def stylesheet() -> str:
    """Return the stylesheet: the one of the feedback pages, the desk's own, and the colours of code."""
    shared = _FOLDER.parent / "feedback" / "templates" / "style.css"
    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("default", "github-dark"))
    own = (_FOLDER / "desk.css").read_text("utf-8")
    return "\n".join([shared.read_text("utf-8"), light, f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}", own])


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: tuple[Callable[..., str], ...] = (points, visible, one_line, markdown, code)
    environment.filters.update({function.__name__: function for function in filters})
    environment.globals["WORDING"] = WORDING
    return environment
