"""The student's notebooks, made by nbgrader's own GenerateAssignment."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from ..course import Assignment, Course
from ..errors import CourseError
from ..host.files import write_if_changed
from ..nbgrader_plugin import configure
from .percent_scripts import source_notebook

__all__ = ["generate", "source_notebook", "write_sources"]


def write_sources(course: Course, assignments: Sequence[Assignment] = (), folder: Path | None = None) -> Path:
    """Write nbgrader's source notebooks where their content changed.

    Parameters
    ----------
    course : Course
        The course.
    assignments : sequence of Assignment, optional
        Which of them; all by default.
    folder : Path, optional
        Where to; ``build/source`` in the course folder by default.

    Returns
    -------
    Path
        The folder; it holds ``<assignment>/<notebook>.ipynb`` and what the notebooks show, such as pictures.

    Raises
    ------
    CourseError
        Where a percent script is damaged.
    """
    folder = folder or course.root / "build" / "source"
    for assignment in assignments or course.assignment:
        scripts = course.sources(assignment)
        wanted: dict[Path, bytes] = {}
        for notebook in assignment.notebook:
            node = source_notebook(course.script(assignment, notebook), assignment, notebook)
            wanted[folder / assignment.name / f"{notebook.name}.ipynb"] = f"{nbformat.writes(node)}\n".encode()
        for path in scripts.iterdir():
            if path.is_file() and path.suffix != ".py":
                wanted[folder / assignment.name / path.name] = path.read_bytes()
        for path, data in wanted.items():
            write_if_changed(path, data)
        for path in (folder / assignment.name).iterdir():
            if path not in wanted and path.is_file():
                path.unlink()
    return folder


def generate(course: Course, assignment: Assignment, db: str | None = None) -> dict[str, bytes]:
    """Make the student's notebooks of an assignment.

    Parameters
    ----------
    course, assignment : Course, Assignment
        What to release.
    db : str, optional
        URL of the gradebook that shall know the cells; none is touched by default.

    Returns
    -------
    dict of str to bytes
        ``assignments/<assignment>/<file>`` and its content. Nothing is written into the course's folder.

    Raises
    ------
    CourseError
        With nbgrader's own reason, where it refuses.
    """
    config = Config()
    configure(config, course)
    config.CourseDirectory.assignment_id = assignment.name
    if db is None:
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
    else:
        config.CourseDirectory.db_url = db
    with tempfile.TemporaryDirectory() as scratch:
        source, released = Path(scratch, "source"), Path(scratch, "release")
        config.CourseDirectory.source_directory = str(write_sources(course, [assignment], source))
        config.CourseDirectory.release_directory = str(released)
        log = _Complaints()
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config, log=log.logger)
        try:
            converter.start()
        except NbGraderException as error:
            way_out = "" if db is None else "; take the change back, or move the gradebook away to begin a new one"
            reason = f"nbgrader refuses to generate {assignment.name}: {log.reason or error}{way_out}."
            raise CourseError(reason) from None
        files = sorted((released / assignment.name).iterdir())
        return {f"assignments/{assignment.name}/{path.name}": path.read_bytes() for path in files}


class _Complaints(logging.Handler):
    """Keeps the reason that nbgrader logs: its exception only says that there was one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.reason = ""
        self.logger = logging.Logger("nbgrader")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Note the last line of a traceback."""
        text = record.getMessage().strip()
        if text.startswith("Traceback"):
            self.reason = text.splitlines()[-1].rstrip(".")
