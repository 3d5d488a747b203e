"""Read one submission: take the files that the assignment names, and describe in remarks what was left out."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from .archive import open_archive
from .folder import Folder
from .source import decode
from .tree import Entry, NotASubmission, Tree, Unreadable, printable

CAPS = {".py": 1 << 20, ".ipynb": 20 << 20, ".npz": 64 << 20, ".safetensors": 64 << 20}
"""The largest file that is taken, in bytes, by suffix. It is 1 MiB for any other suffix."""

_MOST_NAMES = 8  # in one sentence
_MOST_REMARKS = 40
_MOST_BESIDE = 40  # modules that are taken besides those of the assignment
SYSTEM_FILES = ("__MACOSX", ".DS_Store", "__pycache__", ".ipynb_checkpoints", ".git")
"""What operating systems, Python, Jupyter and Git add to a folder; it is never looked at."""

_SYSTEM_FILES = re.compile(rf"(^|/)({'|'.join(map(re.escape, SYSTEM_FILES))})(/|$)")


@dataclass(frozen=True)
class Submission:
    """The files that were taken from a submission.

    Attributes
    ----------
    files : dict of str to bytes
        Name → content, by the names that the assignment uses. Files that were not handed in, or could not be read, are
        missing here.
    remarks : tuple of str
        One sentence for each thing that was left out or taken under another name. File names in them are safe to print.
    beside : dict of str to bytes
        The other modules of the student's package, by name. They are not judged, but a file that is judged may call
        their functions: those of an earlier assignment, or helpers in a file of the student's own.
    complete : bool
        False where the machine could not read something, which it may be able to read the next time.
    """

    files: dict[str, bytes]
    remarks: tuple[str, ...]
    beside: dict[str, bytes] = field(default_factory=dict)
    complete: bool = True

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        files: Collection[str],
        given: Mapping[str, bytes | None] = MappingProxyType({}),
        never: Collection[str] = (),
    ) -> Submission:
        """Read a folder or an archive (zip, tar, tar.gz), with or without one folder around everything.

        Parameters
        ----------
        path : str or path-like
            The folder or archive.
        files : collection of str
            Relative paths of the files that the assignment takes: ``"pkg/layers.py"``, ``"first.ipynb"``.
        given : mapping of str to bytes or None, default {}
            Other files that students were given and may therefore hand in. There is a remark on one only where its
            content differs from these bytes, and then it is not taken; with None, never.
        never : collection of str, default ()
            Files that are not even read.

        Returns
        -------
        Submission
            Without any file where none of the assignment's files was found; a remark says so.

        Raises
        ------
        NotASubmission
            When the path does not exist, or is neither a folder nor an archive that can be read.
        """
        tree = _open(os.fspath(path))
        try:
            return _Reader(tree, files, given, never).submission()
        finally:
            tree.close()

    def text(self, name: str) -> str:
        """Decode a Python file of the submission.

        Parameters
        ----------
        name : str
            A key of `files` or of `beside`.

        Returns
        -------
        str
            Decoded as UTF-8, or as Windows-1252 where the file is not UTF-8, which `remarks` mentions. Lines end in
            ``\\n``.
        """
        return decode((self.beside | self.files)[name]).text

    @cached_property
    def digests(self) -> dict[str, bytes]:
        """The SHA-256 of the content of each file that was taken, by its name."""
        return {name: hashlib.sha256(data).digest() for name, data in (self.beside | self.files).items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the names and contents of the files that were taken, in hexadecimal."""
        summary = hashlib.sha256()
        for name, content in sorted(self.digests.items()):
            summary.update(len(name.encode()).to_bytes(8) + name.encode() + content)
        return summary.hexdigest()


def _open(path: str) -> Tree:
    if os.path.islink(path):
        raise NotASubmission(f"{printable(path)} is a symbolic link; name what it points to")
    if os.path.isdir(path):
        return Folder(path, skipped=SYSTEM_FILES)
    if not os.path.exists(path):
        raise NotASubmission(f"{printable(path)} does not exist")
    return open_archive(path)


class _Reader:
    """Find the files that an assignment takes in a tree, and collect the remarks."""

    def __init__(
        self, tree: Tree, files: Collection[str], given: Mapping[str, bytes | None], never: Collection[str]
    ) -> None:
        self._given, self._never = given, never
        self._tree = tree
        self._wanted = sorted(files)
        packages = {name.partition("/")[0] for name in files if name.endswith(".py")}
        self._package_files = {f"{package}/__init__.py" for package in packages}
        self._remarks = list(tree.remarks)
        inside = [entry for entry in tree.entries if self._is_inside(entry)]
        self._top = self._find_top(inside)
        # A name may occur twice in an archive. The later one counts, as it does for programs that extract archives.
        self._entries = {e.name.removeprefix(self._top): e for e in inside if e.name.startswith(self._top)}

    def submission(self) -> Submission:
        """Read the assignment's files, and remark on all others."""
        taken: dict[str, bytes] = {}
        used: set[str] = set()
        for name in self._wanted:
            found = self._find(name)
            if found is not None:
                used.add(found)
                data = self._read(found, name)
                if data is not None:
                    taken[name] = data
        self._remarks += self._about_missing(taken, used)
        beside = self._read_beside(used)
        used |= beside.keys()
        self._remarks += self._about_extras(used)
        more = len(self._remarks) - _MOST_REMARKS
        if more > 0:
            self._remarks[_MOST_REMARKS:] = [f"there is more to remark on: {more} things that are not listed here"]
        return Submission(taken, tuple(self._remarks), beside, not self._tree.failed)

    def _is_inside(self, entry: Entry) -> bool:
        """Whether an entry belongs to the submission: no system file, and no path that leads outside of it."""
        if not entry.name or _SYSTEM_FILES.search(entry.name):
            return False
        parts = entry.name.split("/")
        if ".." in parts or "" in parts or re.match(r"[A-Za-z]:", entry.name) or "\0" in entry.name:
            self._remarks.append(f"{printable(entry.name)} lies outside of the submission and was ignored")
            return False
        return True

    def _find_top(self, entries: list[Entry]) -> str:
        """Find the folder that all entries lie in, as ``"name/"``; empty where there is none.

        A folder that the assignment's names begin with, such as ``pkg``, is not taken for it.
        """
        tops = {entry.name.split("/")[0] for entry in entries}
        firsts = {name.split("/")[0].lower() for name in self._wanted}
        if len(tops) != 1 or not tops.isdisjoint({top for top in tops if top.lower() in firsts}):
            return ""
        (top,) = tops
        return f"{top}/" if any(entry.name.startswith(f"{top}/") for entry in entries) else ""

    def _find(self, name: str) -> str | None:
        """Find the entry for a file of the assignment: by its name, or else the only one that differs only in case."""
        same = [other for other in self._entries if other.lower() == name.lower()]
        others = [other for other in same if other != name]
        if name in self._entries:
            for other in others:
                self._remarks.append(f"{printable(other)} differs from {name} in case alone and was ignored")
            return name
        if len(others) > 1:
            self._remarks.append(f"{name} was not handed in, and several files differ from it in case alone")
        elif others:
            self._remarks.append(f"{printable(others[0])} was taken as {name}")
        return others[0] if len(others) == 1 else None

    def _read(self, found: str, name: str) -> bytes | None:
        entry = self._entries[found]
        try:
            if entry.kind == "link":
                raise Unreadable("is a link")
            if entry.kind != "file":
                raise Unreadable("is not a regular file")
            data = self._tree.read(entry.name, CAPS.get(Path(name).suffix, 1 << 20))
        except Unreadable as error:
            self._remarks.append(f"{printable(found)} {error} and was ignored")
            return None
        if name.endswith(".py") and decode(data).guessed:
            self._remarks.append(f"{name} is not UTF-8 and was read as Windows-1252; save it as UTF-8")
        return data

    def _read_beside(self, used: Collection[str]) -> dict[str, bytes]:
        """Read the package's other modules, by their names; of those that were given, the unchanged ones."""
        packages = {name.partition("/")[0] for name in self._wanted if name.endswith(".py")}
        found: dict[str, bytes] = {}
        for name, entry in sorted(self._entries.items()):
            package, _, module = name.removesuffix(".py").partition("/")
            is_module = name.endswith(".py") and package in packages and module.isidentifier()
            unchanged = name not in self._given or self._is_as_given(entry, self._given[name])
            if (
                entry.kind != "file"
                or not is_module
                or not unchanged
                or name in {*used, *self._never, *self._package_files}
            ):
                continue
            data = self._read(name, name) if len(found) < _MOST_BESIDE else None
            if data is not None:
                found[name] = data
        return found

    def _is_as_given(self, entry: Entry, given: bytes | None) -> bool:
        try:
            return given is None or self._tree.read(entry.name, len(given)) == given
        except Unreadable:
            return False

    def _about_missing(self, taken: Collection[str], used: Collection[str]) -> Iterator[str]:
        missing = [name for name in self._wanted if name not in taken and name not in used]
        if missing and not used:
            yield "none of the assignment's files is in the submission"
        elif missing:
            yield f"not handed in: {_listed(missing)}"

    def _about_extras(self, used: Collection[str]) -> Iterator[str]:
        extras = [e for name, e in self._entries.items() if name not in used]
        modules = []
        for entry in extras:
            name = entry.name.removeprefix(self._top)
            if entry.kind in ("link", "other"):
                what = "a link" if entry.kind == "link" else "not a regular file"
                yield f"{printable(name)} is {what} and was ignored"
            elif entry.kind == "file" and name in self._given and self._is_as_given(entry, self._given[name]):
                continue
            elif name in self._package_files:
                yield f"the submitted {name} was ignored: the grader puts the package together itself"
            elif entry.kind == "file" and name in self._given:
                yield f"{name} was changed; the grader uses the one that the course gives"
            elif entry.kind == "file" and name.endswith(".py"):
                modules.append(name)
        if modules:
            yield f"ignored, because this assignment does not take them: {_listed(modules)}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown
