"""Find what a function computes and never uses: a layer whose output the next one does not get."""

from __future__ import annotations

import ast


def unused_results(function: ast.FunctionDef) -> list[tuple[str, int]]:
    """List variables that get the result of a call or a formula and are never read.

    Of several values that one call returns, only the first counts, since the others may well be superfluous. So may the
    first value of a backward function: the gradient in the input of a whole net is not needed.

    Parameters
    ----------
    function : ast.FunctionDef

    Returns
    -------
    list of (str, int)
        Each name, with the line on which it gets its last value, in the order of these lines.

    Examples
    --------
    >>> text = "def f(x):\\n    out, cache = relu(x)\\n    y = 2 * x\\n    n, d = x.shape\\n    return x"
    >>> unused_results(ast.parse(text).body[0])
    [('out', 2), ('y', 3)]
    """
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    read = {node.id for node in names if not isinstance(node.ctx, ast.Store)}
    read |= {name for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    # A name that is added to is kept up to date on purpose, and `locals()` reads them all.
    read |= {
        node.target.id
        for node in ast.walk(function)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    if read & {"locals", "vars", "eval", "exec"}:
        return []
    last: dict[str, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.BinOp):
            if isinstance(node.value, ast.Call) and "backward" in ast.unparse(node.value.func):
                continue
            for target in node.targets:
                first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
                if isinstance(first, ast.Name) and first.id not in read and not first.id.startswith("_"):
                    last[first.id] = max(node.lineno, last.get(first.id, 0))
    return sorted(last.items(), key=lambda item: item[1])
