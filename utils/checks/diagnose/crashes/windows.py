"""Explain a slice that is shorter than it should be: where it begins and ends, and what that should be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...values import walk
from .expressions import is_cut, parsed_statement, text
from .loops import describe_index
from .shapes import Shape
from .site import Site


class Limits(NamedTuple):
    """A slice along one axis of an array.

    Attributes
    ----------
    array : ast.expr
        What the slice is taken of.
    axis, size : int
        The axis, and its size.
    part : ast.Slice
    lower, upper : int
        What its limits are.
    """

    array: ast.expr
    axis: int
    size: int
    part: ast.Slice
    lower: int
    upper: int

    @property
    def length(self) -> int:
        """How many entries it holds."""
        start, stop, _ = slice(self.lower, self.upper).indices(self.size)
        return max(0, stop - start)

    @property
    def start(self) -> str:
        """The text of its first limit."""
        return ast.unparse(self.part.lower) if self.part.lower else "0"

    @property
    def end(self) -> str:
        """The text of its last limit."""
        return ast.unparse(self.part.upper) if self.part.upper else f"{self.size}"


def explain_short_slice(site: Site, node: ast.expr, wanted: Shape | None = None) -> str:
    """Explain why a slice is shorter than what it goes with.

    Parameters
    ----------
    site : Site
    node : ast.expr
        The operand: an expression with a slice, or a name that was set to one.
    wanted : tuple of int, optional
        The shape of what it goes with; without it, a slice is explained that holds nothing or overhangs.

    Returns
    -------
    str
        One or two whole sentences; ``""`` where no slice is known to be too short.
    """
    found = _sliced(site, node)
    if found is None:
        return ""
    where, sliced = found
    every = list(_limits(site, sliced))
    lengths = _wanted_lengths(site, sliced, wanted) if wanted else {}
    for one in every:
        overhangs = wanted is None and (one.lower < 0 or one.upper > one.size)
        if one.length == lengths.get(one.axis, one.length or 1) and not overhangs:
            continue
        asked = lengths.get(one.axis)
        said = _outside_of_loops(site) or _limits_explained(site, one, asked)
        return f"{where}{said}" if said else ""
    return ""


def may_be_cut_off(site: Site, node: ast.expr) -> bool:
    """Whether an operand is a slice that is cut off at the end of an array, as far as is known."""
    sliced = [one for one in ast.walk(node) if isinstance(one, ast.Subscript) and is_cut(one)]
    for one in sliced:
        parts = one.slice.elts if isinstance(one.slice, ast.Tuple) else [one.slice]
        limits = list(_limits(site, one))
        if len(limits) < sum(isinstance(part, ast.Slice) and bool(part.lower or part.upper) for part in parts):
            return True
        if any(limit.lower < 0 or limit.upper > limit.size for limit in limits):
            return True
    return False


def overhanging(site: Site) -> str:
    """Say which slice on the line reaches beyond its array, in a sentence after a blank; ``""`` where none does."""
    for node in ast.walk(site.statement or ast.Pass()):
        if isinstance(node, ast.Subscript) and is_cut(node):
            for one in _limits(site, node):
                if one.lower >= 0 and one.upper > one.size:
                    return (
                        f" The slice `{one.start}:{one.end}` is {one.lower}:{one.upper} there and hangs over the end "
                        f"of {text(one.array)}, whose axis {one.axis} has {one.size} entries; only slices that lie "
                        "inside as a whole should be taken, as many as there are entries to fill."
                    )
    return ""


def _sliced(site: Site, node: ast.expr) -> tuple[str, ast.Subscript] | None:
    """Find the one slice in an operand: on the line itself, or on the line that sets a name in it."""
    inside = [one for one in ast.walk(node) if isinstance(one, ast.Subscript) and is_cut(one)]
    if inside:
        return ("", inside[0]) if len(inside) == 1 else None
    names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
    found = [sliced for one in names if (sliced := _set_to_slice(site, one))]
    return found[0] if len(found) == 1 else None


def _set_to_slice(site: Site, node: ast.Name) -> tuple[str, ast.Subscript] | None:
    """Find the slice that a name was set to, and a sentence that shows the line."""
    origin = site.origin(node.id)
    statement = parsed_statement(origin[1]) if origin else None
    if origin is None or not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return None
    found = [one for one in ast.walk(statement.value) if isinstance(one, ast.Subscript) and is_cut(one)]
    if len(found) != 1 or any(isinstance(one, ast.Name) and one.id == node.id for one in ast.walk(statement.value)):
        return None
    return f'Line {origin[0]}, "{origin[1]}", sets {text(node)}. ', found[0]


def _limits(site: Site, node: ast.Subscript) -> Iterator[Limits]:
    shape = site.shape(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if shape is None or any(ast.unparse(part) in ("None", "np.newaxis", "...") for part in parts):
        return
    for axis, (part, size) in enumerate(zip(parts, shape, strict=False)):
        if not isinstance(part, ast.Slice) or part.step or not (part.lower or part.upper):
            continue
        lower = site.number(part.lower) if part.lower else 0
        upper = site.number(part.upper) if part.upper else size
        if lower is not None and upper is not None:
            yield Limits(node.value, axis, size, part, lower, upper)


def _wanted_lengths(site: Site, node: ast.Subscript, wanted: Shape) -> dict[int, int]:
    """By axis of the array that is sliced, the length that a slice along it should have."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    rank = len(site.shape(node.value) or ())
    kept = [axis for axis in range(rank) if axis >= len(parts) or isinstance(parts[axis], ast.Slice)]
    return dict(zip(kept[::-1], wanted[::-1], strict=False))


def _outside_of_loops(site: Site) -> str:
    """Say which index of what the line sets lies outside of it: then a loop, not the slice, goes too far."""
    statement = site.statement
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    target = targets[0]
    if not isinstance(target, ast.Subscript):
        return ""
    shape = site.shape(target.value) or ()
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    for axis, (part, size) in enumerate(zip(parts, shape, strict=False)):
        index = None if isinstance(part, ast.Slice) else site.number(part)
        if isinstance(part, ast.Name) and index is not None and index >= size:
            return (
                f"{text(part)} is {index} there, and axis {axis} of {text(target.value)} has only {size} entries."
                f"{describe_index(site, target, axis, part, size)}"
            )
    return ""


def _limits_explained(site: Site, one: Limits, wanted: int | None) -> str:
    asked = one.upper - one.lower
    if one.lower < 0:
        said = f"`{one.start}` is {one.lower} there, and a negative limit counts from the end of the axis."
        pads = [value for path, value in walk(site.inputs) if re.search(r"\bpad$", path) and type(value) is int]
        if not any(pads):
            return f"{said} No window should begin before the first entry, which is entry 0."
        return (
            f"{said} A window that begins before the first entry needs {text(one.array)} with the zeros of the padding "
            "around it, of which the first is entry 0."
        )
    if one.lower >= one.size and one.upper > one.lower:
        return (
            f"`{one.start}:{one.end}` is {one.lower}:{one.upper} there and lies behind the end of axis {one.axis} of "
            f"{text(one.array)}, which has {one.size} entries: the starts are too far apart, or there are too many."
        )
    if one.upper > one.size > one.lower and wanted in (None, asked):
        return (
            f"`{one.start}:{one.end}` is {one.lower}:{one.upper} there, but axis {one.axis} of {text(one.array)} has "
            f"{one.size} entries, so the slice is cut off. {_padding(site, one)}"
        ).strip()
    if asked == wanted or not any(isinstance(node, ast.Name) for node in ast.walk(one.part)):
        return ""
    due = f" where {wanted} are due" if wanted is not None else ""
    said = (
        f"The slice `{one.start}:{one.end}` is {one.lower}:{one.upper} there and holds {one.length or 'no'} "
        f"{'entry' if one.length == 1 else 'entries'}{due}"
    )
    if one.part.lower and _ends_behind_start(site, one):
        return ""  # it has the same length everywhere, and the other operand may be what is wrong
    return f"{said}: it should end at its own start plus the size of the window, `{one.start} + …`."


def _ends_behind_start(site: Site, one: Limits) -> bool:
    """Whether the last limit is the first one plus something, as it is written or by the lines that set the names."""
    if one.part.lower is None or one.part.upper is None:
        return False
    starts, ends = _written_out(site, one.part.lower), _written_out(site, one.part.upper)
    return any(f"{start} + " in f"{end} + " or f" + {start} + " in f" + {end} + " for start in starts for end in ends)


def _written_out(site: Site, node: ast.expr) -> list[str]:
    """A limit as it is written and, where it is a name, what the line that sets the name gives it."""
    origin = site.origin(node.id) if isinstance(node, ast.Name) else None
    statement = parsed_statement(origin[1]) if origin else None
    if not isinstance(statement, ast.Assign):
        return [ast.unparse(node)]
    target, value = statement.targets[0], statement.value
    pairs = [(target, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=False))
    found = [ast.unparse(given) for name, given in pairs if ast.unparse(name) == ast.unparse(node)]
    return [ast.unparse(node), *found]


def _padding(site: Site, one: Limits) -> str:
    """Say that an array should be padded along an axis, where a case pads and it has the size of an input there."""
    shape = site.shape(one.array) or ()
    pads = [value for path, value in walk(site.inputs) if re.search(r"\bpad$", path) and type(value) is int]
    images = [value.shape for _, value in walk(site.inputs) if isinstance(value, np.ndarray) and value.ndim == 4]
    alike = [size for size in images if size[:2] == shape[:2] and size[one.axis] == one.size]
    if len(shape) != 4 or not alike or len(pads) != 1 or not pads[0]:
        return ""
    zeros = "1 zero" if pads[0] == 1 else f"{pads[0]} zeros"
    return (
        f"{text(one.array)} is as large there as an image without padding; with {zeros} on each side that axis has "
        f"{one.size + 2 * pads[0]} entries. The windows should be taken in the padded array."
    )


def _of_empty_slice(site: Site, match: re.Match[str]) -> str:
    """Explain a reduction of a slice that holds nothing."""
    for node in site.find(ast.Call):
        for one in (*node.args[:1], *([node.func.value] if isinstance(node.func, ast.Attribute) else [])):
            said = explain_short_slice(site, one)
            if said:
                return f"{text(one)} is empty there, so it has no largest or smallest entry. {said}"
    return ""


EXPLANATIONS = ((r"ValueError: (?:zero-size array to reduction|attempt to get arg\w+ of an empty)", _of_empty_slice),)
