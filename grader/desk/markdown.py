"""Render Markdown for the desk: HTML in it is shown as text, and formulas as MathML.

A text can be written such that these functions take almost any amount of time and memory. Call them through
`grader.gradebook.rendering`, which limits both.
"""

from __future__ import annotations

import re
from typing import Final

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from ..gradebook.markdown import MARKS, harmless
from .formulas import mathml

_PLACE: Final = re.compile("{}([0-9]+){}".format(*MARKS))


def page_html(source: str, pictures: dict[str, str]) -> str:
    """Render Markdown as HTML.

    Parameters
    ----------
    source : str
        Markdown; untrusted.
    pictures : dict of str to str
        Name → PNG picture in base64. The name is that of an attachment or of a file beside the notebook.

    Returns
    -------
    str
        HTML that only formats. It loads nothing: pictures are in it.

    Raises
    ------
    ValueError
        When tags are nested too deep.
    """
    for mark in MARKS:
        source = source.replace(mark, "")
    renderer = _Renderer(pictures)
    safe = harmless(MarkdownWithMath(renderer=renderer).render(source))
    # Put in afterwards, because the filter knows no MathML. No attribute keeps a mark, so each place is between tags.
    return _PLACE.sub(lambda place: renderer.formula(int(place[1])), safe)


class _Renderer(IPythonRenderer):
    """Renders formulas as places, which `page_html` fills."""

    def __init__(self, pictures: dict[str, str]) -> None:
        super().__init__(escape=True, attachments={}, exclude_anchor_links=True)
        self._pictures = pictures
        self._formulas: list[str] = []

    def formula(self, number: int) -> str:
        """Return the MathML of a place."""
        return self._formulas[number] if number < len(self._formulas) else ""

    def _place(self, formula: str, *, block: bool) -> str:
        self._formulas.append(mathml(formula, block=block))
        return f"{MARKS[0]}{len(self._formulas) - 1}{MARKS[1]}"

    def block_math(self, body: str) -> str:
        """Render a formula between double dollar signs."""
        return self._place(body, block=True)

    def inline_math(self, body: str) -> str:
        """Render a formula between dollar signs."""
        return self._place(body, block=False)

    def latex_environment(self, name: str, body: str) -> str:
        """Render a formula in an environment of its own."""
        return self._place(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Render a picture, if it is there, or else the words that stand for it."""
        data = self._pictures.get(url.removeprefix("attachment:"))
        if data is None:
            return f"<em>(a picture that is not there: {self.escape_html(text or url)})</em>"
        return f'<img src="data:image/png;base64,{data}" alt="{self.escape_html(text).replace(chr(34), "")}">'
