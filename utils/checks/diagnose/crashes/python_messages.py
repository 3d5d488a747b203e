"""Say in a sentence what common messages of Python and NumPy mean, where nothing more can be told from the line."""

from __future__ import annotations

import ast
import builtins
import re
from difflib import get_close_matches

from .expressions import text
from .site import Site

PACKAGES = ("numpy", "math", "random", "collections", "itertools", "functools", "torch")
KEYWORDS = ("axis", "keepdims", "dtype", "size", "shape", "loc", "scale", "ddof", "out", "where", "order", "copy")
"""What arguments of NumPy's functions are called."""
SYNTAX = {
    "unindent does not match": "The line begins neither where the block above it does nor where another block does; "
    "lines of one block should have the same blanks in front",
    "unexpected indent": "The line begins further to the right than the one above it, which opens no block; lines of "
    "one block should have the same blanks in front",
    "expected an indented block": "The line above ends in a colon and opens a block, so this one should begin further "
    "to the right",
    "inconsistent use of tabs": "Some lines begin with tabs and others with blanks; all should begin with blanks (an "
    "editor can replace the tabs)",
    "was never closed": "A bracket is opened here and never closed",
    "unmatched": "A bracket is closed here that was never opened",
    "does not match opening": "A bracket is closed here by one of another kind",
    "expected ':'": "The line opens a block, and should end in a colon",
    "maybe you meant '=='": "A single = gives a name to a value; two values are compared with ==",
    "unterminated": "A text begins here with a quotation mark and has none at its end",
    "forgot a comma": "A comma, or a sign such as *, is missing between two expressions",
    "'return' outside function": "The line should stand inside of a function: look at the blanks in front of it",
}
"""What messages about a file that cannot be read mean, by a part of each."""


def explain_syntax(message: str) -> str:
    """Say what Python means where it cannot read a file, in a sentence; ``""`` where its own words have to do."""
    return next((f"{said}." for part, said in SYNTAX.items() if part in message.lower()), "")


def hidden_function(site: Site, match: re.Match[str]) -> str:
    """Explain ``sum(x)`` below ``sum = 3``."""
    for node in site.find(ast.Call):
        name = ast.unparse(node.func)
        line = site.origin(name) if hasattr(builtins, name) else None
        if line:
            return (
                f'Line {line[0]}, "{line[1]}", gives the name of Python\'s function `{name}` to something else; what '
                "that line sets should have another name."
            )
    return ""


def _called_number(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Call):
        if isinstance(node.func, ast.Constant | ast.BinOp):
            number = ast.unparse(node.func)
            number = f"({number})" if isinstance(node.func, ast.BinOp) else number
            return (
                f"`{number}(…)` calls a number as if it were a function; a product is written with *: `{number} * (…)`."
            )
    return ""


def _past_the_end(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Subscript):
        held = site.numbers.get(ast.unparse(node.value), "")
        count = len(re.findall(r"-?\d+", held)) if held.startswith("(") else 0
        if count:
            return f"{text(node.value)} is {held}, with {count} items: the last index is {count - 1}."
    return f"An index is too large for a {match[1]}: the last one is its length less one."


def _ragged(site: Site, match: re.Match[str]) -> str:
    shapes = {name: shape for name, shape in site.shapes.items() if shape}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"`{name}` {shape}" for name, shape in shapes.items())
        return f"What becomes one array should have one shape, but these differ: {listed}."
    return "The rows of an array should all have the same length, and those of this list differ; it has to stay a list."


def _unknown_argument(site: Site, match: re.Match[str]) -> str:
    function, name = match[1], match[2]
    known = _parameters(site, function) or KEYWORDS
    if name == "keepdim" and known is KEYWORDS:
        return _of_kept_axes(site, function.lstrip("_"))
    close = ["axis"] if name == "dim" and known is KEYWORDS else get_close_matches(name, known, 1, 0.6)
    meant = f" was `{close[0]}` meant?" if close else ""
    listed = f" its arguments are {', '.join(known)}." if known is not KEYWORDS and not close else ""
    return f"`{function}` has no argument `{name}`{':' if meant else ';' if listed else '.'}{meant or listed}"


def _of_kept_axes(site: Site, function: str) -> str:
    """Explain ``x.sum(0, keepdim=True)``; whether an axis should be kept at all, the shape of what is set tells."""
    said = f"`{function}` has no argument `keepdim`; NumPy calls it `keepdims`"
    for node in site.find(ast.Call):
        others = [one for one in node.keywords if one.arg != "keepdim"]
        if len(others) == len(node.keywords) or not site.target:
            continue
        name, goal = site.target
        if site.shape_with(node, ast.Call(node.func, node.args, others)) == goal:
            return f"{said}. But `{name}` should have shape {site.letters.shape(goal)}, which it has without either."
    return f"{said}."


def _number_of_arguments(site: Site, match: re.Match[str]) -> str:
    function, takes, given = match[1].rpartition("<locals>.")[2], match[2], int(match[3])
    own = function.rpartition(".")[2]
    if "." in function and takes.isdigit() and given == int(takes) + 1:
        gets = f"`{own}` gets {given} argument{'s' if given != 1 else ''}, its object and what stands in the brackets"
        too_many = "" if takes == "0" else ", or one argument too many in the brackets"
        return f"{gets}, but takes {takes}; is `self` missing in `def {own}(self, …)`{too_many}?"
    parameters = _parameters(site, own)
    listed = f": {', '.join(parameters)}" if parameters else ""
    return f"`{own}` is given {given} argument{'s' if given != 1 else ''}, but takes {takes}{listed}."


def _parameters(site: Site, function: str) -> tuple[str, ...]:
    """The parameters of a function of the student's file; none where it is not known."""
    for one in site.crash.functions:
        name, _, rest = one.partition("(")
        if name.rpartition(".")[2] == function.rpartition(".")[2]:
            return tuple(part for part in rest.partition(")")[0].split(", ") if part)
    return ()


def _too_large(site: Site, match: re.Match[str]) -> str:
    asked = re.search(r"Unable to allocate (.+) for an array with shape (\([\d, ]+\))", site.crash.message)
    if asked:
        return (
            f"An array of shape {asked[2]} takes {asked[1]}, more than the check and the grader give; is a smaller "
            "array meant, or one example at a time?"
        )
    return "The code takes more memory than the check and the grader give; does something grow in a loop?"


def _no_package(site: Site, match: re.Match[str]) -> str:
    close = get_close_matches(match[1], PACKAGES, 1, 0.7)
    if close:
        return f"There is no package `{match[1]}`; was `{close[0]}` meant?"
    return (
        f"There is no package `{match[1]}` here, and the grader may not have it either; what it does should be done "
        "with NumPy."
    )


def _own_assert(site: Site, match: re.Match[str]) -> str:
    if site.in_program:
        return ""
    return f"An `assert` of this file is not true in this case{f': {match[1]}' if match[1] else ''}."


def _named_entry(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) and site.shape(node.value):
            return f"{text(node.value)} is an array: its entries have numbers, no names. Was a dict of arrays meant?"
    return ""


def _ends_python(site: Site, match: re.Match[str]) -> str:
    return "The code ends Python (`exit`, `quit` or `sys.exit`); a function should end with `return`."


def _out_of_floats(site: Site, match: re.Match[str]) -> str:
    return (
        "A number gets too large for a float, as exp(x) does from x = 710 on; the largest entry can often be taken off "
        "before."
    )


def _no_scalar(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Call):
        function = ast.unparse(node.func)
        if function.startswith("math."):
            instead = f"; for each entry of an array there is `np.{function[5:]}`" if site.imports("np") else ""
            return f"`{function}` takes a single number{instead}."
    return ""


def _fixed_tuple(site: Site, match: re.Match[str]) -> str:
    return "The items of a tuple cannot be changed; a new tuple should be made, or a list used."


def _no_entries(site: Site, match: re.Match[str]) -> str:
    return "The array has no entries, so there is no largest or smallest one: is the slice or the mask before it empty?"


def _larger_sample(site: Site, match: re.Match[str]) -> str:
    return (
        "Without replacement no more can be drawn than there are; with replacement (`replace=True`, the default) a "
        "minibatch may be larger than what it is drawn from."
    )


def _input(site: Site, match: re.Match[str]) -> str:
    return f"{match[1][:1].upper()}{match[1][1:]}."


EXPLANATIONS = (
    (r"TypeError: '(?:int|float)' object is not callable", _called_number),
    (r"IndexError: (tuple|list) index out of range", _past_the_end),
    (r"ValueError: setting an array element with a sequence.*inhomog", _ragged),
    (r"TypeError: ([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'", _unknown_argument),
    (
        r"TypeError: ([\w.<>]+)\(\) takes (\w[\w ]*?) positional arguments? but (\d+) (?:was|were) given",
        _number_of_arguments,
    ),
    (r"MemoryError|_ArrayMemoryError", _too_large),
    (r"ModuleNotFoundError: No module named '(\w+)", _no_package),
    (r"AssertionError: ?(.*)", _own_assert),
    (r"IndexError: only integers, slices", _named_entry),
    (r"SystemExit", _ends_python),
    (r"OverflowError: .*(?:math range|too large)", _out_of_floats),
    (r"TypeError: only .* arrays can be converted", _no_scalar),
    (r"TypeError: 'tuple' object does not support item assignment", _fixed_tuple),
    (r"ValueError: zero-size array to reduction operation (?:maximum|minimum)", _no_entries),
    (r"ValueError: Cannot take a larger sample than population when 'replace=False'", _larger_sample),
    (r"NoInputHere: (.*)", _input),
)
