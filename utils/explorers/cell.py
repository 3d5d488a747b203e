"""A cell for a notebook that shows what an explorer shows now."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any


def cell(kind: str, things: Mapping[str, Any], code: str, package: str = "nndl") -> str:
    """The lines to paste.

    Parameters
    ----------
    kind : str
        The explorer's class: ``"WeightScaleExplorer"``.
    things : mapping of str to object
        What it runs: modules and classes of the student's package, in the order of its arguments; None for nothing.
    code : str
        The state.
    package : str, default "nndl"
        What a student's package is called, whatever runs here.
    """
    imports, given = [], []
    for thing in things.values():
        if thing is None:
            continue
        if isinstance(thing, ModuleType):
            name = thing.__name__.rpartition(".")[2]
            imports.append(f"from {package} import {name}")
        else:
            name = thing.__name__
            imports.append(f"from {package}.{thing.__module__.rpartition('.')[2]} import {name}")
        given.append(name)
    arguments = ", ".join((*given, f'state="{code}"'))
    return "\n".join((*imports, f"from utils.explorers import {kind}", "", f"{kind}({arguments})"))
