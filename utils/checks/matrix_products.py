"""Read matrix products in programs, however they are written."""

from __future__ import annotations

import ast

_LIBRARIES = ("np", "numpy", "torch")


def factors_of(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    """Return the two factors of a matrix product: of ``a @ b``, ``np.dot(a, b)``, ``torch.mm(a, b)``, ``a.dot(b)``.

    Parameters
    ----------
    node : ast.AST

    Returns
    -------
    tuple of two ast.expr, or None
        None where the node is no matrix product.
    """
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if not (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("dot", "matmul", "mm")
    ):
        return None
    if len(node.args) == 2:
        return node.args[0], node.args[1]
    if len(node.args) == 1 and ast.unparse(node.func.value) not in _LIBRARIES:
        return node.func.value, node.args[0]
    return None
