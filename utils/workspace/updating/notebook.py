"""Look after the folder of a student who works in a notebook, from its first cell on."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from utils.checks.course import Course, find
from utils.checks.pack import PackError

from ..imported import elsewhere
from .backup import CannotWrite
from .kept import keep
from .report import lines
from .update import look_after


def begin() -> None:
    """Say where the code comes from, and look after the folder after each cell that is run.

    The first time, that brings back what a release was unpacked over. It waits for the end of the cell: IPython then
    knows the modules that the cell has imported, and imports those anew that have changed since.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    course = _course_here()
    if shell is None or course is None:
        return
    if said := elsewhere(course.root, course.package):
        print(f"⚠ {said}", file=sys.stderr)
    first = True

    def after_cell(result: Any) -> None:
        nonlocal first
        if first:
            first = False
            _look_after(course)
        else:
            keep(course.root, course.package)

    shell.events.register("post_run_cell", after_cell)


def _look_after(course: Course) -> None:
    """Put right what can be put right, and say so below the cell."""
    try:
        done = look_after(course.root, course.package)
    except CannotWrite as error:
        print(f"⚠ {error}", file=sys.stderr)
        return
    if done:
        print("\n".join(lines(done, course.package)), file=sys.stderr)


def _course_here() -> Course | None:
    with suppress(PackError, OSError):
        return find(Path.cwd())
    return None
