"""List the attempts in a folder of repositories, as GitHub Classroom names them: ``<assignment>-<account>``.

A repository says no time that can be believed, because whoever makes a commit chooses its date; see `times`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ..submission.tree import Tree
from .attempts import Attempt, Person


def recognises(names: Sequence[str]) -> bool:
    """Whether all of these files lie in folders."""
    return all("/" in name for name in names)


def attempts(tree: Tree, names: Sequence[str], assignment: str) -> list[Attempt]:
    """List the attempts: a folder for each. What all names begin with, up to a hyphen, is the assignment."""
    files: dict[str, dict[str, str]] = {}
    for name in names:
        folder, _, below = name.partition("/")
        if below:
            files.setdefault(folder, {})[below] = name
    common = _common(list(files), assignment)
    return [Attempt((Person(github=folder.removeprefix(common)),), own, label=folder) for folder, own in files.items()]


def _common(folders: Sequence[str], assignment: str) -> str:
    """Return what stands before the account in all of these names: up to a hyphen, or nothing."""
    if all(folder.startswith(f"{assignment}-") for folder in folders):
        return f"{assignment}-"
    if len(folders) < 2:
        return ""
    pairs = zip(min(folders), max(folders), strict=False)  # what these two begin with, all begin with
    shared = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared[: shared.rfind("-") + 1]
