"""Open a download, a zip or a folder, and find out which system it is from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import UnusableInput
from ..submission.archive_members import DAMAGED, library_message
from ..submission.folder import Folder
from ..submission.submission import SYSTEM_FILES
from ..submission.tree import Tree, printable
from ..submission.zips import Zip
from . import canvas, gradescope, moodle, nbgrader_exchange, repositories
from .attempts import Attempt

_MOST_ENTRIES: Final = 200_000
_MOST_DEPTH: Final = 12  # a submission's own folders, in a student's, in a download's
_LARGEST_DIRECTORY: Final = 64 << 20
_LONGEST_NAME: Final = 1000  # no file system has longer ones, and patterns take quadratic time for them
_IGNORED: Final = re.compile(rf"(^|/)({'|'.join(map(re.escape, SYSTEM_FILES))}|\._[^/]*)(/|$)")


class System(NamedTuple):
    """A system that submissions are downloaded from.

    Attributes
    ----------
    name : str
        Its name for people.
    recognises : callable
        Whether files with these names are a download of it.
    attempts : callable
        Lists the attempts in an open download, given the names of its files.
    """

    name: str
    recognises: Callable[[Sequence[str]], bool]
    attempts: Callable[[Tree, Sequence[str], str], list[Attempt]]


SYSTEMS: Final = {  # in the order in which they are tried
    "gradescope": System("Gradescope", gradescope.recognises, gradescope.attempts),
    "moodle": System("Moodle", moodle.recognises, moodle.attempts),
    "canvas": System("Canvas", canvas.recognises, canvas.attempts),
    "nbgrader": System("nbgrader's exchange", nbgrader_exchange.recognises, nbgrader_exchange.attempts),
    "github": System("GitHub", repositories.recognises, repositories.attempts),
}


class Download:
    """An open download. Use it as a context manager.

    Parameters
    ----------
    path : Path
        A zip as a system gives it, or a folder with what was in one.
    assignment : str
        The name of the assignment.
    kind : str, default "auto"
        The key of a system in `SYSTEMS`, or ``"auto"``.

    Attributes
    ----------
    system : str
        The key of the system that it is from.
    tree : Tree
        Its entries.
    attempts : list of Attempt
        All attempts in it.

    Raises
    ------
    UnusableInput
        When the path cannot be opened, or it is not known which system it is from.
    """

    def __init__(self, path: Path, assignment: str, kind: str = "auto") -> None:
        if kind not in ("auto", *SYSTEMS):
            raise UnusableInput(f'There is no system called "{printable(kind)}"; there are auto, {", ".join(SYSTEMS)}.')
        self.path = path
        self.tree = _open(path)
        try:
            names = [entry.name for entry in self.tree.entries if entry.kind == "file"]
            names = [name for name in names if len(name) <= _LONGEST_NAME and not _IGNORED.search(name)]
            self.system, names, top = _recognised(path, names, kind)
            if top:
                self.tree = _Below(self.tree, top)
            self.attempts = SYSTEMS[self.system].attempts(self.tree, names, assignment)
            if self.system == "nbgrader" and path.is_dir():
                self.attempts = nbgrader_exchange.checked(self.attempts, path / top)
        except BaseException:
            self.tree.close()
            raise

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *_: object) -> None:
        self.tree.close()


class _Below:
    """The part of a tree below a folder, as a tree."""

    def __init__(self, tree: Tree, top: str) -> None:
        self._tree, self._top = tree, top
        self.entries, self.remarks, self.failed = tree.entries, tree.remarks, tree.failed

    def read(self, name: str, cap: int) -> bytes:
        return self._tree.read(f"{self._top}{name}", cap)

    def close(self) -> None:
        self._tree.close()


def _open(path: Path) -> Tree:
    if path.is_dir():
        return Folder(str(path), most_entries=_MOST_ENTRIES, most_depth=_MOST_DEPTH, skipped=SYSTEM_FILES)
    try:
        # O_NONBLOCK: opening a named pipe that nobody writes to must not wait for ever.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise UnusableInput(f"{path} cannot be opened ({error.strerror}); name a download.") from None
    try:
        return Zip(file, most_entries=_MOST_ENTRIES, largest_directory=_LARGEST_DIRECTORY)
    except DAMAGED as error:
        file.close()
        raise UnusableInput(
            f"{path} is no zip that can be read ({library_message(error)}); download it again."
        ) from None


def _recognised(path: Path, names: Sequence[str], kind: str) -> tuple[str, list[str], str]:
    """Find out which system files are from; they may all lie in one more folder.

    Returns
    -------
    str
        The key of the system.
    list of str
        The names, below that folder.
    str
        The folder, with a slash at its end; ``""`` if there is none.
    """
    tops = {name.partition("/")[0] for name in names}
    layouts = [(list(names), "")]
    if len(tops) == 1 and all("/" in name for name in names):
        top = f"{tops.pop()}/"
        layouts.append(([name.removeprefix(top) for name in names], top))
    for system in SYSTEMS if kind == "auto" else (kind,):
        for layout, top in layouts:
            if layout and SYSTEMS[system].recognises(layout):
                return system, layout, top
    what = "of any system that is known here" if kind == "auto" else f"of {SYSTEMS[kind].name}"
    raise UnusableInput(
        f"{path} does not look like a download {what}: no file has a name as theirs have; "
        f"unpack nothing, or say with --from what it is ({', '.join(SYSTEMS)})."
    )
