"""Extend Sphinx for a course's book: formulas as MathML, and a search that knows both spellings of English."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.util import logging

from ..desk.formulas import mathml
from .docstrings import escaped

_log = logging.getLogger(__name__)
_SPELLINGS = (
    (re.compile(r"is(?=(?:e|ed|er|ers|es|ing|ation|ations)$)"), "iz"),  # normalise, normalisation
    (re.compile(r"iz(?=(?:e|ed|er|ers|es|ing|ation|ations)$)"), "is"),
    (re.compile(r"our(?=s?$|ed$|ing$|al$)"), "or"),  # colour, behaviour
    (re.compile(r"(?<=[bliv])or(?=s?$|ed$|ing$)"), "our"),
)


def other_spellings(word: str) -> list[str]:
    """Return how a word may also be spelt, British or American; a search for either should find it.

    Parameters
    ----------
    word : str

    Returns
    -------
    list of str
        Nothing for most words. Some entries may be no words at all, which nobody looks for.
    """
    return [pattern.sub(other, word) for pattern, other in _SPELLINGS if len(word) > 5 and pattern.search(word)]


class SearchBothSpellings(SearchEnglish):
    """Index British words in their American spelling as well, and the other way round."""

    def split(self, input: str) -> list[str]:
        """Split a text into words, each followed by its other spellings."""
        return [spelt for word in super().split(input) for spelt in (word, *other_spellings(word))]


def _visit_math(translator: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    translator.body.append(f'<span class="math">{_converted(node, block=False)}</span>')
    raise nodes.SkipNode


def _visit_math_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own; it scrolls where the page is narrower."""
    translator.body.append(f'<div class="math" tabindex="0">{_converted(node, block=True)}</div>\n')
    raise nodes.SkipNode


def _converted(node: nodes.Element, *, block: bool) -> str:
    """Convert a formula; warn if it cannot be converted, since the reader then sees LaTeX."""
    formula = node.astext()
    converted = mathml(formula, block=block)
    if not converted.startswith("<math"):
        _log.warning("this formula cannot be converted to MathML: %s", formula, location=node)
    return converted


def _escape(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Escape a docstring before Sphinx reads it; autodoc calls this with its lines, to be changed in place."""
    lines[:] = escaped("\n".join(lines)).split("\n")


def _name_buttons(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None) -> None:
    """Give the buttons that unfold a list of pages a name, since the theme has only a picture on them."""
    made = context.get("generate_toctree_html")
    if made is None:
        return

    def named(kind: str, **options: Any) -> Any:
        contents = made(kind, **options)
        if kind == "raw":
            return contents
        return str(contents).replace("<summary>", '<summary aria-label="Pages below this one">')

    context["generate_toctree_html"] = named


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.connect("autodoc-process-docstring", _escape)
    app.connect("html-page-context", _name_buttons, priority=900)  # after the theme has put its functions there
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
    app.add_search_language(SearchBothSpellings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
