"""Explain calls with the wrong arguments, and other slips of the language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...values import walk
from .expressions import numbered, text
from .python_messages import explain_syntax
from .shapes import Shape
from .site import Site

MAXIMUM = {"max": "np.maximum", "amax": "np.maximum", "min": "np.minimum", "amin": "np.minimum"}
TAKES_A_SHAPE = {"zeros", "ones", "empty"}
TAKES_SIZES = {"rand", "randn"}


def _extremum(site: Site, match: re.Match[str]) -> str:
    """Explain ``np.max(0, x)`` and ``max(0, x)``, which should be ``np.maximum(0, x)``."""
    for node, name, of_numpy in _calls(site):
        if name not in MAXIMUM or len(node.args) != 2 or node.keywords:
            continue
        if not any(site.shape(one) for one in node.args):
            continue
        if of_numpy and site.shape(node.args[0]) and re.fullmatch(r"\d*\.\d*", ast.unparse(node.args[1])):
            zero = ast.unparse(node.args[1])
            instead = f"{MAXIMUM[name]}({zero}, {ast.unparse(node.args[0])})"
            return f"The second argument of `np.{name}` is an axis, not a number; `{instead}` compares entry by entry."
        first, second = map(ast.unparse, node.args)
        instead = f"; `{MAXIMUM[name]}({first}, {second})` compares entry by entry" if site.imports("np") else ""
        if of_numpy and site.shape(node.args[1]):
            return f"The second argument of `np.{name}` is an axis, and `{second}` is an array{instead}."
        if not of_numpy:
            return f"Python's `{name}` compares its arguments as a whole, not entry by entry{instead}."
    return ""


def _calls(site: Site) -> Iterator[tuple[ast.Call, str, bool]]:
    """Yield the calls of the failing part: the call, the name of the function, and whether it is NumPy's."""
    for node in site.find(ast.Call):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                yield node, node.func.attr, owner in ("np", "numpy", "np.random", "numpy.random")
            elif isinstance(node.func, ast.Name):
                yield node, node.func.id, False


def _sizes(site: Site, match: re.Match[str]) -> str:
    """Explain ``np.zeros(3, 4)`` and ``np.random.randn((3, 4))``."""
    for node, name, of_numpy in _calls(site):
        written = ", ".join(ast.unparse(one) for one in node.args)
        if of_numpy and name in TAKES_A_SHAPE and len(node.args) > 1:
            return f"`np.{name}` takes the shape as one argument, a tuple: `np.{name}(({written}))`."
        if of_numpy and name in ("normal", "uniform") and len(node.args) > 3:
            rest = map(ast.unparse, node.args[2:])
            return f"`{name}` takes the size as one argument, a tuple: `({', '.join(rest)})`."
        if name in TAKES_SIZES and len(node.args) == 1:
            # The call is not written out as if it were right: another generator may have to be drawn from.
            star = f"*{written}" if not isinstance(node.args[0], ast.Tuple) else written.strip("()")
            return f"`{name}` takes the sizes one by one: `{star}`."
        if name == "range" and len(node.args) == 1 and written.endswith(".shape"):
            return f"`{written}` is a tuple of sizes; `range` should be given one of them, as in `range({written}[0])`."
    return ""


def _array_as_axis(site: Site, match: re.Match[str]) -> str:
    extremum = _extremum(site, match)
    if extremum:
        return extremum
    for node, name, of_numpy in _calls(site):
        if of_numpy and len(node.args) > 1 and site.shape(node.args[1]):
            if name in ("concatenate", "stack", "vstack", "hstack"):
                written = ", ".join(ast.unparse(one) for one in node.args)
                return f"`np.{name}` takes the arrays as one argument, a tuple: `np.{name}(({written}))`."
            if name in ("sum", "mean", "prod", "var", "std"):
                return f"The second argument of `np.{name}` is an axis, and {text(node.args[1])} is an array."
    return _range_of_array(site)


def _range_of_array(site: Site) -> str:
    for node, name, _ in _calls(site):
        if name == "range" and node.args:
            shape = site.shape(node.args[-1])
            if shape:
                return (
                    f"{text(node.args[-1])} is an array of shape {site.letters.shape(shape)}; `range` should be given "
                    "a whole number, such as its length or one of the sizes in its shape."
                )
    return ""


def _largest_row(site: Site) -> str:
    """Explain ``max(window)``, which compares the rows of an array."""
    for node, name, _ in _calls(site):
        if name in ("max", "min") and isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
            argument = ast.unparse(node.args[0])
            said = f"Python's `{name}` compares the rows of an array with each other, not its entries"
            entry = f"; `np.{name}({argument})` is the {'largest' if name == 'max' else 'smallest'} entry"
            return f"{said}{entry}." if site.imports("np") else f"{said}."
    return ""


def _ambiguous(site: Site, match: re.Match[str]) -> str:
    extremum = _extremum(site, match) or _largest_row(site)
    if extremum:
        return extremum
    for tree in (site.expression, site.statement):
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.BoolOp):
                word, sign = ("and", "&") if isinstance(node.op, ast.And) else ("or", "|")
                return (
                    f"`{word}` asks whether a whole array is true, which has no one answer; "
                    f"`({ast.unparse(node.values[0])}) {sign} ({ast.unparse(node.values[1])})` compares entry by entry."
                )
    statement = site.statement
    tests = [node.test for node in (statement, site.expression) if isinstance(node, ast.If | ast.While | ast.IfExp)]
    for test in tests[:1]:
        return (
            f"`{ast.unparse(test)}` has an answer for each entry of an array, and a condition needs a single one; "
            f"a mask{f', or `{site.tensor_module}.where`,' if site.tensor_module else ''} treats each entry by itself."
        )
    return ""


def _called(site: Site, match: re.Match[str]) -> str:
    kind = match[1]
    for node in site.find(ast.Call):
        name = ast.unparse(node.func)
        if kind == "tuple" and isinstance(node.func, ast.Attribute) and node.func.attr == "shape":
            return f"`{name}` is a tuple, not a function: its entries are read with brackets, `{name}[…]`."
        if kind == "numpy.ndarray" and name in site.shapes:
            return _array_called(site, node)
        if kind in ("int", "float") and name in site.numbers:
            return f"`{name}` is a number, {site.numbers[name]}, not a function; is a * missing before the bracket?"
    return ""


def _array_called(site: Site, node: ast.Call) -> str:
    """Say that an array is called; brackets are asked for only where its entries could be read with the arguments."""
    name, given = ast.unparse(node.func), ", ".join(map(ast.unparse, [*node.args, *node.keywords]))
    said = f"`{name}` is an array, not a function, and cannot be called"
    if not given:
        return f"{said}: it should stand there without the brackets behind it."
    if not node.keywords and _could_be_index(site, node.args, site.shape(node.func) or ()):
        return f"{said}: was `{name}[{given}]` meant, or is an operator missing before `({given})`?"
    return f"{said}: an operator is missing before `({given})`, or `({given})` should be taken away."


def _could_be_index(site: Site, arguments: list[ast.expr], shape: Shape) -> bool:
    """Whether the arguments of a call could be an index of an array: whole numbers in its range, or rows of such."""

    def fits(argument: ast.expr, size: int) -> bool:
        number, rows = site.number(argument), site.shape(argument)
        # An array with more axes, or as many entries as the called one has, is more likely a factor of it.
        return -size <= number < size if number is not None else rows is None or (len(rows) == 1 and rows != shape)

    return len(arguments) <= len(shape) and all(map(fits, arguments, shape))


def _function_as_value(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Subscript):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute | ast.Name):
            name = ast.unparse(node.value)
            return f"`{name}` is a function: it is called with round brackets, `{name}({ast.unparse(node.slice)})`."
    return ""


def _by_zero(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.BinOp):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
            name = ast.unparse(node.right)
            used = [part.id for part in ast.walk(node.right) if isinstance(part, ast.Name)]
            held = [f"`{one}` is {site.numbers[one]}" for one in dict.fromkeys(used) if one in site.numbers]
            given = {path.rpartition(".")[2] for path, value in walk(site.inputs) if type(value) in (int, float)}
            if name in given and not site.origin(name):
                return f"`{name}` is 0 in this case, and is divided by; that should be right for 0, too."
            # Of a number that the code has computed it is not certain that it may be 0.
            where = f", because {' and '.join(held)}" if held and name not in used else ""
            return f"{text(node.right)} is 0 there{where}, and is divided by. {_set_when(site, used)}".strip()
    return ""


def _set_when(site: Site, names: list[str]) -> str:
    """Ask whether a number that a division needs should be changed before it, or say that it should not be 0 there."""
    later = [(name, number, source) for name in names for number, source in _set_behind(site, name)]
    if len(later) == 1:
        name, number, source = later[0]
        return f'Line {number}, "{source}", changes `{name}` only afterwards: should it stand before this line?'
    return "It should not be 0 when this line runs."


def _set_behind(site: Site, name: str) -> Iterator[tuple[int, str]]:
    for one in site.crash.behind:
        set_there, _, line = one.partition(": ")
        if set_there == name:
            yield numbered(line)


def _own_arguments(site: Site, match: re.Match[str]) -> str:
    function, rest = match[1].rpartition(".")[2], match[2]
    if site.in_program:
        return (
            f"`{function}` is called as `{site.crash.source}`, but {rest}; its arguments should be those of the stub."
        )
    return ""


def _endless(site: Site, match: re.Match[str]) -> str:
    function = site.crash.function.rpartition(".")[2]
    calls = {name for _, name, _ in _calls(site)}
    if function in calls:
        return f"`{function}` calls itself on line {site.crash.line}, without end; was another function meant?"
    return ""


def _unreadable(site: Site, match: re.Match[str]) -> str:
    said = match[1].strip().rstrip(".")
    meaning = explain_syntax(said)
    said = f"{said}. {meaning}" if meaning else f"{said}."
    return (
        f"Python cannot read the file because of line {site.crash.line}, so none of its functions can run: {said} "
        "Where that line looks right, the one above it should be looked at, too."
    )


def _padding(site: Site, match: re.Match[str]) -> str:
    pairs = int(match[1])
    for node, name, of_numpy in _calls(site):
        shape = site.shape(node.args[0]) if of_numpy and name == "pad" and node.args else None
        if shape and len(shape) != pairs:
            return (
                f"{text(node.args[0])} is {site.letters.shape(shape)}: it has {len(shape)} axes, so `np.pad` should be "
                f"given {len(shape)} pairs, one for each axis, not {pairs}."
            )
    return ""


def _position(site: Site, match: re.Match[str]) -> str:
    """Explain ``np.unravel_index(x.max(), x.shape)``, which should be given a position."""
    for node, name, _ in _calls(site):
        inner = ast.unparse(node.args[0]) if name == "unravel_index" and node.args else ""
        if re.search(r"\b(max|min)\(", inner):
            position = re.sub(r"\b(max|min)\(", r"arg\1(", inner)
            return f"`{inner}` is a value; `unravel_index` should be given its position, `{position}`."
    return ""


def _casting(site: Site, match: re.Match[str]) -> str:
    target = site.statement.target if isinstance(site.statement, ast.AugAssign) else None
    if target is None:
        return ""
    return (
        f"{text(target)} is an array of {match[2]}, and cannot take {match[1]} in place; it should be created as an "
        "array of floats."
    )


EXPLANATIONS = (
    (r"TypeError: (?:normal|uniform)\(\) takes", _sizes),
    (r"ValueError: The truth value of an array", _ambiguous),
    (r"TypeError: 'float' object cannot be interpreted as an integer", _extremum),
    (r"TypeError: only integer scalar arrays|TypeError: .*ndarray' object cannot be interpreted", _array_as_axis),
    (r"TypeError: only .* arrays can be converted|TypeError: 'axis' must be|TypeError: axis must be", _array_as_axis),
    (
        r"TypeError: (?:Cannot interpret|Cannot construct|data type|Field elements|'tuple' object cannot be inter)",
        _sizes,
    ),
    (r"TypeError: '([\w.]+)' object is not callable", _called),
    (
        r"TypeError: '(?:builtin_function_or_method|function|method)' object (?:is not subscriptable|does not)",
        _function_as_value,
    ),
    (r"ZeroDivisionError", _by_zero),
    (r"TypeError: only int indices permitted", _position),
    (r"RecursionError", _endless),
    (r"(?:SyntaxError|IndentationError|TabError): (.+)", _unreadable),
    (
        r"_?UFunc\w+: .*from dtype\('(\w+)'\) to dtype\('(\w+)'\)",
        _casting,
    ),
    (r"ValueError: operands could not be .*remapped.*: \((\d+),2\) +and requested shape", _padding),
    (r"TypeError: ([\w.]+)\(\) ((?:missing|takes|got) .*)", _own_arguments),
)
