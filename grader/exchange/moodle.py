"""List the attempts in Moodle's download of all submissions of an assignment.

Each student has a folder ``<whole name>_<participant>_assignsubmission_file``, with an underscore at its end before
Moodle 4.1, or, where the download is not in folders, files whose names begin so. Groups may stand before the name, and
where marking is anonymous, the name is the word for participant. The download says no times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..submission.tree import Tree
from .attempts import Attempt, Person

_PLUGIN: Final = re.compile(r"(?P<name>[^/]*?)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)_?(?P<rest>.*)")


def recognises(names: Sequence[str]) -> bool:
    """Whether at least half of these files are called as Moodle calls them."""
    known = sum(bool(_PLUGIN.match(name.partition("/")[0])) for name in names)
    return 0 < len(names) <= 2 * known


def attempts(tree: Tree, names: Sequence[str], assignment: str) -> list[Attempt]:
    """List the attempts in a download."""
    files: dict[str, dict[str, str]] = {}
    people: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    for name in names:
        first, _, below = name.partition("/")
        found = _PLUGIN.fullmatch(first)
        if not found:
            continue
        participant = found["id"]
        people.setdefault(participant, found["name"])
        files.setdefault(participant, {})
        if found["plugin"] == "file":
            files[participant][below or found["rest"]] = name
        else:
            notes.setdefault(participant, []).append("a text was handed in, which holds no files")
    return [
        Attempt(
            (Person(name=people[participant], moodle=participant),),
            files[participant],
            label=f"{people[participant].replace('_', ' ')}_{participant}",
            notes=tuple(notes.get(participant, ())),
        )
        for participant in files
    ]
