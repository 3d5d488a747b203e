"""Make the page that shows two similar programs side by side, with the passages marked that they have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from ..course import Assignment, Course
from ..submission.common_passages import common_passages, grams
from ..submission.similarity import Pair
from ..submission.source import decode
from ..wording import visible
from .pages import render

_LONGEST: Final = 200_000  # characters of a file
_COLOURS: Final = 6


class File(NamedTuple):
    """A file that both have handed in: the two texts as HTML, and how many passages they have in common."""

    name: str
    one: Markup
    other: Markup
    passages: int


def side_by_side_page(
    pair: Pair,
    one: Mapping[str, bytes],
    other: Mapping[str, bytes],
    given: Mapping[str, bytes],
    course: Course,
    assignment: Assignment,
    back: str = "../index.html",
) -> str:
    """Make the page of a pair.

    Parameters
    ----------
    pair : Pair
    one, other : mapping of str to bytes
        The files of the two submissions, by name; only programs are compared, those of the same name with each other.
    given : mapping of str to bytes
        The files that everybody was given; what they hold is not marked.
    course : Course
    assignment : Assignment
    back : str, default "../index.html"
        The URL of the page that lists the pairs.

    Returns
    -------
    str
        A whole HTML document.
    """
    known = frozenset().union(*(grams(_text(data)) for data in given.values()))
    files, numbered = [], 0
    for name in sorted(name for name in one.keys() & other.keys() if name.endswith(".py")):
        made = _file(name, _text(one[name]), _text(other[name]), known, numbered)
        numbered += made.passages
        files.append(made)
    files.sort(key=lambda file: -file.passages)
    return render("side_by_side.html.j2", course=course, assignment=assignment, pair=pair, files=files, back=back)


def _file(name: str, one: str, other: str, given: Collection[tuple[str, ...]], numbered: int) -> File:
    """Mark the passages of two texts; their numbers go on from those of the files before."""
    found = common_passages(one, other, given)
    mine = [(passage.start, passage.end, numbered + k) for k, passage in enumerate(found, 1)]
    theirs = sorted((passage.other_start, passage.other_end, numbered + k) for k, passage in enumerate(found, 1))
    return File(name, _marked(one, mine, "one", "other"), _marked(other, theirs, "other", "one"), len(found))


def _marked(text: str, passages: Sequence[tuple[int, int, int]], side: str, across: str) -> Markup:
    """Write a text as HTML, each passage as a link to the same passage on the other side.

    Passages of the other side may overlap, where one of its passages is there twice in this one. The rest of a passage
    that another one has begun in is marked alone.
    """
    parts: list[Markup] = []
    done = 0
    for start, end, number in passages:
        begin = max(start, done)
        parts.append(_plain(text[done:begin]))
        if end > begin:
            parts.append(
                Markup('<a class="c{}" id="{}-{}" href="#{}-{}" title="passage {}">{}</a>').format(
                    number % _COLOURS, side, number, across, number, number, _plain(text[begin:end])
                )
            )
        else:
            parts.append(Markup('<a id="{}-{}"></a>').format(side, number))
        done = max(done, end)
    return Markup("").join([*parts, _plain(text[done:])])


def _plain(text: str) -> Markup:
    return escape(visible(text, _LONGEST))


def _text(data: bytes) -> str:
    return decode(data).text[:_LONGEST]
