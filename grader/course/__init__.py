"""Read course.toml, the file in which a course lists its assignments, exercises, points, dates and limits."""

from __future__ import annotations

from .reading import find_root, load, read
from .source import listed_at
from .units import seconds, size
from .values import (
    Assignment,
    Course,
    CourseTable,
    EditionTable,
    Exercise,
    Grading,
    Late,
    LimitSettings,
    Notebook,
    ScoreRange,
    Written,
)

__all__ = [
    "Assignment",
    "Course",
    "CourseTable",
    "EditionTable",
    "Exercise",
    "Grading",
    "Late",
    "LimitSettings",
    "Notebook",
    "ScoreRange",
    "Written",
    "find_root",
    "listed_at",
    "load",
    "read",
    "seconds",
    "size",
]
