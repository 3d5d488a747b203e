"""The numbers that a notebook's text states: which they are, and whether the code gives them.

A notebook's source may hold cells whose first line is ``# %% numbers="a name"``. They are never released. Each line
``expression  # shown: number`` says that the text gives the value of the expression as this number::

    sum(p.size for p in model.params.values())  # shown: 825,046
    100 * solver.best_val_acc  # shown: 52.4 ± 1.5
    np.abs(ours - theirs).max()  # shown: < 1e-10

Without ``±`` the value has to round to the digits that are shown. `shown_values` lists what the cells give,
`unfounded` what the text states without any of them, and `checked` turns a cell into code that raises where a number
is no longer true.
"""

from __future__ import annotations

import ast
import builtins
import math
import re
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from .percent_scripts import python

SMALL = 12
"""Whole numbers up to here count things that stand beside them ("three nets", "5 × 5"), and need no source."""

_LINE = re.compile(r"^(?P<expression>\S.*?)\s*# shown: (?P<shown>\S.*?)\s*$", re.MULTILINE)
_SPACES = "\\u202f\\u00a0 "
_DIGITS = rf"(?:\d{{1,3}}(?:[,{_SPACES}]\d{{3}}(?!\d))+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?"
_SHOWN = re.compile(rf"(?P<sign>[<>]?) ?(?P<number>[-−]?{_DIGITS})(?: ± (?P<tolerance>{_DIGITS}))?")
_NUMBER = re.compile(rf"(?<![\w.])(?<!\w[-–]){_DIGITS}(?![\w]|\.\d)")
_YEAR = re.compile(r"(?:19[4-9]|20[0-4])\d")
_NOT_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|(?<!\\)\$[^$]*\$|\]\([^)]*\)|https?://\S+|arXiv:\S+|^#+ [\d.]+ |^\d+\. |\[\d+\]"
    r"|</?\w[^>]*>|\*\*Question \d+|\bsections? \d+(?:\.\d+)*",
    re.DOTALL | re.MULTILINE,
)


class WrongNumber(AssertionError):
    """The text states a number that the code does not give."""


def compare(value: object, shown: str) -> None:
    """Raise WrongNumber where `value` is not what is `shown`.

    Parameters
    ----------
    value : float, bool or str
        What the code gives.
    shown : str
        ``"825,046"``, ``"52.4 ± 1.5"``, ``"< 1e-10"``, ``"> 3"``; anything that is no number is compared as text.

    Raises
    ------
    WrongNumber
        With the value, and what it should be.
    """
    match = _SHOWN.fullmatch(shown)
    if match is None or isinstance(value, bool | str):
        agrees = str(value) == shown
    else:
        number, actual = _value(match["number"]), float(value)  # type: ignore[arg-type]  # numpy scalars are floats here
        if match["sign"]:
            agrees = actual < number if match["sign"] == "<" else actual > number
        else:
            tolerance = _value(match["tolerance"]) if match["tolerance"] else _unit(match["number"]) / 2
            agrees = math.isclose(actual, number, rel_tol=1e-12, abs_tol=tolerance * (1 + 1e-9))
    if not agrees:
        raise WrongNumber(
            f"The text says {shown}, and the code gives {value}; correct the text, and this line with it."
        )


def checked(source: str) -> str:
    """A cell of numbers as code that compares each of them; it needs `compare` in its namespace."""

    def call(match: re.Match[str]) -> str:
        return f"compare(({match['expression']}), {match['shown']!r})"

    return _LINE.sub(call, source)


def shown_values(source: str) -> list[str]:
    """The numbers that a cell of numbers gives, as they are written."""
    return [match["shown"] for match in _LINE.finditer(source)]


def stated(markdown: str) -> list[str]:
    """The numbers in a text, as they are written; formulas, code, links and numbered headings are left out."""
    return [match[0] for match in _NUMBER.finditer(_NOT_PROSE.sub(" ", markdown))]


def unfounded(cells: Iterable[NotebookNode]) -> Iterator[tuple[str, str]]:
    """The numbers that a notebook's text states and nothing in the notebook gives.

    A number is founded where a cell of numbers shows it, where it stands in the notebook's code (a setting, such as a
    learning rate or a number of epochs; as itself or in percent), where it is a whole number up to `SMALL`, and
    where it is the year of a paper.

    Parameters
    ----------
    cells : iterable of NotebookNode
        All cells of a notebook's source, those of numbers included.

    Yields
    ------
    number, text : str
        The number, and the line it stands in.
    """
    cells = list(cells)
    founded: set[float] = set()
    for cell in cells:
        if cell.cell_type == "code":
            founded.update(_literals(cell.source))
            for shown in shown_values(cell.source):
                founded.update(_value(text) for text in re.findall(_DIGITS, shown))
    for cell in cells:
        if cell.cell_type != "markdown":
            continue
        for number in stated(cell.source):
            value = _value(number)
            if (value.is_integer() and value <= SMALL) or _YEAR.fullmatch(number):
                continue
            if not any(math.isclose(value, known) or math.isclose(value, 100 * known) for known in founded):
                yield number, next((line for line in cell.source.splitlines() if number in line), cell.source)


def needs_no_run(source: str, imported: set[str]) -> bool:
    """Whether a cell of numbers stands on nothing but imports, so that it can be tried without its notebook."""
    tree = python(source)
    loaded: set[str] = set()
    stored: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else stored).add(node.id)
        elif isinstance(node, ast.arg):
            stored.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            stored.add(node.name)
        elif isinstance(node, ast.alias):
            stored.add((node.asname or node.name).partition(".")[0])
    return loaded <= stored | imported | set(dir(builtins))


def _literals(source: str) -> Iterator[float]:
    """The numbers in a cell's code."""
    for node in ast.walk(python(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            yield float(node.value)


def _value(text: str) -> float:
    """A number as it is written in a text."""
    return float(re.sub(rf"[,{_SPACES}]", "", text).replace("−", "-"))


def _unit(text: str) -> float:
    """What one more in the last digit would be: 0.01 for "3.14", 1e-12 for "7e-12"."""
    mantissa, _, exponent = text.partition("e")
    _, _, decimals = mantissa.partition(".")
    unit: float = 10.0 ** (int(exponent or 0) - len(decimals))
    return unit
