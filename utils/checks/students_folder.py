"""Reach `utils.workspace`, which looks after a student's folder, where a check runs in one.

It is imported by its name when it is needed: the grader judges by the same rules as a check, but in no such folder, and
an answer that it has kept does not depend on that code.
"""

import importlib
from typing import Any


def part(name: str) -> Any:
    """Import a module of `utils.workspace`."""
    return importlib.import_module(f"utils.workspace.{name}")
