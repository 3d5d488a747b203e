"""List the attempts in the folder ``inbound`` of nbgrader's exchange.

Each attempt has a folder ``<student>+<assignment>+<time>``, with a random part after another ``+`` in newer versions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..submission.tree import Tree
from .attempts import Attempt, Person
from .times import parsed

_FOLDER: Final = re.compile(
    r"(?P<student>[^/+]+)\+(?P<assignment>[^/+]+)\+(?P<time>\d{4}-\d\d-\d\d [^/+]*?)(\+[^/+]*)?"
)


def recognises(names: Sequence[str]) -> bool:
    """Whether at least half of these files lie in folders that are called as nbgrader calls them."""
    known = sum(bool(_FOLDER.fullmatch(name.partition("/")[0])) for name in names)
    return 0 < len(names) <= 2 * known


def attempts(tree: Tree, names: Sequence[str], assignment: str) -> list[Attempt]:
    """List the attempts of an assignment; those of others are in the same folder."""
    files: dict[str, dict[str, str]] = {}
    for name in names:
        folder, _, below = name.partition("/")
        found = _FOLDER.fullmatch(folder)
        if below and found and found["assignment"] == assignment:
            files.setdefault(folder, {})
            if below != "timestamp.txt":  # the name of the folder has the time, too
                files[folder][below] = name
    result = []
    for folder, own in files.items():
        found = _FOLDER.fullmatch(folder)
        assert found
        time = parsed(found["time"], None)
        result.append(Attempt((Person(student=found["student"]),), own, time, label=folder))
    return result
