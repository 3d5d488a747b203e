"""Make the student's notebooks with nbgrader's own GenerateAssignment."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from ..course import Assignment, Course
from ..errors import CourseError
from ..gradebook import Gradebook
from ..host.files import write_if_changed
from ..nbgrader_plugin import configure
from .colab import colab_cell
from .pace import add_times, measured
from .percent_scripts import source_notebook
from .rules import by_exercise, comment
from .status_cell import status_cell

__all__ = ["generate", "source_notebook", "write_sources"]


def write_sources(course: Course, assignments: Sequence[Assignment] = (), folder: Path | None = None) -> Path:
    """Write nbgrader's source notebooks, and delete files of an earlier call that are not made any more.

    A file whose content has not changed is not touched.

    Parameters
    ----------
    course : Course
        The course.
    assignments : sequence of Assignment, optional
        The assignments whose notebooks are written; all by default.
    folder : Path, optional
        The folder to write to; ``build/source`` in the course folder by default.

    Returns
    -------
    Path
        The folder; it holds ``<assignment>/<notebook>.ipynb`` and the files that notebooks show, such as pictures.

    Raises
    ------
    CourseError
        When a percent script is damaged.
    """
    folder = folder or course.root / "build" / "source"
    rules, times = by_exercise(course), measured(course)
    for assignment in assignments or course.assignment:
        scripts = course.sources(assignment)
        wanted: dict[Path, bytes] = {}
        for notebook in assignment.notebook:
            node = source_notebook(course.script(assignment, notebook), assignment, notebook)
            if course.edition.minutes_per_point:
                seconds = times.get(f"{assignment.name}/{notebook.name}", {})
                add_times(node, seconds, course.edition.minutes_per_point)
            node.cells.insert(1, status_cell())  # below the title
            if course.edition.colab:
                node.cells.insert(1, colab_cell(course, assignment))
            _add_rules(node, {name.replace(".", "-"): rule for name, rule in rules.items()})
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


def _add_rules(notebook: NotebookNode, rules: Mapping[str, Sequence[str]]) -> None:
    """Write above each check of an exercise what is checked besides its core; `rules` has the lines by cell name."""
    for cell in notebook.cells:
        rule = rules.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""), ())
        if rule and cell.cell_type == "code":
            cell.source = "\n".join([*comment(rule), cell.source])


def generate(course: Course, assignment: Assignment, db: str | None = None) -> dict[str, bytes]:
    """Make the student's notebooks of an assignment.

    Parameters
    ----------
    course, assignment : Course, Assignment
        The assignment and its course.
    db : str, optional
        URL of the gradebook in which nbgrader registers the cells; by default no gradebook is opened.

    Returns
    -------
    dict of str to bytes
        Contents by path, ``assignments/<assignment>/<file>``. No notebook is written into the course folder.

    Raises
    ------
    CourseError
        When a percent script is damaged, or nbgrader refuses; the message then has nbgrader's own reason.
    GradebookError
        When the gradebook cannot be opened.
    """
    config = Config()
    configure(config, course)
    config.CourseDirectory.assignment_id = assignment.name
    if db is None:
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
    else:
        with Gradebook(course, db) as book:  # makes the tables, or says in one sentence why it cannot
            config.CourseDirectory.db_url = book.url
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
    """Keep the reason for a failure from nbgrader's log, because the exception that it raises does not contain it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.reason = ""
        self.logger = logging.Logger("nbgrader")
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the last line of a logged traceback, which is the message of the original exception."""
        text = record.getMessage().strip()
        if text.startswith("Traceback"):
            self.reason = text.splitlines()[-1].rstrip(".")
