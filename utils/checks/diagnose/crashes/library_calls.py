"""Explain what functions of NumPy and PyTorch refuse, by what each of them takes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from itertools import product as pairs_of

from .expressions import parsed_statement, text
from .shapes import REDUCTIONS, Shape
from .site import Site

OF_PYTORCH = {
    "clamp": "`np.clip`, or `np.maximum` for a lower limit alone",
    "permute": "`.transpose`, which takes the axes in their new order",
    "unsqueeze": "`np.expand_dims`, or None in an index",
    "t": "`.T`",
    "mm": "`@`",
    "matmul": "`@`",
    "expand": "`np.broadcast_to`",
    "pow": "`**`",
    "float": "`.astype(np.float64)`",
    "long": "`.astype(np.int64)`",
    "detach": "nothing: an array of NumPy records no gradients",
    "numpy": "nothing: it is an array of NumPy already",
    "scatter_": "an index, such as `a[np.arange(N), y] = 1`",
    "gather": "an index, such as `a[np.arange(N), y]`",
}
"""Methods of a tensor of PyTorch that an array has not, and what an array has in their place."""

OF_NUMPY = {
    "astype": "`.to(dtype)`",
    "copy": "`.clone()`",
    "fill": "`.fill_(…)`",
    "dot": "`@`",
}
"""Methods of an array of NumPy that a tensor has not, and what a tensor has in their place."""


def _lines(site: Site) -> Iterator[tuple[int, str, ast.stmt]]:
    """Yield the line that raised, and those that set the names on it: the number, the text, and what it says."""
    names = dict.fromkeys(node.id for node in ast.walk(site.statement or ast.Pass()) if isinstance(node, ast.Name))
    lines = [(site.crash.line, site.crash.source), *filter(None, (site.origin(name) for name in names))]
    for number, source in lines:
        statement = parsed_statement(source)
        if statement is not None:
            yield number, source, statement


def _where(site: Site, match: re.Match[str]) -> str:
    """Explain ``np.where(x > 0, x)``."""
    for node in site.find(ast.Call):
        if ast.unparse(node.func) in ("np.where", "numpy.where") and len(node.args) == 2:
            condition, value = map(ast.unparse, node.args)
            return (
                "`np.where` is given two arguments; beside the condition it takes two values, that where the condition "
                f"is true and that where it is not: `np.where({condition}, {value}, …)`. A third argument, such as 0, "
                "should be added."
            )
    return ""


def _drawn_of_table(site: Site, match: re.Match[str]) -> str:
    """Explain ``np.random.choice(X, n)`` with an X of several axes."""
    for node in site.find(ast.Call):
        shape = site.shape(node.args[0]) if node.args and ast.unparse(node.func).endswith("choice") else None
        if shape and len(shape) > 1:
            table = ast.unparse(node.args[0])
            beside = [name for name, one in site.scope.items() if one == shape[:1] and name.isidentifier()]
            same = f", and the same rows of `{beside[0]}`" if len(beside) == 1 else ""
            return (
                f"`{ast.unparse(node.func)}` draws from a vector, or from the numbers below a whole number, and "
                f"`{table}` is {site.letters.shape(shape)}. The numbers of rows should be drawn, with "
                f"`{table}.shape[0]` in the place of `{table}`, and these rows of `{table}` be taken{same}."
            )
    return ""


def _tensordot(site: Site, match: re.Match[str]) -> str:
    """Explain a tensordot that sums over axes of different lengths, and say which axes are as long as each other."""
    for node in site.find(ast.Call):
        if not ast.unparse(node.func).endswith("tensordot") or len(node.args) < 2:
            continue
        (one, a), (other, b) = ((part, site.shape(part)) for part in node.args[:2])
        axes = [keyword.value for keyword in node.keywords if keyword.arg == "axes"] or node.args[2:3]
        if a is None or b is None:
            return ""
        summed = _summed_axes(ast.unparse(axes[0]) if axes else "2", len(a), len(b))
        wrong = [(p, q) for p, q in summed if p < len(a) and q < len(b) and a[p] != b[q]]
        if not wrong:
            return ""
        p, q = wrong[0]
        said = (
            f"{text(one)} is {site.letters.shape(a)} and {text(other)} is {site.letters.shape(b)}: axis {p} of the "
            f"first, of size {a[p]}, is summed with axis {q} of the second, of size {b[q]}, and the two should be "
            "equally long."
        )
        return f"{said} {_axes_that_fit(site, a, b)}".strip()
    return ""


def _summed_axes(axes: str, left: int, right: int) -> list[tuple[int, int]]:
    """Pair the axes that ``axes`` sums over, counted from 0."""
    numbers = list(map(int, re.findall(r"-?\d+", axes)))
    if re.fullmatch(r"\d+", axes):
        return [(left - numbers[0] + k, k) for k in range(numbers[0])] if numbers[0] <= min(left, right) else []
    half = len(numbers) // 2
    if 2 * half != len(numbers):
        return []
    return [(p % left, q % right) for p, q in zip(numbers[:half], numbers[half:], strict=True)]


def _axes_that_fit(site: Site, a: Shape, b: Shape) -> str:
    """Name the one pair of axes over which a sum gives the shape of what the line sets."""
    if not site.advises or not site.target:
        return ""
    name, goal = site.target
    fitting = [
        (p, q)
        for p, q in pairs_of(range(len(a)), range(len(b)))
        if a[p] == b[q] and (*a[:p], *a[p + 1 :], *b[:q], *b[q + 1 :]) == goal
    ]
    if len(fitting) != 1:
        return ""
    p, q = fitting[0]
    return f"`{name}` should have shape {site.letters.shape(goal)}, which `axes=({p}, {q})` gives."


def _layer_for_tensor(site: Site, match: re.Match[str]) -> str:
    """Explain ``y = nn.Flatten(x)``, which makes a layer, where it should be called with x."""
    # What the line that raised makes itself is not what it was given.
    for number, source, statement in sorted(_lines(site), key=lambda line: line[0] == site.crash.line):
        for node in ast.walk(statement):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if not (
                isinstance(node, ast.Call) and re.fullmatch(rf"(?:torch\.)?(?:nn\.)?{match[1]}", name) and node.args
            ):
                continue
            settings = "" if match[1] in ("Flatten", "ReLU", "Sigmoid", "Tanh") else "…"
            return (
                f'Line {number}, "{source}", makes a layer of type {match[1]}, and passes {text(node.args[0])} as its '
                "setting. A layer is made first and then called with the tensor: "
                f"`{name}({settings})({ast.unparse(node.args[0])})`."
            )
    return ""


def _number_for_tensor(site: Site, match: re.Match[str]) -> str:
    """Explain ``torch.sqrt(2 / n)`` of a plain number."""
    for node in site.find(ast.Call):
        if ast.unparse(node.func) == f"torch.{match[1]}" and node.args:
            known = [name for name in ("math", "np") if site.imports(name)]
            same = [f"`{name}.{match[1]}`" for name in known if match[1] in ("sqrt", "exp", "log", "sin", "cos")]
            instead = f"; of a number, {' or '.join(same)} should be taken" if same else ""
            return f"`torch.{match[1]}` takes a tensor, and {text(node.args[0])} is a plain number of Python{instead}."
    return ""


def _fan(site: Site, match: re.Match[str]) -> str:
    """Explain an initialisation that needs the number of a layer's inputs, and is given a bias."""
    for node in site.find(ast.Call):
        if node.args and "init." in ast.unparse(node.func):
            return (
                f"`{ast.unparse(node.func)}` reads from the shape of a weight how many inputs a layer has, and "
                f"{text(node.args[0])} has fewer than two axes there, as a bias has. It should be called for weights "
                f"alone; biases should be set to 0, with `{ast.unparse(node.func).rpartition('.')[0]}.zeros_`."
            )
    return ""


def _compared_pair(site: Site, match: re.Match[str]) -> str:
    """Explain ``(scores.max(1) == y).sum()``: what is compared is a pair of tensors, and not one."""
    names = {node.id for node in ast.walk(site.statement or ast.Pass()) if isinstance(node, ast.Name)}
    for number, source, statement in _lines(site):
        value = getattr(statement, "value", None)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        parts = [value] if number != site.crash.line else [one.left for one in site.find(ast.Compare)]
        for node in parts:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            kind, of_torch = node.func.attr, ast.unparse(node.func.value) == "torch"
            along = len(node.args) > int(of_torch) or any(one.arg in ("dim", "axis") for one in node.keywords)
            if kind not in ("max", "min", "sort", "topk") or not along:
                continue
            if number != site.crash.line and not (isinstance(target, ast.Name) and target.id in names):
                continue
            return (
                f'Line {number}, "{source}": in PyTorch, `{kind}` along an axis gives two tensors, the values and '
                "their places, and a pair is never equal to a tensor. The places alone are `.indices`, or the second "
                f"of the two{f'; `arg{kind}` gives them at once' if kind in ('max', 'min') else ''}."
            )
    return ""


def _foreign_method(site: Site, match: re.Match[str], *, of_array: bool) -> str:
    """Explain a method of PyTorch that is called on an array of NumPy, or the other way round."""
    owner = next((node.value for node in site.find(ast.Attribute) if node.attr == match[1]), None)
    instead = (OF_PYTORCH if of_array else OF_NUMPY).get(match[1])
    if owner is None or instead is None:
        return ""
    kind, own, other = ("an array", "NumPy", "PyTorch") if of_array else ("a tensor", "PyTorch", "NumPy")
    said = f"{text(owner)} is {kind} of {own}, and `.{match[1]}` is {other}'s"
    return f"{said}." if "np." in instead and not site.imports("np") else f"{said}; in {own} it is {instead}."


def _view_of_array(site: Site, match: re.Match[str]) -> str:
    """Explain ``x.view(n, -1)`` of an array of NumPy."""
    for node in site.find(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "view" and node.args:
            sizes = ", ".join(map(ast.unparse, node.args))
            return (
                f"{text(node.func.value)} is an array of NumPy, whose `.view` is about types of numbers; another shape "
                f"is given by `{ast.unparse(node.func.value)}.reshape({sizes})`."
            )
    return ""


def _view_of_turned(site: Site, match: re.Match[str]) -> str:
    """Explain a ``view`` of a tensor whose axes were put into another order."""
    for node in site.find(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "view":
            return (
                f"{text(node.func.value)} does not lie in memory in the order of its axes, as after `permute`, a "
                "transpose or a slice, and `.view` never moves numbers. `.reshape` should stand in its place: it takes "
                "sizes in the same way, and copies where that is needed."
            )
    return ""


def _tuple_as_size(site: Site, match: re.Match[str]) -> str:
    """Explain a shape among the sizes of a reshape."""
    for node in site.find(ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        for part in node.args if called == "reshape" and len(node.args) > 1 else ():
            sliced = isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Slice)
            whole = part.value if isinstance(part, ast.Subscript) and sliced else part
            if isinstance(whole, ast.Attribute) and whole.attr == "shape":
                return (
                    f"{text(part)} is a tuple of sizes, where each argument of `{called}` should be one whole number: "
                    f"with a star, `*{ast.unparse(part)}`, its sizes are arguments of their own; to join the axes to "
                    "one, it should be their product, or -1."
                )
    return ""


def over_other_axis(site: Site, sizes: tuple[int, int], *, known: bool = False) -> str:
    """Explain sizes that differ because something was taken over the wrong axis of a table.

    Parameters
    ----------
    site : Site
    sizes : tuple of int
        The two sizes that should be equal.
    known : bool, default False
        Whether only tables are considered whose shape is known.

    Returns
    -------
    str
        A sentence; ``""`` where no mean, sum or argmax over the other axis would have the size that is due.
    """
    found = []
    for number, _, statement in _lines(site):
        for node, of, axis in _reductions(site, statement):
            shape = site.shape(of)
            if (shape is None and axis == 0 and not known) or (
                shape and len(shape) == 2 and (shape[1 - axis], shape[axis]) in (sizes, sizes[::-1])
            ):
                found.append((number, statement, ast.unparse(node), of, axis, shape))
    if len(found) != 1:
        return ""
    number, statement, written, of, axis, shape = found[0]
    each, other = ("row", "column") if axis else ("column", "row")
    where = "" if number == site.crash.line else f", on line {number},"
    if shape:
        return (
            f"`{written}`{where} gives one number for each of the {shape[1 - axis]} {each}s of {text(of)}, "
            f"{site.letters.shape(shape)}; over axis {1 - axis} it would give one for each of the {shape[axis]} "
            f"{other}s, which fits here."
        )
    # What is a vector after one axis is gone was a table.
    name = ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    given = site.scope.get(name, ())
    whole = statement.value if isinstance(statement, ast.Assign) else None
    if len(given) != 1 or given[0] not in sizes or whole is None or ast.unparse(whole) != written:
        return ""
    (wanted,) = set(sizes) - set(given)
    return (
        f"`{written}`{where} gives {given[0]} numbers, one for each {each} of {text(of)}, where {wanted} are due; over "
        f"axis {1 - axis} it would give one for each {other}."
    )


def _reductions(site: Site, statement: ast.stmt) -> Iterator[tuple[ast.Call, ast.expr, int]]:
    """Yield the sums, means and places of largest entries along one axis: the call, of what, and the axis."""
    for node in ast.walk(statement):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REDUCTIONS):
            continue
        of_library = ast.unparse(node.func.value) in ("np", "numpy", "torch")
        arguments = [*node.args] if of_library else [node.func.value, *node.args]
        named = [one.value for one in node.keywords if one.arg in ("axis", "dim")]
        axis = site.number(([*named, *arguments[1:2]] or [ast.Constant("")])[0])
        if (
            arguments
            and axis is not None
            and -2 <= axis < 2
            and not any("keep" in (one.arg or "") for one in node.keywords)
        ):
            yield node, arguments[0], axis % 2


EXPLANATIONS = (
    (r"ValueError: either both or neither of x and y should be given", _where),
    (r"ValueError: a must be (?:1-dimensional|a scalar|an integer|a sequence)", _drawn_of_table),
    (r"ValueError: shape-mismatch for sum", _tensordot),
    (r"TypeError: (\w+)\(\): argument 'input' \(position 1\) must be Tensor, not (?:float|int)", _number_for_tensor),
    (r"TypeError: .*argument 'input'.* must be Tensor, not (\w+)", _layer_for_tensor),
    (r"TypeError: .*invalid combination of arguments - got \((\w+)[,)]", _layer_for_tensor),
    (
        r"AttributeError: '(\w+)' object has no attribute '(?:shape|size|view|reshape|flatten|dim|relu|mm|t|T)'",
        _layer_for_tensor,
    ),
    (r"ValueError: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions", _fan),
    (r"AttributeError: 'bool' object has no attribute", _compared_pair),
    (r"AttributeError: 'numpy.ndarray' object has no attribute '(\w+)'", partial(_foreign_method, of_array=True)),
    (r"AttributeError: 'Tensor' object has no attribute '(\w+)'", partial(_foreign_method, of_array=False)),
    (r"TypeError: Type must be a sub-type of ndarray type", _view_of_array),
    (r"ValueError: Type must be a sub-type of ndarray type", _view_of_array),
    (r"RuntimeError: view size is not compatible with input tensor's size and stride", _view_of_turned),
    (r"TypeError: 'tuple' object cannot be interpreted as an integer", _tuple_as_size),
)
