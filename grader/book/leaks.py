"""Inspect a finished book with the clauses of the release gate: nothing in it may give an answer away."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from bs4 import BeautifulSoup

from ..course import Course
from ..errors import UnusableInput
from ..reference import Reference
from ..release.gate.contents import markers, unlisted_files
from ..release.gate.copies import near_copies
from ..release.gate.released import Leak, Released, Text
from ..release.gate.solution_lines import surviving_lines
from .explorer_page import NUMBERS, words_among_numbers

_OF_SPHINX = ("_static/", "_images/", "searchindex.js", "objects.inv", ".buildinfo")
"""What Sphinx and its theme bring, pictures, and the index of single words."""


@dataclass(frozen=True)
class Pages(Released):
    """The pages of a book, as the gate's clauses read them.

    Attributes
    ----------
    read : tuple of Text
        What a reader of each page sees.
    """

    read: tuple[Text, ...] = field(default=())

    @cached_property
    def texts(self) -> list[Text]:
        """Every text that readers see."""
        return list(self.read)


def leaks(site: Path, course: Course, documents: Collection[str]) -> list[Leak]:
    """Find everything in a book that gives an answer away.

    Parameters
    ----------
    site : Path
        The finished book.
    course : Course
    documents : collection of str
        The pages that people wrote as documents. They may name the markers around solutions, to explain them; on a
        page that is generated, a marker is a sign that a solution was not taken out.

    Returns
    -------
    list of Leak
        Sorted, without duplicates; empty when the book may be published.
    """
    texts: list[Text] = []
    code: dict[str, bytes] = {}
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        name = path.relative_to(site).as_posix()
        if not name.startswith(_OF_SPHINX):
            text, blocks = _read(path)
            texts.append(Text(name, 0, text))
            code |= {f"{name}, code block {number}.py": block.encode() for number, block in enumerate(blocks, 1)}
    reference = Reference.of(course)
    everything = Pages(code, course, reference, tuple(texts))
    generated = Pages({}, course, reference, tuple(text for text in texts if text.path not in documents))
    found = [*surviving_lines(everything), *near_copies(everything), *markers(generated)]
    return sorted({replace(leak, line=0) for leak in found})  # a line of the text that was read is no line of a file


def _read(path: Path) -> tuple[str, list[str]]:
    """Return the text of a page that Sphinx made, and its blocks of code; of other files, everything and no blocks."""
    data = path.read_bytes()
    if b"\0" in data:  # no text; an edition's archive is looked into by `edition_leaks`
        return "", []
    text = data.decode("utf-8", "replace")
    if path.name.endswith(NUMBERS):
        return words_among_numbers(text), []
    article = (
        BeautifulSoup(text, "html.parser").find("article", class_="bd-article") if path.suffix == ".html" else None
    )
    if article is None:  # no page of Sphinx; a program in it is read, too
        return text, []
    for quoted in article.find_all("code"):  # in a line of text, code is looked for between backquotes
        quoted.insert(0, "`")
        quoted.append("`")
    return article.get_text(), [block.get_text() for block in article.find_all("pre")]


def edition_leaks(archive: Path, course: Course) -> list[Leak]:
    """Find what should not be in the archive of a student edition; it may be an old one, or none at all.

    Parameters
    ----------
    archive : Path
    course : Course

    Returns
    -------
    list of Leak
        As for `leaks`. What needs code to be run is not looked for: `grader release` has done that.

    Raises
    ------
    UnusableInput
        When the file is no zip archive.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [name for name in opened.namelist() if not name.endswith("/")]
            files = {name.partition("/")[2] or name: opened.read(name) for name in names}
    except (OSError, zipfile.BadZipFile) as error:
        raise UnusableInput(f"{archive} cannot be read ({error}); make it with `grader release --edition`.") from None
    released = Released(files, course, Reference.of(course))
    return sorted({leak for clause in (unlisted_files, surviving_lines, near_copies) for leak in clause(released)})


def pages(site: Path) -> Iterator[str]:
    """Yield the pages of a book, relative to its folder."""
    names = (path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html")))
    return (name for name in names if not name.startswith(_OF_SPHINX[0]))
