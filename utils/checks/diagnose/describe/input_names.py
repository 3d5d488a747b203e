"""Name an input of a case so that a student knows which one is meant."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ...python_text import parsed

ORDINALS = ("first", "second", "third", "fourth")


def input_name(path: str, paths: Iterable[str]) -> str:
    """Return the name of an input: the last part of its path, unless several inputs share that.

    Parameters
    ----------
    path : str
        Where it stands: ``"conv_param.stride"``.
    paths : iterable of str
        Where all inputs of the case stand.

    Returns
    -------
    str
        ``""`` where the name would be taken for that of a parameter of the net: a case that stands in for a part of the
        net may hold other numbers by the same names, which a student does not see.

    Examples
    --------
    >>> input_name("conv_param.stride", ["x", "conv_param.stride"])
    'stride'
    >>> input_name("second.eps", ["first.eps", "second.eps"])
    'the second eps'
    >>> input_name("pull.W1", ["params.W1", "pull.W1"])
    ''
    """
    name = path.rpartition(".")[2]
    alike = [one for one in paths if one.rpartition(".")[2] == name]
    if len(alike) < 2 or path not in alike:
        return name
    if f"params.{name}" in alike:
        return name if path == f"params.{name}" else ""
    index = alike.index(path)
    return f"the {ORDINALS[index]} {name}" if index < len(ORDINALS) else ""


def is_hidden(path: str, program: str) -> bool:
    """Whether an input of a case only goes into an object of the check's own, so that a student cannot know its name.

    Parameters
    ----------
    path : str
        Where it stands.
    program : str
        The program of the case.
    """
    return path.partition(".")[0] in _inside(program, ast.ClassDef)


def is_behind_stand_in(path: str, program: str) -> bool:
    """Whether an input of a case is only read by functions and classes of the check's own.

    It stands for what they return, as scores do behind a stand-in for ``loss``: code that does not call them never
    sees it.

    Parameters
    ----------
    path : str
        Where it stands.
    program : str
        The program of the case.
    """
    return path.partition(".")[0] in _inside(program, ast.ClassDef, ast.FunctionDef)


@lru_cache(maxsize=256)
def _inside(program: str, *kinds: type[ast.ClassDef | ast.FunctionDef]) -> frozenset[str]:
    """Return the names that classes, or functions, of a program read, and that nothing else in it reads."""
    tree = parsed(program)
    if tree is None:
        return frozenset()
    found = [node for node in tree.body if isinstance(node, kinds)]
    inside = {name for one in found for name in _read_from_outside(one)}
    elsewhere = (part for one in tree.body if one not in found for part in ast.walk(one))
    return frozenset(inside - {part.id for part in elsewhere if isinstance(part, ast.Name)})


def _read_from_outside(node: ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    """Yield the names that a function, or a method of a class, reads, and that are neither parameters nor set there."""
    for method in node.body if isinstance(node, ast.ClassDef) else [node]:
        parts = list(ast.walk(method))
        own = {part.arg for part in parts if isinstance(part, ast.arg)}
        own |= {part.id for part in parts if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
        yield from (part.id for part in parts if isinstance(part, ast.Name) and part.id not in own)
