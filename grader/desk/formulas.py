"""Turn formulas into MathML, which browsers show without a script or a font from elsewhere.

Students write formulas. So the MathML is written here from a fixed set of elements and attributes, whatever a formula
says.
"""

from __future__ import annotations

import html
import re
from typing import Final
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

_LONGEST: Final = 4000  # characters of a formula
_ELEMENTS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        math mrow mi mo mn ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom menclose
        msub msup msubsup munder mover munderover mmultiscripts mtable mtr mtd
        """,
    )
)
_ATTRIBUTES: Final = frozenset(
    re.findall(
        r"\w+",
        """
        accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form height largeop
        linethickness lspace mathvariant maxsize minsize movablelimits notation rowlines rowspacing rspace scriptlevel
        separator stretchy symmetric width
        """,
    )
)
_VALUE: Final = re.compile(r"[\w .+%-]*")
_ENVIRONMENTS: Final = {"aligned": "split", "alignedat": "split", "gathered": "split", "gather": "split"}
_ALONE: Final = ("equation", "equation*", "math", "displaymath")  # environments that lay nothing out
_ENVIRONMENT: Final = re.compile(r"\\(begin|end)\{([a-z]+\*?)\}")


def mathml(formula: str, *, block: bool) -> str:
    """Turn a formula into MathML, or into its own text where that is not possible.

    Parameters
    ----------
    formula : str
        LaTeX, without dollar signs; untrusted.
    block : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        Harmless HTML.
    """
    plain = f'<code class="formula">{html.escape(formula.strip())}</code>'
    if len(formula) > _LONGEST:
        return plain
    try:
        element = convert_to_element(
            _ENVIRONMENT.sub(_known_environment, formula), display="block" if block else "inline"
        )
        return _written(element)
    except Exception:  # the library raises many kinds of errors for what is no formula
        return plain


def _known_environment(match: re.Match[str]) -> str:
    """Replace an environment that the library does not know by one that looks the same."""
    side, name = match.groups()
    return "" if name in _ALONE else f"\\{side}{{{_ENVIRONMENTS.get(name, name)}}}"


def _written(element: Element) -> str:
    """Write an element and everything in it, without what is not in the fixed set."""
    tag = element.tag.rpartition("}")[2]
    inside = html.escape(html.unescape(element.text or "")) + "".join(_written(child) for child in element)
    tail = html.escape(html.unescape(element.tail or ""))
    if tag not in _ELEMENTS:
        return inside + tail
    attributes = [(name, str(value)) for name, value in element.items()]
    kept = "".join(
        f' {name}="{value}"' for name, value in attributes if name in _ATTRIBUTES and _VALUE.fullmatch(value)
    )
    return f"<{tag}{kept}>{inside}</{tag}>{tail}"
