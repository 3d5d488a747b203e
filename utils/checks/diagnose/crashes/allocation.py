"""Explain shapes that do not go together because an output was created with the shape of another array."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from .expressions import text
from .shapes import Shape
from .site import Site

CREATES = re.compile(r"\b(?:zeros|ones|empty|full|eye|identity)(?:_like)?\(")


def wrongly_allocated(site: Site, operands: Sequence[ast.expr], shapes: Sequence[Shape]) -> str:
    """Say that an operand is an output of the exercise, or a part of one, that has the wrong shape.

    A larger array may be meant, such as a gradient with its padding, so something has to tell that it is not: with the
    right shape it would go with the other operand, or it is too small along some axis.

    Parameters
    ----------
    site : Site
    operands : sequence of ast.expr
        The operands of the operation that raised.
    shapes : sequence of tuple of int
        Their shapes.

    Returns
    -------
    str
        One sentence; ``""`` where no operand is such an output.
    """
    for node, other in zip(operands, (*shapes[1:], None), strict=True):
        base: ast.expr = node
        while isinstance(base, ast.Subscript):
            base = base.value
        if not isinstance(base, ast.Name) or not site.in_entered:
            continue
        own, goal = site.known.get(base.id), site.outputs.get(base.id)
        if own is None or goal is None or own == goal:
            continue
        too_small = len(own) != len(goal) or any(one < right for one, right in zip(own, goal, strict=True))
        if not too_small and (other is None or site.shape_if(node, base.id, goal) != other):
            continue
        origin = site.origin(base.id)
        # A name may hold something on the way to the output, and what is created be reshaped before it is returned.
        is_created = origin is not None and CREATES.search(origin[1]) and base.id not in site.again
        if origin is None or not (is_created or site.is_final(base.id)):
            continue
        return f'{text(base)} should have shape {goal}, but line {origin[0]}, "{origin[1]}", gives it {own}.'
    return ""


def created_otherwise(site: Site, left: ast.expr, a: Shape, right: ast.expr, b: Shape) -> str:
    """Show the line that creates one of two operands, which differ in one axis; ``""`` where it is not known."""
    axes = [axis for axis, (one, other) in enumerate(zip(a, b, strict=False)) if one != other]
    if len(a) != len(b) or len(axes) != 1:
        return ""
    for node, own, other, goal in ((left, a, right, b), (right, b, left, a)):
        origin = site.origin(node.id) if isinstance(node, ast.Name) else None
        if origin and CREATES.search(origin[1]):
            return (
                f'Line {origin[0]}, "{origin[1]}", gives {text(node)} {own[axes[0]]} entries along axis {axes[0]}, '
                f"where {text(other)} has {goal[axes[0]]}."
            )
    return ""
