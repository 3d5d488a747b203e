"""How the stock nbgrader commands work on this repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from .course import Course


def configure(c: Any, course: Course) -> None:
    """Set nbgrader's directories.

    Parameters
    ----------
    c : traitlets.config.Config
        What ``get_config()`` gives in nbgrader_config.py. Changed in place.
    course : Course
        The course.
    """
    find_own_programs()
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.source_directory = "build/source"
    c.CourseDirectory.release_directory = "assignments"


def find_own_programs() -> None:
    """Put this Python's own programs on PATH: nbgrader starts ``alembic`` by name to make a gradebook."""
    folder = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if folder not in path:
        os.environ["PATH"] = os.pathsep.join([folder, *path])
