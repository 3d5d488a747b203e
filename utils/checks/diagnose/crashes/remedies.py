"""Find what an operation that raised could be instead: the variant of it that gives the shape of what the line sets."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .expressions import parsed_expression, replaced
from .shapes import Shape
from .site import Site


class Variant(NamedTuple):
    """Another form of an operation.

    Attributes
    ----------
    kind : str
        ``"turned"``, ``"entrywise"``, ``"outer"``, ``"product"`` or ``"relative"``.
    node : ast.expr
        The operation.
    about : str
        The operand that is another one: ``"W2"`` for a relative; the transposed operand where a single one is.
    """

    kind: str
    node: ast.expr
    about: str = ""

    @property
    def written(self) -> str:
        """Its text."""
        return ast.unparse(self.node)


def of_product(site: Site, node: ast.expr, left: ast.expr, right: ast.expr) -> list[Variant]:
    """List the variants of a matrix product that give the shape of what the line sets.

    Parameters
    ----------
    site : Site
    node : ast.expr
        The product.
    left, right : ast.expr
        Its factors.

    Returns
    -------
    list of Variant
        Empty where it is not certain what the line sets.
    """
    return _fitting(site, node, (left, right), [*_turned_products(site, left, right), *_relatives(site, node)])


def of_arithmetic(site: Site, node: ast.expr, left: ast.expr, right: ast.expr) -> list[Variant]:
    """List the variants of an operation entry by entry that give the shape of what the line sets."""
    variants = [
        Variant("turned", replaced(node, one, turned(one)), ast.unparse(one))
        for one in (left, right)
        if len(site.shape(one) or ()) == 2
    ]
    if len(site.shape(left) or ()) == len(site.shape(right) or ()) == 1 and multiplies(node):
        variants += [one for one in _turned_products(site, left, right) if one.kind == "outer"]
    if len(site.shape(left) or ()) == len(site.shape(right) or ()) == 2 and multiplies(node):
        variants.append(Variant("product", replaced(node, node, ast.BinOp(left, ast.MatMult(), right))))
    return _fitting(site, node, (left, right), [*variants, *_relatives(site, node)])


def multiplies(node: ast.expr) -> bool:
    """Whether an operation multiplies entry by entry."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mult)
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "np.multiply"


def others_with_shape(site: Site, node: ast.expr, goal: Shape) -> list[tuple[str, str]]:
    """List the pairs of a name in an expression and one in scope with which the expression has a shape."""
    found: list[tuple[str, str]] = []
    if isinstance(node, ast.Name):
        return found
    names = sorted({part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & set(site.known))
    for name in names:
        for other in site.known:
            if other.isidentifier() and other != name and site.known[other] != site.known[name]:
                instead = replaced(node, ast.Name(name), ast.Name(other))
                if site.shape(instead) == goal and all(
                    _may_have_shape(one, instead, wrong=node) for one in site.others
                ):
                    found.append((name, other))
    return found


def products_that_fit(site: Site, node: ast.expr, left: ast.expr, right: ast.expr) -> list[Variant]:
    """List the products of the factors, turned or not, with which the whole line can be computed."""
    variants = (one for one in _turned_products(site, left, right) if one.kind == "turned")
    return [
        one
        for one in variants
        if all(known.shape_with(node, one.node) is not None for known in _knowing(site, (left, right)))
    ]


def relatives_that_fit(site: Site, node: ast.expr) -> list[Variant]:
    """List the variants with an operand whose name differs by its digits, which can be computed at all."""
    return [
        one
        for one in _relatives(site, node)
        if all(known.shape(one.node) is not None for known in _knowing(site, (parsed_expression(one.about),)))
    ]


def turned(node: ast.expr) -> ast.expr:
    """Write the transpose of an expression: that of ``x.T`` is x, that of ``np.outer(a, b)`` is ``np.outer(b, a)``."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.outer" and len(node.args) == 2:
        return ast.Call(node.func, [node.args[1], node.args[0]], [])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return ast.BinOp(turned(node.right), ast.MatMult(), turned(node.left))
    return ast.Attribute(node, "T", ast.Load())


def _fitting(site: Site, node: ast.expr, operands: tuple[ast.expr, ast.expr], variants: list[Variant]) -> list[Variant]:
    """Keep the variants with which the line gives the shape that it should, in every case in which it crashed."""
    if not site.target:
        return []
    is_term = any(ast.dump(part) == ast.dump(node) for part in terms(site.value))
    found: dict[str, Variant] = {}
    for one in variants:
        asked = operands if one.kind != "relative" else (*operands, parsed_expression(one.about))
        for known in _knowing(site, asked):
            goal = known.target[1] if known.target else None
            if goal not in (known.shape_with(node, one.node), known.shape(one.node) if is_term else None):
                break
        else:
            found.setdefault(one.written, one)
    return list(found.values())


def _knowing(site: Site, operands: Iterable[ast.expr | None]) -> Iterator[Site]:
    """Yield the case itself, and the others in which the shapes of these operands are known."""
    asked = [one for one in operands if one is not None]
    yield site
    knowing = (one for one in site.others if all(one.shape(operand) is not None for operand in asked))
    yield from (one for one in knowing if one.target or not site.target)


def _may_have_shape(site: Site, node: ast.expr, wrong: ast.expr) -> bool:
    """Whether an expression has the shape in another case that the line should give there, as far as it is known."""
    if site.target is None or site.shape(wrong) is None:
        return True
    return site.shape(node) == site.target[1]


def terms(node: ast.expr | None) -> Iterator[ast.expr]:
    """Yield an expression and the terms of its sums, which have its shape."""
    if node is not None:
        yield node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from terms(node.left)
        yield from terms(node.right)


def _turned_products(site: Site, left: ast.expr, right: ast.expr) -> Iterator[Variant]:
    a, b = site.shape(left), site.shape(right)
    if a is None or b is None:
        return
    if len(a) == len(b) == 1 and site.imports("np"):
        plain = [_without_turn(one) for one in (left, right)]
        for one, other in (plain, plain[::-1]):
            yield Variant("outer", ast.Call(ast.parse("np.outer", mode="eval").body, [one, other], []))
    if (len(a) > 1 or len(b) > 1) and all(p == q for p, q in zip(a[::-1], b[::-1], strict=False)):
        yield Variant("entrywise", ast.BinOp(left, ast.Mult(), right))
    if (len(a), len(b)) == (2, 1):
        yield Variant("turned", ast.BinOp(turned(left), ast.MatMult(), right))
    if (len(a), len(b)) == (1, 2):
        yield Variant("turned", ast.BinOp(left, ast.MatMult(), turned(right)))
    if len(a) == len(b) == 2:
        for one, other in ((left, right), (right, left)):
            for first in (one, turned(one)):
                for second in (other, turned(other)):
                    yield Variant("turned", ast.BinOp(first, ast.MatMult(), second))


def _without_turn(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else node


def _relatives(site: Site, node: ast.expr) -> Iterator[Variant]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Subscript | ast.Attribute) and ast.unparse(part) in site.known:
            for name in site.relatives(ast.unparse(part)):
                instead = parsed_expression(name)
                if instead is not None:
                    yield Variant("relative", replaced(node, part, instead), name)
