"""Look after the folder of a student who works in a notebook, from its first cell on."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..checks.course import Course, find
from ..checks.pack import PackError
from .backup import CannotWrite
from .imported import elsewhere
from .kept import keep
from .report import lines
from .update import look_after


def begin() -> None:
    """Say what is wrong with the folder; put right what can be; keep a copy of the student's files after each cell."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    course = _course_here()
    if shell is None or course is None:
        return
    if said := elsewhere(course.root, course.package):
        print(f"⚠ {said}", file=sys.stderr)
    try:
        done = look_after(course.root, course.package)
    except CannotWrite as error:
        print(f"⚠ {error}", file=sys.stderr)
        return
    if done:
        print("\n".join(lines(done, course.package)), file=sys.stderr)

    def after_cell(result: Any) -> None:
        keep(course.root, course.package)

    shell.events.register("post_run_cell", after_cell)


def _course_here() -> Course | None:
    with suppress(PackError, OSError):
        return find(Path.cwd())
    return None
