"""Read the pages in Markdown that a course adds to its book, and the pictures in them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from ..course import Course
from ..errors import CourseError
from ..host.files import content
from .notebook_page import Shown

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def document(course: Course, path: str) -> bytes:
    """Read a page; raise CourseError if it is missing, or not in the course folder."""
    data = content(course.root / path)
    if data is None or not (course.root / path).resolve().is_relative_to(course.root.resolve()):
        reason = f"and there is no such file in {course.root}; correct the table [book]."
        raise CourseError(f"The book of course.toml lists {path}, {reason}")
    return data


def pictures(course: Course, pages: Mapping[str, bytes]) -> dict[str, bytes]:
    """Read the pictures that pages show.

    Parameters
    ----------
    course : Course
    pages : mapping of str to bytes
        Markdown by path.

    Returns
    -------
    dict of str to bytes
        Contents by path.

    Raises
    ------
    CourseError
        When a picture is missing, or has no words for those who cannot see it.
    """
    found = {}
    for page, data in pages.items():
        for words, picture in _shown(page, data):
            read = content(course.root / picture)
            if read is None:
                raise CourseError(f"{page} shows {picture}, which is not there; put it there or correct the page.")
            if not words.strip():
                raise CourseError(
                    f"{page} shows {picture} without saying what it shows; write that between the brackets."
                )
            found[picture] = read
    return found


def figures(course: Course) -> dict[str, Shown]:
    """Describe the pictures that are shown where a notebook calls something; see `grader.course.BookTable`."""
    pages = {path: document(course, path) for part in course.book.part for path in part.pages}
    known = {
        picture: Shown(f"/{picture}", words, f"/{page}{_section(page, data, picture)}")
        for page, data in pages.items()
        for words, picture in _shown(page, data)
    }
    if lacking := sorted(set(course.book.figures.values()) - set(known)):
        reason = "which no page of the book shows; name one that a page shows, with words that describe it."
        raise CourseError(f"The figures of the table [book] in course.toml name {lacking[0]}, {reason}")
    return {name: known[picture] for name, picture in course.book.figures.items()}


def front_text(readme: str, edition: Path | None) -> bytes:
    """Make the page that says how to work on the course: the student edition's README.md, and where to get it.

    Parameters
    ----------
    readme : str
        The README.md.
    edition : Path, optional
        The edition's archive, where the book offers it.
    """
    if edition:
        where = f'Download the student edition, <a href="{edition.name}">{edition.name}</a>, and unpack it.'
    else:
        where = "Get the student edition, a zip, from those who give the course, and unpack it."
    text = re.sub(r"\A# .*\n", "", readme)
    return f"# Work on this yourself\n\n{where} Everything below happens in its folder.\n{text}".encode()


def _shown(page: str, data: bytes) -> list[tuple[str, str]]:
    """List the pictures of a page: words and path, relative to the course folder."""
    text = _CODE.sub("", data.decode("utf-8", "replace"))
    folder = posixpath.dirname(page)
    links = [(words, link) for words, link in _PICTURE.findall(text) if "://" not in link]
    return [(words, posixpath.normpath(posixpath.join(folder, link))) for words, link in links]


def _section(page: str, data: bytes, picture: str) -> str:
    """Return the anchor of the section in which a page shows a picture."""
    text = data.decode("utf-8", "replace")
    before = text[: text.find(posixpath.relpath(picture, posixpath.dirname(page) or "."))]
    headings = _HEADING.findall(before)
    return "#" + "-".join(re.findall(r"[\w-]+", headings[-1].lower())) if headings else ""
