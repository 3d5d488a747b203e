"""Explain slips that a word or a sign mends: ^ for a power, a forgotten argument, a name that hides an array."""

from __future__ import annotations

import ast
import re

import numpy as np

from ...values import walk
from .expressions import parsed_statement, text
from .names import why_none
from .site import Site


def _power(site: Site, match: re.Match[str]) -> str:
    """Explain ``a ^ 2``; in the student's own line, because ** binds more tightly than ^ does."""
    if not any(isinstance(node.op, ast.BitXor) for node in site.find(ast.BinOp)):
        return ""
    instead = site.crash.source.strip().replace("^", "**")
    return f"^ is no power in Python but an operation on bits; a power is written with **: `{instead}`."


def _forgotten_argument(site: Site, match: re.Match[str]) -> str:
    """Explain a call that leaves an argument out."""
    if site.in_program:
        return ""
    function, names = match[1].rpartition(".")[2], re.findall(r"'(\w+)'", match[2])
    calls = [node for node in site.find(ast.Call) if ast.unparse(node.func).rpartition(".")[2] == function]
    if not calls or not names:
        return ""
    listed = " and ".join(f"`{name}`" for name in names)
    return f"{text(calls[0])} leaves out {listed}; `{function}` should be given that as well."


def _key_of_sequence(site: Site, match: re.Match[str]) -> str:
    """Explain ``cache["x"]`` where the cache is a tuple."""
    for node in site.find(ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            held = site.operands.get(ast.unparse(node.value), "")
            holds = re.match(r"of (\d+) items?(?: \[(.*)\])?", held)
            listed = f" of {holds[1]} values, {holds[2]}" if holds and holds[2] else ""
            return (
                f"{text(node.value)} is a {match[1]}{listed}, and no dict: its values have no names. It should be "
                "unpacked in the order in which it was packed, or its values be read by their numbers."
            )
    return ""


def _float_among_sizes(site: Site, match: re.Match[str]) -> str:
    """Explain a list of sizes that holds a float."""
    for name, held in site.operands.items():
        if re.match(r"of \d+ items? \[.*\bfloat\b", held):
            origin = site.origin(name)
            where = f' Line {origin[0]}, "{origin[1]}", sets it.' if origin else ""
            return (
                f"`{name}` holds a float among the sizes, and a size should be a whole number: / gives a float, // a "
                f"whole number.{where}"
            )
    return ""


def _none_in_product(site: Site, match: re.Match[str]) -> str:
    """Explain a matrix product with None as a factor."""
    name = next((name for name, what in site.operands.items() if what == "None"), "")
    origin = site.origin(name) if name else None
    if not name:
        return ""
    if origin:
        return f'`{name}` is None there; line {origin[0]}, "{origin[1]}", sets it{why_none(origin[1])}'
    return f"`{name}` is None there; it should hold a value by then."


def hidden_name(site: Site, node: ast.expr) -> str:
    """Say that a name does not stand for an input any more, because a line of the function gives it to something else.

    Parameters
    ----------
    site : Site
    node : ast.expr
        What holds something else than is needed.

    Returns
    -------
    str
        A sentence; ``""`` where the name is not that of an array of the case.
    """
    line = _line_that_sets(site, node.id) if isinstance(node, ast.Name) else None
    if not isinstance(node, ast.Name) or line is None:
        return ""
    given = next((value for path, value in walk(site.inputs) if path.rpartition(".")[2] == node.id), None)
    if not isinstance(given, np.ndarray) or given.ndim < 2 or site.shape(node) == given.shape:
        return ""
    return (
        f'Line {line[0]}, "{line[1]}", gives the name `{node.id}` to something else, so that the array `{node.id}` is '
        "lost; what that line sets should have a name of its own."
    )


def _line_that_sets(site: Site, name: str) -> tuple[int, str] | None:
    """Find the line that sets a name alone: the line that raised, in an earlier turn of a loop, or one above it."""
    lines = [(site.crash.line, site.crash.source), site.origin(name)]
    for line in filter(None, lines):
        statement = parsed_statement(line[1])
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if len(targets) == 1 and isinstance(targets[0], ast.Name) and targets[0].id == name:
            return line
    return None


EXPLANATIONS = (
    (r"TypeError: unsupported operand type\(s\) for \^|TypeError: ufunc 'bitwise_xor' not supported", _power),
    (r"TypeError: ([\w.<>]+)\(\) missing \d+ required positional arguments?: (.*)", _forgotten_argument),
    (r"TypeError: (tuple|list) indices must be integers or slices, not str", _key_of_sequence),
    (r"TypeError: '(?:numpy\.)?float\d*' object cannot be interpreted as an integer", _float_among_sizes),
    (r"ValueError: matmul: Input operand \d does not have enough dimensions", _none_in_product),
)
