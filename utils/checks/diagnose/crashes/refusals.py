"""Explain that a function of the given code refuses an argument."""

from __future__ import annotations

import ast
import re

import numpy as np

from ...values import walk
from .expressions import count, read_shape
from .shapes import Shape
from .site import Site


def _refused(site: Site, match: re.Match[str]) -> str:
    """Explain a refused shape that follows from another argument."""
    function, name, wanted = match[1], match[2], read_shape(match[4])
    if len(wanted) != 1 or len(read_shape(match[3])) != 1:
        return _as_table(site, name, read_shape(match[3]), wanted)
    columns = [one for one, shape in site.shapes.items() if len(shape) == 2 and shape[1] == wanted[0]]
    if len(columns) != 1:
        return ""
    shape, own = site.shapes[columns[0]], read_shape(match[3])[0]
    given = site.inputs.get(name)
    said = (
        f"`{function}` is given `{columns[0]}` of shape {shape}, and so asks for {name} of shape {wanted}, one "
        f"entry for each column, but {name} has {own} entries."
    )
    rows = _rows_of_images(site, own)
    if isinstance(given, np.ndarray) and given.size == own and rows:
        return (
            f"{said} The images have {own} channels: as a table with a column for each channel they have shape "
            f"{(rows, own)}, so their axis 1 should come last, and the other axes be made one."
        )
    if isinstance(given, np.ndarray) and given.size == own:
        return (
            f"{said} Each column of `{columns[0]}` should belong to one entry of {name}; where that cannot be, {name} "
            f"should be applied after `{function}`."
        )
    return f"{said}{_with_columns(site, columns[0], (shape[0], own))}"


def _rows_of_images(site: Site, channels: int) -> int:
    """How many rows the images of a case have as a table with a column for each channel; 0 where there are none."""
    images = {value.shape for _, value in walk(site.inputs) if isinstance(value, np.ndarray) and value.ndim == 4}
    shape = images.pop() if len(images) == 1 else ()
    return count(shape) // channels if shape[1:2] == (channels,) else 0


def _as_table(site: Site, name: str, given: Shape, wanted: Shape) -> str:
    """Explain images that are given where the same numbers are due as a table with a column for each channel."""
    if len(given) < 3 or len(wanted) != 2 or count(given) != count(wanted) or given[1] != wanted[1]:
        return ""
    return (
        f"{_says_itself(site)} Both shapes hold {count(given)} numbers: the channels of {name}, its axis 1, should "
        "come last, and the other axes be made one, as in the forward pass."
    )


def _with_columns(site: Site, name: str, wanted: Shape) -> str:
    """Name the arrays of the calling function that have the columns that are asked for."""
    fitting = [other for other, shape in site.callers_scope.items() if shape == wanted and other.isidentifier()]
    if not fitting:
        return ""
    listed = " and ".join(f"`{one}`" for one in fitting[:2])
    verb, meant = ("has", "that") if len(fitting) == 1 else ("have", "one of these")
    return f" {listed} {verb} as many columns: was {meant} meant in place of `{name}`?"


def _not_a_table(site: Site, match: re.Match[str]) -> str:
    """Explain images, or a part of them, that are given where a table is due."""
    said = _says_itself(site, match)
    images = [value for _, value in walk(site.inputs) if isinstance(value, np.ndarray) and value.ndim == 4]
    if len(read_shape(match[1])) < 3 or not said or len({value.shape for value in images}) != 1:
        return said
    shape = images[0].shape
    vectors = [name for name, value in walk(site.inputs) if isinstance(value, np.ndarray) and value.shape == shape[1:2]]
    if not vectors:
        return said
    rows = count(shape) // shape[1]
    return (
        f"{said} With a column for each channel, as {vectors[0]} has an entry for each, the whole of the images is one "
        f"table of shape {(rows, shape[1])}: their axis 1 should come last, and the other axes be made one."
    )


def _says_itself(site: Site, match: re.Match[str] | None = None) -> str:
    """Repeat the sentence of a function of the given code that refuses its arguments."""
    return f"{site.crash.message.strip()}" if site.crash.message.strip().endswith(".") else ""


def _of_another_cache(site: Site, match: re.Match[str]) -> str:
    """Say that an upstream gradient and a cache do not go together: the shape asked for is read from the cache.

    Where the cache is another layer's, it is not the shape of that layer's output.
    """
    said = f"{match[1]}: dout has shape {match[2]}, and the cache that is given with it asks for shape {match[3]}."
    return f"{said} {_part_of_all(site, match[1], read_shape(match[2]), read_shape(match[3]))}".strip()


def _part_of_all(site: Site, function: str, given: Shape, wanted: Shape) -> str:
    """Explain that a loop gives a layer the gradient part by part, and the cache of all parts."""
    in_loop = any(re.match(r"\w+: \d+ for ", one) for one in site.crash.origins)
    if not in_loop or len(given) != 2 or len(wanted) != 2 or site.crash.call:
        return ""
    if given[1] == wanted[1] and given[0] < wanted[0] and wanted[0] % given[0] == 0:
        part, whole = f"{given[0]} rows", f"{wanted[0]} rows"
    elif given[0] == wanted[0] and given[1] == 1:
        part, whole = "a single column", f"{wanted[1]} columns"
    else:
        return ""
    return (
        f"The loop gives it {part} at a time, and the cache is that of all {whole}: `{function}` should be called "
        f"once, outside of the loop, with the gradient of all {whole}."
    )


def _of_another_function(site: Site, backward: str, what: str, forward: str) -> str:
    """Say what the cache is that a backward function refuses; which of the two is at fault, the refusal cannot tell."""
    said = f"{backward}: {what}."
    if not site.advises:  # a change that was run says it
        return said
    said = f"{said} It takes only a cache that `{forward}` has returned"
    if what.startswith("the cache is None"):
        return f"{said}, and should be given that one, or not be called here."
    return f"{said}: either that should be given to it, or the backward function be called that belongs to this cache."


def without_advice(message: str) -> str:
    """Leave out of the refusal of a function of the given code which argument it asks for.

    It reads that from the other arguments, and one of those may be at fault.

    Examples
    --------
    >>> without_advice("f_backward: dout has shape (3,); pass shape (2,), that of the output of f_forward.")
    'f_backward: dout has shape (3,)'
    >>> without_advice("f_backward: the cache is a list; pass the one that f_forward returned.")
    'f_backward: the cache is a list'
    """
    return re.sub(r"(?<=\w|\)); pass (?:shape .*, that of the output of \w+|the one that \w+ returned)\.$", "", message)


def _foreign_cache(site: Site, match: re.Match[str]) -> str:
    """Explain a cache that the forward pass of that layer has not made, in a function that never calls it."""
    backward, what, forward = match.groups()
    entered = site.crash.entered.rpartition(".")[2]
    said = _of_another_function(site, backward, what, forward)
    calls = [one for one in (site.crash.source, *site.crash.results) if f"{forward}(" in one]
    if calls or not entered.endswith("_backward") or "cache" not in site.crash.parameters or site.crash.call:
        return said
    own = entered.replace("_backward", "_forward")
    given = [one for node in site.find(ast.Call) if ast.unparse(node.func) == backward for one in node.args[1:]]
    made_here = any(isinstance(one, ast.Tuple) for one in given)
    # What is handed on as it came, and holds arrays alone, is this function's own cache. Of several caches that were
    # kept together, another one may be meant.
    handed_on = any(ast.unparse(one) == "cache" for one in given)
    own_cache = f"the one of {own}" in what or (
        handed_on and re.search(r"tuple of ndarray(, ndarray)*( where|$)", what)
    )
    if not made_here and not own_cache:
        return said
    return (
        f"`{backward}` works only with a cache that `{forward}` has made, and here {what}. The cache that `{entered}` "
        f"is given comes from `{own}`: unless that calls `{forward}` and keeps its cache, the gradients should be "
        f"computed here by their own formula; in that of dx, the means go over the same axis as in `{own}`."
    )


EXPLANATIONS = (
    (r"ValueError: (\w+): (the cache is .*); pass the one that (\w+) returned\.$", _foreign_cache),
    (r"ValueError: (\w+): (\w+) has shape (\([\d, ]*\)); pass shape (\([\d, ]*\))", _refused),
    (
        r"ValueError: (\w+): dout has shape (\([\d, ]*\)); pass shape (\([\d, ]*\)), that of the output of \w+\.$",
        _of_another_cache,
    ),
    (r"ValueError: \w+: \w+ has shape (\([\d, ]*\)); pass an array of shape \(\w+, \w+\)", _not_a_table),
    (r"ValueError: \w+: .*; (?:pass|set|use) .*\.$", _says_itself),
)
