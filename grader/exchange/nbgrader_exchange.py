"""List the attempts in the folder ``inbound`` of nbgrader's exchange.

Each attempt has a folder ``<student>+<assignment>+<time>``, with a random part after another ``+`` in newer versions.
All students can write to ``inbound``, so a folder counts only if it belongs to the student whom it names, or to whoever
collects.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..submission.tree import Tree
from .attempts import Attempt, Person
from .tables import shown
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


def checked(attempts: Iterable[Attempt], inbound: Path) -> list[Attempt]:
    """Refuse attempts whose folder belongs to another user than the student.

    Parameters
    ----------
    attempts : iterable of Attempt
    inbound : Path
        The folder that they are in.
    """
    result = []
    for attempt in attempts:
        owner = _owner(inbound / attempt.label)
        (person,) = attempt.people
        own = owner in ("", person.student) or owner == _name_of(os.geteuid())
        refused = "" if own else f"did not hand this in: the folder belongs to {shown(owner)}"
        result.append(replace(attempt, refused=refused))
    return result


def _owner(folder: Path) -> str:
    """Return the name of the user to whom a folder belongs; ``""`` if it has none here."""
    try:
        return _name_of(folder.lstat().st_uid)
    except OSError:
        return ""


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return ""
