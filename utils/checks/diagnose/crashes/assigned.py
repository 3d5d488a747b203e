"""Explain a value that does not fit the part of an array that it is assigned to."""

from __future__ import annotations

import ast
import re

from . import remedies
from .expressions import count, is_cut, read_shape, text
from .shapes import REDUCTIONS
from .site import Site


def few_indices(site: Site, node: ast.expr) -> str:
    """Say that an index leaves some axes of an array; ``""`` where it does not."""
    if not isinstance(node, ast.Subscript) or is_cut(node):
        return ""
    whole, shape = site.shape(node.value), site.shape(node)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if not shape or not whole or len(whole) <= len(parts) or any(site.number(part) is None for part in parts):
        return ""
    few = f"{len(parts)} {'index' if len(parts) == 1 else 'indices'}"
    return f"{text(node.value)} has {len(whole)} axes but only {few} there, so {text(node)} is a whole array, {shape}"


def _assigned(site: Site, match: re.Match[str]) -> str:
    given, place = read_shape(match[1]), read_shape(match[2])
    statement = site.statement
    if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)):
        return ""
    target = statement.targets[0]
    shapes = site.written(place, statement), site.written(given, statement)
    said = f"{text(target)} has shape {shapes[0]}, but what is assigned to it has shape {shapes[1]}"
    if len(given) == 2 and given[::-1] == place:
        return f"{said}, its transpose; the two should agree."
    if count(given) == count(place):
        return f"{said}: as many numbers, but the axes should agree, too."
    if len(given) > len(place) and isinstance(statement.value, ast.Call):
        axes = [one for one in statement.value.keywords if one.arg == "axis"]
        if axes and isinstance(statement.value.func, ast.Attribute) and statement.value.func.attr in REDUCTIONS:
            return f"{said}: more axes should be gone by then than with `axis={ast.unparse(axes[0].value)}`."
    longer = [size for size in given if size not in place]
    if len(longer) == len(given) - len(place) and longer:
        over = " and ".join(map(str, longer))
        return f"{said}; the axis of size {over} should be gone by then, by a sum or by an index."
    limits = "the limits of the slice, and at " if is_cut(target) else ""
    return f"{said}; the two should agree: look at {limits}what is computed for it."


def _single_number(site: Site, match: re.Match[str]) -> str:
    statement = site.statement
    target: ast.expr | None = statement.target if isinstance(statement, ast.AugAssign) else None
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    if not isinstance(statement, ast.Assign | ast.AugAssign) or not isinstance(target, ast.Subscript):
        return ""
    few = few_indices(site, statement.value)
    if few:
        return f"{text(target)} is a single number. {few}; it should have an index for each axis."
    single = _one_array(site, target, statement)
    if single or isinstance(statement, ast.AugAssign):
        return single
    shape = site.shape(statement.value)
    what = f"an array of shape {site.letters.shape(shape)}" if shape else "an array"
    products = [one for one in remedies.terms(statement.value) if remedies.multiplies(one) and site.shape(one) != ()]
    summed = f", as the sum of all entries of {text(products[0])} would be" if len(products) == 1 else ""
    return f"{text(target)} is a single number, but what is assigned to it is {what}; it should be one number{summed}."


def _one_array(site: Site, target: ast.expr, statement: ast.Assign | ast.AugAssign) -> str:
    """Name the one operand of a sum that is an array where all others are numbers; ask for one entry of it."""
    terms = [(one, site.shape(one)) for one in remedies.terms(statement.value)]
    leaves = [pair for pair in terms if not isinstance(pair[0], ast.BinOp)] or terms
    arrays = [(one, shape) for one, shape in leaves if shape]
    if len(arrays) != 1 or any(shape is None for _, shape in leaves) or not isinstance(target, ast.Subscript):
        return ""
    one, shape = arrays[0]
    if not isinstance(one, ast.Name | ast.Attribute) or shape is None:
        return ""
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    whole = site.shape(target.value) or ()
    places = [part for part, size in zip(parts, whole, strict=False) if (size,) == shape]
    entry = f", such as `{ast.unparse(one)}[{ast.unparse(places[0])}]`" if len(places) == 1 else ""
    if isinstance(statement, ast.Assign) and one is statement.value:
        what = f"{text(one)}, which is assigned to it,"
    else:
        what = text(one)  # of one of several terms, or operands, it is enough that it is an array
    return (
        f"{text(target)} is a single number, but {what} has shape {site.letters.shape(shape)}: it should be one entry "
        f"of {text(one)}{entry}."
    )


EXPLANATIONS = (
    (r"ValueError: could not broadcast input array from shape (\([\d, ]*\)) into shape (\([\d, ]*\))", _assigned),
    (
        r"ValueError: setting an array element with a sequence|TypeError: only .* arrays can be converted",
        _single_number,
    ),
)
