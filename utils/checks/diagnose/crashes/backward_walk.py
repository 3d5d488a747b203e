"""Explain a backward pass that walks through the layers in the wrong order, or hands each of them the same gradient."""

from __future__ import annotations

import ast
import re

from .expressions import numbered, parsed_statement, text
from .site import Site


def describe_walk(site: Site) -> str:
    """Describe the loop around a call of a layer's backward pass, which was given a gradient of another layer.

    Parameters
    ----------
    site : Site

    Returns
    -------
    str
        A sentence; ``""`` where the loop goes from the last layer to the first, and hands the gradient on.
    """
    _, _, source = site.crash.call.partition(" ")
    statement = parsed_statement(source)
    value = getattr(statement, "value", None)
    if not isinstance(statement, ast.Assign) or not isinstance(value, ast.Call):
        return ""
    if "backward" not in ast.unparse(value.func):
        return ""
    lines = dict(one.split(": ", 1) for one in site.crash.callers_origins)
    origins = {name: numbered(line) for name, line in lines.items()}
    used = dict.fromkeys(part.id for one in value.args for part in ast.walk(one) if isinstance(part, ast.Name))
    loops = {name: origins[name] for name in used if name in origins and origins[name][1].startswith("for ")}
    for name, (number, loop) in loops.items():
        if _counts_up(loop) and not _turned_round(value, name):
            return (
                f'Line {number}, "{loop}", goes from the first layer to the last. The gradient comes from the scores, '
                "so a backward pass should go from the last layer to the first."
            )
    if not loops:
        return ""
    return _never_handed_on(site, statement, value, min(loops.values())[0], origins)


def _counts_up(loop: str) -> bool:
    """Whether a loop counts up, or goes through something from its first item on."""
    statement = parsed_statement(loop)
    if not isinstance(statement, ast.For) or re.search(r"reversed|::\s*-1|sorted", loop):
        return False
    over = statement.iter
    if not isinstance(over, ast.Call):
        return False
    called = ast.unparse(over.func)
    if called == "enumerate":
        return True
    return called == "range" and not (len(over.args) > 2 and ast.unparse(over.args[2]).startswith("-"))


def _turned_round(call: ast.Call, name: str) -> bool:
    """Whether an index counts down where a name counts up, as in ``caches[last - i]`` and ``caches[-i]``."""
    for part in (part for one in call.args for part in ast.walk(one)):
        taken_off = part.right if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) else None
        taken_off = part.operand if isinstance(part, ast.UnaryOp) else taken_off
        if taken_off is not None and any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(taken_off)):
            return True
    return any(isinstance(one, ast.Call) for argument in call.args for one in ast.walk(argument))


def _never_handed_on(
    site: Site, statement: ast.Assign, call: ast.Call, loop: int, origins: dict[str, tuple[int, str]]
) -> str:
    """Explain that the gradient which a layer is given is not set in the loop around it."""
    targets = statement.targets[0].elts if isinstance(statement.targets[0], ast.Tuple) else statement.targets
    kept = {ast.unparse(one) for one in targets}
    behind = {one.partition(": ")[0] for one in site.crash.callers_behind}
    for one in call.args:
        name = ast.unparse(one)
        if not isinstance(one, ast.Name) or name in kept | behind or name not in site.callers_scope:
            continue
        kept_as = text(targets[0])
        if name in origins and origins[name][0] < loop:
            return (
                f"Nothing in the loop of line {loop} sets `{name}`, so each layer is given the same gradient. It "
                f"should be given the one that the layer above it returned, which this line keeps as {kept_as}."
            )
    return ""
