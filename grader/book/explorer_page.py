"""Make the pages of a book on which an explorer moves without Python: its numbers were computed in advance."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from ..course import Course, Explorer
from ..errors import CourseError
from ..host.files import content
from .documents import document
from .task_box import anchor

PLACE = "<!-- explorer -->"
"""The line of such a page where the explorer stands."""
NUMBERS = ".numbers.js"
"""How the name of a file with an explorer's numbers ends."""
STATIC = "_static"
LIBRARY = ("plot/d3.min.js", "plot/plot.umd.min.js", "explorer.js")
"""What draws all explorers, in the order in which it is loaded."""


def shown(course: Course) -> Iterator[Explorer]:
    """Yield the explorers that have a page in the book."""
    pages = {page for part in course.book.part for page in part.pages}
    for explorer in course.explorer:
        if explorer.page and explorer.page not in pages:
            reason = "which no part of the table [book] lists; add it to the pages there."
            raise CourseError(f'The explorer "{explorer.name}" of course.toml has the page {explorer.page}, {reason}')
        if explorer.page:
            yield explorer


def explorer_pages(course: Course) -> dict[str, bytes]:
    """Put the explorers into their pages.

    Parameters
    ----------
    course : Course

    Returns
    -------
    dict of str to bytes
        The pages as Markdown, by path.

    Raises
    ------
    CourseError
        When a page is missing, is in no part of the book, or does not say where its explorer stands.
    """
    return {explorer.page: _page(course, explorer) for explorer in shown(course)}


def programs(course: Course) -> dict[str, bytes]:
    """Collect what the pages load: for each explorer a script that draws it, and one with its numbers.

    Returns
    -------
    dict of str to bytes
        Contents by path in the book.

    Raises
    ------
    CourseError
        When a page has no numbers or no drawing beside it.
    """
    found = {}
    for explorer in shown(course):
        stem = explorer.page.removesuffix(".md")
        numbers, drawing = (content(course.root / f"{stem}{ending}") for ending in (".json", ".js"))
        if numbers is None or drawing is None:
            lacking = f"{stem}.{'js' if drawing is None else 'json'}"
            raise CourseError(f"{explorer.page} is the page of an explorer, and {lacking} is not beside it; write it.")
        name = json.dumps(Path(stem).name)
        found[f"{stem}.js"] = drawing
        found[f"{stem}{NUMBERS}"] = f"explorers.numbers[{name}] = ".encode() + numbers.strip() + b";\n"
    return found


def words_among_numbers(text: str) -> str:
    """Return the texts in a file that `programs` made of numbers, one on each line; the rest of it says nothing."""
    found: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict | list):
            for one in [*value, *value.values()] if isinstance(value, dict) else value:
                look(one)

    look(json.loads(text.partition(" = ")[2].rstrip().removesuffix(";")))
    return "\n".join(sorted(one for one in found if not one.isalnum()))  # digits and letters are heights of a histogram


def site_files(site: Path) -> dict[str, bytes]:
    """Read what draws all explorers: a plotting library with its licence, and the program and the style around it."""
    names = (*LIBRARY, "plot/LICENSE", "explorer.css")
    return {name: (site / name).read_bytes() for name in names}


def _page(course: Course, explorer: Explorer) -> bytes:
    text = document(course, explorer.page).decode()
    if text.count(f"\n{PLACE}\n") != 1:
        reason = f"and it stands where the line {PLACE} is; write that line once."
        raise CourseError(f"{explorer.page} is the page of an explorer, {reason}")
    return text.replace(f"\n{PLACE}\n", f"\n{_element(explorer)}\n\n{_where(course, explorer)}\n").encode()


def _element(explorer: Explorer) -> str:
    """Write the element that becomes the explorer, and load what makes it one."""
    name = Path(explorer.page).stem
    static = f"{posixpath.relpath('.', posixpath.dirname(explorer.page) or '.')}/{STATIC}"
    sources = [*(f"{static}/{path}" for path in LIBRARY), f"{name}{NUMBERS}", f"{name}.js"]
    off = "The sliders need JavaScript, which is switched off here."
    lines = [
        f'<link rel="stylesheet" href="{static}/explorer.css">',
        f'<div class="explorer" data-explorer="{name}" aria-label="{explorer.name}"><noscript>{off}</noscript></div>',
        *(f'<script defer src="{source}"></script>' for source in sources),
    ]
    return "\n".join(lines)


def _where(course: Course, explorer: Explorer) -> str:
    """Say where in the course the explorer belongs, and which exercises it shows at work."""
    known = {exercise.name for _, exercise in course.exercises(further=True)}
    links = [f"[`{name}`](#{anchor(name)})" for name in explorer.exercises if name in known]
    section = f"[{explorer.section}](/assignments/{explorer.notebook}.ipynb#{slug(explorer.section)})"
    computed = "The numbers were computed in advance with the course's reference; nothing of yours runs here."
    shows = f" What it shows at work: {', '.join(links)}." if links else ""
    return f"{computed} In the course it belongs to the section {section}.{shows}"


def slug(heading: str) -> str:
    """Return the anchor of a heading: ``"4. Any depth"`` → ``"4-any-depth"``."""
    return "-".join(re.findall(r"[\w-]+", heading.lower()))
