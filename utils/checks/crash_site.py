"""Describe the operands of the expression that raised: their names, and the shapes of what they hold.

Nothing of the student's code runs for it, because a property or a ``__getitem__`` could do anything. Names are read
from the frame, attributes from the object's own dict, and items from plain dicts, lists and tuples.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from types import FrameType, TracebackType
from typing import Any, NamedTuple

import numpy as np

from .python_text import parsed

MAX_NAMES = 12
MAX_KEYS = 12  # of a dict, or items of a tuple
UNKNOWN = object()


class Line(NamedTuple):
    """The line that raised, and the part of it that was being computed.

    Attributes
    ----------
    source : str
        The student's line; an expression that spans several lines is joined to one.
    expression : str
        The part of it that was being computed.
    """

    source: str
    expression: str


def locate(trace: TracebackType) -> Line:
    """Find the line that a frame of a traceback stands on.

    Parameters
    ----------
    trace : TracebackType
        The entry of the traceback for this frame.

    Returns
    -------
    Line
        With empty texts where the source is not known.
    """
    file, number = trace.tb_frame.f_code.co_filename, trace.tb_lineno
    line = linecache.getline(file, number).strip()
    positions = next(islice(trace.tb_frame.f_code.co_positions(), trace.tb_lasti // 2, None), (None,) * 4)
    first, last, start, end = positions
    if first is None or last is None or start is None or end is None:
        return Line(line, line)
    lines = [linecache.getline(file, number).rstrip("\n").encode() for number in range(first, last + 1)]
    if not all(lines):
        return Line(line, line)
    joined = " ".join(text.decode().strip() for text in lines)
    lines[-1] = lines[-1][:end]  # columns count bytes
    lines[0] = lines[0][start:]
    return Line(joined if last > first else line, b"\n".join(lines).decode(errors="replace"))


def describe_operands(frame: FrameType, line: Line) -> tuple[str, ...]:
    """List the operands of the expression that raised, with what they hold.

    Parameters
    ----------
    frame : FrameType
        The frame that raised.
    line : Line
        Where it stood, from `locate`.

    Returns
    -------
    tuple of str
        As ``("x (3, 4)", "self.params['W1'] (5, 2)")``: the text of the operand, a blank, and what it holds.
    """
    found: dict[str, str] = {}
    for text in (line.expression, line.source):
        for node in _operands(text):
            shape = describe_value(_value(node, frame))
            while not shape and isinstance(node, ast.Attribute):  # of `x.shape` or `x.size`, show x
                node = node.value
                shape = describe_value(_value(node, frame))
            name = ast.unparse(node)
            if shape and not any(known.startswith(f"{name}[") for known in found):
                found.setdefault(name, shape)
        # With a single operand, or the target of an assignment, show those of the rest of the line, too.
        if len(found) > 1 and not line.source.startswith(line.expression):
            break
    return tuple(f"{name} {shape}" for name, shape in islice(found.items(), MAX_NAMES))


def _operands(text: str) -> Iterator[ast.expr]:
    """Yield the names, attributes and items in an expression, in its order, each as a unit: ``self.params['W1']``."""
    # A line may be the head of a compound statement, or a part of one: try what would make it valid Python.
    for candidate in (text, f"{text.rstrip().rstrip(':')}", f"{text}\n    pass", f"({text})"):
        tree = parsed(candidate.strip())
        if tree:
            yield from _operands_in(tree)
            return


def _operands_in(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return  # what is assigned to is not an operand
    if isinstance(node, ast.AugAssign):
        yield from _operands_in(ast.parse(ast.unparse(node.target), mode="eval"))
    if isinstance(node, ast.Call):  # a function is described by nothing; a method's object, or an array called, is
        yield from _operands_in(node.func.value if isinstance(node.func, ast.Attribute) else node.func)
        for part in (*node.args, *node.keywords):
            yield from _operands_in(part)
        return
    if isinstance(node, ast.Name | ast.Attribute):
        yield node
        return
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield node  # an item by its key; where there is no such key, its container is described
        yield from _operands_in(node.value)
        return
    for child in ast.iter_child_nodes(node):
        yield from _operands_in(child)


def _value(node: ast.expr, frame: FrameType) -> object:
    """Return what an expression holds, without running anything of the student's; UNKNOWN where that is impossible."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id, UNKNOWN))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        if type(owner) is np.ndarray:
            return owner.T if node.attr == "T" else UNKNOWN
        if is_tensor(owner):
            tensor: Any = owner
            return tensor.T if node.attr == "T" and tensor.ndim == 2 else UNKNOWN
        try:
            return object.__getattribute__(owner, "__dict__").get(node.attr, UNKNOWN)
        except AttributeError:
            return UNKNOWN
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        owner, key = _value(node.value, frame), node.slice.value
        if type(owner) is dict:
            return owner.get(key, UNKNOWN)
        if type(owner) in (tuple, list) and type(key) is int:
            items: Any = owner
            return items[key] if -len(items) <= key < len(items) else UNKNOWN
    return UNKNOWN


def describe_value(value: object) -> str:
    """Describe a value by its shape, its number, its keys or its items; ``""`` where that would not help."""
    if isinstance(value, bool | np.bool_):
        return ""
    if isinstance(value, np.integer) or type(value) is int:
        return f"= {int(value)}"
    if isinstance(value, np.floating) or type(value) is float:
        return f"= {float(value):g}" if float(value) % 1 else f"= {float(value):.1f}"
    if type(value) is tuple and value and all(type(item) is int for item in value):
        return f"= {value}"
    if type(value) in (tuple, list):
        items: Any = value
        kinds = [_kind(item) for item in items[:MAX_KEYS]]
        listed = f" [{', '.join(kinds)}]" if 0 < len(items) <= MAX_KEYS and any(kinds) else ""
        return f"of {len(items)} {'item' if len(items) == 1 else 'items'}{listed}"
    if type(value) is dict and isinstance(value, Mapping):
        keys = [str(key)[:30] for key in islice(value, MAX_KEYS) if type(key) in (str, int)]
        return f"with {', '.join(keys)}" if keys else "empty"
    return _kind(value) if type(value) is np.ndarray or value is None or is_tensor(value) else ""


def is_tensor(value: object) -> bool:
    """Whether a value is a plain tensor of PyTorch, where that is loaded."""
    return type(value) is getattr(sys.modules.get("torch"), "Tensor", None)


def _kind(value: object) -> str:
    """Name an item of a tuple or list: an array by its shape, None, or its type."""
    if type(value) is np.ndarray:
        return f"{value.shape}"
    if is_tensor(value):
        tensor: Any = value
        return f"{tuple(tensor.shape)}"
    return "None" if value is None else type(value).__name__[:30]
