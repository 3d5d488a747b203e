"""Find the solution regions of a Python file, and the functions they stand in."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import Problem, UnusableCourseFiles
from .markers import ANY_SPELLING, BEGIN, END


@dataclass(frozen=True)
class Region:
    """A solution region.

    Attributes
    ----------
    begin, end : int
        Line numbers of its two markers, from 1.
    function : str
        Qualified name of the function that the region stands in: ``"TwoLayerNet.loss"``.
    """

    begin: int
    end: int
    function: str


def regions(source: str, where: str) -> list[Region]:
    """Find the solution regions of a Python file.

    Parameters
    ----------
    source : str
        The file's text.
    where : str
        The file's path, for error messages.

    Returns
    -------
    list of Region
        In the order of the file.

    Raises
    ------
    UnusableCourseFiles
        When the text is not valid Python, markers do not pair up or are misspelled, or a region is empty or not
        inside one function.
    """
    try:
        tree = ast.parse(source)
        markers = list(_markers(source, where))
    except (SyntaxError, tokenize.TokenError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else 1
        raise _unusable(where, line or 1, f"this is not valid Python ({error.args[0]}); correct it first.") from None
    owner = functions_by_line(tree)
    statements = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    found: list[Region] = []
    begin = 0
    for line, text in markers:
        if (text == BEGIN) == bool(begin):
            problem = (
                f"{BEGIN} inside the region that begins on line {begin}" if begin else f"{END} without a beginning"
            )
            raise _unusable(where, line, f"{problem}; markers come in pairs and are never nested.")
        if text == BEGIN:
            begin = line
            continue
        inside = {owner.get(start, "") for start in statements if begin < start < line}
        if not inside:
            raise _unusable(where, begin, "this solution region is empty; put the answer in it.")
        if len(inside) > 1 or "" in inside:
            raise _unusable(where, begin, "this solution region is not inside one function; move its markers.")
        found.append(Region(begin, line, inside.pop()))
        begin = 0
    if begin:
        raise _unusable(where, begin, f"this {BEGIN} has no {END}; add it after the answer.")
    return found


def _unusable(where: str, line: int, sentence: str) -> UnusableCourseFiles:
    return UnusableCourseFiles([Problem(where, line, sentence)])


def _markers(source: str, where: str) -> Iterator[tuple[int, str]]:
    """Yield each marker with its line number. Only comments count: the same text in a string is not a marker."""
    for token in tokenize.generate_tokens(io.StringIO(source, newline="").readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.string in (BEGIN, END) and token.line[: token.start[1]].strip() == "":
            yield token.start[0], token.string
        elif ANY_SPELLING.search(token.string):
            problem = f'"{token.string}" looks like a marker but is none; write {BEGIN} or {END} on a line of its own.'
            raise _unusable(where, token.start[0], problem)


def functions(node: ast.AST, prefix: str = "") -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Map qualified names to the functions of a module and the methods of its classes.

    Functions that are nested in other functions are left out. Those under an ``if`` or ``try`` are included.
    """
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            found[prefix + child.name] = child
        else:
            found |= functions(child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)
    return found


def functions_by_line(tree: ast.Module) -> dict[int, str]:
    """Map each line of a function's body to the function's qualified name."""
    return {
        line: name
        for name, function in functions(tree).items()
        for line in range(function.body[0].lineno, (function.end_lineno or 0) + 1)
    }
