"""Explain an index, a key, an axis or a size that is not there."""

from __future__ import annotations

import ast
import re
from difflib import get_close_matches

import numpy as np

from ...crash_clues import may_be_misspelt
from ...values import walk
from .calls import swapped_arguments
from .expressions import count, of_same_form, parsed_statement, read_shape, text
from .given_indices import given_index
from .loops import describe_index, taken_apart
from .site import Site
from .slips import hidden_name
from .windows import overhanging

LETTERS = 4  # with which the name of a dict and that of its setting begin alike: norm_params, normalization


def _out_of_bounds(site: Site, match: re.Match[str]) -> str:
    index, axis, size = int(match[1]), int(match[2]), int(match[3])
    for node in site.find(ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        shape = site.shape(node.value)
        if not all(isinstance(part, ast.Name | ast.Constant | ast.BinOp | ast.Slice | ast.Call) for part in parts):
            continue
        if shape is None or axis >= min(len(shape), len(parts)) or shape[axis] != size:
            continue
        part = parts[axis]
        if isinstance(part, ast.Slice) or site.numbers.get(ast.unparse(part), str(index)) != str(index):
            continue
        is_written = isinstance(part, ast.Constant)
        said = f"{text(node.value)} is {site.letters.shape(shape)}"
        wrong = site.wrong_shape(node.value, shape)
        if wrong:
            return f"{said}, so there is no index {index} along axis {axis}. {wrong}"
        if size == 0:
            return f"{said}: its axis {axis} is empty, so it has no index {index}."
        runs = f"along axis {axis}, of size {site.letters.size(size)}, the last index is {size - 1}"
        here = f"the index there is {index}" if is_written else f"{text(part)} is {index} there"
        if site.shape(part):
            here = f"{text(part)} holds {index}"
        hanging = "" if isinstance(part, ast.Name) else overhanging(site)
        another = "" if isinstance(node.slice, ast.Tuple) else _along_other_axis(site, node, index)
        given = given_index(site, node, axis, part, index)
        advice = another or given or ("" if is_written else hanging or describe_index(site, node, axis, part, size))
        return f"{said}: {runs}, but {here}.{advice}"
    used = [ast.unparse(part) for node in site.find(ast.Subscript) for part in ast.walk(node.slice) if _is_name(part)]
    meant = [name for name in dict.fromkeys(used) if site.numbers.get(name) == str(index)]
    if len(meant) == 1:
        return f"`{meant[0]}` is {index} there, but along axis {axis}, of size {size}, the last index is {size - 1}."
    return ""


def _along_other_axis(site: Site, node: ast.Subscript, index: int) -> str:
    """Ask whether a single index is meant along the second axis of an array with a single row."""
    shape = site.shape(node.value) or ()
    if len(shape) != 2 or shape[0] != 1 or not 0 <= index < shape[1]:
        return ""
    array, part = ast.unparse(node.value), ast.unparse(node.slice)
    return f" Along axis 1, of size {shape[1]}, it would be one: was `{array}[0, {part}]` meant?"


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _transposed(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "transpose":
            of_numpy = ast.unparse(node.func.value) in ("np", "numpy")
            owner, rest = (node.args[0], node.args[1:]) if of_numpy and node.args else (node.func.value, node.args)
            order = list(rest[0].elts) if len(rest) == 1 and isinstance(rest[0], ast.Tuple | ast.List) else rest
            shape = site.shape(owner)
            if shape is not None and len(shape) != len(order):
                return (
                    f"{text(owner)} has {len(shape)} axes, {site.letters.shape(shape)}, but the order of the axes is "
                    f"given for {len(order)}; it should name each axis once."
                )
    return ""


def _too_many(site: Site, match: re.Match[str]) -> str:
    axes, used = match[1], match[2]
    for node in site.find(ast.Subscript):
        shape = site.shape(node.value)
        if shape is not None and len(shape) == int(axes) and isinstance(node.slice, ast.Tuple):
            noun = "axis" if axes == "1" else "axes"
            said = (
                f"{text(node.value)} is {site.letters.shape(shape)}: it has {axes} {noun}, but is given {used} "
                "indices; there should be no more than one for each axis."
            )
            return f"{said} {hidden_name(site, node.value)}".strip()
    return ""


def _not_whole(site: Site, match: re.Match[str]) -> str:
    sizes = [part for node in site.find(ast.Call) for part in node.args]
    sizes += [node.slice for node in site.find(ast.Subscript)]
    used = {node.id for part in sizes for node in ast.walk(part) if isinstance(node, ast.Name)}
    numbers = {name: number for name, number in site.numbers.items() if name in used}
    floats = [f"`{name}` is {number}" for name, number in numbers.items() if re.search(r"[.e]", number)]
    divides = any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) for node in site.find(ast.BinOp))
    spread = [text(part.value) for part in sizes if isinstance(part, ast.Starred)]
    if not floats and not divides and len(spread) == 1:
        return f"{spread[0]} holds a float; an index or a size should be a whole number: // divides to one."
    if not floats and not divides:
        return ""
    said = f"{' and '.join(floats)}, a float" if floats else "A division with / gives a float"
    return f"{said}; an index or a size should be a whole number: // divides to one."


def _float_array(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Subscript):
        if site.shape(node.slice):
            return (
                f"{text(node.slice)} is used as an index of {text(node.value)}, but holds floats; an array that is an "
                "index should hold ints, or be a mask of True and False."
            )
    return ""


def _mask(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Subscript):
        array, mask = site.shape(node.value), site.shape(node.slice)
        if array and mask:
            return (
                f"{text(node.slice)} is a mask of shape {site.letters.shape(mask)}, and {text(node.value)} is "
                f"{site.letters.shape(array)}; a mask should have the shape of what it is taken of."
            )
    return ""


def _end_of_sequence(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Subscript):
        number = site.number(node.slice)
        index = "" if number is None else str(number)
        written = (
            f"`{ast.unparse(node.slice)}` is {index}" if index != ast.unparse(node.slice) else f"the index is {index}"
        )
        if (
            isinstance(node.value, ast.Attribute)
            and node.value.attr == "shape"
            and site.shape(node.value.value) is not None
        ):
            shape = site.shape(node.value.value) or ()
            if re.fullmatch(r"-?\d+", index) and not -len(shape) <= int(index) < len(shape):
                axes = f"{len(shape)} {'axis' if len(shape) == 1 else 'axes'}"
                return (
                    f"{text(node.value.value)} is {site.letters.shape(shape)}: it has {axes}, so its shape has no "
                    f"entry [{index}]."
                )
        held = re.match(r"of (\d+) items?", site.operands.get(ast.unparse(node.value), ""))
        if held and re.fullmatch(r"-?\d+", index) and not -int(held[1]) <= int(index) < int(held[1]):
            last = f"the last index is {int(held[1]) - 1}" if int(held[1]) else "it is empty"
            said = f"{text(node.value)} has {held[1]} {'item' if held[1] == '1' else 'items'}: {last}, but {written}."
            if not int(held[1]) and ast.unparse(node.value) in site.crash.parameters and site.in_entered:
                return said + _given_empty(site, ast.unparse(node.value))
            if index == held[1] and isinstance(node.slice, ast.Name):
                said += _counted_from_one(site, node.slice.id)
            return said
    return ""


def _given_empty(site: Site, name: str) -> str:
    """Say that an argument may be empty, and how a net gets its sizes then, in a sentence after a blank."""
    said = f" The case gives `{name}` so, and the code should be right for it, without taking an item of it"
    numbers = [one for one in site.crash.parameters if re.fullmatch(r"\d+", site.known_numbers.get(one, ""))]
    first = [one for one in numbers if "input" in one]
    last = [one for one in numbers if re.search("class|output", one)]
    if len(first) == len(last) == 1:
        return f"{said}: a list of all sizes, such as `[{first[0]}, *{name}, {last[0]}]`, is never empty."
    return f"{said}."


def _counted_from_one(site: Site, name: str) -> str:
    """Say of an index that is one too large from what its items and it are counted, in a sentence after a blank."""
    loop = site.origin(name)
    if loop is None or not re.search(r"range\(1,|range\([^()]*, 0, -1\)", loop[1]):
        return " Its items are counted from 0."
    # Whether the count or what is counted is wrong, nobody knows: the items may be too few.
    return f' Its items are counted from 0, and line {loop[0]}, "{loop[1]}", counts `{name}` from 1.'


def _key(site: Site, match: re.Match[str]) -> str:
    key = match[1].strip("'\"")
    if key == "None":
        return _of_none(site)
    explained = swapped_arguments(site, match) or taken_apart(site, key)
    if explained:
        return explained
    if re.search(r"\[\s*[-\[\d]", key):  # of a function that is not the student's, so that its dict is not known
        return "A whole array stands in a key there, where a number should: is one argument given in another's place?"
    keys = {name: what[5:].split(", ") for name, what in site.operands.items() if what.startswith("with ")}
    empty = [name for name, what in site.operands.items() if what == "empty"]
    wanting = [name for name, known in keys.items() if key not in known]
    asked = {ast.unparse(node.value) for node in site.find(ast.Subscript) if _is_key(site, node.slice, key)}
    wanting = [name for name in wanting if name in asked] or wanting
    if len(wanting) == 1:
        known = keys[wanting[0]]
        lower = {one.lower(): one for one in known}
        # Half of a name in common is no misspelling: `decay_rate` is not `learning_rate`.
        begun = [one for one in lower if one.startswith(key.lower()) or key.lower().startswith(one)]
        alike = [one for one in lower if may_be_misspelt(key, one) and not of_same_form(key, lower[one])]
        close = get_close_matches(key.lower(), alike, 1, 0.75) or (begun if len(begun) == 1 else [])
        said = f"`{wanting[0]}` has no key `{key}`; its keys are {', '.join(known)}."
        numbered = [one for one in known if re.fullmatch(rf"{re.escape(key)}\d+", one)]
        stems = {re.sub(r"\d+$", "", one) for one in known if one[-1:].isdigit()}
        if numbered and len(stems) == 1:
            return (
                f"{said} The number is missing in the key: it should be {' or '.join(f'`{one}`' for one in numbered)}."
            )
        if numbered:
            return (
                f"{said} The number is missing in the key: it should be that of the layer, as in `{numbered[0]}`; in a "
                f'loop or a method that is given the number, f"{key}{{number}}".'
            )
        short = [one for one in known if "".join(word[0] for word in one.split("_") if word) == key.lower()]
        if close or len(short) == 1:
            return f"{said} Was `{lower[close[0]] if close else short[0]}` meant?"
        if any(of_same_form(key, one) for one in known):
            held = {**{name: known.split(", ") for name, known in site.dicts.items()}, **keys}
            elsewhere = [name for name, known in held.items() if name != wanting[0] and key in known]
            if elsewhere:  # the number is no mistake then, and the entry is what is missing
                filled = f"`{wanting[0]}` should hold it, too, and keep what was put into it before"
                return f"{said} `{elsewhere[0]}` has this key; {filled if site.advises else 'the number is right'}."
            shifted = _shifted(site, wanting[0])
            past = _counted_past(key, known, ask=site.advises and not shifted)
            return f"{said}{past}{f' It is made with `{shifted}` here.' if shifted and past else ''}"
        return f"{said} {_by_setting(site, known) or _not_kept_yet(site, key)}".strip()
    if not wanting and len(empty) == 1:
        why = _switched_off(site, empty[0]) or _why_reached(site)
        return f"`{empty[0]}` is empty in this case, so it has no key `{key}`. {why}".strip()
    return ""


def _of_none(site: Site) -> str:
    """Explain a choice that is None: a part of the net that it does not have in this case, and that is called."""
    name = next((ast.unparse(node.slice) for node in site.find(ast.Subscript) if _is_none(site, node.slice)), "")
    if not name:
        return ""
    number, _, source = site.crash.call.partition(" ")
    if not source or name not in site.crash.parameters:
        return f"`{name}` is None there, and chooses nothing: the line should only run where it is not None."
    given = _passed_as(source, site.crash.function.rpartition(".")[2], site.crash.parameters.index(name), name)
    what = f"`{given}`" if given else f"what is passed as `{name}`"
    function = site.crash.function.rpartition(".")[2]
    return (
        f"`{function}` is called with None as `{name}`, and so has nothing to do: in this case {what} is None. Line "
        f"{number} should call it only where that is not None."
    )


def _is_none(site: Site, node: ast.expr) -> bool:
    return site.operands.get(ast.unparse(node)) == "None"


def _passed_as(source: str, function: str, place: int, name: str) -> str:
    """Write what a line passes to a function at a place, or by name."""
    for node in ast.walk(parsed_statement(source) or ast.Pass()):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == function:
            named = [ast.unparse(one.value) for one in node.keywords if one.arg == name]
            return (named or [ast.unparse(one) for one in node.args[place : place + 1]] or [""])[0]
    return ""


def _shifted(site: Site, owner: str) -> str:
    """Write the number in a key of a dict that is a count with something added or taken off: ``"i + 1"``."""
    keys = [node.slice for node in site.find(ast.Subscript) if ast.unparse(node.value) == owner]
    parts = (part for one in keys for part in ast.walk(one) if isinstance(part, ast.BinOp))
    numbers = [one for one in parts if isinstance(getattr(one.right, "value", None), int)]
    return ast.unparse(numbers[0]) if len(numbers) == 1 and isinstance(numbers[0].op, ast.Add | ast.Sub) else ""


def _counted_past(key: str, known: list[str], *, ask: bool) -> str:
    """Say that keys are counted from another number than a key with a number is, in a sentence after a blank."""
    alike = [re.search(r"\d+", one) for one in known if of_same_form(key, one)]
    numbers, asked = sorted(int(one[0]) for one in alike if one), re.search(r"\d+", key)
    if not asked or not numbers:
        return ""
    if int(asked[0]) < numbers[0]:
        why = ": does what counts it start too low?" if ask else "."
        return f" They are counted from {numbers[0]}, so {asked[0]} is too small{why}"
    if int(asked[0]) > numbers[-1]:
        why = ": does what counts it run too far?" if ask else "."
        return f" The last number is {numbers[-1]}, so {asked[0]} is too large{why}"
    return ""


def _by_setting(site: Site, keys: list[str]) -> str:
    """Name the setting of the object without which a key of one of its own dicts may not be there."""
    own = any(one.startswith("self.") and one.endswith(f" with {', '.join(keys)}") for one in site.crash.scope)
    off = site.crash.settings
    if not own or not off or len(off) > 2:
        return ""
    return f"In this case {' and '.join(off)}: if the key is there only otherwise, this line should run only otherwise."


def _switched_off(site: Site, name: str) -> str:
    """Name the setting of an object that is off where a dict of the object for it is empty: ``self.dropout``."""
    numbers = {one: what for one, what in site.known_numbers.items() if what in ("0", "0.0")}
    off = {**dict(one.strip("`").split("` is ") for one in site.crash.settings), **numbers}
    start = name[: len("self.") + LETTERS]
    alike = [one for one in off if name.startswith("self.") and one.startswith(start)]
    if len(alike) != 1:
        return ""
    return f"`{alike[0]}` is {off[alike[0]]} there: the line should only run where it is not."


def _not_kept_yet(site: Site, key: str) -> str:
    """Say of a key under which an output is kept that it is not there at first; or under which name one is kept."""
    outputs = [path.rpartition(".")[2] for path, value in walk(site.expected) if isinstance(value, np.ndarray)]
    given = {path.rpartition(".")[2] for path, _ in walk(site.inputs)}
    if key in outputs:
        return (
            "At first there is no such key: nothing was kept yet. It should be read with a first value, as "
            f'`.get("{key}", …)` does, or by the name that is set to it above, if there is one.'
        )
    kept = [name for name in outputs if name not in given and len(outputs) > 1 and not name.startswith(("next", "out"))]
    if len(kept) != 1 or given & {key}:
        return ""
    if kept[0].startswith(key):
        return f"What is kept there is called `{kept[0]}` in this exercise."
    statement = site.statement
    target = statement.target if isinstance(statement, ast.AugAssign) else getattr(statement, "targets", [None])[0]
    if isinstance(target, ast.Subscript) and _is_key(site, target.slice, key):  # so it is kept there, and no setting
        return f"What this exercise keeps there from one call to the next is called `{kept[0]}`."
    return ""


def _why_reached(site: Site) -> str:
    """Ask whether a line should be reached where a key is not there, with the condition that it stands under."""
    if site.crash.conditions:
        line, _, held = site.crash.conditions[-1].partition("\t")
        number, _, source = line.partition(" ")
        known = f", where {held}" if held else ""
        return (
            f'The line runs under line {number}, "{source}"{known}: either that condition should not hold in this '
            "case, or the key should be set before."
        )
    return "Either the key should be set before, or this line should not run in this case."


def _is_key(site: Site, node: ast.expr, key: str) -> bool:
    """Whether an expression is this key, as text or as a number."""
    return str(node.value if isinstance(node, ast.Constant) else site.number(node)) == key


def _axis(site: Site, match: re.Match[str]) -> str:
    axis, axes = match[1], int(match[2])
    for node in site.find(ast.Call):
        owners = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        for owner in (*node.args[:1], *owners):
            shape = site.shape(owner)
            if shape is not None and len(shape) == axes:
                there = f"its axes are 0 to {axes - 1}" if axes > 1 else "its only axis is 0"
                wrong = f" {site.wrong_shape(owner, shape) or _set_by(site, owner)}".rstrip()
                return (
                    f"{text(owner)} is {site.letters.shape(shape)}: {there}, so there is no axis {axis}.{wrong}"
                    if axes
                    else f"{text(owner)} is a single number, so it has no axis {axis}."
                )
    return ""


def _set_by(site: Site, node: ast.expr) -> str:
    """Show the line that sets a name, where it takes a part of something."""
    origin = site.origin(node.id) if isinstance(node, ast.Name) else None
    return f'Line {origin[0]}, "{origin[1]}", sets it.' if origin and origin[1].endswith("]") else ""


def _reshape(site: Site, match: re.Match[str]) -> str:
    size, wanted = int(match[1]), match[2]
    for node in site.find(ast.Call):
        owners = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        for owner in (*node.args[:1], *owners):
            shape = site.shape(owner)
            if shape is not None and count(shape) == size:
                given = read_shape(wanted) if "-" not in wanted and "newaxis" not in wanted else ()
                asked = f"{site.letters.shape(given)}, which would hold {count(given)}" if given else wanted
                said = (
                    f"{text(owner)} is {site.letters.shape(shape)} and holds {size} numbers; a reshape keeps all of "
                    f"them, so it cannot have shape {asked}."
                )
                if len(given) == 2 and len(shape) > 1 and given[0] == shape[0] and given[1] != size // given[0]:
                    rows = site.letters.shape((given[0], size // given[0]))
                    said += f" As a row for each of its {given[0]} entries along axis 0 it would be {rows}."
                return said + _into_blocks(site, node)
    return ""


def _into_blocks(site: Site, call: ast.Call) -> str:
    """Say of a reshape into blocks that these leave nothing over and do not overlap, in sentences after a blank."""
    for part in (part for one in call.args for part in ast.walk(one)):
        if not isinstance(part, ast.BinOp) or not isinstance(part.op, ast.FloorDiv):
            continue
        whole, size = site.number(part.left), site.number(part.right)
        if not whole or not size or whole % size == 0:
            continue
        said = (
            f" {text(part)} leaves a rest: {whole} is no multiple of {size}. A reshape cuts into blocks that lie side "
            "by side, and leaves nothing over."
        )
        strides = [name for name in site.known_numbers if "stride" in name.lower()]
        if not strides:
            return said
        return (
            f"{said} Windows start every `{strides[0]}` entries instead, so that they may overlap or leave a rest; "
            "they should be cut out at these starts."
        )
    return ""


def _of_number(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Subscript):
        if ast.unparse(node.value) in site.numbers:
            number = site.numbers[ast.unparse(node.value)]
            said = f"{text(node.value)} is a single number, {number}, and cannot be indexed."
            return f"{said} {hidden_name(site, node.value)}".strip()
    return ""


EXPLANATIONS = (
    (r"IndexError: index (-?\d+) is out of bounds for (?:axis|dimension) (\d+) with size (\d+)", _out_of_bounds),
    (r"IndexError: too many indices for array: array is (\d+)-dimensional, but (\d+) were indexed", _too_many),
    (r"IndexError: boolean index did not match", _mask),
    (r"IndexError: arrays used as indices must be of integer", _float_array),
    (r"IndexError: only integers, slices|TypeError: slice indices must be integers", _not_whole),
    (r"TypeError: (?:list|tuple) indices must be integers or slices, not (?:numpy\.)?float", _not_whole),
    (r"TypeError: '(?:numpy\.)?float\d*' object cannot be interpreted as an integer", _not_whole),
    (r"IndexError: (?:list|tuple) index out of range", _end_of_sequence),
    (r"IndexError: invalid index to scalar variable", _of_number),
    (r"TypeError: '(?:numpy\.)?(?:float|int)\d*' object (?:is not subscriptable|does not support item)", _of_number),
    (r"KeyError: (.*)", _key),
    (r"AxisError: axis (-?\d+) is out of bounds for array of dimension (\d+)", _axis),
    (r"ValueError: axes don't match array", _transposed),
    (r"ValueError: cannot reshape array of size (\d+) into shape (\([^)]*\))", _reshape),
)
