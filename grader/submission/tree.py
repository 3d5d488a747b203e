"""Define the interface that a submitted folder and a submitted archive share: named entries that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..errors import UnusableInput

Kind = Literal["file", "folder", "link", "other"]

MAX_ENTRIES = 5000
MAX_DEPTH = 8


class NotASubmission(UnusableInput):
    """The path does not exist, or is neither a folder nor an archive that can be read."""


class Unreadable(Exception):
    """One entry cannot be read. The message continues a sentence after its name: ``"is larger than 1 MiB"``."""


@dataclass(frozen=True)
class Entry:
    """A file, folder or link in a submitted tree.

    Attributes
    ----------
    name : str
        Its path in the tree, with ``/`` between the parts and without a leading ``./``.
    kind : str
        ``"file"``, ``"folder"``, ``"link"`` or ``"other"`` (a pipe, a device).
    """

    name: str
    kind: Kind


class Tree(Protocol):
    """A submitted folder or archive.

    Attributes
    ----------
    entries : list of Entry
        All entries, in the order of the tree. A name may occur twice in an archive; the later one counts.
    remarks : list of str
        One sentence for each thing that is wrong with the tree as a whole.
    failed : bool
        Whether the machine could not read something, which it may be able to read the next time.
    """

    entries: list[Entry]
    remarks: list[str]
    failed: bool

    def read(self, name: str, cap: int) -> bytes:
        """Read a regular file.

        Parameters
        ----------
        name : str
            Name of an entry.
        cap : int
            The largest size that is allowed, in bytes.

        Returns
        -------
        bytes
            The whole content.

        Raises
        ------
        Unreadable
            When it is not a regular file, is larger than `cap`, or is damaged.
        """

    def close(self) -> None:
        """Close the files that are open."""


def too_large(cap: int) -> Unreadable:
    """Make the error for a file that is larger than its cap."""
    return Unreadable(f"is larger than {cap >> 20} MiB")


def printable(name: str) -> str:
    """Make a name safe to print: escape characters that are not printable, and cut it to 120 characters."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name[:121])
    return safe if len(safe) <= 120 else safe[:117] + "..."
