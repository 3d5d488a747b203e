"""Enter reports into nbgrader's gradebook, and read scores and the grades that people gave from it.

What is entered follows nbgrader's own rules, so that formgrader, ``nbgrader export`` and ``nbgrader generate_feedback``
find what they expect. The database is SQLite by default; a PostgreSQL server takes several graders
at once; others that SQLAlchemy supports may work.

Submissions are entered in three steps, several at a time, and this may be interrupted at any point:

1. The new annotated notebooks are written under temporary names, beside the ones of the previous run.
2. Scores, comments, and which answers people still have to grade are written to the database, in one transaction.
3. The new notebooks replace the previous ones.

A written answer that a person has graded has to be graded again when its text differs from that in the previous
notebook. This is why the notebooks are replaced last. If a run is stopped before step 2, nothing has changed. If it is
stopped between steps 2 and 3, the next run still finds the previous text, marks the answer once more, and writes the
same rows again. So entering a submission twice always has the same result as entering it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from nbgrader import api
from sqlalchemy import Engine, select

from ..course import Assignment, Course
from ..errors import GradebookError
from ..host.files import atomic_writes, content, link_or_copy
from ..report import Report
from ..submission import Submission
from ..submission.file_states import file_states
from ..wording import one_line
from . import applied, rescaling, total_sources
from .annotate import annotate
from .changes import Applied, Change, change, without_effect
from .database import (
    create_indices,
    errors_in_one_sentence,
    find_own_programs,
    one_at_a_time,
    open_database,
    with_driver,
    without_password,
)
from .decision_notes import note_decisions
from .released_cells import enter_cells
from .restore import pictures, read_released, restore
from .rows import Row, WrittenGrade, read_rows
from .saving import notebook_bytes, save
from .submission_rows import AssignmentRows, SubmissionRows, write
from .totals import Total

__all__ = ["Entry", "Gradebook", "Row", "WrittenGrade"]

_LONGEST_NAME: Final = 128  # the length of nbgrader's database column, which SQLite would not enforce


@dataclass(frozen=True)
class Entry:
    """What is entered about one submission.

    Attributes
    ----------
    report : Report
        The report on the submission.
    submission : Submission
        The submitted files.
    timestamp : datetime, optional
        When it was handed in; in UTC where it has no time zone. By default, the time in the gradebook is kept.
    restored : dict of str to NotebookNode, optional
        What `Gradebook.restored` has returned for the submission. It is changed.
    """

    report: Report
    submission: Submission
    timestamp: datetime | None = None
    restored: dict[str, Any] | None = None


class Gradebook:
    """The gradebook of a course. Use it as a context manager, or call `close`.

    Parameters
    ----------
    course : Course
        The course.
    url : str, optional
        The database's URL; an SQLite database ``gradebook.db`` in the course folder by default.
    autograded : Path, optional
        The folder for annotated notebooks; ``autograded`` in the course folder by default.

    Raises
    ------
    GradebookError
        When the database cannot be opened.
    Interrupted
        When the machine fails: a full disk, a locked database.
    """

    def __init__(self, course: Course, url: str | None = None, autograded: Path | None = None) -> None:
        find_own_programs()
        self.course = course
        self.autograded = autograded or course.root / "autograded"
        self.url = url or f"sqlite:///{course.root / 'gradebook.db'}"
        self._released: dict[str, dict[str, Any]] = {}
        self._pictures: dict[str, list[Path]] = {}
        with self._errors_in_one_sentence(f"The gradebook {self.shown_url} cannot be opened"):
            self.url = with_driver(self.url)
            self._api = open_database(self.url, course.package)
            with one_at_a_time(self._api.engine, "tables") as connection:
                total_sources.create_tables(connection)
                rescaling.create_tables(connection)
                create_indices(connection)

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def shown_url(self) -> str:
        """The database's URL without its password; nothing else is ever shown or kept."""
        return without_password(self.url)

    @property
    def engine(self) -> Engine:
        """The database, for what nbgrader's API does not offer."""
        engine: Engine = self._api.engine
        return engine

    def close(self) -> None:
        """Close the database. Closing it twice does nothing."""
        self._api.close()

    def prepare(self, assignment: str) -> dict[str, Any]:
        """Enter an assignment's released cells and its due date, unless the gradebook has them already.

        Parameters
        ----------
        assignment : str
            The name of the assignment.

        Returns
        -------
        dict of str to NotebookNode
            The released notebooks by their names.

        Raises
        ------
        CourseError
            When a released notebook is missing or damaged.
        GradebookError
            When submissions were recorded for an older release with other cells, or the database cannot be written.
        Interrupted
            When the machine fails: a full disk, a locked database.
        """
        if assignment not in self._released:
            task = self.course[assignment]
            released = read_released(self.course, task)
            where = f"{assignment} cannot be entered into the gradebook"
            with self._errors_in_one_sentence(where), one_at_a_time(self._api.engine, "assignment"):
                self._api.update_or_create_assignment(assignment, duedate=task.due)
                enter_cells(self._api, self.url, assignment, released)
            self._released[assignment] = released
        return self._released[assignment]

    def restored(self, assignment: str, submission: Submission) -> dict[str, Any]:
        """Rebuild the notebooks of a submission, pictures included, which may take seconds.

        It does not touch the database. After `prepare`, it may be called in any thread.

        Parameters
        ----------
        assignment : str
            The name of the assignment.
        submission : Submission
            The submitted files.

        Returns
        -------
        dict of str to NotebookNode
            By the names of the notebooks; see `restore.restore`.
        """
        released = self.prepare(assignment)
        return {name: restore(submission.files.get(f"{name}.ipynb"), node) for name, node in released.items()}

    def record(
        self,
        report: Report,
        submission: Submission,
        timestamp: datetime | None = None,
        restored: dict[str, Any] | None = None,
    ) -> None:
        """Enter one submission, as `record_all` does.

        Parameters
        ----------
        report, submission, timestamp, restored
            As for `Entry`.

        Raises
        ------
        CourseError, GradebookError, Interrupted
            As for `record_all`.
        """
        self.record_all([Entry(report, submission, timestamp, restored)])

    def record_all(self, entries: Sequence[Entry]) -> None:
        """Enter submissions of one assignment into the database, and write their annotated notebooks for formgrader.

        Everything is entered in one transaction, or nothing is. Grades that people gave stay, even if a submission is
        graded again; an answer whose text has changed since is marked as to be graded again.

        Parameters
        ----------
        entries : sequence of Entry
            Of different students; at least one.

        Raises
        ------
        CourseError
            When the release, course.toml and the report do not fit each other.
        GradebookError
            When a student's name cannot be used, or the database or the folder ``autograded`` cannot be written.
        Interrupted
            When the machine fails: a full disk, a locked database.
        """
        assignment = self.course[entries[0].report.assignment]
        students = [entry.report.student for entry in entries]
        annotated = [self._annotated(assignment, entry) for entry in entries]
        files: dict[Path, bytes] = {}
        for entry, notebooks in zip(entries, annotated, strict=True):
            files |= self._files(assignment, entry, notebooks)
        alone = len(students) == 1
        what = f"The result of {one_line(students[0])}" if alone else f"The results of {len(students)} students"
        where = f"{what} cannot be entered into the gradebook"
        # Decisions are applied to the rows of all students, in another order.
        locked = one_at_a_time(self._api.engine, *(f"student {one}" for one in students), unless="decisions")
        with self._errors_in_one_sentence(where), atomic_writes(files), locked as connection:
            shared = AssignmentRows.read(connection, assignment.name)
            submissions = []
            for entry, notebooks in zip(entries, annotated, strict=True):
                student = entry.report.student
                rows = SubmissionRows(connection, shared, student, entry.timestamp)
                self._add_pictures(assignment, student)
                for name, node in notebooks.items():
                    written = self._folder(assignment, student) / f"{name}.ipynb"
                    save(rows.of(name), (name, assignment.name, student), node, written)
                submissions.append(rows)
            write(connection, submissions)
            applied.apply(connection, self.course, assignment, students, tell=False)

    def _annotated(self, assignment: Assignment, entry: Entry) -> dict[str, Any]:
        """Return the annotated notebooks of a submission, by their names."""
        nodes = entry.restored or self.restored(assignment.name, entry.submission)
        return {each.name: annotate(nodes[each.name], entry.report, each) for each in assignment.notebook}

    def _files(self, assignment: Assignment, entry: Entry, notebooks: Mapping[str, Any]) -> dict[Path, bytes]:
        """Return the files that are to be in the folder of a submission."""
        folder = self._folder(assignment, entry.report.student)
        files = {folder / f"{name}.ipynb": notebook_bytes(node) for name, node in notebooks.items()}
        if entry.timestamp is not None:
            files[folder / "timestamp.txt"] = f"{entry.timestamp.isoformat()}\n".encode()
        return files

    def scores(self, assignment: str) -> list[Row]:
        """Read what the gradebook holds about an assignment's submissions.

        Parameters
        ----------
        assignment : str
            The name of the assignment.

        Returns
        -------
        list of Row
            One for each submission, sorted by student.

        Raises
        ------
        GradebookError
            When the database cannot be read.
        Interrupted
            When the machine fails: a locked database, a damaged disk.
        """
        with self._errors_in_one_sentence(f"The scores of {assignment} cannot be read"):
            try:
                self._api.find_assignment(assignment)
                return read_rows(self._api.db, assignment)
            finally:
                self._api.db.rollback()  # end the transaction, so that the database is not locked

    def totals(self, assignment: str) -> list[Total]:
        """Compute the total of each submission of an assignment, with hand grades, lateness and all decisions.

        Nothing is written, and no student's code runs.

        Parameters
        ----------
        assignment : str
            The name of the assignment.

        Returns
        -------
        list of Total
            Sorted by student.

        Raises
        ------
        GradebookError
            When the database cannot be read.
        Interrupted
            When the machine fails: a locked database, a damaged disk.
        """
        task = self.course[assignment]
        with (
            self._errors_in_one_sentence(f"The totals of {assignment} cannot be read"),
            self._api.engine.connect() as connection,
        ):
            return applied.read_totals(connection, self.course, task)

    def students(self) -> set[str]:
        """Return the names of all students that the gradebook knows."""
        with (
            self._errors_in_one_sentence("The students cannot be read"),
            self._api.engine.connect() as connection,
        ):
            return set(connection.execute(select(api.Student.id)).scalars())

    def apply_decisions(
        self, assignment: str, *, tell: bool = True, noted: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> Applied:
        """Bring the gradebook in line with the totals, and with the decisions of instructors that they follow.

        Every run over a class ends with this. It is idempotent, and runs no student's code. Where there are budgets of
        late days, the other assignments follow, because a day can be spent only once.

        Parameters
        ----------
        assignment : str
            The name of the assignment.
        tell : bool, default True
            Whether what has changed will be told; otherwise, the next run tells it.
        noted : mapping of str to tuple of str, default {}
            Students whose notebooks need not be read, because they are known to have these sentences about decisions.

        Returns
        -------
        Applied
            What has changed since the last run, for whom, and why.

        Raises
        ------
        GradebookError
            When the database or the folder ``autograded`` cannot be written.
        Interrupted
            When the machine fails: a full disk, a locked database.
        """
        task = self.course[assignment]
        others = [other for other in self.course.assignment if other.name != assignment]
        totals: list[Total] = []
        found: list[Change | None] = []
        touched: set[str] = set()
        with self._errors_in_one_sentence(f"The decisions about {assignment} cannot be applied"):
            with one_at_a_time(self._api.engine, "decisions") as connection:
                for each in [task, *(others if self.course.decisions.late_days else [])]:
                    written = applied.apply(connection, self.course, each, tell=tell)
                    found += [change(each.name, one.total, one.before, one.now) for one in written]
                    if each is task:
                        totals = [one.total for one in written]
                        touched = {one.total.student for one in written if one.touched}
                known = set(connection.execute(select(api.Student.id)).scalars())
            for total in totals:
                if noted.get(total.student) == total.notes:
                    continue
                folder = self._folder(task, total.student)
                if note_decisions([folder / f"{notebook.name}.ipynb" for notebook in task.notebook], total.notes):
                    touched.add(total.student)
        changes = tuple(one for one in found if one)
        problems = without_effect(self.course, task, known, {total.student for total in totals})
        return Applied(tuple(totals), changes, frozenset(touched), tuple(problems))

    def written(self, assignment: str, student: str) -> list[bytes | None]:
        """Read a student's annotated notebooks from the folder ``autograded``; None stands for one that is missing."""
        task = self.course[assignment]
        folder = self._folder(task, student)
        return [content(folder / f"{notebook.name}.ipynb") for notebook in task.notebook]

    def written_states(self, assignment: str, student: str) -> bytes:
        """Return what the file system says of the files that `written` reads; see `submission.file_states`."""
        task = self.course[assignment]
        folder = self._folder(task, student)
        # Not of the whole folder: a picture's state changes when it is linked into the next student's.
        states = [file_states(folder / f"{notebook.name}.ipynb") for notebook in task.notebook]
        return hashlib.sha256(b"".join(states)).digest() if all(states) else b""

    def _errors_in_one_sentence(self, what: str) -> AbstractContextManager[None]:
        return errors_in_one_sentence(what, self.shown_url)

    def _add_pictures(self, assignment: Assignment, student: str) -> None:
        """Put the pictures of an assignment beside a student's annotated notebooks, which exist."""
        if assignment.name not in self._pictures:
            self._pictures[assignment.name] = pictures(self.course, assignment)
        for picture in self._pictures[assignment.name]:
            link_or_copy(picture, self._folder(assignment, student) / picture.name)

    def _folder(self, assignment: Assignment, student: str) -> Path:
        """Return the folder for a submission's annotated notebooks; the student's name is checked first."""
        unusable = student in ("", ".", "..") or "/" in student or not student.isprintable()
        if unusable or len(student) > _LONGEST_NAME:
            raise GradebookError(f'"{one_line(student)}" is no name for a student; rename the folder in submitted/.')
        return self.autograded / student / assignment.name
