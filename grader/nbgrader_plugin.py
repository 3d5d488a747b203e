"""How the stock nbgrader commands work on this repository: the same oracle, the same scores, no kernel.

`configure` is all that nbgrader_config.py needs. It puts these in place of nbgrader's own parts:

* `SandboxGrade` for ``Execute``: points and findings come from the report; nothing of a submission is executed.
* `SubmittedNotebook` for the reader of submitted files: whatever was handed in, a notebook that holds comes out.
* `SandboxAutograde` for the converter: takes submissions as `grader grade` does, and copies nothing of them.
* `LatePolicy` for lateness, by course.toml.
* `safe_markdown` and `safe_code` for what formgrader and feedback show: HTML of a submission never gets through as
  such, and no text of it holds up a page.
"""

from __future__ import annotations

import os
import shutil
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
from .classrun.collect import collect, read_submission
from .classrun.grading import ready
from .classrun.workers import report_within_time
from .course import Course
from .errors import GraderError
from .gradebook import Gradebook
from .gradebook.annotate import annotate
from .gradebook.database import find_own_programs
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
        What ``get_config()`` gives in nbgrader_config.py. Changed in place.
    course : Course
        The course.
    """
    find_own_programs()
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.course_id = course.package
    c.CourseDirectory.source_directory = "build/source"
    c.CourseDirectory.release_directory = "assignments"
    c.GenerateAssignment.force = True  # what it writes is generated: there is nothing to lose
    c.Autograde.exporter_class = f"{HERE}.SubmittedNotebook"
    c.Autograde.autograde_preprocessors = [
        f"{HERE}.SandboxGrade",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.AssignLatePenalties.plugin_class = f"{HERE}.LatePolicy"
    c.HTMLExporter.sanitize_html = True  # outputs; nbgrader's templates leave Markdown out of it
    c.HTMLExporter.filters = {"markdown2html": f"{HERE}.safe_markdown", "highlight_code": f"{HERE}.safe_code"}
    _harden()


def _harden() -> None:
    """Replace the parts of nbgrader that meet a submission's files and that no option reaches.

    Its own converter follows links, and passes over whoever handed in no notebook. Its own readers of
    ``timestamp.txt`` stop formgrader's list of the class at one that holds no date, and wait for ever at a pipe.
    """
    nbgrader.apps.autogradeapp.Autograde = SandboxAutograde  # the command
    nbgrader.apps.api.Autograde = SandboxAutograde  # formgrader's button
    CourseDirectory.get_existing_timestamp = _existing_timestamp
    NbGraderAPI.get_submitted_timestamp = _submitted_timestamp
    # nbgrader fills new rows in before it adds them; SQLAlchemy remarks on that, and all is well.
    warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)


class _NothingCopied(BaseConverter):  # type: ignore[misc]
    """nbgrader's BaseConverter copies the files of a submission, through links and whatever their size."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Keep the time, which tells nbgrader whether there is something newer; copy nothing."""
        Path(self._format_dest(assignment_id, student_id)).mkdir(parents=True, exist_ok=True)
        self._unfinished(assignment_id, student_id).touch()
        time = self.coursedir.get_existing_timestamp(self._format_source(assignment_id, student_id))
        folder = Path(self._format_dest(assignment_id, student_id))
        if time is not None:
            (folder / "timestamp.txt").write_text(f"{time.isoformat()}\n", "utf-8")

    def _unfinished(self, assignment_id: str, student_id: str) -> Path:
        """A file that lies in an autograded folder while it is being made."""
        return Path(self._format_dest(assignment_id, student_id), ".unfinished")


class SandboxAutograde(Autograde, _NothingCopied):  # type: ignore[misc]
    """``nbgrader autograde`` for submissions as they come: without notebooks, as an archive, with links in them."""

    def start(self) -> None:
        """Prepare the gradebook, then convert as nbgrader does."""
        try:
            self.course = courses.load(Path(self.coursedir.root))
            self.assignment = self.course[self.coursedir.assignment_id]
            with Gradebook(self.course, self.coursedir.db_url) as book:
                book.prepare(self.assignment.name)
            submitted = Path(self.coursedir.root, self.coursedir.submitted_directory)
            self.log.info("Trying whether the reference of %s passes in the sandbox", self.assignment.name)
            ready(self.course, self.assignment)
            self.hand_ins = {hand_in.student: hand_in for hand_in in collect(submitted, self.assignment)}
            if untimed := not_charged(
                self.course, self.assignment, {hand_in.student: hand_in.path for hand_in in self.hand_ins.values()}
            ):
                self.log.warning(untimed)
            super().start()
        except GraderError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Whether a submission is to be graded, as nbgrader decides it, and when it was stopped in the middle.

        nbgrader passes over a submission that has an autograded folder, and it makes that folder first.
        """
        names = (assignment_id, student_id)
        folder = Path(self._format_dest(*names))
        missing = [name for name in self.notebooks if not (folder / Path(name).name).exists()]
        unfinished = (missing and self.coursedir.notebook_id == "*") or self._unfinished(*names).exists()
        if folder.is_dir() and unfinished:
            self.log.warning("Grading %s of %s again: an earlier run was stopped at it", *names)
            shutil.rmtree(folder)
        decided: bool = super().init_destination(*names)
        return decided

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        """Nbgrader's last step with a submission: from here on it is done."""
        super().set_permissions(assignment_id, student_id)
        self._unfinished(assignment_id, student_id).unlink(missing_ok=True)

    def init_notebooks(self) -> None:
        """Every notebook of the assignment, for every student: one that is missing is the released one."""
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
    """Reads a submitted notebook by `restore`, and any other as it is."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Restore instead of trusting; see `nbconvert.exporters.Exporter.from_filename`."""
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
        return self.from_notebook_node(nb, resources, **kw)  # type: ignore[no-untyped-call]


class SandboxGrade(NbGraderPreprocessor):  # type: ignore[misc]
    """Points and findings of the report, in Execute's place."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Write them into the grade cells; SaveAutoGrades reads them there."""
        work = self.parent.parent
        names = resources["nbgrader"]
        graded = report_within_time(work.course, work.assignment, work.hand_ins[names["student"]])
        (notebook,) = (item for item in work.assignment.notebook if item.name == names["notebook"])
        return annotate(nb, graded.report, notebook), resources


class LatePolicy(LateSubmissionPlugin):  # type: ignore[misc]
    """course.toml's table ``[late]``, as nbgrader's plugin."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Points taken off; None for none."""
        late = courses.load().late  # nbgrader works in the course folder
        return late_penalty(late, score, total_seconds_late) or None


@pass_context
def safe_markdown(context: Any, source: str) -> str:
    """nbconvert's filter ``markdown2html``, for text that a student may have written."""
    cell = context.get("cell", {})
    html = bounded_html(to_safe_html, source, cell.get("attachments", {}), budget=_page_budget(context))
    ours = cell.get("metadata", {}).get("nbgrader", {}).get("locked", False)
    return boxed(html, "" if ours else "as handed in")


@pass_context
def safe_code(context: Any, source: str, language: str | None = None, metadata: Any = None) -> str:
    """nbconvert's filter ``highlight_code``, for code that a student may have written."""
    return boxed(bounded_html(highlight, source, budget=_page_budget(context)))


def _page_budget(context: Any) -> PageBudget:
    """What is left for the page that is being made; nbconvert has one dict of resources for each."""
    left: PageBudget = context.get("resources", {}).setdefault("budget", PageBudget())
    return left


def _existing_timestamp(_: CourseDirectory, folder: str) -> datetime | None:
    time = hand_in_time(Path(folder))
    return time.replace(tzinfo=None) if time else None  # nbgrader counts in UTC and does not say so


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
