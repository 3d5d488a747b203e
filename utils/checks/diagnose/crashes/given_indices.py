"""Explain an index that an input of the exercise gives, such as a label: it is right, and its place is not."""

from __future__ import annotations

import ast

import numpy as np

from ...values import walk
from .expressions import parsed_statement, text
from .site import Site

COPYING = ("enumerate", "int", "np.array", "np.asarray")
METHODS = ("astype", "copy", "tolist")
MAX_STEPS = 4  # lines that hand an index on under other names


def given_index(site: Site, node: ast.Subscript, axis: int, part: ast.expr, index: int) -> str:
    """Say that an index that is too large is an input of the exercise, so that the axis should be another one.

    Parameters
    ----------
    site : Site
    node : ast.Subscript
        The array with its index.
    axis : int
        The axis along which the index is too large.
    part : ast.expr
        What stands in the index there.
    index : int
        The index that is too large.

    Returns
    -------
    str
        One or two sentences that begin with a blank; ``""`` where the index is not known to come from an input.
    """
    given = _input_behind(site, part, index)
    if given is None:
        return ""
    name, largest = given
    shape = site.shape(node.value) or ()
    said = (
        f" `{name}` is given and right, so axis {axis} of {text(node.value)} has the wrong size, or is not the axis "
        "that this index belongs to."
    )
    fitting = [other for other, size in enumerate(shape) if other != axis and largest < size]
    fits_in_all = all(_fits(other, node, part, name, fitting) for other in site.others)
    if len(fitting) != 1 or not fits_in_all:
        return said
    (other,) = fitting
    meant = ""
    if site.tensor_module and (axis, other, len(shape)) == (0, 1, 2) and site.shape(part) == shape[:1]:
        rows = f"{site.tensor_module}.arange({ast.unparse(node.value)}.shape[0])"
        meant = f": was `{ast.unparse(node.value)}[{rows}, {ast.unparse(part)}]` meant, an entry of each row?"
    return f"{said} It would be one along axis {other}, of size {site.letters.size(shape[other])}{meant or '.'}"


def _fits(site: Site, node: ast.Subscript, part: ast.expr, name: str, axes: list[int]) -> bool:
    """Whether in another case, too, an input can be an index along the only axis that is left."""
    shape, held = site.shape(node.value), _whole_numbers(site).get(name)
    return held is None or shape is None or (len(axes) == 1 and len(shape) > axes[0] and held.max() < shape[axes[0]])


def _input_behind(site: Site, part: ast.expr, index: int) -> tuple[str, int] | None:
    """The input that an index was read from, unchanged, and its largest number; None where it was computed."""
    inputs, source = _whole_numbers(site), _unchanged(part)
    for _ in range(MAX_STEPS):
        if not isinstance(source, ast.Name):
            return None
        line = site.origin(source.id)
        above = _unchanged(_source_of(parsed_statement(line[1]))) if line else source
        if isinstance(above, ast.Name) and above.id == source.id:  # given, or y = np.asarray(y)
            held = inputs.get(source.id)
            return (source.id, int(held.max())) if held is not None and (held == index).any() else None
        source = above
    return None


def _source_of(statement: ast.stmt | None) -> ast.expr | None:
    """What a statement reads the name from that it sets; None where it changes that name."""
    if isinstance(statement, ast.Assign):
        return statement.value
    return statement.iter if isinstance(statement, ast.For) else None


def _unchanged(node: ast.expr | None) -> ast.expr | None:
    """What an expression takes its numbers from, if it does not change them: ``y`` of ``np.asarray(y)[i]``."""
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in COPYING:
            node = node.args[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            node = node.func.value
        else:
            return node


def _whole_numbers(site: Site) -> dict[str, np.ndarray]:
    """The inputs that are arrays of whole numbers, by name."""
    arrays = {path.rpartition(".")[2]: value for path, value in walk(site.inputs) if isinstance(value, np.ndarray)}
    return {name: array for name, array in arrays.items() if array.dtype.kind in "iu" and array.size}
