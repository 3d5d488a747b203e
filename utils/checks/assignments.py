"""Say what a course asks for and when: assignments, their notebooks and exercises, points, due dates, late days.

A release writes it into ``goldens/course.json``, from which `utils.checks.course` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Exercise:
    """A function to write, or a net to train.

    Attributes
    ----------
    name : str
        ``"layers.affine_forward"``, or ``"models.best"`` for a trained net.
    points : float
    file : str
        What is handed in for it: ``"package/layers.py"``, or ``"models/best.npz"`` beside the notebooks.
    requires : tuple of str
        Exercises to solve before this one.
    """

    name: str
    points: float
    file: str
    requires: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The name of the file that it stands in, without its ending; ``"models"`` for a trained net."""
        return self.name.partition(".")[0]

    @property
    def function(self) -> str:
        """The function's name in that file, as ``"Net.loss"``."""
        return self.name.partition(".")[2]

    @property
    def is_net(self) -> bool:
        """Whether it is a trained net."""
        return self.module == "models"

    @property
    def cell(self) -> str:
        """The name that its cell in the notebook has in the metadata."""
        return self.name.replace(".", "-")


@dataclass(frozen=True)
class Written:
    """A question that is answered in words, in a cell of the notebook that has its name; people grade it."""

    name: str
    points: float


@dataclass(frozen=True)
class Notebook:
    """A notebook with its exercises, in the order of the course; those that are optional are never graded."""

    name: str
    exercises: tuple[Exercise, ...]
    written: tuple[Written, ...]
    optional: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.ipynb"


@dataclass(frozen=True)
class Assignment:
    """An assignment; `due` has a time zone."""

    name: str
    title: str
    due: datetime
    notebooks: tuple[Notebook, ...]

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises of all its notebooks."""
        return tuple(exercise for notebook in self.notebooks for exercise in notebook.exercises)

    @property
    def points(self) -> float:
        """What all of it is worth, the written answers included."""
        written = sum(question.points for book in self.notebooks for question in book.written)
        return written + sum(exercise.points for exercise in self.exercises)


@dataclass(frozen=True)
class LateRule:
    """What handing in late costs.

    Attributes
    ----------
    grace_seconds : float
        How long after the due date nothing is taken off.
    per_day : float
        The share of the points that each day costs that has begun after that.
    days : int
        After how many such days nothing is accepted.
    """

    grace_seconds: float = 0.0
    per_day: float = 0.0
    days: int = 7


def read_assignments(table: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """Read the assignments from the course's table; none where the release was made before the table had them.

    Raises
    ------
    KeyError, TypeError, ValueError
        When the table is damaged.
    """
    return tuple(
        Assignment(
            str(one["name"]),
            str(one["title"]),
            datetime.fromisoformat(one["due"]),
            tuple(_notebook(book) for book in one["notebooks"]),
        )
        for one in table.get("assignments", ())
    )


def _notebook(book: Mapping[str, Any]) -> Notebook:
    exercises = tuple(
        Exercise(str(one["name"]), float(one["points"]), str(one["file"]), tuple(one.get("requires", ())))
        for one in book["exercises"]
    )
    written = tuple(Written(str(one["name"]), float(one["points"])) for one in book["written"])
    return Notebook(str(book["name"]), exercises, written, tuple(book.get("optional", ())))
