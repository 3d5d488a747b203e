"""Make the front matter of the student edition: its README.md, pyproject.toml, environment.yml, and what Codespaces
and Binder read.

Each is a Jinja2 template that is filled from course.toml. The grader has a default template for each. A course can put
templates of its own into ``solutions/edition``; such a template may begin with
``{% extends "default/README.md.j2" %}`` and contain only the blocks that differ. They stand in ``solutions/`` because
all sources of a release do.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateError

import utils
from utils.cli import app

from ..course import Course
from ..errors import CourseError
from ..host.files import content
from ..reference import Reference

DEFAULTS = Path(__file__).parent / "edition_defaults"
ENDING = ".j2"


def front_matter(course: Course) -> dict[str, bytes]:
    """Fill the templates. A template of the course takes precedence over the grader's with the same name.

    Parameters
    ----------
    course : Course

    Returns
    -------
    dict of str to bytes
        Contents by file name.

    Raises
    ------
    CourseError
        When a template cannot be filled, or the resulting pyproject.toml is not valid.
    """
    own = Reference(course.root, course.package).edition_folder
    defaults = FileSystemLoader(DEFAULTS)
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(own), PrefixLoader({"default": defaults}), defaults]),
        undefined=StrictUndefined,  # a misspelled name is an error, not an empty string
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the files are not HTML, and every value was written by the course's author
    )
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)  # valid as a TOML string, too
    values = _values(course)
    made = {}
    try:
        project = environment.get_template(f"pyproject.toml{ENDING}").render(values)
        made["pyproject.toml"] = project
        # pyproject.toml comes first, because environment.yml lists the same dependencies
        values["dependencies"] = tomllib.loads(project)["project"]["dependencies"]
        for name in sorted(_templates(own) | _templates(DEFAULTS)):
            made[name.removesuffix(ENDING)] = environment.get_template(name).render(values)
    except (TemplateError, tomllib.TOMLDecodeError, KeyError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CourseError(f"The templates in {own} cannot be used ({reason}); correct what is named here.") from None
    return {name: text.encode() for name, text in made.items()}


def _templates(folder: Path) -> set[str]:
    """Return the paths of the templates in a folder, as the edition has them but for the ending."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob(f"*{ENDING}")}


def commands(course: Course) -> dict[str, str]:
    """Return the student's commands: the first sentence of what each says about itself, by its name.

    They are read from the commands themselves, those that every course has and those of the course's own
    ``utils/commands.py``.
    """
    own = content(course.root / "utils" / "commands.py")
    ours = own is not None and own == content(Path(utils.__file__).parent / "commands.py")
    listed: dict[str, str] = {}
    for command in app.registered_commands:
        function = command.callback
        if function and (ours or function.__module__.startswith("utils.cli.")):
            about = inspect.getdoc(function) or ""
            listed[command.name or function.__name__] = " ".join(about.partition("\n\n")[0].split())
    return listed


def _values(course: Course) -> dict[str, Any]:
    """Return the variables that templates may use.

    They are ``title`` and ``package`` of the course; ``assignments``, a list of names; ``needs``, which maps each
    package that is not installed with the course to the assignments that need it; ``example``, an exercise written as
    code or None; ``nets``, whether trained nets are handed in; ``commands``, as `commands` returns them;
    ``first_notebook``, the path of the notebook to begin with, or ``""``; and ``docs``, the titles of the edition's
    pages of documentation by their paths. `front_matter` adds ``dependencies``.
    """
    needs: dict[str, list[str]] = {}
    for assignment, exercise in course.exercises():
        package = course.packages.get(exercise.written_in[0], "")
        if package and assignment.name not in needs.setdefault(package, []):
            needs[package].append(assignment.name)
    exercises = [exercise for _, exercise in course.exercises(further=True)]
    return {
        "title": course.course.title,
        "package": course.package,
        "assignments": [assignment.name for assignment in course.assignment],
        "needs": needs,
        "example": next((exercise for exercise in exercises if exercise.score is None), None),
        "nets": any(exercise.score for exercise in exercises),
        "commands": commands(course),
        "first_notebook": next(
            (f"assignments/{a.name}/{n.name}.ipynb" for a in course.assignment for n in a.notebook), ""
        ),
        "colab": course.edition.colab,
        "docs": dict(_documentation(course)),
    }


def _documentation(course: Course) -> Iterator[tuple[str, str]]:
    """Yield the path and the title of each page of documentation that the edition holds."""
    for pattern in course.edition.also:
        if pattern.endswith(".md") and not pattern.startswith("utils/"):
            for path in sorted(course.root.glob(pattern)):
                yield path.relative_to(course.root).as_posix(), path.read_text("utf-8").partition("\n")[0].lstrip("# ")
