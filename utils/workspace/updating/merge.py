"""Merge two changed versions of a list of named pieces: the student's, and that of a newer release.

Parts are functions of a file or cells of a notebook. Both versions come from the same earlier release, the base. What
only one side has changed is taken from that side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Piece = TypeVar("Piece")


class CannotMerge(Exception):
    """The student's version cannot be divided into pieces, for instance because it is not valid Python; says why."""


@dataclass(frozen=True)
class Merged:
    """A merged file.

    Attributes
    ----------
    data : bytes
        The new content.
    added : tuple of str
        Parts that the release has added.
    both : tuple of str
        Parts that the student and the release have both changed; the student's are in `data`.
    gone : tuple of str
        Parts that the student has changed and the release does not have any more; they are still in `data`.
    beside : bool
        Whether the release's file has to be laid beside the student's, because not all that is new is in `data`.
    """

    data: bytes
    added: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    beside: bool = False


def merge_pieces(
    base: Mapping[str, Piece],
    mine: Mapping[str, Piece],
    new: Mapping[str, Piece],
    merge_one: Callable[[str, Piece | None, Piece | None, Piece | None], Sequence[Piece]],
) -> list[Piece]:
    """Merge pieces in the student's order; a piece that only the release has follows the one it follows there.

    Parameters
    ----------
    base, mine, new : mapping of str to Piece
        The pieces of the earlier release, of the student and of the newer release, in their order.
    merge_one : callable
        ``merge_one(name, base, mine, new)`` gives what stands in the place of one piece: none, one or two pieces.
        None stands for a piece that a version does not have.
    """
    order = list(mine)
    place = 0
    for name in new:
        if name not in mine:
            order.insert(place, name)
        place = order.index(name) + 1
    return [piece for name in order for piece in merge_one(name, base.get(name), mine.get(name), new.get(name))]


def by_name(pieces: Iterable[Piece], name: Callable[[Piece], str]) -> dict[str, Piece]:
    """Map pieces by their names; a name that came before gets a number: ``"size"``, ``"size (2)"``."""
    found: dict[str, Piece] = {}
    for piece in pieces:
        unique, number = name(piece), 1
        while unique in found:
            number += 1
            unique = f"{name(piece)} ({number})"
        found[unique] = piece
    return found
