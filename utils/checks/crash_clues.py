"""Look up what else a student's source says about a crash: similar names, earlier assignments, documented shapes.

Nothing of the student's code runs for it. The sandbox's worker runs this file, so it holds no answer and stays small.
"""

from __future__ import annotations

import ast
import linecache
import re
from collections import UserDict
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from types import FrameType, FunctionType, ModuleType, SimpleNamespace, UnionType

from .python_text import parsed

CLOSE = 0.8  # how similar the name of a function is to one that was mistyped, from 0 to 1
MAX_DOCUMENTED = 12
MAX_CALLS = 24
MAX_LENGTH = 200  # characters of a call, whose lines are joined
SIGNATURE = "signature_"
"""The attribute in which a function that stands in for another one has the other's signature."""
_DOCUMENTED = re.compile(r"^[ \t]*(\w+) : [^\n]{0,40}?shape (\([^)\n]{0,40}\))", re.MULTILINE)


def similar_name(error: BaseException, frame: FrameType) -> str:
    """Return the name that a missing name, attribute or key was probably meant to be; ``""`` where none is close."""
    if isinstance(error, NameError):
        own = frame.f_locals.get("self")
        if error.name and error.name in _attributes(own):
            return f"self.{error.name}"
        keys = [(f"self.{name}", value) for name, value in _dict_of(own).items()] + [*frame.f_locals.items()]
        holding = [name for name, value in keys if type(value) is dict and error.name in value]
        if len(holding) == 1:
            return f"{holding[0]}[{error.name!r}]"
        # Functions share long parts of their names, so that one of them has to be closer.
        return _closest(error.name, frame.f_locals) or _closest(
            error.name, (*frame.f_globals, "range", "len", "print"), CLOSE
        )
    if isinstance(error, AttributeError):
        owner = error.obj
        held = owner.__dict__.get("data") if isinstance(owner, UserDict) else owner
        if isinstance(held, dict) and dict.__contains__(held, error.name):
            return f"[{error.name!r}]"
        # Only of types whose own methods cannot be the student's: an object of theirs is read through its dict.
        known = dir(type(owner)) if type(owner).__module__ in ("builtins", "numpy") else []
        if isinstance(owner, ModuleType) or not known:
            known = list(_attributes(owner))
        if isinstance(owner, ModuleType):
            return _closest(error.name, (name for name in known if not name.startswith("_")), CLOSE)
        return _closest(error.name, (name for name in known if not name.startswith("_")))
    return ""


def assignments(lines: Sequence[str], frame: FrameType, name: str, before: int) -> tuple[str, ...]:
    """List the lines of a function that assign a name.

    Parameters
    ----------
    lines : sequence of str
        The whole file.
    frame : FrameType
        A frame of the function.
    name : str
    before : int
        Number of the line that raised; assignments behind it are listed, too.

    Returns
    -------
    tuple of str
        As ``("12 out = helper(x)",)``, the last one before the line that raised first.
    """
    found = []
    first = frame.f_code.co_firstlineno
    for node in ast.walk(function_tree(lines, first) or ast.Pass()):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_stores(part, name) for target in targets for part in ast.walk(target)):
                number = node.lineno + first - 1
                found.append((number >= before, -number, f"{number} {lines[number - 1].strip()[:120]}"))
    return tuple(text for _, _, text in sorted(found))


def documented_shapes(frames: Iterable[FrameType]) -> tuple[str, ...]:
    """List the shapes that the docstrings of functions state: ``("x (N, D)", "w (D, M)")``."""
    found: dict[str, str] = {}
    for frame in frames:
        constants = frame.f_code.co_consts
        doc = constants[0] if constants and isinstance(constants[0], str) else ""
        for name, shape in _DOCUMENTED.findall(doc[:5000]):
            found.setdefault(name, f"{name} {shape}")
    return tuple(found.values())[:MAX_DOCUMENTED]


def returned_lines(frame: FrameType, source: str) -> tuple[str, ...]:
    """List the ``return`` lines of the function that a line of the program calls: ``("12 return grads",)``."""
    tree = parsed(source.strip())
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    if len(calls) != 1 or not isinstance(calls[0], ast.Attribute) or not isinstance(calls[0].value, ast.Name):
        return ()
    owner = frame.f_locals.get(calls[0].value.id)
    space = vars(owner) if isinstance(owner, ModuleType | SimpleNamespace) else vars(type(owner))
    function = space.get(calls[0].attr)
    return tuple(f"{line} return {value}" for line, value in _returned_by(function))


def called_functions(lines: Sequence[str], frame: FrameType) -> tuple[str, ...]:
    """List the functions of Python that a function calls: ``("f(x, w): out, cache", "g(x): x | x, y")``.

    Parameters
    ----------
    lines : sequence of str
        The whole file.
    frame : FrameType
        A frame of the calling function.

    Returns
    -------
    tuple of str
        For each function its parameters and, behind the colon, the names of what it returns: those on each of its
        ``return`` lines or, where these are not all names, those of its docstring.
    """
    found: dict[str, str] = {}
    own = vars(type(frame.f_locals.get("self")))
    for node in ast.walk(function_tree(lines, frame.f_code.co_firstlineno) or ast.Pass()):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            continue
        name = ast.unparse(node.func)
        if isinstance(node.func, ast.Name):
            function = frame.f_locals.get(name, frame.f_globals.get(name))
        else:
            function = own.get(node.func.attr) if name == f"self.{node.func.attr}" else None
        if type(function) is FunctionType and name not in found and len(found) < MAX_CALLS:
            found[name] = name + signature_of(function)
    return tuple(found.values())


def signature_of(function: FunctionType) -> str:
    """Return the parameters of a function and what it returns, by name: ``"(x, w, b): out, cache"``.

    A function that stands in for another one says so itself, in its attribute `SIGNATURE`.
    """
    own = function.__dict__.get(SIGNATURE)
    if type(own) is str:
        return own[:1000]
    code = function.__code__
    parameters = [one for one in code.co_varnames[: code.co_argcount] if one != "self"]
    return f"({', '.join(parameters)}): {' | '.join(_named_returns(function))}"


def kept_results(lines: Sequence[str], frame: FrameType, before: int) -> tuple[str, ...]:
    """List the lines of a function, above a line, that keep what a call returns: ``("12 out, cache = f(x, w)",)``."""
    first = frame.f_code.co_firstlineno
    spans = [
        (node.lineno + first - 1, (node.end_lineno or node.lineno) + first - 1)
        for node in ast.walk(function_tree(lines, first) or ast.Pass())
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.lineno + first - 1 < before
    ]
    return tuple(
        f"{start} {' '.join(line.strip() for line in lines[start - 1 : end])[:MAX_LENGTH]}"
        for start, end in sorted(spans)[-MAX_CALLS:]
    )


def _returned_by(function: object) -> list[tuple[int, str]]:
    """List what the ``return`` lines of a function return, with their numbers."""
    if type(function) is not FunctionType:
        return []
    first, lines = function.__code__.co_firstlineno, linecache.getlines(function.__code__.co_filename)
    tree = function_tree(lines, first)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Return)] if tree else []
    found.sort(key=lambda node: node.lineno)
    values = [(node.lineno + first - 1, node.value) for node in found if node.value]
    return [(line, _listed(value)[:120]) for line, value in values[:MAX_DOCUMENTED]]


def _named_returns(function: FunctionType) -> list[str]:
    """List the names that a function returns, a text for each form of its answer; nothing where they have no names."""
    lines = [value for _, value in _returned_by(function)]
    if lines and all(re.fullmatch(r"[a-z_]\w*(, [a-z_]\w*)*", line, re.IGNORECASE) for line in lines):
        return list(dict.fromkeys(lines))
    section = re.search(r"\n( *)Returns\n *-+\n(.*?)(?:\n\n|\Z)", (function.__doc__ or "")[:5000], re.DOTALL)
    named = re.findall(rf"(?m)^{section[1]}(\w+(?:, \w+)*) : ", section[2]) if section else []
    return [", ".join(named)] if named else []


def _listed(node: ast.expr) -> str:
    return ", ".join(map(ast.unparse, node.elts)) if isinstance(node, ast.Tuple) else ast.unparse(node)


def _closest(name: str | None, known: Iterable[str], cutoff: float = 0.7) -> str:
    lower = {one.lower(): one for one in known if one != name and may_be_misspelt(name or "", one)}
    return lower.get(next(iter(get_close_matches((name or "").lower(), lower, 1, cutoff)), ""), "")


def may_be_misspelt(name: str, other: str) -> bool:
    """Whether two names that are alike may stand for the same thing, so that one of them is a slip.

    Other digits, a word that is another one, and a d in front, as of a gradient, say that something else is meant.

    Parameters
    ----------
    name, other : str

    Examples
    --------
    >>> may_be_misspelt("samplemean", "sample_mean"), may_be_misspelt("lerning_rate", "learning_rate")
    (True, True)
    >>> may_be_misspelt("running_var", "running_mean"), may_be_misspelt("dx_hat", "x_hat")
    (False, False)
    """
    one, two = (re.sub(r"\W", "", text.lower()) for text in (name, other))
    if re.sub("_", "", one) == re.sub("_", "", two):
        return True
    if re.findall(r"\d+", one) != re.findall(r"\d+", two) and re.search(r"\d", one) and re.search(r"\d", two):
        return False
    bare = [text.replace("_", "") for text in (one, two)]
    if bare[0] == f"d{bare[1]}" or bare[1] == f"d{bare[0]}":
        return False
    words, others = one.split("_"), two.split("_")
    differing = [pair for pair in zip(words, others, strict=False) if pair[0] != pair[1]]
    if len(words) != len(others) or len(words) == 1 or len(differing) != 1:
        return True
    return bool(get_close_matches(differing[0][0], [differing[0][1]], 1, 0.7))


def _attributes(owner: object) -> Sequence[str]:
    """The names of an object's own attributes; those of a module of PyTorch stand in dicts of it."""
    own = _dict_of(owner)
    parts = [own.get(name) for name in ("_modules", "_parameters")]
    names = [*own, *(name for part in parts if type(part) is dict for name in part)]
    return [name for name in names if type(name) is str]


def _dict_of(owner: object) -> dict[str, object]:
    try:
        own = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return {}
    return {name: value for name, value in own.items() if type(name) is str and not name.startswith("__")}


def function_tree(lines: Sequence[str], first: int) -> ast.AST | None:
    """Parse the function that begins on a line; its node's lines count from 1."""
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip()) if 0 < first <= len(lines) else 0
    body = [line[indent:] if line[:indent].isspace() or not indent else line.lstrip() for line in lines[first - 1 :]]
    end = next(
        (k for k, line in enumerate(body) if k and line.strip() and not line[0].isspace() and line[0] != ")"), None
    )
    return parsed("".join(line if line.endswith("\n") else f"{line}\n" for line in body[:end]))


def set_again(lines: Sequence[str], frame: FrameType, number: int, source: str) -> tuple[str, ...]:
    """List what a line sets and a line behind it sets once more, so that its value here is not yet its last one.

    Parameters
    ----------
    lines : sequence of str
        The whole file.
    frame : FrameType
        A frame of the function.
    number : int
        The number of the line.
    source : str
        Its text.

    Returns
    -------
    tuple of str
        As ``("dx: 15 dx = dx.reshape(x.shape)",)``, with the first such line for each.
    """
    here = parsed(source.strip())
    first = frame.f_code.co_firstlineno
    tree = function_tree(lines, first)
    names = _plain_targets(here.body[0]) if here and here.body else []
    names += [name.partition("[")[0] for name in names if "[" in name]
    return _first_setters(lines, tree, first, number, names, ast.Assign)


def set_behind(lines: Sequence[str], frame: FrameType, number: int, source: str) -> tuple[str, ...]:
    """List the names on a line that a line behind it sets, as ``("t: 16 t += 1",)``; as for `set_again`."""
    first = frame.f_code.co_firstlineno
    here = parsed(source.strip())
    names = [node.id for node in ast.walk(here) if isinstance(node, ast.Name)] if here else []
    return _first_setters(lines, function_tree(lines, first), first, number, names, ast.Assign | ast.AugAssign)


def _first_setters(
    lines: Sequence[str], tree: ast.AST | None, first: int, number: int, names: Sequence[str], kind: type | UnionType
) -> tuple[str, ...]:
    """List the first line behind another one that sets each of some names."""
    found: dict[str, str] = {}
    for statement in _behind(tree.body, number - first + 1) if isinstance(tree, ast.Module) and names else ():
        for node in ast.walk(statement):
            line = getattr(node, "lineno", 0) + first - 1
            for name in _plain_targets(node) if isinstance(node, kind) else ():
                if name in names:
                    found.setdefault(name, f"{name}: {line} {lines[line - 1].strip()[:120]}")
    return tuple(found.values())


def _plain_targets(node: ast.AST) -> list[str]:
    """What an assignment sets, as it is written; each part of a tuple for itself."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    parts = [part for one in targets for part in (one.elts if isinstance(one, ast.Tuple | ast.List) else [one])]
    return [ast.unparse(part) for part in parts]


def _behind(body: Sequence[ast.stmt], line: int) -> Iterator[ast.stmt]:
    """Yield the statements behind a line, in each of the blocks that hold it; not those of another branch."""
    for statement in body:
        if statement.lineno > line:
            yield statement
        for field in ("body", "orelse", "finalbody"):
            block = getattr(statement, field, None)
            if block and block[0].lineno <= line <= (block[-1].end_lineno or 0):
                yield from _behind(block, line)


def _stores(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name
