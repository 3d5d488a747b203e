"""Say what else is wrong where code crashes: entries of a dict of outputs that have another shape than they should."""

from __future__ import annotations

import re

from .site import Site

MOST = 2


def describe_beside(site: Site) -> str:
    """Describe entries such as ``grads["W1"]`` that already have a value, of a shape that is not the right one.

    Parameters
    ----------
    site : Site

    Returns
    -------
    str
        One sentence; ``""`` where all of them have the right shape.
    """
    scope = site.scope if site.in_entered else site.callers_scope
    wrong = []
    for name, shape in scope.items():
        entry = re.fullmatch(r"(?:self\.)?(\w+)\['(\w+)'\]", name)
        goal = site.outputs.get(f"{entry[1]}.{entry[2]}") if entry else None
        if goal is not None and goal != shape:
            wrong.append(f"`{name}` has shape {shape} at that point, and should have {goal} in the end")
    return f"Beside that, {' and '.join(wrong[:MOST])}." if wrong else ""
