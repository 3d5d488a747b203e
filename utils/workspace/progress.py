"""Say where a student is: what is right, wrong, to be written, and what it is worth. Nothing is run for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from utils.checks.assignments import Assignment, Exercise, Notebook, Written
from utils.checks.course import Course

from .sources import Sources
from .state import Result, digest_now, digest_of_file, recall

UNANSWERED = "YOUR ANSWER HERE"


class Mark(StrEnum):
    """How an exercise stands."""

    RIGHT = "✓"
    WRONG = "✗"
    OPEN = "○"
    UNCHECKED = "?"
    PARTLY = "~"


MEANINGS = {
    Mark.RIGHT: "right",
    Mark.WRONG: "wrong",
    Mark.OPEN: "to be written",
    Mark.UNCHECKED: "written, not checked",
    Mark.PARTLY: "worth a part",
}


@dataclass(frozen=True)
class Standing:
    """How an exercise stands.

    Attributes
    ----------
    exercise : Exercise
    notebook : str
        The name of its notebook.
    mark : Mark
    note : str
        What there is to say, in a few words; may be empty.
    share : float
        The share of its points that the visible check speaks for.
    line : int
        The line of its file that it is about; 0 where there is none.
    """

    exercise: Exercise
    notebook: str
    mark: Mark
    note: str = ""
    share: float = 0.0
    line: int = 0

    @property
    def points(self) -> float:
        """The points that the visible check speaks for."""
        return self.share * self.exercise.points

    @property
    def place(self) -> str:
        """Where to write: file and line."""
        return f"{self.exercise.file}, line {self.line}" if self.line else self.exercise.file


@dataclass(frozen=True)
class NotebookProgress:
    """The exercises of a notebook, and which of its written questions still have no answer."""

    notebook: Notebook
    exercises: tuple[Standing, ...]
    unanswered: tuple[Written, ...]


@dataclass(frozen=True)
class Progress:
    """How an assignment stands."""

    assignment: Assignment
    notebooks: tuple[NotebookProgress, ...]

    @property
    def exercises(self) -> tuple[Standing, ...]:
        """Those of all notebooks, in the order of the course."""
        return tuple(standing for book in self.notebooks for standing in book.exercises)

    @property
    def points(self) -> float:
        """The points that the visible checks speak for."""
        return sum(standing.points for standing in self.exercises)

    @property
    def checkable(self) -> float:
        """The points of all that can be checked, which is everything but the written answers."""
        return sum(standing.exercise.points for standing in self.exercises)

    @property
    def complete(self) -> bool:
        """Whether everything is right and every question has an answer."""
        return all(book.unanswered == () for book in self.notebooks) and all(
            standing.mark is Mark.RIGHT for standing in self.exercises
        )


def progress(course: Course, assignment: Assignment) -> Progress:
    """Look at the files of an assignment and at what the checks last said of them."""
    results, sources = recall(course.root), Sources(course.root / course.package)
    folder = course.notebooks_folder / assignment.name
    books = []
    for notebook in assignment.notebooks:
        standings = tuple(
            _net(one, notebook.name, folder, results.get(one.name))
            if one.is_net
            else _function(course, one, notebook.name, sources, results.get(one.name))
            for one in notebook.exercises
        )
        books.append(NotebookProgress(notebook, standings, tuple(_unanswered(folder, notebook))))
    return Progress(assignment, tuple(books))


def next_step(found: Progress) -> Standing | None:
    """Return what to do next: the first exercise that is not right and whose prerequisites are; else the first."""
    right = {standing.exercise.name for standing in found.exercises if standing.mark is Mark.RIGHT}
    here = {standing.exercise.name for standing in found.exercises}
    left = [standing for standing in found.exercises if standing.mark is not Mark.RIGHT]
    ready = [one for one in left if all(name in right or name not in here for name in one.exercise.requires)]
    # a net that is worth a part can always be made better; what is still missing comes first
    ready.sort(key=lambda standing: standing.mark is Mark.PARTLY)
    return next(iter(ready or left), None)


def _function(course: Course, exercise: Exercise, notebook: str, sources: Sources, result: Result | None) -> Standing:
    look = sources.look(exercise.module, exercise.function)
    if look.condition == "stub":
        return Standing(exercise, notebook, Mark.OPEN, line=look.line)
    if look.condition == "damaged":
        where = f", line {look.line}" if look.line else ""
        return Standing(exercise, notebook, Mark.WRONG, f"{exercise.file}{where}: {look.why}", line=look.line)
    if look.condition == "absent":
        why = look.why or f"{exercise.file} has no {exercise.function}"
        return Standing(exercise, notebook, Mark.WRONG, why)
    if result is None:
        return Standing(exercise, notebook, Mark.UNCHECKED, "not checked yet", line=look.line)
    if result.digest != digest_now(course, exercise.name, sources, right=result.share == 1):
        return Standing(exercise, notebook, Mark.UNCHECKED, "changed since its check", line=look.line)
    if result.share == 1:
        return Standing(exercise, notebook, Mark.RIGHT, share=1.0, line=look.line)
    return Standing(exercise, notebook, Mark.WRONG, result.said, line=look.line)


def _net(exercise: Exercise, notebook: str, folder: Path, result: Result | None) -> Standing:
    path = folder / exercise.file
    if not path.is_file():
        return Standing(exercise, notebook, Mark.OPEN, "not trained and saved yet")
    if result is None:
        return Standing(exercise, notebook, Mark.UNCHECKED, "not checked yet")
    if result.digest != digest_of_file(path):
        return Standing(exercise, notebook, Mark.UNCHECKED, "changed since its check")
    mark = Mark.RIGHT if result.share == 1 else Mark.PARTLY if result.share else Mark.WRONG
    return Standing(exercise, notebook, mark, result.said, result.share)


def _unanswered(folder: Path, notebook: Notebook) -> Iterator[Written]:
    """Yield the written questions of a notebook whose cells are gone or are as they were given."""
    answers = {}
    try:
        for cell in json.loads((folder / notebook.file).read_text("utf-8"))["cells"]:
            name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
            answers[name] = "".join(cell["source"]).strip()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        answers = {}
    yield from (one for one in notebook.written if answers.get(one.name, "") in ("", UNANSWERED))
