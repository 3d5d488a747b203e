"""Reports into nbgrader's gradebook, and what people made of them back out.

Everything goes through nbgrader's own API and preprocessors, so formgrader, ``nbgrader export`` and ``nbgrader
generate_feedback`` find what they expect. SQLite by default, any database that SQLAlchemy knows by URL.

A submission is entered in this order, and may be interrupted anywhere:

1. its annotated notebooks are written beside the old ones, under names that nobody reads;
2. the database takes scores, comments and open questions, in one transaction;
3. the new notebooks take the place of the old ones.

An answer that people have settled is open again when its text differs from the notebook of last time. As that one goes
last, an answer that changed is found to have changed for as long as the database may not know it: stopped before 2,
everything is as it was; stopped between 2 and 3, the next run finds the old text, opens the question again, and ends
up with the same rows. Entering twice is always the same as entering once.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import nbformat
from nbgrader import api
from nbgrader.preprocessors import SaveAutoGrades, SaveCells
from nbgrader.utils import is_grade, is_solution

from ..course import Assignment, Course
from ..errors import GradebookError
from ..host.files import atomic_writes, content
from ..report import Report
from ..submission import Submission
from ..wording import one_line
from .annotate import annotate
from .database import errors_in_one_sentence, find_own_programs, open_database, transaction, without_password
from .lateness import late_penalty
from .restore import read_pictures, read_released, restore
from .rows import Row, WrittenGrade, read_row

__all__ = ["Gradebook", "Row", "WrittenGrade"]

_LONGEST_NAME: Final = 128  # of nbgrader's column; SQLite would not mind


class Gradebook:
    """The gradebook of a course. Use it as a context manager, or close it; closing twice is fine.

    Parameters
    ----------
    course : Course
        The course.
    url : str, optional
        The database; ``gradebook.db`` in the course folder by default.
    autograded : Path, optional
        Where annotated notebooks are written; ``autograded`` in the course folder by default.

    Raises
    ------
    GradebookError
        Where the database cannot be opened.
    """

    def __init__(self, course: Course, url: str | None = None, autograded: Path | None = None) -> None:
        find_own_programs()
        self.course = course
        self.autograded = autograded or course.root / "autograded"
        self.url = url or f"sqlite:///{course.root / 'gradebook.db'}"
        self._released: dict[str, dict[str, Any]] = {}
        with self._errors_in_one_sentence(f"The gradebook {without_password(self.url)} cannot be opened"):
            self._api = open_database(self.url, course.package)

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the database back."""
        self._api.close()

    def prepare(self, assignment: str) -> dict[str, Any]:
        """See to it that the gradebook knows an assignment's cells and due date, as released and as in course.toml.

        Parameters
        ----------
        assignment : str
            Its name.

        Returns
        -------
        dict of str to NotebookNode
            The released notebooks.

        Raises
        ------
        CourseError
            Where a released notebook is missing.
        GradebookError
            Where submissions were recorded for an older release with other cells.
        """
        if assignment not in self._released:
            task = self.course[assignment]
            released = read_released(self.course, task)
            with self._errors_in_one_sentence(f"{assignment} cannot be entered into the gradebook"):
                self._api.update_or_create_assignment(assignment, duedate=task.due)
                for name, notebook in released.items():
                    if not self._has_cells_of(assignment, name, notebook):
                        self._enter_cells(assignment, name, notebook)
            self._released[assignment] = released
        return self._released[assignment]

    def record(self, report: Report, submission: Submission, timestamp: datetime | None = None) -> None:
        """Enter one submission, and write its annotated notebooks for formgrader.

        All of it or nothing: one transaction. What people graded stays, on a regrade too; an answer whose text has
        changed since is marked for them to look at again.

        Parameters
        ----------
        report : Report
            What was found.
        submission : Submission
            What was handed in.
        timestamp : datetime, optional
            When it was handed in, in UTC where it names no zone. What the gradebook knows stays by default.

        Raises
        ------
        CourseError
            Where release, course.toml and report do not fit each other.
        GradebookError
            Where the database or the folder ``autograded`` cannot be written.
        """
        assignment = self.course[report.assignment]
        released = self.prepare(assignment.name)
        folder = self._folder(assignment, report.student)
        notebooks = {}
        for notebook in assignment.notebook:
            node = restore(submission.files.get(f"{notebook.name}.ipynb"), released[notebook.name])
            notebooks[notebook.name] = annotate(node, report, notebook)
        files = {folder / f"{name}.ipynb": f"{nbformat.writes(node)}\n".encode() for name, node in notebooks.items()}
        files |= {folder / name: data for name, data in read_pictures(self.course, assignment).items()}
        if timestamp is not None:
            files[folder / "timestamp.txt"] = f"{timestamp.isoformat()}\n".encode()
        stamp = {} if timestamp is None else {"timestamp": timestamp}
        where = f"The result of {one_line(report.student)} cannot be entered into the gradebook"
        with self._errors_in_one_sentence(where), atomic_writes(files), transaction(self._api) as book:
            book.update_or_create_student(report.student)
            with book.db.no_autoflush:  # nbgrader fills the new rows in before it adds them
                book.update_or_create_submission(assignment.name, report.student, **stamp)
            for name, node in notebooks.items():
                _save(book, (name, assignment.name, report.student), node, folder / f"{name}.ipynb")
            self._enter_penalties(book, assignment, report.student)

    def scores(self, assignment: str) -> list[Row]:
        """What the gradebook holds of an assignment, by student.

        Parameters
        ----------
        assignment : str
            Its name.

        Returns
        -------
        list of Row
            One for each submission; none where none was recorded.
        """
        with self._errors_in_one_sentence(f"The scores of {assignment} cannot be read"):
            try:
                submissions = self._api.assignment_submissions(assignment)
                return sorted((read_row(submission) for submission in submissions), key=lambda row: row.student)
            finally:
                self._api.db.rollback()

    def written(self, report: Report) -> list[bytes | None]:
        """The annotated notebooks as they lie in the folder ``autograded``; None for one that is not there."""
        assignment = self.course[report.assignment]
        folder = self._folder(assignment, report.student)
        return [content(folder / f"{notebook.name}.ipynb") for notebook in assignment.notebook]

    def _errors_in_one_sentence(self, what: str) -> AbstractContextManager[None]:
        return errors_in_one_sentence(what, without_password(self.url))

    def _has_cells_of(self, assignment: str, name: str, notebook: Any) -> bool:
        """Whether the database's cells are those of the released notebook."""
        try:
            known = self._api.find_notebook(name, assignment)
        except api.MissingEntry:
            return False
        named = [cell.metadata.nbgrader for cell in notebook.cells if cell.metadata.get("nbgrader")]
        worth = {cell.grade_id: float(cell.points) for cell in named if cell.grade}
        sums = {cell.grade_id: cell.get("checksum") for cell in named}
        return bool(
            {cell.name: cell.max_score for cell in known.grade_cells} == worth
            and {cell.name: cell.checksum for cell in known.source_cells} == sums
        )

    def _enter_cells(self, assignment: str, name: str, notebook: Any) -> None:
        """Enter a notebook's cells, as nbgrader's GenerateAssignment does."""
        names = {"assignment": assignment, "notebook": name, "db_url": self.url}
        try:
            SaveCells().preprocess(copy.deepcopy(notebook), {"nbgrader": names})
        except RuntimeError as error:  # nbgrader's word for cells that came or went
            raise GradebookError(
                f"{assignment} cannot be entered into the gradebook: {error}; "
                "move the old gradebook away, or restore the release it was made for."
            ) from error

    def _folder(self, assignment: Assignment, student: str) -> Path:
        unusable = student in ("", ".", "..") or "/" in student or not student.isprintable()
        if unusable or len(student) > _LONGEST_NAME:
            raise GradebookError(f'"{one_line(student)}" is no name for a student; rename the folder in submitted/.')
        return self.autograded / student / assignment.name

    def _enter_penalties(self, book: Any, assignment: Assignment, student: str) -> None:
        """Penalties for lateness, as nbgrader's AssignLatePenalties enters them."""
        submission = book.find_submission(assignment.name, student)
        for notebook in submission.notebooks:
            penalty = late_penalty(self.course.late, notebook.score, submission.total_seconds_late)
            notebook.late_submission_penalty = penalty or None


def _save(book: Any, names: tuple[str, str, str], node: Any, written: Path) -> None:
    """Scores and comments of one notebook, by the rules of nbgrader's SaveAutoGrades.

    One rule is added: what people have settled stays settled as long as neither text nor score changed.
    """
    saver = SaveAutoGrades()
    saver.gradebook = book
    saver.notebook_id, saver.assignment_id, saver.student_id = names
    before = _texts(written)
    for index, cell in enumerate(node.cells):
        if is_grade(cell):
            grade = book.find_grade(cell.metadata.nbgrader.grade_id, *names)
            score, open_question = grade.auto_score, grade.needs_manual_grade
            saver.preprocess_cell(cell, {}, index)
            same = before.get(cell.metadata.nbgrader.grade_id) == cell.source and grade.auto_score == score
            grade.needs_manual_grade = open_question if same else grade.needs_manual_grade
        elif is_solution(cell):
            saver.preprocess_cell(cell, {}, index)


def _texts(path: Path) -> Mapping[str, str]:
    """The sources in a notebook that was written before, by name; nothing where there is none."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError):
        return {}
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if cell.metadata.get("nbgrader")}
