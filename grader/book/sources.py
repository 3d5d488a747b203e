"""Collect everything that a course's book is made of, as a tree of files for Sphinx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path

from ..course import Assignment, Course, Notebook
from ..errors import CourseError
from ..host.files import content
from ..release.edition import utils_folder
from ..release.front import front_matter
from .documents import document, figures, front_text, pictures
from .explorer_page import explorer_pages, programs, shown, site_files
from .notebook_page import Material, notebook_page, title
from .task_box import anchor, points

SITE = Path(__file__).parent / "site"
FONT = "STIXTwoMath-Regular.ttf"
"""The font of formulas, which may be passed on (OFL); a package that draws formulas brings it."""
FILES = "_files"
"""The folder in the tree whose files are copied into the book as they are."""


def sources(course: Course, edition: Path | None = None) -> dict[str, bytes]:
    """Collect the pages, the pictures and the settings of a course's book.

    Parameters
    ----------
    course : Course
        The course, released: the book shows its generated files as they are in the course folder.
    edition : Path, optional
        The student edition's archive, which the book then offers for download.

    Returns
    -------
    dict of str to bytes
        Contents by path, for Sphinx.

    Raises
    ------
    CourseError
        When a file is missing, or does not hold what the book needs.
    """
    tree = {
        "conf.py": (SITE / "conf.py").read_bytes(),
        "_theme/book.css": (SITE / "book.css").read_bytes(),
        f"_theme/{FONT}": _font().read_bytes(),
        **{f"_templates/{path.name}": path.read_bytes() for path in SITE.glob("*.html")},
        "book.json": json.dumps(_settings(course)).encode(),
    }
    tree |= _notebooks(course)
    explorers = explorer_pages(course)
    for part in course.book.part:
        pages = {path: explorers.get(path) or document(course, path) for path in part.pages}
        tree |= pages | pictures(course, pages)
        tree[f"parts/{_slug(part.title)}.md"] = _contents(part.title, [f"/{path}" for path in part.pages])
    tree |= _reference(course)
    tree["start.md"] = front_text(front_matter(course)["README.md"].decode(), edition)
    if edition:
        tree[f"{FILES}/{edition.name}"] = edition.read_bytes()
    tree |= _files(course)
    if explorers:
        tree |= {f"_theme/{path}": data for path, data in site_files(SITE).items()}
        tree |= {f"{FILES}/{path}": data for path, data in programs(course).items()}
    tree["index.md"] = _index(course)
    return tree


def _settings(course: Course) -> dict[str, object]:
    """Return what ``conf.py`` reads: the course's title, its folder, and which page belongs to which notebook."""
    absent = {package for module, package in course.packages.items() if course.absent(module)}
    return {
        "title": course.course.title,
        "root": str(course.root.resolve()),
        "absent": sorted(absent),
        "notebooks": {_page(*owner): f"{_page(*owner)}.ipynb" for owner in _each(course)},
    }


def _font() -> Path:
    """Find the font without importing the package that brings it, since nothing else of it is needed."""
    spec = find_spec("ziamath")
    if spec is None or spec.origin is None:
        raise CourseError("ziamath is not installed, which brings the font of formulas; run: pip install ziamath")
    return Path(spec.origin).parent / "fonts" / FONT


def _each(course: Course) -> Iterator[tuple[Assignment, Notebook]]:
    return ((assignment, notebook) for assignment in course.assignment for notebook in assignment.notebook)


def _page(assignment: Assignment, notebook: Notebook) -> str:
    """Return the name of a notebook's page, which is also its place in the student edition, without the ending."""
    return f"assignments/{assignment.name}/{notebook.name}"


def _notebooks(course: Course) -> dict[str, bytes]:
    """Make the pages of the assignments and of their notebooks."""
    exercises = {exercise.name: exercise for _, exercise in course.exercises(further=True)}
    paths = {f"{exercise.package or course.package}/{exercise.written_in[0]}.py" for exercise in exercises.values()}
    stubs = {path: data.decode() for path in paths if (data := content(course.root / path)) is not None}
    material = Material(stubs, {name: f"#{anchor(name)}" for name in exercises}, figures(course))
    tree: dict[str, bytes] = {}
    for assignment in course.assignment:
        folder = f"assignments/{assignment.name}"
        titles = {}
        for notebook in assignment.notebook:
            path = f"{_page(assignment, notebook)}.ipynb"
            data = _released(course, path)
            name = f"{assignment.name}/{notebook.name}"
            moving: dict[str, tuple[str, ...]] = {}
            for one in shown(course):
                if one.notebook == name:
                    moving[one.section] = (*moving.get(one.section, ()), f"/{one.page}")
            tree[path] = notebook_page(data, notebook, exercises, replace(material, moving=moving))
            titles[notebook.name] = title(data) or notebook.name
        tree[f"{folder}/index.md"] = _assignment(assignment, titles)
        for path_ in sorted((course.root / folder).iterdir()):
            if path_.suffix in (".png", ".jpg", ".jpeg", ".svg"):
                tree[f"{folder}/{path_.name}"] = path_.read_bytes()
    listed = [f"/assignments/{assignment.name}/index" for assignment in course.assignment]
    return {**tree, "assignments.md": _contents("Notebooks", listed)}


def _released(course: Course, path: str) -> bytes:
    data = content(course.root / path)
    if data is None:
        raise CourseError(f"{course.root / path} is missing; run `grader release` first.")
    return data


def _assignment(assignment: Assignment, titles: Mapping[str, str]) -> bytes:
    """Make the page of an assignment: what it asks for, notebook by notebook; `titles` has the notebooks' headings."""
    lines = [
        f"# {assignment.name}: {assignment.title}",
        "",
        f"Due {assignment.due.astimezone(UTC):%-d %B %Y, %H:%M} UTC.",
    ]
    for notebook in assignment.notebook:
        lines += ["", f"## [{titles[notebook.name]}](/{_page(assignment, notebook)}.ipynb)", ""]
        lines += ["| exercise | points |", "|---|--:|"]
        lines += [f"| [`{one.name}`](#{anchor(one.name)}) | {one.points:g} |" for one in notebook.exercises]
        if notebook.written:
            worth = sum(question.points for question in notebook.written)
            lines += [f"| {len(notebook.written)} answered in writing | {worth:g} |"]
        lines += [f"| [`{name}`](#{anchor(name)}), for fun | |" for name in notebook.further]
    total = sum(question.points for notebook in assignment.notebook for question in notebook.questions)
    lines += ["", f"In all {points(total)}.", ""]
    pages = [f"/{_page(assignment, notebook)}" for notebook in assignment.notebook]
    return "\n".join([*lines, *_toctree(pages, hidden=True)]).encode()


def _reference(course: Course) -> dict[str, bytes]:
    """Make a page for each module of the reference, which autodoc fills, and the pages that list them."""
    tree = {}
    lists = []
    for part in course.book.reference:
        for name in part.modules:
            options = ["   :members:", *(["   :imported-members:"] if _is_package(course, name) else [])]
            rst = ["```{eval-rst}", f".. automodule:: {name}", *options, "```"]
            tree[f"reference/{name}.md"] = "\n".join([f"# {name}", "", *rst, ""]).encode()
        page = f"reference/{_slug(part.title)}"
        tree[f"{page}.md"] = _contents(part.title, [f"/reference/{name}" for name in part.modules])
        lists.append(f"/{page}")
    return {**tree, "reference.md": _contents("Reference", lists)}


def _is_package(course: Course, module: str) -> bool:
    """Tell whether a module is a folder, whose names come from the modules in it."""
    homes = (utils_folder(course).parent, Path(__file__).parents[2])
    return any((home / module.replace(".", "/") / "__init__.py").is_file() for home in homes)


def _files(course: Course) -> dict[str, bytes]:
    """Read the files that are copied into the book as they are."""
    if not course.book.files:
        return {}
    folder = course.root / course.book.files
    if not folder.is_dir():
        raise CourseError(f"{folder} is no folder; correct `files` in the table [book] of course.toml.")
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {f"{FILES}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in found}


def _index(course: Course) -> bytes:
    """Make the first page."""
    lines = [f"# {course.course.title}", ""]
    lines += ["This is the course to read. The exercises stand in it as tasks: to solve and check them,"]
    lines += ["[work on it yourself](/start.md).", "", "## Notebooks", ""]
    for assignment in course.assignment:
        lines += [f"- [{assignment.name}: {assignment.title}](/assignments/{assignment.name}/index.md)"]
        lines += [f"  - [](/{_page(assignment, notebook)}.ipynb)" for notebook in assignment.notebook]
    for part in course.book.part:
        lines += ["", f"## {part.title}", "", *(f"- [](/{path})" for path in part.pages)]
    lines += ["", "## Reference", ""]
    lines += [f"- [{part.title}](/reference/{_slug(part.title)}.md)" for part in course.book.reference]
    parts = [f"parts/{_slug(part.title)}" for part in course.book.part]
    return "\n".join([*lines, "", *_toctree(["assignments", *parts, "reference", "start"], hidden=True)]).encode()


def _contents(title: str, pages: list[str]) -> bytes:
    """Make a page that lists others."""
    return "\n".join([f"# {title}", "", *_toctree(pages)]).encode()


def _toctree(pages: list[str], *, hidden: bool = False) -> list[str]:
    names = [page.removesuffix(".md") for page in pages]
    return ["```{toctree}", ":maxdepth: 2", *([":hidden:"] if hidden else []), "", *names, "```", ""]


def _slug(title: str) -> str:
    """Return a title as the name of a page: ``"For students"`` → ``"for-students"``."""
    return "-".join(re.findall(r"[^\W_]+", title.lower()))
