"""Find the course that a student works on: where its golden packs are, and what it says about itself.

A release writes ``goldens/`` beside the student's package: a golden pack for each exercise, and ``course.json`` with
what the checks have to know of the course as a whole. Nothing in `utils.checks` knows a course by name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .assignments import Assignment, LateRule, read_assignments
from .child import Limits
from .pack import PackError

FOLDER = "goldens"
TABLE = "course.json"


@dataclass(frozen=True)
class Course:
    """What students have of a course.

    Attributes
    ----------
    root : Path
        The folder that holds the student's package, ``goldens`` and ``assignments``.
    package : str
        The student's package.
    title : str
    nets : mapping of str to dict
        What the check of each trained net has to know, by exercise; see `grader.release.goldens.course_table`.
    hint_level : int
        How much a check says if nobody asks for more or less; see `utils.checks.case.Finding.at_level`.
    limits : Limits
        What the code under test may use in a check: as much as the grader lets it use.
    assignments : tuple of Assignment
        In the order of the course; also those whose notebooks the student does not have yet.
    late : LateRule
        What handing in late costs.
    imports : mapping of str to object
        What a file that is handed in may import; see `grader.release.goldens.course_table`.
    largest : mapping of str to int
        The size in bytes, by the ending of a file's name, above which the grader takes no file.
    """

    root: Path
    package: str
    title: str
    nets: Mapping[str, Mapping[str, Any]]
    hint_level: int
    limits: Limits = field(default_factory=Limits)
    assignments: tuple[Assignment, ...] = ()
    late: LateRule = field(default_factory=LateRule)
    imports: Mapping[str, Any] = field(default_factory=dict)
    largest: Mapping[str, int] = field(default_factory=dict)

    @property
    def goldens(self) -> Path:
        """The folder of the golden packs."""
        return self.root / FOLDER

    @property
    def notebooks_folder(self) -> Path:
        """The folder that has a folder for each assignment."""
        return self.root / "assignments"

    @property
    def assignments_here(self) -> tuple[Assignment, ...]:
        """The assignments that the student has."""
        return tuple(one for one in self.assignments if (self.notebooks_folder / one.name).is_dir())

    def in_order(self, exercises: Iterable[str]) -> list[str]:
        """Sort names of exercises as the course has them; those that it does not grade come last, by name."""
        places = [exercise.name for one in self.assignments for exercise in one.exercises]
        place = {name: number for number, name in enumerate(places)}
        return sorted(exercises, key=lambda name: (place.get(name, len(place)), name))


def find(start: Path | None = None) -> Course:
    """Find a course: the nearest one upwards from `start`, else from the working directory, else beside ``utils``.

    Parameters
    ----------
    start : Path, optional
        A file or a folder of the course.

    Raises
    ------
    PackError
        When there is none, or its table is damaged.
    """
    starts = [start] if start else []
    for place in (*starts, Path.cwd()):
        for folder in (place.absolute(), *place.absolute().parents):  # not resolved: a package may be a link
            if (folder / FOLDER / TABLE).is_file():
                return _read(folder)
    beside = Path(__file__).parents[2]
    if (beside / FOLDER / TABLE).is_file():
        return _read(beside)
    raise PackError(
        f"There are no checks ({FOLDER}/{TABLE}) in {Path.cwd()} or above it; run this in the course folder."
    )


def course_of(target: object) -> Course:
    """Find the course that a function or class belongs to, by the file that it was written in; raises PackError."""
    module = sys.modules.get(getattr(target, "__module__", "") or "")
    file = getattr(module, "__file__", None)
    return find(Path(file) if file else None)


def _read(root: Path) -> Course:
    path = root / FOLDER / TABLE
    try:
        table = json.loads(path.read_text("utf-8"))
        return Course(
            root,
            str(table["package"]),
            str(table["title"]),
            dict(table["nets"]),
            int(table["hint_level"]),
            Limits(**table.get("limits", {})),
            read_assignments(table),
            LateRule(**table.get("late", {})),
            dict(table.get("imports", {})),
            dict(table.get("largest", {})),
        )
    except (OSError, ValueError, TypeError, KeyError):
        raise PackError(f"{path} cannot be read; restore it from the course's files.") from None
