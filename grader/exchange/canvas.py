"""List the attempts in Canvas's download of an assignment's submissions.

Each file is called ``<name>[_LATE]_<user>_<file>_<the student's name for it>``, where the name is the sortable one in
small letters without anything but letters and digits. Only the newest attempt of each student is in the download, and
no times are. A file that was handed in again has a number at the end of its own name, such as ``hw1-2.zip``; `packing`
takes it off where the assignment has a file of that name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..submission.tree import Tree
from .attempts import Attempt, Person
from .tables import shown

_FILE: Final = re.compile(r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>\d+)_(?P<own>[^/]+)")
_ANONYMOUS: Final = re.compile(r"(?P<late>LATE_)?(?P<name>anon)_(?P<user>[A-Za-z0-9]+)_(?P<file>\d+)_(?P<own>[^/]+)")
_NO_FILE: Final = re.compile(r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<what>text|link)\.html")


def recognises(names: Sequence[str]) -> bool:
    """Whether at least half of these files are called as Canvas calls them."""
    known = sum(bool(_match(name) or _NO_FILE.fullmatch(name)) for name in names)
    return 0 < len(names) <= 2 * known


def attempts(tree: Tree, names: Sequence[str], assignment: str) -> list[Attempt]:
    """List the attempts in a download."""
    files: dict[str, dict[str, str]] = {}
    newest: dict[str, re.Match[str]] = {}
    notes: dict[str, list[str]] = {}
    uploaded = [found for name in names if (found := _match(name))]
    for found in sorted(uploaded, key=lambda each: int(each["file"])):  # of two with one name, the newer one counts
        files.setdefault(found["user"], {})[found["own"]] = found.string
        newest[found["user"]] = found
    for found in filter(None, map(_NO_FILE.fullmatch, names)):
        files.setdefault(found["user"], {})
        newest.setdefault(found["user"], found)
        notes.setdefault(found["user"], []).append(f"a {found['what']} was handed in, which holds no files")
    return [_attempt(newest[user], files[user], notes.get(user, ())) for user in files]


def _match(name: str) -> re.Match[str] | None:
    return _ANONYMOUS.fullmatch(name) or _FILE.fullmatch(name)


def _attempt(found: re.Match[str], files: dict[str, str], notes: Sequence[str]) -> Attempt:
    anonymous = found["name"] == "anon" and not found["user"].isdigit()
    person = Person(name=found["name"], canvas="" if anonymous else found["user"])
    if anonymous:
        person = Person(name=f"anonymous {shown(found['user'])}")
    number = found.groupdict().get("file", "")
    return Attempt(
        (person,),
        files,
        late=bool(found["late"]),
        order=int(number or 0),
        label="_".join((found["name"], found["user"], number)) if number else "",
        notes=tuple(notes),
    )
