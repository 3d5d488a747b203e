"""Say of a crash inside another function where the student's code called it, and which argument would have fitted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from .backward_walk import describe_walk
from .expressions import count, of_same_form, read_shape
from .shapes import Shape, shape_of
from .site import Site

MOST_NAMES = 3


def describe_call(site: Site, already: str = "") -> str:
    """Describe the call that led to the function that raised.

    Parameters
    ----------
    site : Site
    already : str, optional
        What has been said; the line is not shown a second time.

    Returns
    -------
    str
        One or two whole sentences; ``""`` where the function that the check has called is the one that raised.
    """
    number, _, source = site.crash.call.partition(" ")
    if not source or site.in_entered or f'line {number}, "' in already:
        return ""
    arguments = dict(_arguments(site, source))
    named = re.findall(r"\w+", already or site.crash.message)  # what was said is about these
    first = sorted(arguments.items(), key=lambda pair: pair[0] not in named)
    listed = [f"`{name}` is your `{given}`" for name, given in first[:MOST_NAMES]]
    where = f", where {' and '.join(listed)}" if listed else ""
    said = f'It was reached from line {number} of {site.crash.entered}, "{source}"{where}.'
    exchanged = _exchanged(site)
    if exchanged:
        return f"{said} {exchanged}"
    other_layer = describe_walk(site) if "dout has shape" in site.crash.message else ""
    if other_layer:
        return f"{said} {other_layer}"
    # Either argument may be the wrong one, so that those that would fit are looked for in place of each.
    fitting = (_better(site, *pair, numbered=one) for one in (False, True) for pair in arguments.items())
    better = list(dict.fromkeys(pair for pairs in fitting for pair in pairs)) or list(_wanted(site, arguments))
    if len(better) == 1:
        given, instead = better[0]
        shape = site.letters.shape(site.callers_scope[instead])
        return f"{said} `{instead}`, of shape {shape}, would fit in place of `{given}`; was it meant?"
    if 1 < len(better) <= MOST_NAMES:
        *written, last = (f"`{instead}` in place of `{given}`" for given, instead in better)
        return f"{said} It would fit with {', '.join(written)} or {last}."
    dicts = [pair for given in arguments.values() for pair in _other_dicts(site, source, given)]
    if len(dicts) == 1:
        return f"{said} Was `{dicts[0][1]}` meant in place of `{dicts[0][0]}`?"
    shapes = [read_shape(one) for one in re.findall(r"shape (\([\d, ]*\))", site.crash.message)]
    if "dout has shape" in site.crash.message and "cache" in source and len({count(one) for one in shapes}) == 2:
        # The shape that is asked for is that of this cache, which need not be the right one.
        return f"{said} Either the gradient that is passed is another one, or the cache is that of another layer."
    return said


def swapped_arguments(site: Site, match: re.Match[str]) -> str:
    """Explain a whole array that stands in a key: it was passed for another parameter."""
    if "[[" not in match[1] and not re.search(r"\[\s*-?\d", match[1]):
        return ""
    used = {node.id for node in ast.walk(site.statement or ast.Pass()) if isinstance(node, ast.Name)}
    arrays = [name for name in site.crash.parameters if name in used and site.scope.get(name)]
    number, _, source = site.crash.call.partition(" ")
    if len(arrays) != 1 or not source:
        return "" if not arrays else f"`{arrays[0]}` is an array there, and should not stand in a key."
    name = arrays[0]
    function = site.crash.function.rpartition(".")[2]
    parameters = ", ".join(one for one in site.crash.parameters if one != "self")
    return (
        f"`{name}` is an array of shape {site.letters.shape(site.scope[name])} in `{function}`, but stands in a key: "
        f'line {number}, "{source}", passes the wrong argument for it; the order should be `{function}({parameters})`.'
    )


def _arguments(site: Site, source: str) -> Iterator[tuple[str, str]]:
    """Yield the names on the line that raised, with what the calling function has called the same array."""
    used = {node.id for node in ast.walk(site.failing or ast.Pass()) if isinstance(node, ast.Name)}
    seen = set()
    for pair in site.crash.passed:
        name, _, given = pair.partition(": ")
        stands = re.search(rf"(?<![\w.]){re.escape(given.partition('[')[0])}\b", source)
        if name in used and stands and name not in seen:
            seen.add(name)
            yield name, given


def _better(site: Site, name: str, given: str, *, numbered: bool = False) -> Iterator[tuple[str, str]]:
    """Yield what the calling function has that would fit in place of an argument.

    It has as many rows or, where `numbered`, a name that differs from that of the argument in its digits alone.
    """
    node, shape = site.failing, site.known.get(name)
    if not isinstance(node, ast.expr) or not shape:
        return
    for other, size in site.callers_scope.items():
        alike = of_same_form(given, other) if "[" in given else "[" not in other and len(shape) > 1 and len(size) > 1
        fits_along = size[0] == shape[0] if not numbered else of_same_form(given, other)
        if other == given or not alike or size == shape or not ("[" in given or fits_along):
            continue
        elsewhere = ((one, one.callers_scope.get(other)) for one in site.others)
        if _fits(site, node, name, size) and all(
            fitting is None or _fits(one, node, name, fitting) for one, fitting in elsewhere
        ):
            yield given, other


def _exchanged(site: Site) -> str:
    """Say that two arguments have changed places, by the numbers of axes that the docstring gives to each."""
    axes = {}
    for name, _, shape in (text.partition(" ") for text in site.crash.documented):
        if name in site.crash.parameters and name in site.scope and not re.search("[…*]|[.]{3}", shape):
            axes[name] = len([letter for letter in shape.strip("()").split(",") if letter.strip()])
    odd = [name for name, number in axes.items() if len(site.scope[name]) != number]
    if len(odd) == 2 and all(len(site.scope[one]) == axes[other] for one, other in (odd, odd[::-1])):
        return f"`{odd[0]}` and `{odd[1]}` have changed places: each should be given what the other has."
    return ""


def _wanted(site: Site, arguments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what the calling function has in the shape that a function of the given code asks for."""
    asked = re.match(r"\w+: (\w+) has shape \([\d, ]*\); pass shape (\([\d, ]*\))", site.crash.message)
    given = arguments.get(asked[1], "") if asked else ""
    if asked and "[" in given:
        for other, shape in site.callers_scope.items():
            if shape == read_shape(asked[2]) and of_same_form(given, other):
                yield given, other


def _other_dicts(site: Site, source: str, given: str) -> Iterator[tuple[str, str]]:
    """Yield the dict that an argument comes from, where the line names it, with a dict of the same kind beside it."""
    owner = given.rpartition("[")[0]
    if owner and owner in source:
        yield from ((owner, other) for other in site.callers_dicts if of_same_form(owner, other))


def _fits(site: Site, node: ast.expr, name: str, shape: Shape) -> bool:
    return shape_of(node, {**site.known, name: shape}, site.numbers) is not None
