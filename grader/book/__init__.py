"""Make a course's book: a static site with its notebooks, its pages and its reference, and without its answers."""

from __future__ import annotations

import importlib.util
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..course import Course
from ..errors import CourseError, ReleaseRefused, UnusableInput
from ..host.temporary_folders import temporary_folder
from ..release.gate.released import listed

__all__ = ["Book", "make_book"]

_NEEDED = ("sphinx", "pydata_sphinx_theme", "myst_nb", "ziamath")


@dataclass(frozen=True)
class Book:
    """A book that was made.

    Attributes
    ----------
    folder : Path
        Where it is; its first page is ``index.html``.
    pages : int
        How many pages it has.
    warnings : tuple of str
        What Sphinx finds wrong in the sources, such as a link that leads nowhere.
    """

    folder: Path
    pages: int
    warnings: tuple[str, ...]


def make_book(course: Course, out: Path | None = None, edition: Path | None = None) -> Book:
    """Make the book of a course.

    It shows the released files as they are in the course folder, and runs none of their code.

    Parameters
    ----------
    course : Course
    out : Path, optional
        The folder of the book; ``build/book`` in the course folder by default. An earlier book there is replaced.
    edition : Path, optional
        The archive of the student edition, which the book then offers for download.

    Returns
    -------
    Book

    Raises
    ------
    CourseError
        When a package that is needed is not installed, a file is missing, or Sphinx cannot read the sources.
    UnusableInput
        When `out` is there and is no earlier book, or `edition` is no archive.
    ReleaseRefused
        When the gate finds leaks. An earlier book is left as it is then.
    """
    if missing := [name for name in _NEEDED if importlib.util.find_spec(name) is None]:
        packages = ", ".join(missing)
        raise CourseError(f"{packages} is not installed, and the book is made with it; run: pip install -e '.[book]'")
    out = out or course.root / "build" / "book"
    if out.exists() and not (out / "searchindex.js").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UnusableInput(f"{out} is there and is no earlier book; choose another place.")
    from . import leaks, sources  # they need what is looked for above

    if edition and (found := leaks.edition_leaks(edition, course)):
        raise ReleaseRefused(listed(f"{edition} is not offered, because the gate found {{}}", found, "leak"))
    with temporary_folder() as name:
        scratch = Path(name)
        _write(scratch / "source", sources.sources(course, edition))
        warnings = _run_sphinx(scratch)
        documents = {f"{path.removesuffix('.md')}.html" for part in course.book.part for path in part.pages}
        if found := leaks.leaks(scratch / "site", course, documents):
            raise ReleaseRefused(listed("There is no book, because the gate found {}", found, "leak"))
        pages = len(list(leaks.pages(scratch / "site")))
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(scratch / "site", out)
    return Book(out, pages, warnings)


def _write(folder: Path, tree: Mapping[str, bytes]) -> None:
    for name, data in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _run_sphinx(folder: Path) -> tuple[str, ...]:
    """Run Sphinx on ``source`` in a folder, in a process of its own; it writes ``site`` there. Return its warnings."""
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-N", "-d", "doctrees", "source", "site"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode:
        reason = " ".join(itertools.takewhile(lambda line: "full traceback" not in line, said[-8:]))
        raise CourseError(f"Sphinx cannot make the book: {reason or 'it said nothing'}")
    return tuple(
        line.replace(f"{folder}/source/", "") for line in said if re.search(r"(WARNING|ERROR|CRITICAL):", line)
    )
