"""Find the numbers that a notebook's text states, and compare them with those that its code gives.

A notebook's source may have cells whose first line is ``# %% numbers="a name"``. They are never released. Each line
``expression  # shown: number`` says that the text gives the value of the expression as this number::

    sum(p.size for p in model.params.values())  # shown: 825,046
    100 * solver.best_val_acc  # shown: 52.4 ± 1.5
    np.abs(ours - theirs).max()  # shown: < 1e-10

Without ``±`` the value has to round to the digits that are shown. `shown_values` lists the numbers of such a cell,
`unfounded` lists those in the text that no code gives, and `checked` turns a cell into code that raises WrongNumber
for a number that is no longer right.
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
"""Whole numbers up to this one need no source: they mostly count things that the reader sees ("3 nets", "5 × 5")."""

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
    """Raise WrongNumber if the text shows another value than the code gives.

    Parameters
    ----------
    value : float, bool or str
        The value that the code gives.
    shown : str
        The value that the text shows: ``"825,046"``, ``"52.4 ± 1.5"``, ``"< 1e-10"``, ``"> 3"``. A text that is not a
        number is compared with ``str(value)``.

    Raises
    ------
    WrongNumber
        When they do not agree. The message has both.
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
    """Turn a cell of numbers into code that compares each of them; the code needs `compare` in its namespace."""

    def call(match: re.Match[str]) -> str:
        return f"compare(({match['expression']}), {match['shown']!r})"

    return _LINE.sub(call, source)


def shown_values(source: str) -> list[str]:
    """Return the numbers in the ``# shown:`` comments of a cell of numbers, as they are written."""
    return [match["shown"] for match in _LINE.finditer(source)]


def stated(markdown: str) -> list[str]:
    """Return the numbers in a text, as they are written. Formulas, code, links and numbered headings are ignored."""
    return [match[0] for match in _NUMBER.finditer(_NOT_PROSE.sub(" ", markdown))]


def unfounded(cells: Iterable[NotebookNode]) -> Iterator[tuple[str, str]]:
    """Yield the numbers that a notebook's text states and nothing in the notebook gives.

    A number is accepted if a cell of numbers shows it, if the notebook's code contains it (a setting such as a learning
    rate; the text may give it in percent), if it is a whole number up to `SMALL`, or if it may be the year of a paper.

    Parameters
    ----------
    cells : iterable of NotebookNode
        All cells of a notebook's source, including the cells of numbers.

    Yields
    ------
    number, text : str
        The number as it is written, and the line that contains it.
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
    """Tell whether a cell of numbers can be run without the rest of its notebook.

    Parameters
    ----------
    source : str
        The cell's code.
    imported : set of str
        Names that are defined before the cell runs.

    Returns
    -------
    bool
        Whether every name that the cell reads is in `imported`, built in, or assigned in the cell itself.
    """
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
    """Yield the numbers in a cell's code."""
    for node in ast.walk(python(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            yield float(node.value)


def _value(text: str) -> float:
    """Read a number as a text writes it, with separators of thousands and a typographical minus."""
    return float(re.sub(rf"[,{_SPACES}]", "", text).replace("−", "-"))


def _unit(text: str) -> float:
    """Return the unit of a number's last digit: 0.01 for "3.14", 1e-12 for "7e-12"."""
    mantissa, _, exponent = text.partition("e")
    _, _, decimals = mantissa.partition(".")
    unit: float = 10.0 ** (int(exponent or 0) - len(decimals))
    return unit
