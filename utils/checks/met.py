"""What met on the line that raised: the names in the expression that failed, and the shapes of what they hold.

Nothing of the student's runs for it: names are read from the frame, attributes from the object's own dict, and items
from plain dicts, lists and tuples.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping
from itertools import islice
from types import FrameType, TracebackType
from typing import Any, NamedTuple

import numpy as np

NAMES = 6  # more than these on one line say nothing any more
UNKNOWN = object()


class Place(NamedTuple):
    """The expression that raised.

    Attributes
    ----------
    source : str
        The student's line; of an expression over several lines all of them, in one.
    failed : str
        The part of it that was being computed.
    """

    source: str
    failed: str


def place(trace: TracebackType) -> Place:
    """Where in its source a frame of a traceback stands.

    Parameters
    ----------
    trace : TracebackType
        The part of the traceback that is about this frame.

    Returns
    -------
    Place
        With empty texts where the source is not known.
    """
    file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
    whole = linecache.getline(file, line).strip()
    positions = next(islice(trace.tb_frame.f_code.co_positions(), trace.tb_lasti // 2, None), (None,) * 4)
    first, last, start, end = positions
    if first is None or last is None or start is None or end is None:
        return Place(whole, whole)
    lines = [linecache.getline(file, number).rstrip("\n").encode() for number in range(first, last + 1)]
    if not all(lines):
        return Place(whole, whole)
    joined = " ".join(text.decode().strip() for text in lines)
    lines[-1] = lines[-1][:end]  # columns count bytes
    lines[0] = lines[0][start:]
    return Place(joined if last > first else whole, b"\n".join(lines).decode(errors="replace"))


def met(frame: FrameType, here: Place) -> str:
    """The names of an expression with what they hold.

    Parameters
    ----------
    frame : FrameType
        Of the line that raised.
    here : Place
        Of the same.

    Returns
    -------
    str
        As ``"x (3, 4), self.params['W1'] (5, 2)"``; empty where there is nothing to tell.
    """
    said: dict[str, str] = {}
    for text in (here.failed, here.source):
        for node in _operands(text):
            name = ast.unparse(node)
            shape = _described(_value(node, frame))
            if shape and not any(known.startswith(f"{name}[") for known in said):
                said.setdefault(name, shape)
        if len(said) > 1:  # nothing meets itself: the rest of the line has a part in it
            break
    return ", ".join(f"{name} {shape}" for name, shape in islice(said.items(), NAMES))


def _operands(text: str) -> Iterator[ast.expr]:
    """The names, attributes and items in an expression, in its order, each as a whole: ``self.params['W1']``."""
    for candidate in (text, f"{text.rstrip().rstrip(':')}", f"{text}\n    pass", f"({text})"):
        try:
            tree = ast.parse(candidate.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield from _within(tree)
        return


def _within(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return  # what is assigned to did not meet anything
    if isinstance(node, ast.AugAssign):
        yield from _within(ast.parse(ast.unparse(node.target), mode="eval"))
    if isinstance(node, ast.Call):  # the function itself is no operand, but a method's object is
        if isinstance(node.func, ast.Attribute):
            yield from _within(node.func.value)
        for part in (*node.args, *node.keywords):
            yield from _within(part)
        return
    if isinstance(node, ast.Name | ast.Attribute):
        yield node
        return
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield node  # an item by its key; where it is not there, its container is what there is to tell
        yield from _within(node.value)
        return
    for child in ast.iter_child_nodes(node):
        yield from _within(child)


def _value(node: ast.expr, frame: FrameType) -> object:
    """What an expression holds, found without running anything of the student's; UNKNOWN where that cannot be."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id, UNKNOWN))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        if type(owner) is np.ndarray:
            return owner.T if node.attr == "T" else UNKNOWN
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


def _described(value: object) -> str:
    """A shape, a small number, the keys of a dict, the length of a tuple; empty for what helps nobody."""
    if type(value) is np.ndarray:
        return f"{value.shape}"
    if value is None:
        return "None"
    if isinstance(value, np.integer) or type(value) is int:
        return f"= {int(value)}"
    if type(value) is tuple and value and all(type(item) is int for item in value):
        return f"= {value}"
    if type(value) in (tuple, list):
        items: Any = value
        return f"of {len(items)} {'item' if len(items) == 1 else 'items'}"
    if type(value) is dict and isinstance(value, Mapping):
        keys = [str(key)[:30] for key in islice(value, NAMES) if type(key) in (str, int)]
        return f"with {', '.join(keys)}" if keys else "empty"
    return ""
