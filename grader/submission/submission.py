"""One submission: the files an assignment takes, and a sentence for each thing that was left aside."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .archive import open_archive
from .folder import Folder
from .source import decode
from .tree import Entry, NotASubmission, Tree, Unreadable, printable

CAPS = {".py": 1 << 20, ".ipynb": 20 << 20, ".npz": 64 << 20, ".safetensors": 64 << 20}
"""Largest file taken, in bytes, by suffix; 1 MiB for any other."""

_MANY = 8  # names that one sentence lists
_MOST_REMARKS = 40
_LITTER = re.compile(r"(^|/)(__MACOSX|\.DS_Store|__pycache__|\.ipynb_checkpoints|\.git)(/|$)")


@dataclass(frozen=True)
class Submission:
    """What was taken of a submission.

    Attributes
    ----------
    files : dict of str to bytes
        By the names that the assignment uses; what was not handed in, or could not be read, is absent.
    remarks : tuple of str
        One plain sentence for each finding, with names made safe to print.
    """

    files: dict[str, bytes]
    remarks: tuple[str, ...]

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        files: Collection[str],
        given: Mapping[str, bytes | None] = MappingProxyType({}),
    ) -> Submission:
        """Read a folder or an archive (zip, tar, tar.gz), with or without one folder around everything.

        Parameters
        ----------
        path : str or path-like
            The folder or archive.
        files : collection of str
            Relative names that the assignment takes: ``"pkg/layers.py"``, ``"first.ipynb"``.
        given : mapping of str to bytes or None
            What else students hand in because they were given it. It is never taken, and remarked on only where it
            differs from these bytes; None stands for any.

        Returns
        -------
        Submission

        Raises
        ------
        NotASubmission
            When the path is missing, or is neither a folder nor an archive that can be read.
        """
        tree = _open(os.fspath(path))
        try:
            return _Reader(tree, files, given).submission()
        finally:
            tree.close()

    def text(self, name: str) -> str:
        """A Python file as text.

        Parameters
        ----------
        name : str
            A key of `files`.

        Returns
        -------
        str
            UTF-8, or Windows-1252 where it is not, which `remarks` mentions. Lines end in ``\\n``.
        """
        return decode(self.files[name]).text

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the names and bytes that were taken."""
        summary = hashlib.sha256()
        for name in sorted(self.files):
            for part in (name.encode(), self.files[name]):
                summary.update(len(part).to_bytes(8, "big") + part)
        return summary.hexdigest()


def _open(path: str) -> Tree:
    if os.path.islink(path):
        raise NotASubmission(f"{printable(path)} is a symbolic link; name what it points to")
    if os.path.isdir(path):
        return Folder(path)
    if not os.path.exists(path):
        raise NotASubmission(f"{printable(path)} does not exist")
    return open_archive(path)


class _Reader:
    """Finds the files that an assignment takes in a tree, and collects the remarks."""

    def __init__(self, tree: Tree, files: Collection[str], given: Mapping[str, bytes | None]) -> None:
        self._given = given
        self._tree = tree
        self._wanted = sorted(files)
        packages = {name.partition("/")[0] for name in files if name.endswith(".py")}
        self._package_files = {f"{package}/__init__.py" for package in packages}
        self._remarks = list(tree.remarks)
        inside = [entry for entry in tree.entries if self._is_inside(entry)]
        self._top = self._find_top(inside)
        # A name may occur twice in an archive; like everywhere, the later one counts.
        self._entries = {e.name.removeprefix(self._top): e for e in inside if e.name.startswith(self._top)}

    def submission(self) -> Submission:
        """Read what is wanted and remark on the rest."""
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
        self._remarks += self._about_extras(used)
        more = len(self._remarks) - _MOST_REMARKS
        if more > 0:
            self._remarks[_MOST_REMARKS:] = [f"there is more to remark on: {more} things that are not listed here"]
        return Submission(taken, tuple(self._remarks))

    def _is_inside(self, entry: Entry) -> bool:
        if not entry.name or _LITTER.search(entry.name):
            return False
        parts = entry.name.split("/")
        if ".." in parts or "" in parts or re.match(r"[A-Za-z]:", entry.name) or "\0" in entry.name:
            self._remarks.append(f"{printable(entry.name)} lies outside of the submission and was ignored")
            return False
        return True

    def _find_top(self, entries: list[Entry]) -> str:
        """The one folder around everything, with its slash; empty when there is none."""
        tops = {entry.name.split("/")[0] for entry in entries}
        firsts = {name.split("/")[0].lower() for name in self._wanted}
        if len(tops) != 1 or not tops.isdisjoint({top for top in tops if top.lower() in firsts}):
            return ""
        (top,) = tops
        return f"{top}/" if any(entry.name.startswith(f"{top}/") for entry in entries) else ""

    def _find(self, name: str) -> str | None:
        """The entry that a wanted name means: the same, or the only one that differs in case alone."""
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
                yield f"{name} was changed; the grader goes by the one that the course gives"
            elif entry.kind == "file" and name.endswith(".py"):
                modules.append(name)
        if modules:
            yield f"ignored, because this assignment does not take them: {_listed(modules)}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_MANY])
    return f"{shown} and {len(names) - _MANY} more" if len(names) > _MANY else shown
