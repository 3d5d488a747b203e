"""Find the last value that a function computes as a right solution does, and one behind it that is in none.

Of several mistakes that nothing else explains, this shows where they begin. A right solution may compute the same in
another way, so it is said what was compared, and not that a line is wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np

from ..case import Case
from ..compare import Array
from ..python_text import parsed
from ..values import walk


class Kept(NamedTuple):
    """A value that an expression of a function had: on this line of its file, and written so."""

    line: int
    text: str
    value: Array | float


RightValues = Callable[[Case], Sequence[Array]]
"""Returns the values that right solutions compute in a case."""

MAX_AXES = 4
EXACT, ROUGH = 1e-8, 1e-4  # how far alike values may be from each other: of float64, and of shorter numbers
DIGITS = 1e4  # times a number: what is whole then, such as 0.9, may be the same by chance
_LOOKED_AT = ("shape", "ndim", "size", "dtype")
_LIKE = ("len", "zeros_like", "ones_like", "empty_like", "full_like")
UNLESS = "look at how this value is computed, from its line backwards, unless that is another way to compute the same"


class Site(NamedTuple):
    """An expression of a function: the line on which it stands, and its text."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"`{self.text}` on line {self.line}"


def last_right(function: ast.FunctionDef, kept: Sequence[tuple[Case, Sequence[Kept], Sequence[Array]]]) -> str:
    """Say up to where a function computes what right solutions compute, too.

    Parameters
    ----------
    function : ast.FunctionDef
        The function under test.
    kept : sequence of (Case, sequence of Kept, sequence of ndarray)
        Cases in which it is wrong; the values of its expressions in the order in which they came, and those of right
        solutions.

    Returns
    -------
    str
        A clause; ``""`` where no value tells anything.
    """
    alike: dict[Site, bool] = {}
    later: dict[Site, bool] = {}
    for case, values, right in kept:
        seen = set[Site]()
        inputs = [np.asarray(value) for _, value in walk(case.inputs) if isinstance(value, np.ndarray | float)]
        known = _Known([one for one in inputs if one.dtype.kind == "f"]), _Known(right)
        for one in values:
            value = np.asarray(one.value)
            if _is_telling(value) and not known[0].has(value):
                site = Site(one.line, one.text)
                # In a loop, what is computed from a wrong value is wrong from the second time on.
                told = later if site in seen else alike
                told[site] = told.get(site, True) and known[1].has(value)
                seen.add(site)
    order = list(alike)
    right_sites = [site for site in order if alike[site]]
    unlike = [site for site in order if not alike[site]]
    first = next((site for site in unlike if not _is_made_up_for(site, right_sites, order, function)), None)
    if first is None and not all(later.values()):
        again = next(site for site in order if not later.get(site, True))
        if alike[again]:
            return f"{again} is at first a value of a right solution, and later in none that was compared: {UNLESS}"
    if first is None:
        where = f"{right_sites[-1]} is still a value of a right solution" if right_sites else ""
        return where and f"{where}: look at what is done after it, and at what is returned"
    before = [site for site in order[: order.index(first)] if alike[site]]
    if before:
        return (
            f"{before[-1]} is still a value of a right solution; {first}, which comes after it, is in none that was "
            f"compared: {UNLESS}"
        )
    return f"{first} is a value that is in none of the right solutions that were compared: {UNLESS}"


def _is_telling(value: Array) -> bool:
    """Whether a value is hardly the same by chance."""
    if not np.isfinite(value).all() or value.ndim > MAX_AXES:
        return False
    if value.size == 1:
        scaled = float(value.reshape(())) * DIGITS
        return value.dtype.itemsize >= 8 and abs(scaled - round(scaled)) > 1e-6 * abs(scaled)
    distinct = np.unique(value)
    return len(distinct) >= min(3, value.size) and bool((distinct != np.round(distinct)).any())


class _Known:
    """Values among which others are looked for."""

    def __init__(self, values: Sequence[Array]) -> None:
        self._values = [value for value in values if value.ndim <= MAX_AXES and np.isfinite(value).all()]
        self._sorted = [np.sort(value, axis=None) for value in self._values]

    def has(self, value: Array) -> bool:
        """Whether a value is among them, transposed or in another shape, or a part of one of them, as a row is."""
        return any(
            _is_part(value, known) or (value.size == known.size and _is_turned(value, known, ordered))
            for known, ordered in zip(self._values, self._sorted, strict=True)
        )


def _is_part(value: Array, known: Array) -> bool:
    """Whether a value is an array in another shape, or one of its rows, columns, images …"""
    if known.size % value.size:
        return False
    own = value.reshape(1, -1)
    return any(_close(own, one.reshape(-1, value.size)).all(axis=1).any() for one in (known, known.T))


def _is_turned(value: Array, known: Array, ordered: Array) -> bool:
    """Whether a value holds the numbers of an array with its axes in another order."""
    if not _close(np.sort(value, axis=None), ordered).all():
        return False
    return any(
        _close(one.transpose(axes).ravel(), other.ravel()).all()
        for one, other in ((value, known), (known, value))
        for axes in permutations(range(one.ndim))
    )


def _close(one: Array, other: Array) -> Array:
    tolerance = EXACT if min(one.dtype.itemsize, other.dtype.itemsize) >= 8 else ROUGH
    return np.asarray(np.abs(one - other) <= tolerance * float(np.abs(one).max()))


def _is_made_up_for(site: Site, right: Sequence[Site], order: Sequence[Site], function: ast.FunctionDef) -> bool:
    """Whether a right value was computed from one that is in no right solution: then that was another way."""
    later = [one for one in order[order.index(site) + 1 :] if one in right]
    statements = sorted(_simple_statements(function), key=lambda node: node.lineno)
    own = next((node for node in statements if node.lineno <= site.line <= (node.end_lineno or 0)), None)
    if own is None:
        return False
    written = {ast.unparse(target) for target in _targets(own)}
    if any(_is_on(one, own) and (site.text in one.text or one.text in written) for one in later):
        return True
    from_it = {name for target in _targets(own) for name in _bases(target)}
    for node in statements[statements.index(own) + 1 :]:
        names = {name for target in _targets(node) for name in _bases(target)}
        if from_it & _read(node):
            written = {ast.unparse(target) for target in _targets(node)}
            if any(_is_on(one, node) and (one.text in written or from_it & _names_in(one.text)) for one in later):
                return True
            from_it |= names
        elif isinstance(node, ast.Assign) and all(isinstance(one, ast.Name | ast.Tuple) for one in node.targets):
            from_it -= names
    return False


def _simple_statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """Yield the statements that hold no others, and the heads of loops."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr | ast.For):
            yield node


def _targets(node: ast.stmt) -> list[ast.expr]:
    """List what a statement assigns to, without the brackets of a tuple."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    parts = (one.elts if isinstance(one, ast.Tuple | ast.List) else [one] for one in targets if one is not None)
    return [part for some in parts for part in some]


def _bases(target: ast.expr) -> set[str]:
    """Return the name of which a target is a part: ``out`` for ``out[n]``."""
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
        target = target.value
    return {target.id} if isinstance(target, ast.Name) else set()


def _is_on(site: Site, node: ast.stmt) -> bool:
    last = node.body[0].lineno - 1 if isinstance(node, ast.For) else node.end_lineno or node.lineno
    return node.lineno <= site.line <= last


def _read(node: ast.stmt) -> set[str]:
    """Return the names whose values a statement reads."""
    if isinstance(node, ast.For):
        return _names(node.iter)
    own = [getattr(node, "value", None), getattr(node, "target", None) if isinstance(node, ast.AugAssign) else None]
    return {name for part in own if part is not None for name in _names(part)}


def _names_in(text: str) -> set[str]:
    tree = parsed(text)  # a submission may have put other text in its place
    return _names(tree) if tree else set()


def _names(node: ast.AST) -> set[str]:
    """Return the names in an expression, without those of which only the shape is looked at."""
    if isinstance(node, ast.Attribute) and node.attr in _LOOKED_AT:
        return set()
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _LIKE:
        return set()
    if isinstance(node, ast.Name):
        return {node.id}
    return {name for child in ast.iter_child_nodes(node) for name in _names(child)}
