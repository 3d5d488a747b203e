"""Explain a call by what functions take and return: exchanged arguments, another cache, values in another order.

A layer comes as two functions, ``f_forward`` and ``f_backward``: the second takes the cache that the first returned.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from .expressions import numbered, parsed_statement, read_shape, text
from .shapes import Shape
from .site import Site

CACHE = "cache"


class Kept(NamedTuple):
    """A line that keeps what a call returned.

    Attributes
    ----------
    line : int
    source : str
    targets : list of ast.expr
        What it sets, in order.
    function : str
        The function that it calls.
    """

    line: int
    source: str
    targets: list[ast.expr]
    function: str

    @property
    def here(self) -> str:
        """The line with its number."""
        return f'line {self.line}, "{self.source}"'


def unpacked_call(site: Site, call: ast.Call, target: ast.Tuple | ast.List) -> str:
    """Say how many values a function returns that are unpacked into another number of names.

    Parameters
    ----------
    site : Site
    call : ast.Call
    target : ast.Tuple or ast.List
        What the values are unpacked into.

    Returns
    -------
    str
        One sentence; ``""`` where it is not certain what the function returned.
    """
    number, name = len(target.elts), ast.unparse(call.func)
    got = re.search(r"got (\d+)", site.crash.message)
    returned = [one for one in _returned(site, name) if one and len(one) != number]
    returned = [one for one in returned if got is None or len(one) in (1, int(got[1]))]
    if len(returned) != 1:
        return ""
    names = ", ".join(map(ast.unparse, target.elts))
    listed = ", ".join(returned[0])
    what = f"{len(returned[0])} values, {listed}" if len(returned[0]) > 1 else f"`{listed}` alone"
    here = " here" if len(_returned(site, name)) > 1 else ""
    return f"`{name}` returns {what}{here}, but is unpacked into {number}: `{names}`."


def returned_values(site: Site, name: str) -> int | None:
    """Count the values that a function returns; None where that is not certain."""
    counts = {len(values) for values in _returned(site, name)}
    return counts.pop() if len(counts) == 1 else None


def describe_given(site: Site) -> str:
    """Say what is wrong with the arguments of the call that led to a crash, or that a function refused.

    Parameters
    ----------
    site : Site

    Returns
    -------
    str
        One or two sentences; ``""`` where nothing is certain.
    """
    _, source = numbered(site.crash.call) if site.crash.call else (0, site.crash.source)
    refused = re.match(r"\w+: ", site.crash.message)
    if not (refused or site.crash.call):
        return ""
    known = _signatures(site)
    calls = [node for node in ast.walk(parsed_statement(source) or ast.Pass()) if isinstance(node, ast.Call)]
    calls = [node for node in calls if ast.unparse(node.func) in known]
    if len(calls) != 1:
        return ""
    explanations = (_exchanged, _not_unpacked, _other_cache, _in_another_order, _left_unused, _of_that_name)
    return next(filter(None, (explain(site, calls[0]) for explain in explanations)), "")


def _exchanged(site: Site, call: ast.Call) -> str:
    """Explain a cache that is passed for another parameter, and an array for the cache."""
    name = ast.unparse(call.func)
    parameters = _signatures(site)[name]
    given = dict(zip(parameters, map(ast.unparse, call.args), strict=False))
    if CACHE not in given or call.keywords:
        return ""
    taken = dict(text.partition(" ")[::2] for text in site.crash.taken)
    others = [one for one, what in taken.items() if what.startswith("of ") and one != CACHE and one in given]
    if not taken.get(CACHE, "").startswith("("):
        kept = _cache_of(site, name)
        others = [one for one in given if one != CACHE and kept and given[one] == ast.unparse(kept.targets[-1])]
    if len(others) != 1:
        return ""
    return (
        f"`{given[others[0]]}` is passed as {others[0]}, and `{given[CACHE]}` as the cache: the two have changed "
        f"places, because the order is `{name}({', '.join(parameters)})`."
    )


def _not_unpacked(site: Site, call: ast.Call) -> str:
    """Explain an argument that holds all the values that a function returned."""
    given = {one.id for one in call.args if isinstance(one, ast.Name)}
    for one in _kept(site):
        returned = _returned(site, one.function)
        name = ast.unparse(one.targets[0])
        if len(one.targets) == 1 and name in given and len(returned) == 1 and len(returned[0]) > 1:
            values = " and ".join(filter(None, (", ".join(returned[0][:-1]), returned[0][-1])))
            return (
                f"{one.here[0].upper()}{one.here[1:]}, should unpack what it gets: `{one.function}` returns {values}."
            )
    return ""


def _cache_of(site: Site, backward: str) -> Kept | None:
    """Return the line that keeps the cache of the other function of a layer; None where there is not just one."""
    forward = re.sub(r"backward(?=\w*$)", "forward", backward)
    found = [one for one in _kept(site) if one.function == forward != backward and len(one.targets) > 1]
    return found[0] if len(found) == 1 and isinstance(found[0].targets[-1], ast.Name) else None


def _other_cache(site: Site, call: ast.Call) -> str:
    """Explain that the backward pass of a layer is given the cache of another layer."""
    name = ast.unparse(call.func)
    own, given = _cache_of(site, name), {one.id for one in call.args if isinstance(one, ast.Name)}
    others = [one for one in _kept(site) if "forward" in one.function and ast.unparse(one.targets[-1]) in given]
    wrong = {ast.unparse(one.targets[-1]) for one in others}
    shared = _of_two_functions(site, name, others)
    if shared:
        return shared
    if own is None or ast.unparse(own.targets[-1]) in given or len(wrong) != 1:
        return ""
    whose = f"the cache of `{others[0].function}`" if len(others) == 1 else "the cache of another layer"
    return (
        f"`{wrong.pop()}` is {whose}; `{name}` should be given that of `{own.function}`, which {own.here}, keeps as "
        f"{text(own.targets[-1])}."
    )


def _of_two_functions(site: Site, name: str, others: list[Kept]) -> str:
    """Explain a cache that the forward pass of a layer may set, and that of another layer has set here."""
    forward = re.sub(r"backward(?=\w*$)", "forward", name)
    mine = [one for one in others if one.function == forward]
    foreign = [one for one in others if one.function != forward]
    unpacks = "values to unpack" in site.crash.message and site.crash.function == name
    if not unpacks or len(mine) != 1 or len(foreign) != 1:
        return ""
    one, cache = foreign[0], text(foreign[0].targets[-1])
    backward = re.sub(r"forward(?=\w*$)", "backward", one.function)
    said = f"{cache} is the cache of `{one.function}` here, set by {one.here}, and so belongs to `{backward}`."
    if one.line > mine[0].line:
        return (
            f"{said} If lines {mine[0].line} and {one.line} both run, each cache should have a name of its own; if "
            "only one of them runs, the same condition should choose the backward pass."
        )
    return f"{said} Where one of two forward passes runs, the same condition should choose the backward pass."


def _in_another_order(site: Site, call: ast.Call) -> str:
    """Explain an argument that is another one of the values that a function returned than the first."""
    asked = _asked_shape(site)
    given = [one.id for one in call.args if isinstance(one, ast.Name)]
    for one in _kept(site):
        returned = _returned(site, one.function)
        if (
            asked is None
            or "backward" not in one.function
            or len(returned) != 1
            or len(returned[0]) != len(one.targets)
        ):
            continue
        for target, value in list(zip(one.targets, returned[0], strict=True))[1:]:
            if ast.unparse(target) in given and site.shape_in_caller(ast.unparse(target)) != asked:
                return (
                    f"`{one.function}` returns {', '.join(returned[0])} in this order, so {one.here}, sets "
                    f"{text(target)} to {value}."
                )
    return ""


def _left_unused(site: Site, call: ast.Call) -> str:
    """Name the gradient that a layer returned and that would fit where another array is given."""
    asked, name = _asked_shape(site), ast.unparse(call.func)
    given = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    found = [
        (one, ast.unparse(one.targets[0]))
        for one in _kept(site)
        if "backward" in one.function and site.shape_in_caller(ast.unparse(one.targets[0])) == asked
    ]
    if asked is None or "backward" not in name or len(found) != 1 or found[0][1] in given:
        return ""
    one, gradient = found[0]
    return (
        f"`{gradient}`, which {one.here}, sets, has that shape: each layer should be given the gradient that the layer "
        "above it returned."
    )


def _of_that_name(site: Site, call: ast.Call) -> str:
    """Ask whether an array was meant that a refusal names, and that stands in scope but not in the call."""
    used = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    message = re.sub(r"\b\w+ has shape", "", site.crash.message.partition(": ")[2])  # that is a parameter's name
    if message.startswith("the cache is"):
        return ""  # what a cache should hold is named there, and nothing of it is an argument
    words = set(re.findall(r"[A-Za-z_]\w{2,}", message))  # shorter ones are words of English, such as "a"
    found = [name for name in sorted(words - used) if site.shape_in_caller(name)]
    if len(found) != 1 or not call.args:
        return ""
    shape = site.shape_in_caller(found[0])
    if shape == site.shape_in_caller(ast.unparse(call.args[0])):
        return ""  # it would be refused as well
    return f"{text(call.args[0])} is given; was `{found[0]}`, of shape {shape}, meant?"


def _asked_shape(site: Site) -> Shape | None:
    """The shape that a refusal asks for."""
    asked = re.search(r"has shape \([\d, ]*\); pass shape (\([\d, ]*\))", site.crash.message)
    return read_shape(asked[1]) if asked else None


def _signatures(site: Site) -> dict[str, list[str]]:
    """The parameters of the functions that the student's function calls."""
    matches = (re.match(r"([\w.]+)\(([\w, ]*)\): ", text) for text in site.crash.functions)
    return {match[1]: match[2].split(", ") for match in matches if match}


def _returned(site: Site, name: str) -> list[list[str]]:
    """What the ``return`` lines of a function return, as lists of values."""
    for described in site.crash.functions:
        if described.startswith(f"{name}("):
            values = described.partition("): ")[2].split(" | ")
            trees = [parsed_statement(f"({one})") for one in dict.fromkeys(values)]
            found = [tree.value for tree in trees if isinstance(tree, ast.Expr)]
            return [
                [ast.unparse(one) for one in (node.elts if isinstance(node, ast.Tuple) else [node])] for node in found
            ]
    return []


def _kept(site: Site) -> Iterator[Kept]:
    for written in site.crash.results:
        line, source = numbered(written)
        statement = parsed_statement(source)
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            target = statement.targets[0]
            targets = list(target.elts) if isinstance(target, ast.Tuple) else [target]
            yield Kept(line, source, targets, ast.unparse(statement.value.func))
