"""Find where an exercise is taught: the section of its notebook, and the explorer that shows it at work.

The student's own checks and the feedback pages point there. Sections come from the notebooks' sources, so that they
are right by construction; explorers from the tables ``[[explorer]]`` of course.toml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from utils.checks.course import FOLDER
from utils.checks.places import TABLE, Place, Places, to_json

from ..course import Course
from ..errors import Problem
from .percent_scripts import headings, named_cells

PLACES_TABLE = f"{FOLDER}/{TABLE}"


def places(course: Course) -> dict[str, Places]:
    """Map each exercise of a course, graded or not, to the places where one can read about it and play with it."""
    found: dict[str, Places] = {}
    playgrounds = {
        exercise: (explorer.name, Place(_path(explorer.notebook), explorer.section))
        for explorer in course.explorer
        for exercise in explorer.exercises
    }
    for assignment in course.assignment:
        for notebook in assignment.notebook:
            listed = {exercise.name for exercise in notebook.exercises} | set(notebook.further)
            for name, section in named_cells(course.script(assignment, notebook)):
                if name in listed:
                    explorer, where = playgrounds.get(name, ("", None))
                    section_place = Place(_path(f"{assignment.name}/{notebook.name}"), section)
                    found[name] = Places(section_place, explorer, where)
    return found


def places_table(course: Course) -> bytes:
    """Make the table from which the student's checks know these places, as JSON."""
    table = {name: to_json(where) for name, where in places(course).items()}
    return json.dumps(table, indent=1, ensure_ascii=False).encode() + b"\n"


def problems(course: Course) -> Iterator[Problem]:
    """Yield a problem for each explorer that names a notebook, a section or an exercise that is not there."""
    exercises = {exercise.name for _, exercise in course.exercises(further=True)}
    scripts = {
        f"{assignment.name}/{notebook.name}": course.script(assignment, notebook)
        for assignment in course.assignment
        for notebook in assignment.notebook
    }
    for explorer in course.explorer:
        line, named = course.line_of(explorer.name), f'the explorer "{explorer.name}" names'
        if explorer.notebook not in scripts:
            yield Problem("course.toml", line, f"{named} the notebook {explorer.notebook}, which is not there.")
        elif explorer.section not in headings(scripts[explorer.notebook]):
            sentence = f'{named} the section "{explorer.section}", which {explorer.notebook} does not have.'
            yield Problem("course.toml", line, sentence)
        for exercise in explorer.exercises:
            if exercise not in exercises:
                yield Problem("course.toml", line, f"{named} {exercise}, which is no exercise of this course.")


def _path(notebook: str) -> str:
    """Return a notebook's path in the student's folder."""
    return f"assignments/{notebook}.ipynb"
