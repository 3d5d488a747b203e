"""Explain a matrix product whose factors do not fit: which transposition or flattening would make it fit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeGuard

import numpy as np

from ...matrix_products import factors_of
from . import remedies
from .convolutions import fourth_argument
from .expressions import count, text
from .shapes import Shape, product
from .site import Site
from .windows import explain_short_slice


def _explain(site: Site, match: re.Match[str]) -> str:
    factors = _factors(site)
    if factors is None:
        return ""
    (left, a), (right, b) = factors
    inner = b[-2] if len(b) > 1 else b[-1]
    if not a or not b or a[-1] == inner:
        return ""
    letters = site.letters
    which = "the last axis of the first factor should be as long as the first axis of the second"
    if len(b) > 2:
        which = "the last axis of the first factor should be as long as the second to last axis of the second"
    said = f"{text(left)} is {letters.shape(a)} and {text(right)} is {letters.shape(b)}"
    said = f"{said}: in a product {which}, but {letters.size(a[-1])} is not {letters.size(inner)}."
    if site.is_of_arguments or not site.advises:
        return said
    names = [node for factor in (left, right) for node in ast.walk(factor) if isinstance(node, ast.Name)]
    short = next(filter(None, (explain_short_slice(site, node) for node in names)), "")
    remedy = (
        short
        or _whole_minibatch(site, left, a, b)
        or _flattened(site, left, a, right, b)
        or _variant(site, left, a, right, b)
    )
    remedy = remedy or _transposed(site, left, a, right, b) or _sized(site, left, a, right, b)
    return f"{said} {remedy}" if remedy else said


def _variant(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Say which other form of the product gives the shape of what the line sets; or which other operand would fit."""
    node = site.failing
    if not isinstance(node, ast.expr) or factors_of(node) is None:
        return ""
    fitting = remedies.of_product(site, node, left, right)
    fitting = [one for one in fitting if one.kind == "entrywise"] or fitting
    if len(fitting) > 1 and site.target:
        # A reshape accepts any order of the numbers; rows that stay rows are what is meant.
        rows = site.target[1][:1]
        fitting = [one for one in fitting if (site.shape(one.node) or ())[:1] == rows] or fitting
    if len(fitting) == 1 and site.target:
        return _recommended(site, fitting[0], site.target)
    if site.target and fitting:
        listed = " and ".join(f"`{one.written}`" for one in fitting[:2])
        name, goal = site.target
        return f"`{name}` should have shape {site.letters.shape(goal)}; {listed} would both give that."
    if len(a) == len(b) == 1:
        written = f", `{site.tensor_module}.outer`," if site.tensor_module else ""
        return f"Both are vectors; an outer product{written} would give {site.letters.shape((*a, *b))}."
    vectors = len(a) + len(b) == 3 and site.target is None
    turned = remedies.products_that_fit(site, node, left, right) if vectors else []
    if len(turned) == 1:
        return f"`{turned[0].written}` would fit."
    others = [] if site.target else remedies.relatives_that_fit(site, node)
    if len(others) == 1:
        about, in_order = others[0].about, list(_fitting(left, a, right, b))[:1]
        beside = f", and so would `{in_order[0][0]}`; which is meant?" if in_order else "; was it meant?"
        return f"`{about}`, of shape {site.letters.shape(site.known[about])}, would fit there{beside}"
    return ""


def _recommended(site: Site, variant: remedies.Variant, target: tuple[str, Shape]) -> str:
    name, goal = target[0], site.letters.shape(target[1])
    if variant.kind == "entrywise":
        return f"`{name}` should have shape {goal}, which a product entry by entry, *, would give: `{variant.written}`."
    others = _other_vector_products(site, variant.node) if variant.kind == "outer" else []
    if others:
        listed = " and ".join(f"`{ast.unparse(one)}`" for one in others)
        return (
            f"Two vectors: an outer product, `{variant.written}`, would have shape {goal}, which is that of `{name}`; "
            f"{listed} on this line {'multiplies' if len(others) == 1 else 'multiply'} two vectors, too, and should be "
            f"{'an outer product' if len(others) == 1 else 'outer products'} as well."
        )
    if variant.kind == "outer":
        return (
            f"Two vectors: with an outer product, `{variant.written}`, `{name}` would have shape {goal}, as it should."
        )
    if variant.kind == "relative":
        return f"`{name}` should have shape {goal}; with `{variant.about}`, `{variant.written}`, it would."
    if site.shape(variant.node) == target[1]:
        return f"`{variant.written}` has shape {goal}, which is that of `{name}`."
    return f"With `{variant.written}`, `{name}` would have the shape that it should, {goal}."


def _other_vector_products(site: Site, outer: ast.expr) -> list[ast.expr]:
    """List the other products of two vectors among the terms of what a line sets, which fail, or give a number, too."""
    if not isinstance(outer, ast.Call):
        return []
    here, found = {ast.unparse(one) for one in outer.args}, []
    for node in remedies.terms(site.value):
        factors = factors_of(node)
        shapes = [site.shape(one) for one in factors or ()]
        plain = {ast.unparse(one.value if _is_turned(one) else one) for one in factors or ()}
        if len(shapes) == 2 and all(shape is not None and len(shape) == 1 for shape in shapes) and plain != here:
            found.append(node)
    return found


def _is_turned(node: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _sized(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Say of flattened maps how large they should be, and which padding keeps their size."""
    maps = left.args[0] if isinstance(left, ast.Call) and len(left.args) == 1 else None
    shape = site.shape(maps) if maps is not None else None
    if maps is None or not shape or len(shape) != 4 or count(shape[1:]) != a[1] or not shape[1] or b[0] % shape[1]:
        return ""
    said = (
        f"{text(maps)} is {shape}: each of its {shape[1]} channels has {shape[2]} x {shape[3]} entries, and should "
        f"have {b[0] // shape[1]}, if {text(right)} is right."
    )
    origin = site.origin(maps.id) if isinstance(maps, ast.Name) else None
    padded = re.search(r"conv2d\(\w+, (\w+),.*padding=(\d+)", origin[1]) if origin else None
    kernel = site.known.get(padded[1], ()) if padded else ()
    if origin is None or padded is None or len(kernel) != 4 or kernel[2] != kernel[3] or kernel[2] % 2 == 0:
        return said
    keeps = kernel[2] // 2
    if str(keeps) == padded[2]:
        return said
    return (
        f'{said} Line {origin[0]}, "{origin[1]}", pads by {padded[2]}; with `{padded[1]}`, {kernel[2]} x {kernel[3]}, '
        f"padding={keeps} would keep height and width."
    )


def _einsum(site: Site, match: re.Match[str]) -> str:
    """Explain an einsum whose letters do not fit the shapes."""
    for node in site.find(ast.Call):
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "einsum" and node.args):
            continue
        subscripts = node.args[0]
        if not (isinstance(subscripts, ast.Constant) and isinstance(subscripts.value, str)):
            continue
        parts = subscripts.value.replace(" ", "").partition("->")[0].split(",")
        seen: dict[str, tuple[int, ast.expr]] = {}
        for part, operand in zip(parts, node.args[1:], strict=False):
            shape = site.shape(operand)
            if shape is None:
                return ""
            if len(part) != len(shape) and "." not in part:
                return (
                    f"{text(operand)} is {site.letters.shape(shape)}, but `{part}` has {len(part)} "
                    f"{'letter' if len(part) == 1 else 'letters'}; there should be one for each axis."
                )
            for letter, size in zip(part, shape, strict=False):
                known, other = seen.setdefault(letter, (size, operand))
                if size not in (known, 1) and known != 1:
                    return (
                        f"In `{subscripts.value}`, {letter} stands for an axis of {text(other)} of size "
                        f"{site.letters.size(known)} and for one of {text(operand)} of size {site.letters.size(size)}; "
                        "a letter should stand for one size."
                    )
    return ""


def _of_tensors(site: Site, match: re.Match[str]) -> str:
    """Explain a product in PyTorch, whose message has the shapes of both factors."""
    a, b = ((int(match[k]), int(match[k + 1])) for k in (1, 3))
    node = site.failing
    pair = factors_of(node) if node else None
    factors = [_as_factor(site, pair[k] if pair else None, shape, k) for k, shape in enumerate((a, b))]
    said = (
        f"{factors[0]} and {factors[1]}: in a product the last axis of the first factor should be as long "
        f"as the first axis of the second, but {match[2]} is not {match[3]}."
    )
    if not site.advises:
        return said
    if pair is None:
        return f"{said} {_images_as_rows(site, a, b)}".strip()
    whole = site.shape(pair[0]) or a
    in_one = _whole_minibatch(site, pair[0], whole, b)
    if in_one:
        return f"{said} {in_one}"
    if len(whole) > 2:
        return f"{said} {_flattened(site, pair[0], whole, pair[1], b)}".strip()
    remedy = ""
    if site.shape(pair[0]) is not None:  # of an array that may have more axes, nobody knows what would fit
        remedy = _variant(site, pair[0], a, pair[1], b) or _transposed(site, pair[0], a, pair[1], b)
    sized = remedy or " ".join(filter(None, (_sized(site, pair[0], a, pair[1], b), fourth_argument(site))))
    return f"{said} {sized}".strip()


def _as_factor(site: Site, node: ast.expr | None, told: Shape, index: int) -> str:
    """Say which matrix a factor is taken as; PyTorch's message does not tell whether it has more axes than two."""
    if node is None:
        return f"{('The first factor', 'the second')[index]} is {told}"
    known = site.shape(node)
    if known == told:
        return f"{text(node)} is {told}"
    return f"{text(node)} is {f'{known}, ' if known else ''}taken as {told}"


def _images_as_rows(site: Site, a: Shape, b: Shape) -> str:
    """Say that images should be flattened, where all their numbers would be as many rows as there are images."""
    images = next((site.inputs[name] for name in ("x", "X") if name in site.inputs), None)
    if not isinstance(images, np.ndarray) or images.ndim != 4:
        return ""
    if len(images) == a[0]:
        return (
            f"Each image comes to this layer with {a[1]} numbers, and the layer takes {b[0]}: either it is given the "
            "output of another layer than the one before it, or it is created for another number, or what stands "
            "before it changes the size of the images, as a convolution does that is not padded so as to keep it."
        )
    if count(a) != len(images) * b[0]:
        return ""
    rows = (len(images), b[0])
    return (
        f"The first factor holds {count(a)} numbers, {b[0]} for each of the {rows[0]} images: every image should be "
        f"flattened to one row before this layer, which gives {rows}."
    )


def _no_matrix(site: Site, match: re.Match[str]) -> str:
    """Explain ``x.mm(w)`` in PyTorch with an x of more axes than two."""
    pair = factors_of(site.failing) if site.failing else None
    shapes = [site.shape(one) for one in pair] if pair else []
    if pair is not None and shapes[0] is not None and len(shapes[0]) > 2:
        rows = (shapes[0][0], count(shapes[0][1:]))
        return (
            f"{text(pair[0])} is {shapes[0]}, with {len(shapes[0])} axes; a matrix product needs two. Each example "
            f"should be one row first: that gives {rows}."
        )
    if pair is None or shapes[0] is None or shapes[1] is None or len(shapes[0]) == len(shapes[1]) == 2:
        return ""
    odd = next(k for k in (0, 1) if len(shapes[k] or ()) != 2)
    shape = shapes[odd] or ()
    said = f"{text(pair[odd])} is {shape}, with {len(shape)} axes; a matrix product needs two."
    return f"{said} {_flattened(site, pair[0], shapes[0], pair[1], shapes[1])}".strip()


def _of_output(site: Site, match: re.Match[str]) -> str:
    """Explain an output in PyTorch whose shape is not that of its upstream gradient."""
    if not site.in_program:  # the gradient is the student's, and may be what is wrong
        return ""
    wanted, given = (f"({match[k]}{',' if ',' not in match[k] else ''})" for k in (1, 2))
    return f"The output has shape {given}; it should have shape {wanted}."


def _factors(site: Site) -> tuple[tuple[ast.expr, Shape], tuple[ast.expr, Shape]] | None:
    """Find the product that failed, and its factors with their shapes."""
    stated = re.search(r"shapes (\([\d, ]*\)) and (\([\d, ]*\)) not aligned", site.crash.message)
    failing = [site.failing] if site.failing and factors_of(site.failing) else []
    for node in failing or (*site.find(ast.BinOp), *site.find(ast.Call)):
        pair = factors_of(node)
        if pair is None:
            continue
        shapes = [site.shape(one) for one in pair]
        if stated:
            told = [tuple(map(int, re.findall(r"\d+", stated[k]))) for k in (1, 2)]
            if any(known not in (None, shape) for known, shape in zip(shapes, told, strict=True)):
                continue
            return (pair[0], told[0]), (pair[1], told[1])
        if shapes[0] is not None and shapes[1] is not None:
            return (pair[0], shapes[0]), (pair[1], shapes[1])
    return None


def _whole_minibatch(site: Site, left: ast.expr, a: Shape, b: Shape) -> str:
    """Say that each example should be a row of its own, where the whole minibatch is a single vector."""
    data = next((site.inputs[name] for name in ("x", "X") if name in site.inputs), None)
    if len(a) != 1 or not isinstance(data, np.ndarray) or data.ndim < 2 or len(data) < 2:
        return ""
    if data.size != a[0] or len(b) != 2 or data.size != len(data) * b[0]:
        return ""
    rows = site.letters.shape((len(data), b[0]))
    return f"{text(left)} holds the whole minibatch in one vector; each example should be a row of its own, {rows}."


def _flattened(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Say that examples with several axes should be rows, where they would fit then."""
    if len(a) < 3 or len(b) != 2 or count(a[1:]) not in b:
        return ""
    rows = site.letters.shape((a[0], count(a[1:])))
    said = f"Each example in {text(left)} should be one row first: that gives {rows}."
    if count(a[1:]) == b[0]:
        return said
    return f"{said} {text(right)} should then be transposed, to {site.letters.shape(b[::-1])}."


def _transposed(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Name the one product of the two factors that fits what the line computes, where it is certain."""
    fitting = list(_fitting(left, a, right, b))
    for other in site.others:
        first, second = other.shape(left), other.shape(right)
        if first is not None and second is not None:
            elsewhere = {written for written, _ in _fitting(left, first, right, second)}
            fitting = [one for one in fitting if one[0] in elsewhere]
    if site.target:
        name, goal = site.target
        exact = [(written, shape) for written, shape in fitting if shape == goal]
        flat = [(written, shape) for written, shape in fitting if count(shape) == count(goal) and shape[:1] == goal[:1]]
        if len(exact) == 1:
            return f"`{exact[0][0]}` has shape {site.letters.shape(exact[0][1])}, which is that of `{name}`."
        if not exact and len(flat) == 1:
            return (
                f"`{flat[0][0]}` has shape {site.letters.shape(flat[0][1])}, as many numbers as `{name}` has, "
                f"whose shape should be {goal}."
            )
        return ""
    if site.to_be_reshaped:
        name, goal = site.to_be_reshaped
        flat = [(written, shape) for written, shape in fitting if count(shape) == count(goal) and shape[:1] == goal[:1]]
        if len(flat) == 1:
            return (
                f"`{flat[0][0]}` has shape {site.letters.shape(flat[0][1])}, as many numbers as `{name}` should have."
            )
    in_order = [one for one in fitting if one[0] in _in_order(left, right)]
    if len(in_order) != 1:
        return ""
    return f"`{in_order[0][0]}` would fit, and give {site.letters.shape(in_order[0][1])}."


def _in_order(left: ast.expr, right: ast.expr) -> set[str]:
    """The products of the factors in their own order."""
    return {f"{_written(left, one)} @ {_written(right, other)}" for one in (False, True) for other in (False, True)}


def _fitting(left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> Iterator[tuple[str, Shape]]:
    """Yield the products of two matrices, each as it is or transposed, that exist; in their own order first."""
    if not (len(a) == len(b) == 2):
        return
    for (one, shape), (other, shape_of_other) in (((left, a), (right, b)), ((right, b), (left, a))):
        for turned, turned_other in ((False, False), (False, True), (True, False), (True, True)):
            factors = (shape[::-1] if turned else shape, shape_of_other[::-1] if turned_other else shape_of_other)
            if factors[0][1] == factors[1][0]:
                yield f"{_written(one, turned)} @ {_written(other, turned_other)}", product(*factors)


def _written(node: ast.expr, turned: bool) -> str:
    """Write a factor, or its transpose; that of ``x.T`` is x."""
    if turned and isinstance(node, ast.Attribute) and node.attr == "T":
        return ast.unparse(node.value)
    written = ast.unparse(node)
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
        written = f"({written})"
    return f"{written}.T" if turned else written


EXPLANATIONS = (
    (r"ValueError: (?:operands could not be broadcast.*remapped|.*operand|.*einst)", _einsum),
    (r"ValueError: matmul: Input operand 1 has a mismatch", _explain),
    (
        r"RuntimeError: Mismatch in shape: grad_output.*?Size\(\[([\d, ]+)\]\) and output.*?Size\(\[([\d, ]+)\]\)",
        _of_output,
    ),
    (r"RuntimeError: mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", _of_tensors),
    (r"RuntimeError: (?:self|mat2|input) must be a matrix", _no_matrix),
    (r"ValueError: shapes \([\d, ]*\) and \([\d, ]*\) not aligned", _explain),
)
