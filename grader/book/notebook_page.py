"""Turn a released notebook into a page of the book: exercises become boxes, long set-up is folded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from ..course import Exercise, Notebook, Written
from .task_box import question_box, task_box

_HEADING = re.compile(r"^#+ (.+?) *$", re.MULTILINE)
_CHECK = re.compile(r"^check\(.*\)$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A picture that the book shows where a notebook calls something.

    Attributes
    ----------
    picture : str
        Its path in the book.
    words : str
        What it shows, for those who cannot see it.
    page : str
        The page that explains it, as the target of a link.
    """

    picture: str
    words: str
    page: str


@dataclass(frozen=True)
class Material:
    """What all pages of notebooks are made with.

    Attributes
    ----------
    stubs, places : mapping of str to str
        As for `grader.book.task_box.task_box`.
    figures : mapping of str to Shown
        By the name of what a notebook calls.
    moving : mapping of str to tuple of str, default {}
        Heading of a section of this notebook → the pages on which its explorers move, as the targets of links.
    """

    stubs: Mapping[str, str]
    places: Mapping[str, str]
    figures: Mapping[str, Shown]
    moving: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def notebook_page(data: bytes, notebook: Notebook, exercises: Mapping[str, Exercise], material: Material) -> bytes:
    """Make the page of a notebook.

    Parameters
    ----------
    data : bytes
        The released notebook.
    notebook : Notebook
        What course.toml says of it.
    exercises : mapping of str to Exercise
        Every exercise of the course by its name, graded or not.
    material : Material

    Returns
    -------
    bytes
        A notebook for myst-nb.

    Raises
    ------
    CourseError
        When an exercise has no stub.
    """
    node = nbformat.reads(data.decode("utf-8"), as_version=4)
    graded = {exercise.grade_id: exercise for exercise in notebook.exercises}
    written = {question.grade_id: question for question in notebook.written}
    further = {f"check({exercises[name].function})": exercises[name] for name in notebook.further}
    cells = []
    section = ""
    for cell in node.cells:
        if cell.cell_type == "markdown" and (headings := _HEADING.findall(cell.source)):
            section = headings[-1]
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        exercise = graded.get(grade_id) or further.get(_check(cell))
        cells += _cells(cell, exercise, written.get(grade_id), material, material.moving.get(section, ()))
    node.cells = cells
    node.metadata = {"kernelspec": node.metadata.get("kernelspec", {})}
    return str(nbformat.writes(node)).encode()


def title(data: bytes) -> str:
    """Return the first heading of a notebook, without its formatting; ``""`` where there is none."""
    texts = (cell.source for cell in nbformat.reads(data.decode("utf-8"), as_version=4).cells)
    found = next(filter(None, (re.match(r"#+ (.+)", text) for text in texts)), None)
    return re.sub(r"[`*]", "", found[1]).strip() if found else ""


def _check(cell: NotebookNode) -> str:
    """Return the line of a code cell that checks an exercise; ``""`` where there is none."""
    found = _CHECK.search(cell.source) if cell.cell_type == "code" else None
    return found[0] if found else ""


def _cells(
    cell: NotebookNode, exercise: Exercise | None, question: Written | None, material: Material, moving: tuple[str, ...]
) -> list[NotebookNode]:
    """Return the cells that stand in the book for one of the notebook's."""
    if question:
        return [_text(question_box(question))]
    if exercise:
        if line := _check(cell):
            cell.source = line  # what else the cell says is in the box
        return [_text(task_box(exercise, material.stubs, material.places)), _plain(cell)]
    shown = [figure for name, figure in material.figures.items() if _calls(cell, name)]
    return [_plain(cell), *(_text(_figure(figure, moving)) for figure in shown)]


def _calls(cell: NotebookNode, name: str) -> bool:
    return cell.cell_type == "code" and re.search(rf"(?<!\w){re.escape(name)}\(", cell.source) is not None


def _figure(figure: Shown, moving: tuple[str, ...]) -> str:
    """Show a picture, and say where it moves, and what else moves."""
    words = "A picture of it; in your own notebook it moves."
    if moving:
        first, *more = moving
        words = f"A picture of it. [Move its sliders]({first}), or run it on your own code in your notebook."
        words += "".join(f" Another explorer that belongs here: [](<{page}>)." for page in more)
    return f"![{figure.words}]({figure.picture})\n\n{words} [About it]({figure.page})"


def _text(source: str) -> NotebookNode:
    made: NotebookNode = nbformat.v4.new_markdown_cell(source)
    return made


def _plain(cell: NotebookNode) -> NotebookNode:
    """Return a cell without outputs, marks of the gradebook and settings; what JupyterLab folds stays folded."""
    if cell.cell_type == "markdown":
        made = _text(cell.source)
        if cell.get("attachments"):
            made.attachments = cell.attachments
        return made
    folded = cell.metadata.get("jupyter", {}).get("source_hidden") or "hide-input" in cell.metadata.get("tags", ())
    metadata = {"tags": ["hide-input"]} if folded else {}
    code: NotebookNode = nbformat.v4.new_code_cell(cell.source, metadata=metadata)
    return code
