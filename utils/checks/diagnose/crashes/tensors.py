"""Explain what PyTorch refuses: a gradient that is not there, a leaf changed in place, layers in a list."""

from __future__ import annotations

import ast
import re

from .expressions import parsed_statement, text
from .library_calls import over_other_axis
from .site import Site


def no_gradient(site: Site, match: re.Match[str]) -> str:
    """Explain ``w.grad.zero_()`` and ``rate * w.grad`` where ``w.grad`` is None."""
    owners = [node for node in site.find(ast.Attribute) if node.attr == "grad"]
    return _of_tensor(site, owners[0].value) if len({ast.unparse(node) for node in owners}) == 1 else ""


def _of_tensor(site: Site, node: ast.expr) -> str:
    name, tensor = ast.unparse(node), text(node)
    said = f"`{name}.grad` is None there"
    kind = site.gradients.get(name, "")
    if kind == "no":
        if name in site.crash.parameters:
            return f"{said}, because {tensor} does not require a gradient. {_copied(name)} the forward pass."
        return (
            f"{said}, because {tensor} does not require a gradient: `{name}.requires_grad_()` should be called before "
            "the forward pass."
        )
    if kind == "computed":
        return (
            f"{said}, because {tensor} is computed from other tensors, and PyTorch keeps gradients only of those that "
            "are not; it should be a tensor of its own, detached from the others, that requires a gradient."
        )
    if "'zero_'" in site.crash.message:
        return (
            f"{said}: before the first backward pass there is no gradient. What needs one should only be done "
            f"`if {name}.grad is not None`."
        )
    return (
        f"{said}: `.backward()` of the loss puts a gradient there, so it should run before this line, and the forward "
        f"pass that it goes back through should use {tensor}."
    )


def _copied(name: str) -> str:
    """Say how to have a tensor that was handed in with a gradient, up to "before": it should stay as it is."""
    return f"A copy should be worked with that does: `{name} = {name}.detach().clone().requires_grad_()` before"


def of_gradient(site: Site, name: str, source: str) -> str:
    """Explain why a name is None that a line sets to ``w.grad``; ``""`` where the line does something else."""
    owner = re.fullmatch(rf"{re.escape(name)} = (\w+)\.grad", source)
    tree = parsed_statement(owner[1]) if owner else None
    return _of_tensor(site, tree.value) if isinstance(tree, ast.Expr) else ""


def _no_graph(site: Site, match: re.Match[str]) -> str:
    """Explain a backward pass from what was computed of nothing that requires a gradient."""
    plain = [name for name in site.crash.parameters if site.gradients.get(name) == "no"]
    plain += [name for name in site.origins if site.gradients.get(name) == "no" and name not in plain]
    images = [name for name in plain if len(site.scope.get(name, ())) > 2]
    if "params" in site.crash.parameters:
        images = []  # then it is they that should require one, and not the minibatch
    asked = f" `{images[0]}` does not require one. {_copied(images[0])} the forward pass." if images else ""
    return (
        "What the backward pass starts from does not lead back to a tensor that requires a gradient: none that it was "
        "computed from does, or nothing was recorded (`torch.no_grad()`, `.detach()` and `.item()` see to that)."
        f"{asked}"
    )


def _leaf_in_place(site: Site, match: re.Match[str]) -> str:
    statement = site.statement
    changed = text(statement.target) if isinstance(statement, ast.AugAssign) else "What the line changes"
    return (
        f"{changed} requires a gradient, and is changed in place while PyTorch records; a step should be taken in "
        "`with torch.no_grad():`, and a new tensor be made complete before it is told to require a gradient."
    )


def _no_single_number(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        start = node.func.value if isinstance(node.func, ast.Attribute) and called == "backward" else None
        start = node.args[0] if called == "grad" and node.args else start
        if start is not None:
            shape = site.shape(start)
            what = f", but {text(start)} has shape {shape}" if shape else f", and {text(start)} is not one"
            return (
                f"A backward pass starts from a single number{what}: which number are the gradients asked of, the sum "
                "of its entries, their mean, or one of them?"
            )
    return ""


def _numpy_of_recorded(site: Site, match: re.Match[str]) -> str:
    owner = next((node.func.value for node in site.find(ast.Call) if isinstance(node.func, ast.Attribute)), None)
    what = f"{text(owner)} is" if owner is not None else "The tensor is"
    return (
        f"{what} recorded by PyTorch, and so does not become an array of NumPy; where no gradient is needed it should "
        "be computed in `with torch.no_grad():`, and elsewhere `.detach()` be called before `.numpy()`."
    )


def _number_without_backward(site: Site, match: re.Match[str]) -> str:
    owner = next((node.value for node in site.find(ast.Attribute) if node.attr == "backward"), None)
    origin = site.origin(owner.id) if isinstance(owner, ast.Name) else None
    if owner is None or origin is None or not re.search(r"\.item\(\)|\bfloat\(", origin[1]):
        return ""
    return (
        f'Line {origin[0]}, "{origin[1]}", makes {text(owner)} a plain number, which has no `.backward`; the backward '
        "pass should start from the tensor, and the number be taken of it afterwards."
    )


def _list_of_layers(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Call):
        if ast.unparse(node.func).endswith("Sequential") and len(node.args) == 1:
            called, layers = ast.unparse(node.func), ast.unparse(node.args[0])
            return f"`{called}` takes the layers as arguments, not as one {match[1]}: `{called}(*{layers})`."
    return ""


def _gather(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "gather" and len(node.args) > 1:
            index, shape = site.shape(node.args[-1]), site.shape(node.func.value)
            if index and shape and len(index) == 1 and len(shape) == 2:
                return (
                    f"{text(node.args[-1])} is {index} and {text(node.func.value)} is {shape}; `gather` takes an index "
                    f"with as many axes: `{ast.unparse(node.args[-1])}[:, None]`, of shape {(*index, 1)}."
                )
    return ""


def _pair_of_extremum(site: Site, match: re.Match[str]) -> str:
    kind = match[1]
    return (
        f"In PyTorch, `{kind}` along an axis gives two tensors, the values and their places; the first of them, "
        f"`.values`, is probably meant here, or `a{kind}`, which gives the values alone."
    )


def _second_time(site: Site, match: re.Match[str]) -> str:
    return (
        "A backward pass uses up what the forward pass recorded; the forward pass should be run again before each "
        "backward pass, in the loop if there is one."
    )


def _layer_for_weight(site: Site, match: re.Match[str]) -> str:
    """Explain ``kaiming_normal_(self.conv1)``."""
    for node in site.find(ast.Call):
        if ".init." in f".{ast.unparse(node.func)}" and node.args:
            layer = ast.unparse(node.args[0])
            return (
                f"`{layer}` is a layer, of type {match[1]}; what is to be filled are its weights or its biases, "
                f"`{layer}.weight` or `{layer}.bias`."
            )
    return ""


def _before_init(site: Site, match: re.Match[str]) -> str:
    return "`super().__init__()` should be the first line of `__init__`, before any layer is set."


def _other_types(site: Site, match: re.Match[str]) -> str:
    found = ", ".join(part for part in match.groups() if part)
    return _new_layer(site) or (
        f"The tensors that meet here are of different types, {found}; they should have one: a new tensor is made in "
        "the type of another one with `dtype=other.dtype`."
    )


def _new_layer(site: Site) -> str:
    """Say of a layer on the line that it is made in the function itself, whose weights are new in each call."""
    if site.crash.function.endswith("__init__"):
        return ""
    for name in dict.fromkeys(node.func.id for node in site.find(ast.Call) if isinstance(node.func, ast.Name)):
        origin = site.origin(name)
        if origin and re.match(rf"{re.escape(name)} = (?:torch\.)?nn\.[A-Z]\w*\(", origin[1]):
            return (
                f'Line {origin[0]}, "{origin[1]}", makes a new layer in each call, with new weights, which are of '
                "another type than what it is given; a layer of the net should be used, which `__init__` has made."
            )
    return ""


OF_AXES = ("how many outputs it has", "how many inputs it has", *["how large its filters are"] * 2)
"""What the size of each axis of a parameter is about."""


def _labels_of_other_number(site: Site, match: re.Match[str]) -> str:
    return f"There are {match[1]} rows of scores and {match[2]} labels; the scores should have one row for each label."


def _sizes_of_view(site: Site, match: re.Match[str]) -> str:
    for node in site.find(ast.Call):
        for part in node.args if len(node.args) > 1 else ():
            if isinstance(part, ast.Attribute) and part.attr == "shape":
                called = ast.unparse(node.func).rpartition(".")[2]
                return (
                    f"`{ast.unparse(part)}` is a whole shape, where each argument of `{called}` should be one size, "
                    f"such as `{ast.unparse(part)}[0]`."
                )
    return ""


def _reshape(site: Site, match: re.Match[str]) -> str:
    owners = [node.func.value for node in site.find(ast.Call) if isinstance(node.func, ast.Attribute)]
    owner = next((one for one in owners if site.shape(one) is not None), None)
    said = f"{text(owner)} is {site.shape(owner)} and holds" if owner is not None else "The tensor holds"
    return f"{said} {match[2]} numbers; a new shape should hold as many, and ({match[1]}) does not."


def _other_sizes(site: Site, match: re.Match[str]) -> str:
    """Explain tensors whose sizes differ, where one of another number in its name would fit, or a part of the other."""
    sizes = {int(match[1]), int(match[2])}
    given = site.shapes.get("given")
    axis = re.search(r"dimension (\d)$", site.crash.message)
    about = dict(enumerate(OF_AXES[: len(given or ())])).get(int(axis[1])) if axis else None
    if site.in_program and "parameter.copy_" in site.crash.source and axis and int(axis[1]) and len(given or ()) == 1:
        return (
            f"A parameter of the net should be a vector of {match[2]} entries, a bias, but the one in its place has "
            "more axes, as a weight has: has a layer before it no bias (`bias=False`), or is there a layer too many?"
        )
    if site.in_program and "parameter.copy_" in site.crash.source and axis and about:
        if int(axis[1]) == len(given or ()) - 1:  # PyTorch counts the axes from the last one: it may be a vector
            return (
                f"A parameter of the net should have shape {given}, but the one in its place has {match[1]} entries "
                f"along its last axis, not {match[2]}: look at which layers there are, and what each is created with."
            )
        return (
            f"A parameter of the net should have shape {given}, but its axis {axis[1]} has {match[1]} entries, not "
            f"{match[2]}: what its layer is created with says {about}."
        )
    other_axis = over_other_axis(site, (int(match[1]), int(match[2]))) if site.advises and not site.in_program else ""
    if other_axis:
        return other_axis
    channels = _per_channel(site)
    if channels:
        return channels
    for node in ast.walk(site.failing or ast.Pass()) if len(sizes) == 2 else ():
        shape = site.known.get(node.id, ()) if isinstance(node, ast.Name) else ()
        if not isinstance(node, ast.Name) or len(shape) != 1 or shape[0] not in sizes:
            continue
        (wanted,) = sizes - set(shape)
        others = [name for name in site.relatives(node.id) if site.known[name] == (wanted,)]
        said = f"{text(node)} has {shape[0]} entries, and what it goes with has {wanted} there"
        if len(others) == 1:
            return f"{said}; `{others[0]}`, of {wanted} entries, would fit."
        return _of_a_part(site, node, wanted) or f"{said}."
    return ""


def _per_channel(site: Site) -> str:
    """Explain a bias that is added to the output of a convolution as if it had an entry for each column."""
    node = site.failing
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
        return ""
    for whole, bias in ((node.left, node.right), (node.right, node.left)):
        convolved = next((one for one in _computed(site, whole) if "conv2d(" in ast.unparse(one.func) + "("), None)
        filters = site.shape(convolved.args[1]) if convolved is not None and len(convolved.args) > 1 else None
        shape = site.shape(bias) or ()
        if filters and len(shape) == 1 and shape[0] == filters[0]:
            return (
                f"{text(bias)} has an entry for each of the {shape[0]} filters, and goes along the last axis there, "
                f"the columns of the images. To go along their axis 1 it should have shape (1, {shape[0]}, 1, 1), or "
                "be given to the convolution as its bias."
            )
    return ""


def _computed(site: Site, node: ast.expr) -> list[ast.Call]:
    """The call that an expression is, or that the line calls that sets it."""
    if isinstance(node, ast.Name) and (origin := site.origin(node.id)):
        node = getattr(parsed_statement(origin[1]), "value", node)
    return [node] if isinstance(node, ast.Call) else []


def _of_a_part(site: Site, node: ast.Name, wanted: int) -> str:
    """Ask whether an array that is used as a whole should be cut as that is which the other operand is made of."""
    other = next((one for one, shape in site.shapes.items() if shape == (wanted,) and one.isidentifier()), "")
    origin = site.origin(node.id)
    for part in ast.walk(parsed_statement(origin[1]) or ast.Pass()) if origin and other else ():
        if not isinstance(part, ast.Subscript) or not isinstance(part.slice, ast.Slice) or origin is None:
            continue
        if (site.shape(part.value) or ())[:1] == (wanted,):
            return (
                f"{text(node)} has {site.known[node.id][0]} entries and `{other}` has {wanted}: {text(node)} is made "
                f"of a part, {text(part)}, by line {origin[0]}; was `{other}[{ast.unparse(part.slice)}]` meant in "
                f"place of `{other}`?"
            )
    return ""


EXPLANATIONS = (
    (r"RuntimeError: The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", _other_sizes),
    (r"AttributeError: 'NoneType' object has no attribute", no_gradient),
    (r"TypeError: .*'NoneType'", no_gradient),
    (r"RuntimeError: element 0 of tensors does not require grad", _no_graph),
    (r"RuntimeError: One of the differentiated Tensors does not require grad", _no_graph),
    (r"RuntimeError: a (?:leaf Variable|view of a leaf Variable) that requires grad .*in-place", _leaf_in_place),
    (r"RuntimeError: grad can be implicitly created only for scalar outputs", _no_single_number),
    (r"RuntimeError: Can't call numpy\(\) on Tensor that requires grad", _numpy_of_recorded),
    (r"AttributeError: '(?:float|int)' object has no attribute 'backward'", _number_without_backward),
    (r"TypeError: (list|tuple) is not a Module subclass", _list_of_layers),
    (r"RuntimeError: Index tensor must have the same number of dimensions", _gather),
    (r"AttributeError: 'torch.return_types.(max|min)' object", _pair_of_extremum),
    (r"TypeError: .*torch.return_types.(max|min)", _pair_of_extremum),
    (r"RuntimeError: Trying to backward through the graph a second time", _second_time),
    (r"AttributeError: '(Conv2d|Linear)' object has no attribute", _layer_for_weight),
    (r"AttributeError: cannot assign module before Module.__init__", _before_init),
    (r"RuntimeError: .*same dtype, but got:? (\w+) (?:and|!=) (\w+)", _other_types),
    (r"RuntimeError: expected scalar type (\w+) but found (\w+)", _other_types),
    (r"ValueError: Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)", _labels_of_other_number),
    (r"TypeError: (?:view|reshape)\(\)", _sizes_of_view),
    (r"RuntimeError: shape '\[([-\d, ]+)\]' is invalid for input of size (\d+)", _reshape),
)
