"""Make the stock nbgrader commands grade like `grader grade`: the same verdicts and scores, without running a kernel.

nbgrader_config.py calls `configure`, which replaces these parts of nbgrader:

* `SandboxGrade` replaces ``Execute``: points and findings come from the grader's report, and no cell is executed. *
`SubmittedNotebook` replaces the exporter that reads submitted notebooks: it makes a valid notebook of any file. *
`SandboxAutograde` replaces the converter: it finds submissions as `grader grade` does, and copies none of their files.
* `LatePolicy` replaces the plugin for lateness: it follows course.toml. * `safe_markdown` and `safe_code` replace the
filters that make HTML for formgrader and feedback: HTML in a submission
  becomes harmless, and no text can hold up a page.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import nbgrader.apps.api
import nbgrader.apps.autogradeapp
from jinja2 import pass_context
from nbconvert.exporters import NotebookExporter
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters.autograde import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy.exc import SAWarning

from . import course as courses
from .classrun.collect import collect, read_submission, several_forms
from .classrun.grading import grade_one, ready
from .course import Course
from .errors import GraderError
from .gradebook import Gradebook
from .gradebook.annotate import annotate
from .gradebook.database import find_own_programs
from .gradebook.formgrader import show_totals
from .gradebook.lateness import hand_in_time, late_penalty, not_charged
from .gradebook.markdown import highlight, to_safe_html
from .gradebook.rendering import PageBudget, bounded_html, boxed
from .gradebook.restore import read_released, restore
from .submission import NotASubmission
from .wording import one_line

HERE = __name__


def configure(c: Any, course: Course) -> None:
    """Set up nbgrader for a course.

    Parameters
    ----------
    c : traitlets.config.Config
        The object that ``get_config()`` returns in nbgrader_config.py. Changed in place.
    course : Course
        The course.
    """
    find_own_programs()
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.course_id = course.package
    c.CourseDirectory.source_directory = "build/source"
    c.CourseDirectory.release_directory = "assignments"
    c.GenerateAssignment.force = True  # it may overwrite the release, which is generated anyway
    c.Autograde.exporter_class = f"{HERE}.SubmittedNotebook"
    c.Autograde.sanitize_preprocessors = [  # without ClearOutput: `SubmittedNotebook` has made outputs harmless
        "nbgrader.preprocessors.DeduplicateIds",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        f"{HERE}.SandboxGrade",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.AssignLatePenalties.plugin_class = f"{HERE}.LatePolicy"
    c.HTMLExporter.sanitize_html = True  # sanitises outputs only: nbgrader's templates do not apply it to Markdown
    c.HTMLExporter.filters = {"markdown2html": f"{HERE}.safe_markdown", "highlight_code": f"{HERE}.safe_code"}
    _patch_nbgrader()


def _patch_nbgrader() -> None:
    """Replace the parts of nbgrader that read a submission's files and that no configuration option can replace.

    nbgrader's own converter follows links, and ignores students who handed in no notebook. Its own functions that read
    ``timestamp.txt`` raise on a file without a date, which breaks formgrader's list of the class, and wait for ever
    where the file is a pipe. Formgrader would not see grades that others enter while it is open.
    """
    nbgrader.apps.autogradeapp.Autograde = SandboxAutograde  # for the command
    nbgrader.apps.api.Autograde = SandboxAutograde  # for formgrader's button
    CourseDirectory.get_existing_timestamp = _existing_timestamp
    NbGraderAPI.get_submitted_timestamp = _submitted_timestamp
    show_totals()
    formgrader = sys.modules.get("nbgrader.server_extensions.formgrader.base")  # only where Jupyter runs formgrader
    if formgrader and not isinstance(formgrader.BaseHandler.gradebook, _FreshGradebook):
        formgrader.BaseHandler.gradebook = _FreshGradebook(formgrader.BaseHandler.gradebook.fget)
    # nbgrader fills in new rows before it adds them to the session. SQLAlchemy warns of that, but nothing is lost.
    warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)


class _NothingCopied(BaseConverter):  # type: ignore[misc]  # nbgrader has no types
    """A converter that copies no files of a submission; nbgrader's own follows links and copies files of any size."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Write the hand-in time only, by which nbgrader sees later whether a newer submission has come in."""
        Path(self._format_dest(assignment_id, student_id)).mkdir(parents=True, exist_ok=True)
        self._unfinished(assignment_id, student_id).touch()
        time = self.coursedir.get_existing_timestamp(self._format_source(assignment_id, student_id))
        folder = Path(self._format_dest(assignment_id, student_id))
        if time is not None:
            (folder / "timestamp.txt").write_text(f"{time.isoformat()}\n", "utf-8")

    def _unfinished(self, assignment_id: str, student_id: str) -> Path:
        """Return the path of a file that marks an autograded folder as not finished."""
        return Path(self._format_dest(assignment_id, student_id), ".unfinished")


class SandboxAutograde(Autograde, _NothingCopied):  # type: ignore[misc]  # nbgrader has no types
    """``nbgrader autograde`` for any submission: also archives, submissions without notebooks, and those with links."""

    def start(self) -> None:
        """Prepare the gradebook and test the sandbox with the reference, then convert as nbgrader does."""
        try:
            self.course = courses.load(Path(self.coursedir.root))
            self.assignment = self.course[self.coursedir.assignment_id]
            with Gradebook(self.course, self.coursedir.db_url) as book:
                book.prepare(self.assignment.name)
                self.coursedir.db_url = book.url  # with the driver that is installed
            submitted = Path(self.coursedir.root, self.coursedir.submitted_directory)
            self.log.info("Trying whether the reference of %s passes in the sandbox", self.assignment.name)
            ready(self.course, self.assignment)
            self.hand_ins = {hand_in.student: hand_in for hand_in in collect(submitted, self.assignment)}
            if untimed := not_charged(
                self.course, self.assignment, {hand_in.student: hand_in.path for hand_in in self.hand_ins.values()}
            ):
                self.log.warning(untimed)
            if doubled := several_forms(self.hand_ins.values()):
                self.log.warning(doubled)
            try:
                super().start()
            finally:
                self._apply_decisions()
        except GraderError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None

    def _apply_decisions(self) -> None:
        """Bring the whole class in line with the decisions, also those whom nbgrader skips; see `Gradebook`."""
        with Gradebook(self.course, self.coursedir.db_url) as book:
            applied = book.apply_decisions(self.assignment.name)
        for change in applied.changes:
            self.log.info("Changed since the last run: %s", change)
        for problem in applied.problems:
            self.log.warning(str(problem))

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Decide whether a submission is to be graded: as nbgrader does, or because it has to be entered again.

        nbgrader skips a submission that has an autograded folder. But it makes this folder before it grades, so a run
        that is stopped leaves a folder that is not finished. Such a folder is removed here, and so is one that was
        graded when its exercises had other points; what the program has found is kept, and need not be found again.
        """
        names = (assignment_id, student_id)
        folder = Path(self._format_dest(*names))
        missing = [name for name in self.notebooks if not (folder / Path(name).name).exists()]
        unfinished = (missing and self.coursedir.notebook_id == "*") or self._unfinished(*names).exists()
        if folder.is_dir() and unfinished:
            self.log.warning("Grading %s of %s again: an earlier run was stopped at it", *names)
            shutil.rmtree(folder)
        elif folder.is_dir() and self._has_other_points(folder):
            self.log.info("Entering %s of %s again: its exercises are worth other points now", *names)
            shutil.rmtree(folder)
        decided: bool = super().init_destination(*names)
        return decided

    def _has_other_points(self, folder: Path) -> bool:
        """Tell whether an exercise was worth other points when these notebooks were written."""
        worth = {exercise.grade_id: exercise.points for exercise in self.assignment.exercises}
        for notebook in self.assignment.notebook:
            try:
                cells = json.loads((folder / f"{notebook.name}.ipynb").read_bytes())["cells"]
                named = [cell["metadata"].get("nbgrader", {}) for cell in cells]
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue  # somebody has damaged it, and it is not made anew because of that
            if any(each.get("points") != worth.get(each.get("grade_id"), each.get("points")) for each in named):
                return True
        return False

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        """Mark a submission as finished; setting permissions is nbgrader's last step with it."""
        super().set_permissions(assignment_id, student_id)
        self._unfinished(assignment_id, student_id).unlink(missing_ok=True)

    def init_notebooks(self) -> None:
        """List every notebook of the assignment for every student, also those that were not handed in.

        For those, `SubmittedNotebook` reads the released notebook.
        """
        self.assignments: dict[str, list[str]] = {}
        self.notebooks: list[str] = []
        wanted = self.coursedir.student_id
        for student in self.hand_ins:
            if not (student == wanted or fnmatchcase(student, wanted)):
                continue
            if not student.isprintable():
                self.log.error('Skipped "%s": rename the folder, nbgrader cannot use this name.', one_line(student))
                continue
            folder = self._format_source(self.assignment.name, student)
            self.assignments[folder] = [
                os.path.join(folder, f"{notebook.name}.ipynb")
                for notebook in self.assignment.notebook
                if fnmatchcase(notebook.name, self.coursedir.notebook_id)
            ]
        if not self.assignments:
            raise NbGraderException(f'No submission of {self.assignment.name} by "{wanted}".')


class SubmittedNotebook(NotebookExporter):
    """Read submitted notebooks through `restore`, and any other notebook as it is."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Read a notebook; see `nbconvert.exporters.Exporter.from_filename`."""
        work: Any = self.parent
        names = resources["nbgrader"]
        if filename != os.path.join(
            work.coursedir.format_path(work.coursedir.submitted_directory, names["student"], names["assignment"]),
            f"{names['notebook']}.ipynb",
        ):
            return super().from_filename(filename, resources, **kw)
        try:
            files = read_submission(work.course, work.assignment, work.hand_ins[names["student"]].path).files
        except NotASubmission:
            files = {}
        released = read_released(work.course, work.assignment)[names["notebook"]]
        nb: Any = restore(files.get(f"{names['notebook']}.ipynb"), released)
        return self.from_notebook_node(nb, resources, **kw)  # type: ignore[no-untyped-call]  # nbconvert leaves it untyped


class SandboxGrade(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Grade the submission in the sandbox, instead of executing the notebook."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Write the report's findings and points into the grade cells, where SaveAutoGrades reads them."""
        work = self.parent.parent
        names = resources["nbgrader"]
        graded = grade_one(work.course, work.assignment, work.hand_ins[names["student"]])
        (notebook,) = (item for item in work.assignment.notebook if item.name == names["notebook"])
        return annotate(nb, graded.report, notebook), resources


class LatePolicy(LateSubmissionPlugin):  # type: ignore[misc]  # nbgrader has no types
    """Apply the table ``[late]`` of course.toml, as a plugin of nbgrader."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Compute the points that are taken off; None where there is no penalty."""
        late = courses.load().late  # the working directory is the course folder, where nbgrader was started
        return late_penalty(late, score, total_seconds_late) or None


@pass_context
def safe_markdown(context: Any, source: str) -> str:
    """Render Markdown that a student may have written; replaces nbconvert's filter ``markdown2html``."""
    cell = context.get("cell", {})
    html = bounded_html(to_safe_html, source, cell.get("attachments", {}), budget=_page_budget(context))
    released = cell.get("metadata", {}).get("nbgrader", {}).get("locked", False)
    return boxed(html, "" if released else "as handed in")


@pass_context
def safe_code(context: Any, source: str, language: str | None = None, metadata: Any = None) -> str:
    """Render code that a student may have written; replaces nbconvert's filter ``highlight_code``."""
    return boxed(bounded_html(highlight, source, budget=_page_budget(context)))


def _page_budget(context: Any) -> PageBudget:
    """Return the budget of the page that is being made; it is kept in nbconvert's resources, a dict for each page."""
    left: PageBudget = context.get("resources", {}).setdefault("budget", PageBudget())
    return left


class _FreshGradebook(property):
    """Formgrader's gradebook, which sees at each request what others have entered since the last one.

    Formgrader keeps one session for all its requests, and a row that it has read once stays as it was then.
    """

    def __get__(self, handler: Any, owner: type | None = None) -> Any:
        """Return the gradebook; at the first time in a request, let the session forget what it has read."""
        book = super().__get__(handler, owner)
        if handler is not None and not hasattr(handler, "_has_fresh_gradebook"):
            handler._has_fresh_gradebook = True
            book.db.rollback()
        return book


def _existing_timestamp(_: CourseDirectory, folder: str) -> datetime | None:
    time = hand_in_time(Path(folder))
    return time.replace(tzinfo=None) if time else None  # nbgrader uses datetimes in UTC without a time zone


def _submitted_timestamp(self: NbGraderAPI, assignment_id: str, student_id: str) -> datetime | None:
    folders = self.coursedir
    return _existing_timestamp(folders, folders.format_path(folders.submitted_directory, student_id, assignment_id))


__all__ = [
    "LatePolicy",
    "SandboxAutograde",
    "SandboxGrade",
    "SubmittedNotebook",
    "configure",
    "safe_code",
    "safe_markdown",
]
