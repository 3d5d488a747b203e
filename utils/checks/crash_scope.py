"""Describe what stands around a line that raised: other arrays, what set the operands, the conditions, and the call.

Nothing of the student's code runs for it. The sandbox's worker runs this file, so it holds no answer and stays small.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from types import FrameType, ModuleType
from typing import Any, NamedTuple

from .crash_clues import function_tree
from .crash_site import describe_value, is_tensor
from .python_text import parsed

MAX_ARRAYS = 40
MAX_VALUES = 400  # that are looked at
MAX_LINES = 16
LINE = 160  # characters of a line that is shown
DEPTH = 3  # of dicts in dicts
MODULES = ("np", "math", "torch")  # whose functions a hint may name
MAX_STEPS = 3  # from a name to the line that sets it, to the names on that line


class Scope(NamedTuple):
    """What stands around a line that raised.

    Attributes
    ----------
    arrays : tuple of str
        The arrays, numbers, dicts and tuples that the function can reach, as
        ``("self.params['W1'] (4, 5)", "reg = 0.1")``.
    origins : tuple of str
        For each name on the line, and on the lines listed for these, the last line above that sets the name:
        ``("mask: 12 mask = rand(n)",)``.
    conditions : tuple of str
        The conditions that the line stands under, the outermost first, and behind a tab what their names hold:
        ``("9 if self.p is not None:\\t`self.p` is 0.0",)``.
    settings : tuple of str
        The object's own settings that switch something off: ``("`self.use_norm` is False",)``.
    """

    arrays: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


def describe_scope(lines: Sequence[str], frame: FrameType, number: int, source: str) -> Scope:
    """Describe what stands around a line.

    Parameters
    ----------
    lines : sequence of str
        The whole file.
    frame : FrameType
        The frame that raised.
    number : int
        The number of the line.
    source : str
        Its text.
    """
    first = frame.f_code.co_firstlineno
    tree = function_tree(lines, first)
    names = _names(source)
    return Scope(
        arrays_of(frame),
        tuple(_origins(lines, tree, first, number, names)) if tree else (),
        tuple(_conditions(lines, tree, first, number, frame)) if tree else (),
        tuple(_settings(frame)),
    )


def origins_of(lines: Sequence[str], frame: FrameType, number: int, source: str) -> tuple[str, ...]:
    """List, for the names on a line, what sets them above it; as `Scope.origins`."""
    first = frame.f_code.co_firstlineno
    tree = function_tree(lines, first)
    return tuple(_origins(lines, tree, first, number, _names(source))) if tree else ()


def arrays_of(frame: FrameType) -> tuple[str, ...]:
    """List the arrays, numbers, dicts and tuples that a frame can reach, with what they hold."""
    described = [(name, describe_value(value)) for name, value in reachable(frame)]
    arrays = [f"{name} {what}" for name, what in described if what.startswith("(")]
    numbers = [f"{name} {what}" for name, what in described if what.startswith("= ")]
    dicts = [f"{name} {what}" for name, what in described if what.startswith(("with ", "empty"))]
    sequences = [f"{name} {what}" for name, what in described if what.startswith("of ")]
    return tuple(one for kind in (arrays, numbers, dicts, sequences) for one in kind[:MAX_ARRAYS])


def gradients_of(frame: FrameType) -> tuple[str, ...]:
    """Say of the tensors of PyTorch in a frame whether they gather a gradient: "no", "leaf" or "computed" of others."""
    tensors: list[tuple[str, Any]] = [(name, value) for name, value in local_values(frame) if is_tensor(value)]
    kinds = [(name, one.is_leaf, one.requires_grad) for name, one in tensors]
    return tuple(f"{name}: {'no' if not needs else 'leaf' if leaf else 'computed'}" for name, leaf, needs in kinds)


def modules_of(frame: FrameType) -> tuple[str, ...]:
    """List the modules that a hint may name and that a frame knows by these names."""
    known = {**frame.f_globals, **frame.f_locals}
    return tuple(name for name in MODULES if isinstance(known.get(name), ModuleType))


def names_of(values: Sequence[tuple[str, object]], frame: FrameType) -> tuple[str, ...]:
    """Say under which names another frame has the same arrays: ``("x: out", "w: self.params['W1']")``."""
    known = list(reachable(frame))
    found = []
    for name, value in values:
        same = [text for text, other in known if other is value and describe_value(value)[:1] == "("]
        found += [f"{name}: {text}" for text in same[:4]]
    return tuple(found[:MAX_ARRAYS])


def local_values(frame: FrameType) -> list[tuple[str, object]]:
    """List the local variables of a frame."""
    return list(islice(frame.f_locals.items(), MAX_ARRAYS))


def reachable(frame: FrameType) -> Iterator[tuple[str, object]]:
    """Yield local variables, and what stands in plain dicts and in attributes of ``self``, by their paths."""
    own = frame.f_locals.get("self")
    try:
        attributes = object.__getattribute__(own, "__dict__") if own is not None else {}
    except AttributeError:
        attributes = {}
    every = [(name, value) for name, value in frame.f_locals.items() if name != "self"]
    every += [(f"self.{name}", value) for name, value in attributes.items() if type(name) is str]
    yield from islice((pair for name, value in every for pair in _inside(name, value, DEPTH)), MAX_VALUES)


def _inside(name: str, value: object, depth: int) -> Iterator[tuple[str, object]]:
    yield name, value
    if type(value) is dict and depth:
        for key, item in islice(value.items(), MAX_ARRAYS):
            if type(key) in (str, int):
                yield from _inside(f"{name}[{key!r}]", item, depth - 1)


def _names(source: str) -> dict[str, None]:
    """The names on a line, each once, in the order of the program: that of a set differs from process to process."""
    for candidate in (source, f"{source.rstrip()}\n    pass", f"({source})"):
        tree = parsed(candidate.strip())
        if tree:
            return dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {}


def _origins(lines: Sequence[str], tree: ast.AST, first: int, number: int, names: Iterable[str]) -> Iterator[str]:
    last: dict[str, int] = {}
    for name, line in _setters(tree, first, number):
        last[name] = max(line, last.get(name, 0))
    found: dict[str, int] = {}
    wanted = [name for name in names if name in last]
    for _ in range(MAX_STEPS):
        found |= {name: last[name] for name in wanted}
        on_these = (_names(lines[last[name] - 1]) for name in wanted)
        wanted = [name for name in chain.from_iterable(on_these) if name in last and name not in found]
    for name, line in islice(found.items(), MAX_LINES):
        yield f"{name}: {line} {lines[line - 1].strip()[:LINE]}"


def _setters(tree: ast.AST, first: int, number: int) -> Iterator[tuple[str, int]]:
    """Yield each name that is set above a line, with the number of the line that sets it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For):
            continue
        line = node.lineno + first - 1
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for part in (part for target in targets for part in ast.walk(target)):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and line < number:
                yield part.id, line


def _conditions(lines: Sequence[str], tree: ast.AST, first: int, number: int, frame: FrameType) -> Iterator[str]:
    """Yield the ``if`` lines whose body, not whose ``else``, holds the line; the innermost last."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.If) or not node.body:
            continue
        start, end = node.body[0].lineno + first - 1, (node.body[-1].end_lineno or 0) + first - 1
        if start <= number <= end and node.lineno + first - 1 < number:
            line = node.lineno + first - 1
            known = dict(reachable(frame))
            used = [ast.unparse(part) for part in ast.walk(node.test) if isinstance(part, ast.Name | ast.Attribute)]
            held = [f"`{name}` is {plain}" for name in used if (plain := _plain(known.get(name, known)))]
            yield f"{line} {lines[line - 1].strip()[:LINE]}\t{' and '.join(held[:2])}"


def _settings(frame: FrameType) -> Iterator[str]:
    values = [(name, value) for name, value in reachable(frame) if name.startswith("self.") and "[" not in name]
    off = [f"`{name}` is {value}" for name, value in values if value is False or value is None]
    yield from off[:MAX_LINES]


def _plain(value: object) -> str:
    """Write a setting: a number, a short text, True, False or None; ``""`` for anything else."""
    if value is None or type(value) in (bool, int, float) or (type(value) is str and len(str(value)) < 30):
        return repr(value)
    return ""
