"""What a folder and an archive have in common: entries with names, and bytes to be read up to a cap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..errors import UnusableInput

Kind = Literal["file", "folder", "link", "other"]

MAX_ENTRIES = 5000
MAX_DEPTH = 8


class NotASubmission(UnusableInput):
    """The path is missing, or is neither a folder nor an archive that can be read."""


class Unreadable(Exception):
    """One entry cannot be read; the message goes on after its name: ``"is larger than 1 MiB"``."""


@dataclass(frozen=True)
class Entry:
    """One thing in a submitted tree.

    Attributes
    ----------
    name : str
        As it stands in the tree, with ``/`` between its parts and without a leading ``./``.
    kind : str
        ``"file"``, ``"folder"``, ``"link"`` or ``"other"`` (a pipe, a device).
    """

    name: str
    kind: Kind


class Tree(Protocol):
    """A submitted tree.

    Attributes
    ----------
    entries : list of Entry
        In the order of the tree. A name may occur twice in an archive; the later one counts.
    remarks : list of str
        What is wrong with the tree as a whole, one sentence each.
    """

    entries: list[Entry]
    remarks: list[str]

    def read(self, name: str, cap: int) -> bytes:
        """The bytes of a regular file.

        Parameters
        ----------
        name : str
            Name of an entry.
        cap : int
            Largest number of bytes that is read.

        Raises
        ------
        Unreadable
            When it is not a regular file, is larger than `cap`, or is damaged.
        """

    def close(self) -> None:
        """Let go of what was opened."""


def too_large(cap: int) -> Unreadable:
    """The one wording for a file above its cap."""
    return Unreadable(f"is larger than {cap >> 20} MiB")


def printable(name: str) -> str:
    """A name as it may be shown: control characters and the like escaped, and not longer than a line."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name[:121])
    return safe if len(safe) <= 120 else safe[:117] + "..."
