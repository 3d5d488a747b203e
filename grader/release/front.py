"""The front matter of the student edition: its README.md, pyproject.toml and environment.yml.

Each is a Jinja2 template that is filled from course.toml. The grader has a plain one of each; a course that has more to
say puts templates of its own into ``solutions/edition``, which may begin with ``{% extends "default/README.md.j2" %}``
and say only what is different. It stands in ``solutions/`` because everything does that a release is made from.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateError

from ..course import Course
from ..errors import CourseError
from ..reference import Reference

DEFAULTS = Path(__file__).parent / "edition_defaults"
ENDING = ".j2"


def front_matter(course: Course) -> dict[str, bytes]:
    """Fill the templates, the course's own before the grader's.

    Parameters
    ----------
    course : Course

    Returns
    -------
    dict of str to bytes
        Names and contents.

    Raises
    ------
    CourseError
        Where a template of the course cannot be filled, or what comes out is no valid pyproject.toml.
    """
    own = Reference(course.root, course.package).edition_folder
    defaults = FileSystemLoader(DEFAULTS)
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(own), PrefixLoader({"default": defaults}), defaults]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # what is made here is no HTML, and every value is the author's own
    )
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)  # valid as a TOML string, too
    values = _values(course)
    made = {}
    try:
        project = environment.get_template(f"pyproject.toml{ENDING}").render(values)
        made["pyproject.toml"] = project
        values["dependencies"] = tomllib.loads(project)["project"]["dependencies"]
        for name in sorted(path.name for folder in (own, DEFAULTS) for path in folder.glob(f"*{ENDING}")):
            made[name.removesuffix(ENDING)] = environment.get_template(name).render(values)
    except (TemplateError, tomllib.TOMLDecodeError, KeyError) as error:
        said = f"{type(error).__name__}: {error}"
        raise CourseError(f"The templates in {own} cannot be used ({said}); correct what is named here.") from None
    return {name: text.encode() for name, text in made.items()}


def _values(course: Course) -> dict[str, Any]:
    """What templates may use.

    ``title``, ``package``; ``assignments``, their names; ``needs``, for each package that is not installed with the
    course the assignments that need it; ``example``, an exercise; ``nets``, whether trained nets are handed in.
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
    }
