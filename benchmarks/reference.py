"""The reference of this course, as the grader loads it, for what is to be measured with it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from grader import course
from grader.reference import Reference

ROOT = Path(__file__).resolve().parent.parent


def reference(module: str) -> ModuleType:
    """A module of the reference, by its name in the student's package."""
    return Reference.of(course.load(ROOT)).module(module)
