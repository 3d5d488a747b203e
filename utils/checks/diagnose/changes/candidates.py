"""List the small changes of a function that are worth trying, those of frequent mistakes first."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial

from . import arithmetic, calls, names, statements
from .quotients import makes_pointless_quotient
from .source import Change, FunctionSource, own_part

Kind = Callable[[ast.expr], Iterator[ast.expr]]
MAX_NODES = 1500  # of a function, as a tree: what is longer is no answer to an exercise


def of_values(source: FunctionSource, words: Collection[str], images: bool = False) -> Iterator[Change]:
    """Yield the changes of a function that gives wrong numbers.

    Parameters
    ----------
    source : FunctionSource
    words : collection of str
        Texts that have a meaning in the exercise: the keys and the choices of its inputs.
    images : bool, default False
        Whether it is about images, which have four axes.
    """
    if source.node is None or not _is_tried(source.node):
        return
    known = names.Names(source.node, words, source.functions)
    parts = [part for node in _places(source) for part in own_part(node)]
    axes = partial(calls.axes, images=images)
    kinds = (
        *(calls.functions, calls.orders, calls.arguments, axes, calls.over_all, arithmetic.operators, known.rows),
        *(arithmetic.comparisons, known.alike, arithmetic.left_out, arithmetic.sums, known.steps),
        *(arithmetic.brackets, arithmetic.inner_brackets, partial(names.counts, loops=known.loops), names.ranges),
        *(arithmetic.constants, arithmetic.transposes, arithmetic.transposed_names, arithmetic.powers),
        *(arithmetic.entrywise, known.keys),
    )
    plain = kinds[:8]
    yield from statements.overwritten_parameters(source)
    # What is unpacked in the wrong order is read in many places, and each of them alone would look wrong.
    for node in _places(source):
        for pairs in names.unpacked_by_mistake(node):
            one, other = (ast.unparse(item) for item, _ in pairs)
            said = f"`{one}` and `{other}` exchanged where they are unpacked on line {node.lineno}"
            yield source.with_expressions(pairs, said)
    yield from statements.assignments(source)
    for kind in kinds:
        for change in _written(source, parts, kind):
            yield replace(change, is_plain=kind in plain)
        if kind is axes:
            yield from (source.with_expressions(pairs, said) for pairs, said in calls.same_axes(parts))
        if kind == known.alike:
            yield from statements.signs(source)
    yield from statements.placements(source)


def of_crashes(source: FunctionSource, words: Collection[str], line: int, images: bool = False) -> Iterator[Change]:
    """Yield the changes of a function that crashes on a line: of that line first, then of what sets its names."""
    if source.node is None or not _is_tried(source.node):
        return
    known = names.Names(source.node, words, source.functions)
    counts = partial(names.counts, loops=known.loops)
    places = _places(source)
    crashing = [node for node in places if node.lineno <= line <= _last_line(node)]
    near = [node for node in _near(places, crashing) if node not in crashing]
    axes = partial(calls.axes, images=images)
    plain = (
        *(
            known.unknown,
            calls.other_end,
            calls.functions,
            arithmetic.transposes,
            axes,
            known.entries,
            arithmetic.operators,
            calls.orders,
        ),
        *(known.exchanged, counts, calls.spread, calls.converted, calls.arguments_of_layers, known.functions),
        known.longer,
    )
    others = (
        *(known.alike, arithmetic.left_out, calls.arguments, calls.shortened, known.items, known.others, known.keys),
        calls.over_all,  # nearly any code runs with it
        *(arithmetic.transposed_names, names.ranges, arithmetic.constants, known.steps, arithmetic.entrywise),
    )
    of_the_line = (calls.converted, known.longer, known.others, known.entries, known.items)
    for kinds in (plain, others):
        for group in (crashing, near):
            parts = [part for node in group for part in own_part(node)]
            returns = any(isinstance(node, ast.Return) for node in group)  # a name there may be what nobody compares
            for kind in kinds:
                if not (group is near and kind in of_the_line) and not (returns and kind == known.others):
                    for change in _written(source, parts, kind):
                        yield replace(change, is_plain=kinds is plain)
            for pairs, said in calls.same_axes(parts) if kinds is plain else ():
                yield replace(source.with_expressions(pairs, said), is_plain=True)
    yield from (change for change in statements.assignments(source) if change.line == line)


def _written(source: FunctionSource, parts: Collection[ast.expr], kind: Kind) -> Iterator[Change]:
    for node in parts:
        for instead in kind(node):
            above = source.above(node)
            if _names_twice(node, instead, above) or _stores_nowhere(node, instead, above):
                continue
            if not makes_pointless_quotient(node, instead, above, source.sizes):
                yield source.with_expression(node, instead)


def _names_twice(node: ast.expr, instead: ast.expr, above: ast.AST | None) -> bool:
    """Whether a change puts into a tuple a name that is an item of it already: nobody returns the same value twice."""
    if not isinstance(instead, ast.Name) or not isinstance(above, ast.Tuple):
        return False
    return any(isinstance(item, ast.Name) and item.id == instead.id for item in above.elts if item is not node)


def _stores_nowhere(node: ast.expr, instead: ast.expr, above: ast.AST | None) -> bool:
    """Whether a change stores into the result of an expression, which is nobody's: the line would do nothing."""
    stores = isinstance(above, ast.Subscript) and above.value is node and isinstance(above.ctx, ast.Store)
    return stores and not isinstance(instead, ast.Name | ast.Subscript | ast.Attribute)


def _places(source: FunctionSource) -> list[ast.stmt]:
    found = [node for node in source.statements if not isinstance(node, ast.Raise | ast.Import | ast.ImportFrom)]
    return [node for node in found if not _only_checks(node)]


def _only_checks(node: ast.stmt) -> bool:
    """Whether a statement calls a function of the file and uses nothing of what that returns."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)


def _is_tried(node: ast.FunctionDef) -> bool:
    """Whether a function ends whatever is changed in it, and is short."""
    parts = list(ast.walk(node))
    endless = any(isinstance(part, ast.While) for part in parts)
    return not endless and len(parts) <= MAX_NODES


def _near(places: list[ast.stmt], crashing: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that matter to others: those that set what they use, and the conditions."""
    wanted = {part.id for node in crashing for part in ast.walk(node) if isinstance(part, ast.Name)}
    near: list[ast.stmt] = [node for node in places if isinstance(node, ast.If)]
    for _ in range(2):
        setting = [node for node in places if node not in near and wanted & _stored(node)]
        near += setting
        wanted |= {part.id for node in setting for part in own_part(node) if isinstance(part, ast.Name)}
    return near


def _stored(node: ast.stmt) -> set[str]:
    return {part.id for part in own_part(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _last_line(node: ast.stmt) -> int:
    """The last line of a statement itself, without the block inside of it."""
    body = getattr(node, "body", None)
    return body[0].lineno - 1 if body else node.end_lineno or 0
