"""Find where an exercise is taught: the section of its notebook, and the explorer that shows it at work.

The student's own checks and the feedback pages point there. Sections come from the notebooks' sources, so that they
are right by construction; explorers from the tables ``[[explorer]]`` of course.toml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from utils.checks.course import FOLDER
from utils.checks.places import TABLE, Place, Places, to_json

from ..course import Course, Explorer
from ..errors import Problem, UnusableCourseFiles
from .percent_scripts import headings, named_cells

PLACES_TABLE = f"{FOLDER}/{TABLE}"


def places(course: Course) -> dict[str, Places]:
    """Map each exercise of a course, graded or not, to the places where one can read about it and play with it."""
    found: dict[str, Places] = {}
    playgrounds = {
        exercise: (explorer.name, Place(_path(explorer.notebook), explorer.section))
        for explorer in course.explorer
        if _stands(explorer, _scripts(course))
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


def unused(course: Course) -> Iterator[Problem]:
    """Yield a remark for each explorer that names a notebook, a section or an exercise that this course does not have.

    These are no errors, because an author who drops a notebook deletes its lines in course.toml and nothing else.
    """
    exercises = {exercise.name for _, exercise in course.exercises(further=True)}
    scripts = _scripts(course)
    for explorer in course.explorer:
        line, named = course.line_of(explorer.name), f'the explorer "{explorer.name}" names'
        if explorer.notebook not in scripts:
            sentence = f"{named} the notebook {explorer.notebook}, which this course does not have."
            yield Problem("course.toml", line, f"{sentence} No check points to it.")
        elif not _stands(explorer, scripts):
            sentence = f'{named} the section "{explorer.section}", which {explorer.notebook} does not have.'
            yield Problem("course.toml", line, f"{sentence} No check points to it.")
        for exercise in explorer.exercises:
            if exercise not in exercises:
                yield Problem("course.toml", line, f"{named} {exercise}, which is no exercise of this course.")


def _scripts(course: Course) -> dict[str, Path]:
    """Map the notebooks of a course, as an explorer names them, to the scripts that they are made from."""
    listed = [(assignment, notebook) for assignment in course.assignment for notebook in assignment.notebook]
    return {f"{owner.name}/{notebook.name}": course.script(owner, notebook) for owner, notebook in listed}


def _stands(explorer: Explorer, scripts: Mapping[str, Path]) -> bool:
    """Tell whether the section that an explorer names is there; an unreadable notebook is said elsewhere."""
    try:
        return explorer.notebook in scripts and explorer.section in headings(scripts[explorer.notebook])
    except UnusableCourseFiles:
        return True


def _path(notebook: str) -> str:
    """Return a notebook's path in the student's folder."""
    return f"assignments/{notebook}.ipynb"
