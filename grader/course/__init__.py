"""Read course.toml, which lists a course's assignments, exercises, points, dates and limits, and decisions.toml."""

from __future__ import annotations

from .book_table import BookTable, Modules, Part
from .decision_file import with_decisions
from .reading import find_root, load, read
from .source import listed_at
from .units import seconds, size
from .values import (
    Assignment,
    Course,
    CourseTable,
    EditionTable,
    Exercise,
    Explorer,
    Grading,
    Late,
    LimitSettings,
    Notebook,
    ScoreRange,
    Written,
)

__all__ = [
    "Assignment",
    "BookTable",
    "Course",
    "CourseTable",
    "EditionTable",
    "Exercise",
    "Explorer",
    "Grading",
    "Late",
    "LimitSettings",
    "Modules",
    "Notebook",
    "Part",
    "ScoreRange",
    "Written",
    "find_root",
    "listed_at",
    "load",
    "read",
    "seconds",
    "size",
    "with_decisions",
]
