"""Explain names that are unknown, that have no value, or that NumPy does not have any more."""

from __future__ import annotations

import ast
import re

import numpy as np

from ...values import walk
from .expressions import parsed_statement, text
from .site import Site
from .tensors import of_gradient

IN_PLACE = ("append", "extend", "insert", "sort", "reverse", "update", "fill", "resize", "at", "shuffle", "clear")
GONE = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "object": "object",
    "str": "str",
    "long": "int",
    "unicode": "str",
    "complex": "complex",
    "float_": "np.float64",
    "Inf": "np.inf",
    "Infinity": "np.inf",
    "infty": "np.inf",
    "PINF": "np.inf",
    "NINF": "-np.inf",
    "NaN": "np.nan",
    "NAN": "np.nan",
    "product": "np.prod",
    "cumproduct": "np.cumprod",
    "alltrue": "np.all",
    "sometrue": "np.any",
    "round_": "np.round",
    "row_stack": "np.vstack",
    "trapz": "np.trapezoid",
    "in1d": "np.isin",
    "msort": "np.sort",
    "mat": "np.asarray",
    "asscalar": "the array's .item()",
    "asfarray": "np.asarray(…, dtype=float)",
    "find_common_type": "np.result_type",
    "cast": "np.asarray(…, dtype=…)",
}
"""What to write instead of names that NumPy has dropped."""


NAMED_TUPLES = {
    "slogdet": "the sign of the determinant and the logarithm of its absolute value",
    "eig": "the eigenvalues and the eigenvectors",
    "eigh": "the eigenvalues and the eigenvectors",
    "svd": "the matrices U and Vh and, between them, the singular values",
    "qr": "the matrices Q and R",
}
"""What functions of `np.linalg` return, where that is several arrays."""


def _unknown(site: Site, match: re.Match[str]) -> str:
    name = match[1]
    imported = {"np": "import numpy as np", "numpy": "import numpy", "math": "import math"}
    if name in imported:
        return f"`{name}` is not imported in this file: `{imported[name]}` should stand at its top."
    if isinstance(site.statement, ast.Return) and isinstance(site.statement.value, ast.Name | ast.Tuple):
        meant = f" Was `{site.crash.similar}` meant to be it?" if site.crash.similar else ""
        return f"`{name}` is not set in this function before line {site.crash.line} returns it.{meant}"
    if site.crash.similar:
        return f"There is no `{name}` here; was `{site.crash.similar}` meant?"
    calls = [node for node in site.find(ast.Call) if ast.unparse(node.func) == name]
    if calls:
        return (
            f"There is no function `{name}` here: it is not defined or imported at the top level of this file; what it "
            "should do has to be written out, imported, or done by a function that the file has."
        )
    targets = site.statement.targets if isinstance(site.statement, ast.Assign) else []
    filled = [one.slice for one in targets if isinstance(one, ast.Subscript) and ast.unparse(one.value) == name]
    if filled and isinstance(filled[0], ast.Constant | ast.JoinedStr) and ast.unparse(filled[0])[:1] in "'\"f":
        return f"`{name}` is filled here and has no value yet: `{name} = {{}}` should stand before this line."
    given = {path for path, value in walk(site.inputs) if path == name}
    if given and "cache" in site.crash.parameters:
        return (
            f"There is no `{name}` here: the forward pass is given it, and this function has `cache` alone. What it "
            "needs should be packed into the cache there, or be read from the shape of something that is in it."
        )
    return (
        f"There is no `{name}` here: it is no argument of this function, and has no value when this line runs. "
        "Either it should be set, or the line should do without it."
    )


def _not_yet(site: Site, match: re.Match[str]) -> str:
    name = match[1]
    if not site.crash.assigned:
        return ""
    number, _, source = site.crash.assigned[0].partition(" ")
    said = f"`{name}` has no value yet on line {site.crash.line}"
    if int(number) < site.crash.line:
        told = f'{said}: line {number}, "{source}", sets it only under a condition or in a loop that was not met here.'
        return f"{told} {_in_this_branch(site)}".strip()
    if int(number) == site.crash.line:
        return f"{said}: the line reads `{name}` and sets it, and nothing has given it a first value before."
    return f'{said}: it is set further down, on line {number}, "{source}".'


MEANT_ALIKE = {"mu": "mean", "avg": "mean", "average": "mean", "variance": "var", "sigma": "var", "std": "var"}
"""Words in names that are about the same quantity: a spread is made of a variance."""


def _in_this_branch(site: Site) -> str:
    """Name the arrays that have a value here and whose names are about what has none, in a sentence."""
    if not site.advises:
        return ""
    names = [node for node in ast.walk(site.statement or ast.Pass()) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: node.col_offset)
    used = dict.fromkeys(node.id for node in names if isinstance(node.ctx, ast.Load))
    unset = [name for name in used if name in site.origins and not _has_value(site, name)]
    arrays = [name for name in site.scope if name.isidentifier() and name not in used]
    found = {name: [one for one in arrays if "_" in one and _words(one) & _words(name)] for name in unset}
    pairs = [(name, fitting[0]) for name, fitting in found.items() if len(fitting) == 1]
    if not pairs or len(pairs) != len(unset):
        return ""
    _, _, held = site.crash.conditions[-1].partition("\t") if site.crash.conditions else ("", "", "")
    where = f", where {held}" if held else ""
    listed = " and ".join(dict.fromkeys(f"`{one}`" for _, one in pairs))
    if len({one for _, one in pairs}) == 1:
        return f"{listed} has a value here, and is not used on this line{where}: should it be, in this case?"
    return f"{listed} have values here, and are not used on this line{where}: should they be, in this case?"


def _has_value(site: Site, name: str) -> bool:
    """Whether a name is known to have a value where the line runs."""
    described = (*site.crash.operands, *site.crash.scope)
    return any(one.startswith(f"{name} ") for one in described)


def _words(name: str) -> set[str]:
    return {MEANT_ALIKE.get(word, word) for word in name.lower().split("_") if word}


def _gone_from_numpy(site: Site, match: re.Match[str]) -> str:
    name = match[1]
    if name in GONE:
        return f"NumPy has no `np.{name}` any more; write `{GONE[name]}`."
    if site.crash.similar:
        return f"NumPy has no `np.{name}`; was `np.{site.crash.similar}` meant?"
    return f"NumPy has no `np.{name}`; is the name right?"


def _attribute(site: Site, match: re.Match[str]) -> str:
    kind, name = match[1], match[2]
    owner = next((node.value for node in site.find(ast.Attribute) if node.attr == name), None)
    if kind == "NoneType":
        return _none(site, match)
    if owner is None:  # a function of another module has raised it: an argument on this line is meant
        return _tuple_in_arithmetic(site, match) if kind in ("tuple", "list") else ""
    if kind in ("tuple", "list"):
        return _sequence(site, owner, f"has no `.{name}`")
    if kind == "dict":
        return f"{text(owner)} is a dict: its items are read as `{ast.unparse(owner)}['{name}']`."
    if site.in_program and site.crash.similar:
        has = f"which has none but has `.{site.crash.similar}`"
        return f"The check reads `.{name}` of a {kind}, {has}: should that be `.{name}`?"
    if site.crash.similar.startswith("["):
        return f"{text(owner)} is a kind of dict: its items are read as `{ast.unparse(owner)}{site.crash.similar}`."
    called = {"numpy.ndarray": "an array", "float": "a number", "int": "a number"}.get(kind, f"a {kind}")
    said = f"{text(owner)} is {called}, and has no `.{name}`"
    if site.crash.similar:
        return f"{said}. Was `.{site.crash.similar}` meant?"
    if kind == "numpy.ndarray" and name in dir(np) and site.imports("np"):
        return f"{said}; it is a function of NumPy: `np.{name}({ast.unparse(owner)})`."
    return f"{said}."


def _none(site: Site, match: re.Match[str]) -> str:
    name = next((name for name, what in site.operands.items() if what == "None"), None)
    if site.in_program:
        return ""
    if name is None:
        calls = [node for node in site.find(ast.Call) if "unpack" in site.crash.message]
        if len(calls) == 1:
            return f"{text(calls[0])} gave None; a function that ends without `return` does."
        return ""
    said = f"`{name}` is None there"
    if site.crash.assigned:
        number, _, source = site.crash.assigned[0].partition(" ")
        gradient = of_gradient(site, name, source)
        if gradient:
            return f'Line {number}, "{source}", sets `{name}`. {gradient}'
        return f'{said}; line {number}, "{source}", sets it{why_none(source)}'
    return f"{said}; it should hold a value by then."


def why_none(source: str) -> str:
    """Say why a line sets a name to None, to follow "sets it": by what it calls, if it is a call."""
    value = getattr(parsed_statement(source), "value", None)
    if not isinstance(value, ast.Call):
        return "."
    called = ast.unparse(value.func).rpartition(".")[2]
    if called == "get":
        return ": `get` gives None for a key that is not there."
    if called in IN_PLACE and isinstance(value.func, ast.Attribute):
        return f": `{called}` changes what stands before it, and gives None; it should be called on a line of its own."
    return ": does the function that is called there end in `return`?"


def _sequence(site: Site, node: ast.expr, why: str) -> str:
    what = site.operands.get(ast.unparse(node), "")
    held = re.fullmatch(r"of (\d+) items?(?: \[(.*)\])?", what)
    if isinstance(node, ast.List | ast.ListComp):
        array = "; `np.array(…)` of it would be an array" if site.imports("np") else ""
        return f"{text(node)} is a list, and {why}{array}."
    if not held:
        return f"{text(node)} is a tuple or list of several values, and {why}."
    listed = f": {held[2]}" if held[2] else ""
    values = "value" if held[1] == "1" else "values"
    said = f"{text(node)} holds {held[1]} {values}{listed}"
    return f"{said}. As a whole it {why}; to compute with one of its values, it should be unpacked."


def _text_and_number(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.BinOp):
        number = ast.unparse(node.right)
        if isinstance(node.op, ast.Add) and number in site.numbers:
            return f"`{number}` is a number, {site.numbers[number]}; to be joined to text it should be `str({number})`."
        if isinstance(node.op, ast.Add) and isinstance(node.right, ast.Constant) and type(node.right.value) is int:
            return f"`{number}` is added to text; the sum of numbers should stand in brackets, and be made text then."
    return ""


def _named_tuple(site: Site, match: re.Match[str]) -> str:
    """Explain arithmetic with what ``np.linalg.slogdet`` and its like return: several arrays."""
    for node in site.find(ast.Name):
        origin = site.origin(node.id)
        called = (
            re.fullmatch(rf"{node.id} = np\.linalg\.({'|'.join(NAMED_TUPLES)})\(.*\)", origin[1]) if origin else None
        )
        if origin and called:
            return (
                f"{text(node)} holds all that `np.linalg.{called[1]}` returns, {NAMED_TUPLES[called[1]]}: line "
                f'{origin[0]}, "{origin[1]}", should unpack it.'
            )
    return ""


def _list_and_number(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.BinOp):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            name, listed = ast.unparse(one), ast.unparse(other)
            if name in site.numbers and _is_listed(site, other):
                return f"`{name}` is a number and `{listed}` a list; to be joined, both should be lists: `[{name}]`."
    return ""


def _is_listed(site: Site, node: ast.expr) -> bool:
    """Whether an expression is a list, or several that are joined."""
    if isinstance(node, ast.BinOp):
        return _is_listed(site, node.left) and _is_listed(site, node.right)
    return isinstance(node, ast.List) or site.operands.get(ast.unparse(node), "").startswith("of ")


def _tuple_in_arithmetic(site: Site, match: re.Match[str]) -> str:
    joined = _kept_together(site)
    if joined:
        return joined
    for name, what in site.operands.items():
        if what.startswith("of "):
            return _sequence(site, ast.parse(name, mode="eval").body, "is no array")
    return ""


def _kept_together(site: Site) -> str:
    """Explain a cache that is joined with +: several values belong into one tuple, each as a whole."""
    for name, value in _kept_values(site.statement):
        parts = _summands(value)
        tuples = [one for one in parts if isinstance(one, ast.Tuple) or _is_sequence(site, one)]
        named = "cache" in name.lower() or all("cache" in ast.unparse(one).lower() for one in parts)
        if len(parts) > 1 and tuples and named:
            items = (item for one in parts for item in (one.elts if isinstance(one, ast.Tuple) else [one]))
            return (
                f"+ puts tuples one behind the other, and adds arrays, but {text(tuples[0])} is a tuple. What should "
                "be kept together belongs into one new tuple, each value as a whole: "
                f"`({', '.join(map(ast.unparse, items))})`."
            )
    return ""


def _kept_values(statement: ast.stmt | None) -> list[tuple[str, ast.expr]]:
    """What a line assigns or returns, the items of a tuple one by one, each with the name that it is given."""
    if isinstance(statement, ast.Return) and statement.value is not None:
        return [("", one) for one in _items(statement.value)]
    if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
        return []
    names = _items(statement.targets[0])
    values = _items(statement.value) if len(names) > 1 else [statement.value]
    return [(ast.unparse(name), one) for name, one in zip(names, values, strict=False)]


def _items(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _summands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_summands(node.left), *_summands(node.right)]
    return [node]


def _is_sequence(site: Site, node: ast.expr) -> bool:
    return site.operands.get(ast.unparse(node), "").startswith("of ")


EXPLANATIONS = (
    (r"NameError: name '(\w+)' is not defined", _unknown),
    (r"UnboundLocalError: (?:cannot access local variable|local variable) '(\w+)'", _not_yet),
    (r"AttributeError: module 'numpy' has no attribute '(\w+)'", _gone_from_numpy),
    (r"AttributeError: `np\.(\w+)` was removed", _gone_from_numpy),
    (r"AttributeError: '([\w.]+)' object has no attribute '(\w+)'", _attribute),
    (r"TypeError: .*'?NoneType'?", _none),
    (r"TypeError: (?:can't multiply sequence|unsupported operand type.*(?:Result|tuple)|bad operand)", _named_tuple),
    (r"TypeError: unsupported operand type\(s\) for \+: '(?:int' and 'list|list' and 'int)'", _list_and_number),
    (r"TypeError: can only concatenate list \(not \"int\"\) to list", _list_and_number),
    (r"TypeError: unsupported operand type\(s\) for .*'(?:tuple|list)'", _tuple_in_arithmetic),
    (r"TypeError: can only concatenate str \(not \"(?:int|numpy\.int64)\"\)", _text_and_number),
    (r"ValueError: setting an array element with a sequence\. The requested array has an inhom", _tuple_in_arithmetic),
    (r"TypeError: can't multiply sequence by non-int", _tuple_in_arithmetic),
    (r"TypeError: can only concatenate (?:tuple|list)", _tuple_in_arithmetic),
)
