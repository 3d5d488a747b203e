"""Write the grades and the feedback of a class in the form that another system takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..course import Assignment, Course
from ..errors import UnusableInput
from ..gradebook import Gradebook
from ..host.files import write_if_changed
from ..host.interruptions import as_interruption
from ..judging.secret import course_secret
from . import record
from .feedback_zips import Pages, pack_pages
from .grades import FORMATS, Table
from .results import results
from .roster import Roster
from .tables import table_bytes


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    grades, feedback : Path
        The table of grades and the zip of pages.
    table : Table
    pages : Pages
    by_hand : list of str
        The students of whom a person still has to grade an answer.
    """

    grades: Path
    feedback: Path
    table: Table
    pages: Pages
    by_hand: list[str]


def export(
    course: Course,
    assignment: Assignment,
    system: str,
    *,
    gradebook: Gradebook,
    submitted: Path,
    feedback: Path,
    out: Path,
    roster: Sequence[Path] = (),
    template: Path | None = None,
    column: str | None = None,
) -> Exported:
    """Write the grades and the feedback of a class.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    system : str
        ``"canvas"``, ``"moodle"``, ``"gradescope"`` or ``"csv"``.
    gradebook : Gradebook
    submitted : Path
        The folder into which submissions were collected; its record has the names that systems know students by.
    feedback : Path
        The folder that pages were written to.
    out : Path
        The folder to write to.
    roster : sequence of Path, default ()
        Tables of students, as for collecting.
    template, column : optional
        As for `grades.canvas` and `grades.moodle`.

    Raises
    ------
    UnusableInput
        When there is no such system, nobody is in the gradebook, or a table cannot be used.
    GradebookError
        When the gradebook cannot be read.
    Interrupted
        When the machine fails.
    """
    if system not in FORMATS:
        raise UnusableInput(f'"{system}" is none of {", ".join(FORMATS)} and gradescope-autograder.')
    totals = gradebook.apply_decisions(assignment.name, tell=False).totals  # nbgrader exports the same then
    if not totals:
        raise UnusableInput(f"Nobody has a result of {assignment.name} yet; run: grader grade {assignment.name}")
    found = results(totals, record.read(submitted, assignment.name), Roster.read(list(roster)))
    table = FORMATS[system](assignment, found, template, column)
    pages = pack_pages(system, found, assignment.name, feedback, course_secret(course.root))
    written = Exported(
        out / f"{system}-grades.csv",
        out / f"{system}-feedback.zip",
        table,
        pages,
        [result.person.student for result in found if result.total.needs_manual_grade],
    )
    with as_interruption(out):
        write_if_changed(written.grades, table_bytes(table.rows))
        if pages.number:
            write_if_changed(written.feedback, pages.data)
    return written
