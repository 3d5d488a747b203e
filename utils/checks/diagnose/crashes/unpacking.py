"""Explain values that are unpacked into another number of names, or that a function should have returned."""

from __future__ import annotations

import ast
import re

from .expressions import parsed_expression, text
from .results import returned_values, unpacked_call
from .shapes import Shape
from .site import Site


def _not_iterable(site: Site, match: re.Match[str]) -> str:
    statement = site.statement
    if isinstance(statement, ast.For) and ast.unparse(statement.iter) in site.numbers:
        over = ast.unparse(statement.iter)
        return f"`{over}` is a number, {site.numbers[over]}; to count up to it, loop over `range({over})`."
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
        wanted = len(statement.targets[0].elts)
        if site.in_program:
            return _returned(site, statement, "a single value")
        return (
            f"{text(statement.value)} is a single number, but is unpacked into {wanted} names.{_place(site, statement)}"
        )
    return ""


def _place(site: Site, statement: ast.Assign) -> str:
    """Say how the place that ``argmax`` gives becomes an index for each axis, in a sentence after a blank."""
    call = statement.value
    if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith(("argmax", "argmin")) or call.keywords:
        return ""
    of_numpy = bool(call.args) and ast.unparse(call.func).startswith("np.")
    array = call.args[0] if of_numpy else getattr(call.func, "value", call)
    if len(call.args) != int(of_numpy) or not site.imports("np"):
        return ""
    return (
        " It counts through all axes; the index along each of them is "
        f"`np.unravel_index({ast.unparse(call)}, {ast.unparse(array)}.shape)`."
    )


def _unpacked(site: Site, match: re.Match[str]) -> str:
    statement = site.statement
    target, value = None, None
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List):
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Tuple):
        target = statement.target
    if target is None or not isinstance(target, ast.Tuple | ast.List):
        return ""
    names = ", ".join(ast.unparse(one) for one in target.elts)
    number = len(target.elts)
    told = re.search(r"expected (\d+)", site.crash.message)
    if told and int(told[1]) != number:
        return ""  # a function of the check has raised it, in a line of its own
    if value is None:
        if isinstance(statement, ast.For) and ast.unparse(statement.iter) in site.dicts:
            over = ast.unparse(statement.iter)
            return f"A loop over a dict gives its keys alone: `for {names} in {over}.items():` gives keys and values."
        return f"Each item should be {number} values to be unpacked into `{names}`."
    if site.in_program and isinstance(statement, ast.Assign):
        found = re.search(r"got (\d+)", site.crash.message)
        if found:
            return _returned(site, statement, f"{found[1]} value{'' if found[1] == '1' else 's'}")
        return _returned(site, statement, "something else") + _return_lines(site, statement)
    if isinstance(value, ast.Call):
        return _sizes_of(site, value, names, number) or unpacked_call(site, value, target)
    joined = _joined_tuples(site, value, number)
    if joined:
        return joined
    what = site.operands.get(ast.unparse(value), "")
    held = re.fullmatch(r"of (\d+) items?(?: \[(.*)\])?", what)
    if held:
        listed = f" ({held[2]})" if held[2] else ""
        return f"{text(value)} holds {held[1]} values{listed}, but is unpacked into {number}: `{names}`."
    if isinstance(value, ast.Attribute) and value.attr == "shape":
        shape = site.shape(value.value)
        if shape is not None and len(shape) != number:
            return (
                f"{text(value.value)} is {site.letters.shape(shape)}: its shape has {len(shape)} sizes, but is "
                f"unpacked into {number}: `{names}`.{_given_so(site, value.value, shape)}"
            )
    shape = site.shape(value)
    if shape and shape[0] != number:
        return (
            f"{text(value)} is an array of shape {site.letters.shape(shape)}, but is unpacked into {number}: `{names}`."
        )
    return ""


def _sizes_of(site: Site, call: ast.Call, names: str, number: int) -> str:
    """Explain ``n, d = x.size()``, and ``i, j = np.unravel_index(k, x.shape)``, of an array of more axes."""
    function = ast.unparse(call.func).rpartition(".")[2]
    if function == "unravel_index" and len(call.args) == 2 and ast.unparse(call.args[1]).endswith(".shape"):
        array = getattr(call.args[1], "value", None)
        shape = site.shape(array) if array is not None else None
        if array is None or shape is None or len(shape) == number:
            return ""
        return (
            f"{text(array)} is {shape}, so a place in it has {len(shape)} indices, one for each axis, but is unpacked "
            f"into {number}: `{names}`. With {number} indices, it should be a part of {number} axes."
        )
    array = call.func.value if function == "size" and isinstance(call.func, ast.Attribute) and not call.args else None
    array = call.args[0] if function == "shape" and len(call.args) == 1 else array
    shape = site.shape(array) if array is not None else None
    if array is None or shape is None or len(shape) == number:
        return ""
    return (
        f"{text(array)} is {shape}: its shape has {len(shape)} sizes, but is unpacked into {number}: `{names}`."
        f"{_given_so(site, array, shape)}"
    )


def _given_so(site: Site, array: ast.expr, shape: Shape) -> str:
    """Say that an argument is given with so many axes by the case, in a sentence after a blank."""
    if not isinstance(array, ast.Name) or array.id not in site.crash.parameters or not site.in_entered:
        return ""
    if site.origin(array.id):
        return ""
    return f" The case gives {text(array)} with {len(shape)} axes, and the line should be right for these, too."


def _joined_tuples(site: Site, value: ast.expr, number: int) -> str:
    """Explain ``a, b = f(x) + g(x)``, where each call gives as many values as there are names."""
    if not (isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add)):
        return ""
    calls = [one for one in (value.left, value.right) if isinstance(one, ast.Call)]
    counts = [returned_values(site, ast.unparse(one.func)) for one in calls]
    if len(calls) != 2 or counts != [number, number]:
        return ""
    return (
        f"{text(calls[0])} and {text(calls[1])} each give {number} values, and + joins them to one tuple of "
        f"{2 * number}; each should be unpacked first, and then value added to value."
    )


def _return_lines(site: Site, statement: ast.Assign) -> str:
    """Show the one line that returns another number of values than the check unpacks; ``""`` if it is not certain."""
    target = statement.targets[0]
    wanted = len(target.elts) if isinstance(target, ast.Tuple) else 1
    for text_of_line in site.crash.returns[-1:]:
        number, _, source = text_of_line.partition(" ")
        value = parsed_expression(source.removeprefix("return "))
        own = len(value.elts) if isinstance(value, ast.Tuple) else 1
        if value is None or own == wanted or isinstance(value, ast.Call):
            continue
        adds = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add)
        if adds and all(isinstance(getattr(value, side), ast.Call) for side in ("left", "right")):
            return (
                f' Line {number}, "{source}", adds what two calls return: where that is a tuple of several values, + '
                "joins the two tuples to a longer one. Each should be unpacked first, and then value added to value."
            )
        what = f"{own} values" if own > 1 else f"{text(value)} alone"
        return f' Line {number}, "{source}", returns {what}; it should return {ast.unparse(target).strip("()")}.'
    return ""


def _returned(site: Site, statement: ast.Assign, given: str) -> str:
    """Say what a function of the student's should return; the check's own line asks for it."""
    target = statement.targets[0]
    if not (isinstance(statement.value, ast.Call) and isinstance(target, ast.Tuple)):
        return ""
    names = ", ".join(ast.unparse(one) for one in target.elts)
    function = ast.unparse(statement.value.func).rpartition(".")[2]
    return f"`{function}` should return {len(target.elts)} values, {names}, but it returned {given}."


def _nothing_returned(site: Site, match: re.Match[str]) -> str:
    statement = site.statement
    if site.in_program and isinstance(statement, ast.Assign):
        said = _returned(site, statement, "None")
        return (
            f"{said} A function gives None where it ends without `return`; `print` only shows a value." if said else ""
        )
    return ""


EXPLANATIONS = (
    (r"TypeError: cannot unpack non-iterable NoneType", _nothing_returned),
    (r"(?:TypeError: 'NoneType' object is not iterable)", _nothing_returned),
    (r"ValueError: (?:too many|not enough) values to unpack", _unpacked),
    (r"TypeError: cannot unpack non-iterable (?:numpy\.)?(?:int|float)", _not_iterable),
    (r"TypeError: '(?:numpy\.)?(?:int|float)\d*' object is not iterable", _not_iterable),
)
