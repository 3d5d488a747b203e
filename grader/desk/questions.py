"""Collect what a question asks, its model answer, and which exercises it is about."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..course import Assignment, Course, Exercise, Notebook
from ..errors import CourseError
from ..gradebook.restore import read_pictures, read_released
from ..release.markers import BEGIN, END
from ..release.percent_scripts import source_notebook

_CODE: Final = re.compile(r"`([^`\n]+)`")
_PNG: Final = b"\x89PNG\r\n"
_HEADING: Final = re.compile(r"#{1,6} ")


@dataclass(frozen=True)
class Question:
    """A question that students answer in writing.

    Attributes
    ----------
    assignment, notebook, name : str
        The name is that of its cell.
    points : float
    text : str
        Markdown: what stands before the answer's cell, from the heading on.
    model_answer : str
        Markdown; empty where there is none.
    about : tuple of Exercise
        The exercises that it is about.
    pictures : dict of str to str
        The PNG pictures that were released beside the notebooks: name → base64.
    """

    assignment: str
    notebook: str
    name: str
    points: float
    text: str
    model_answer: str
    about: tuple[Exercise, ...]
    pictures: dict[str, str] = field(default_factory=dict)


def questions(course: Course, assignment: Assignment) -> list[Question]:
    """Collect the questions of an assignment, in the order of course.toml.

    Raises
    ------
    CourseError
        When a released notebook or the source of one cannot be read.
    """
    released = read_released(course, assignment)
    files = read_pictures(course, assignment).items()
    pictures = {name: base64.b64encode(data).decode() for name, data in files if data.startswith(_PNG)}
    found = []
    for notebook in assignment.notebook:
        model_answers = dict(_model_answers(course, assignment, notebook))
        cells = released[notebook.name].cells
        for written in notebook.written:
            place = _place(cells, written.name)
            text = "\n\n".join(_text_before(cells, place))
            about = _about(text, cells, place, assignment, notebook)
            model = model_answers.get(written.name, "")
            names = assignment.name, notebook.name, written.name
            found.append(Question(*names, written.points, text, model, about, pictures))
    return found


def chosen_exercises(assignment: Assignment, names: Sequence[str], question: Question) -> tuple[Exercise, ...]:
    """Return the exercises that a rubric names, or else those that were found in the question."""
    by_name = {exercise.name: exercise for exercise in assignment.exercises}
    for name in names:
        if name not in by_name:
            raise CourseError(
                f'The rubric of "{question.name}" is about "{name}", which {assignment.name} does not have; correct it.'
            )
    return tuple(by_name[name] for name in names) or question.about


def grade_id(cell: Any) -> str:
    """Return nbgrader's name of a cell; empty where it has none."""
    name: str = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return name


def _place(cells: Sequence[Any], name: str) -> int:
    for number, cell in enumerate(cells):
        if grade_id(cell) == name:
            return number
    raise CourseError(f'No released notebook has the question "{name}"; release the assignment again.')


def _text_before(cells: Sequence[Any], place: int) -> list[str]:
    """Return the texts before an answer, up to their heading or to other cells; code may stand after them."""
    found: list[str] = []
    for cell in reversed(cells[:place]):
        if cell.cell_type == "code" and not grade_id(cell) and not found:
            continue
        if cell.cell_type != "markdown" or grade_id(cell):
            break
        found.insert(0, cell.source)
        if _HEADING.match(cell.source):
            break
    return found


def _about(
    text: str, cells: Sequence[Any], place: int, assignment: Assignment, notebook: Notebook
) -> tuple[Exercise, ...]:
    """Return the exercises that a question names as code, or else the one whose check stands nearest before it."""
    words = {word for code in _CODE.findall(text) for word in re.findall(r"[\w.]+", code)}
    named = [each for each in assignment.exercises if {each.name, each.function} & words]
    own = [each for each in named if each in notebook.exercises]
    if named:
        return tuple(own or named)
    by_cell = {exercise.grade_id: exercise for exercise in notebook.exercises}
    before = [by_cell[grade_id(cell)] for cell in cells[:place] if grade_id(cell) in by_cell]
    return tuple(before[-1:])


def _model_answers(course: Course, assignment: Assignment, notebook: Notebook) -> Iterator[tuple[str, str]]:
    """Yield the name of each question with its model answer; nothing where the notebook has no source."""
    script = course.script(assignment, notebook)
    if not script.is_file():
        return
    try:
        cells = source_notebook(script, assignment, notebook).cells
    except CourseError as error:  # a mistake in a source keeps nobody from grading
        for written in notebook.written:
            yield written.name, f"(The model answer cannot be read: {error})"
        return
    for cell in cells:
        _, begins, rest = cell.source.partition(BEGIN)
        if begins and cell.cell_type == "markdown":
            yield grade_id(cell), rest.partition(END)[0].strip()
