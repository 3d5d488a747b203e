"""Explain loops: one that counts further than an index may go, and one over a dict, which gives its keys."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .expressions import parsed_statement, replaced, text
from .site import Site


def describe_index(site: Site, node: ast.Subscript, axis: int, part: ast.expr, size: int) -> str:
    """Say what counts an index up too far, and which other loop counts as far as it may go.

    Parameters
    ----------
    site : Site
    node : ast.Subscript
        The array with its index.
    axis : int
        The axis along which the index is too large.
    part : ast.expr
        What stands in the index there.
    size : int
        The size of the axis.

    Returns
    -------
    str
        One or two sentences that begin with a blank.
    """
    limit = f" It should stay below {site.letters.size(size)}"
    loop = site.origin(part.id) if isinstance(part, ast.Name) else None
    limits = _limits_of(loop[1]) if loop else []
    if loop is None or not limits:
        return f" An index along this axis should stay below {site.letters.size(size)}."
    said = f'line {loop[0]}, "{loop[1]}", counts further'
    if len(limits) == 3 and _is_filled(site, node):
        return (
            f"{limit}, but {said}, in steps of `{ast.unparse(limits[2])}`: it gives places to start at, not numbers of "
            f"entries. It should count the entries, `range({ast.unparse(node.value)}.shape[{axis}])`, and be "
            "multiplied by the step where a place is due."
        )
    others = [(name, line) for name, line, count in _loops(site) if count == size and name != ast.unparse(part)]
    other = _other_size(site, node, axis, limits[-1], size)
    if len(others) != 1 or other:
        return f"{limit}, but {said}{other}."
    name, line = others[0]
    meant = f"was `{_with_index(node, axis, part, name)}` meant?"
    if name in {one.id for one in ast.walk(node.slice) if isinstance(one, ast.Name)}:
        if site.number(limits[-1]) != _size_along(site, node, name):
            return f"{limit}, but {said}."
        meant = (
            f"`{ast.unparse(part)}` and `{name}` have changed places, in the index or in the limits of the two loops."
        )
    return f'{limit}, but {said}; `{name}` stays below it, by line {line[0]}, "{line[1]}": {meant}'


def _other_size(site: Site, node: ast.Subscript, axis: int, limit: ast.expr, size: int) -> str:
    """Say that a loop counts to the size of another axis than the one that its index stands along."""
    match = re.fullmatch(r"(.+)\.shape\[(\d)\]", ast.unparse(limit))
    if not match or int(match[2]) == axis or site.shape(node.value) != site.known.get(match[1]):
        return ""
    return f": `{ast.unparse(limit)}` is the size of axis {match[2]}, and `{match[1]}.shape[{axis}]` is {size}"


def _is_filled(site: Site, node: ast.Subscript) -> bool:
    """Whether an array is what the line fills or the gradient of that, so that it has an entry for each window."""
    statement = site.statement
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return ast.unparse(node.value) == "dout" or any(
        isinstance(one, ast.Subscript) and ast.unparse(one) == ast.unparse(node) for one in targets
    )


def _with_index(node: ast.Subscript, axis: int, part: ast.expr, name: str) -> str:
    """Write an array with another name in its index along one axis; the same index may stand along others, too."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if [ast.unparse(one) for one in parts].count(ast.unparse(part)) == 1 or len(parts) <= axis:
        return ast.unparse(replaced(node, part, ast.Name(name)))
    others = ", ".join(name if place == axis else ast.unparse(one) for place, one in enumerate(parts))
    return f"{ast.unparse(node.value)}[{others}]"


def _size_along(site: Site, node: ast.Subscript, name: str) -> int | None:
    """The size of the axis along which a name is the index."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    pairs = zip(parts, site.shape(node.value) or (), strict=False)
    return next((size for part, size in pairs if ast.unparse(part) == name), None)


def _loops(site: Site) -> Iterator[tuple[str, tuple[int, str], int]]:
    """Yield the loops that count the names around the line: the name, the line, and how far it counts."""
    for name in site.origins:
        line = site.origin(name)
        limits = _limits_of(line[1]) if line else []
        count = site.number(limits[-1]) if len(limits) in (1, 2) else None
        if line is not None and count is not None:
            yield name, line, count


def _limits_of(source: str) -> list[ast.expr]:
    """Return the arguments of ``range`` in the head of a loop over one name; nothing if it is none."""
    loop = parsed_statement(source)
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name) or not isinstance(loop.iter, ast.Call):
        return []
    return loop.iter.args if ast.unparse(loop.iter.func) == "range" else []


def taken_apart(site: Site, key: str) -> str:
    """Explain a key that a loop over a dict gives in place of the one that is meant; ``""`` for another reason."""
    counted = _counted_key(site, key)
    if counted:
        return counted
    for loop, line, held in _over_dicts(site):
        if isinstance(loop.target, ast.Tuple) and any(one.startswith(key) for one in held):
            whole, names = next(one for one in held if one.startswith(key)), ast.unparse(loop.target).strip("()")
            letters = " and ".join(repr(letter) for letter in whole)
            return (
                f'Line {line[0]}, "{line[1]}", loops over a dict, which gives its keys alone, and takes each key '
                f"apart: {whole!r} into {letters}. `for {names} in {ast.unparse(loop.iter)}.items():` gives both keys "
                "and values."
            )
    return ""


def _counted_key(site: Site, key: str) -> str:
    """Explain a key that is the number which ``enumerate`` gives, where the key beside it is meant."""
    for name in site.origins:
        line = site.origin(name)
        loop = parsed_statement(line[1]) if line else None
        if line is None or not isinstance(loop, ast.For) or not re.match(r"enumerate\(", ast.unparse(loop.iter)):
            continue
        names = [ast.unparse(one) for one in loop.target.elts] if isinstance(loop.target, ast.Tuple) else []
        if len(names) == 2 and names[0] == name and site.numbers.get(name, key) == key and key.isdigit():
            return (
                f'`{name}` is a number, which line {line[0]}, "{line[1]}", counts; was `{names[1]}` meant as the key?'
            )
    return ""


def _text_in_arithmetic(site: Site, match: re.Match[str]) -> str:
    """Explain arithmetic with a key of a dict where its value is meant."""
    names = [node.id for node in ast.walk(site.statement or ast.Pass()) if isinstance(node, ast.Name)]
    for loop, line, _ in _over_dicts(site):
        if isinstance(loop.target, ast.Name) and loop.target.id in names:
            name, whole = loop.target.id, ast.unparse(loop.iter)
            return (
                f'`{name}` is a key, a text: line {line[0]}, "{line[1]}", loops over the keys of {text(loop.iter)}. '
                f"The value of a key is `{whole}[{name}]`: that should stand in place of `{name}`, also where the line "
                "sets it."
            )
    return ""


def _over_dicts(site: Site) -> Iterator[tuple[ast.For, tuple[int, str], list[str]]]:
    """Yield the loops over dicts that set names on the line: the loop, its line, and the keys of the dict.

    Where it is not known what a loop runs over, the keys of all dicts are taken: only a loop over a dict gives parts of
    them.
    """
    keys = {name: held.split(", ") for name, held in site.dicts.items()}
    every = [key for held in keys.values() for key in held]
    for name in site.origins:
        line = site.origin(name)
        loop = parsed_statement(line[1]) if line else None
        if line is not None and isinstance(loop, ast.For) and isinstance(loop.iter, ast.Name | ast.Attribute):
            yield loop, line, keys.get(ast.unparse(loop.iter), every)


EXPLANATIONS = (
    (r"_?UFunc\w+: .*dtype\('<U", _text_in_arithmetic),
    (
        r"TypeError: (?:unsupported operand.*'str'|can't multiply|can only concatenate str|bad operand.*'str')",
        _text_in_arithmetic,
    ),
)
