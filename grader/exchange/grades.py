"""Make tables of grades with the columns that each system reads.

Canvas and Moodle read back a table that they have written. Where it is given, its rows and columns are kept, and only
the grades are filled in; students who are not in it are named. Without it, a table is made of what is known from
collecting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..course import Assignment
from ..errors import UnusableInput
from ..wording import points
from .attempts import Person
from .results import Result
from .roster import Roster, people_in
from .tables import columns, read_table, shown

Rows = list[Sequence[object]]
_CANVAS_ID: Final = re.compile(r" \(\d+\)$")  # Canvas writes it after an assignment's title
_MOODLE: Final = (
    "Identifier", "Full name", "ID number", "Email address", "Status", "Grade", "Maximum Grade",
    "Grade can be changed", "Last modified (submission)", "Last modified (grade)", "Feedback comments",
)  # fmt: skip
_GRADESCOPE: Final = (
    "First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status", "Submission ID",
    "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count",
)  # fmt: skip


@dataclass
class Table:
    """A table of grades.

    Attributes
    ----------
    rows : list of sequence
        The header is the first.
    left_out : list of str
        The students who have a total and are not in the table.
    remarks : list of str
        Sentences on what does not fit.
    """

    rows: Rows
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def canvas(assignment: Assignment, found: Sequence[Result], template: Path | None, column: str | None) -> Table:
    """Make a table for Canvas: *Grades → Import*.

    Canvas finds students by its number, or else by the university's number or the login, and the assignment by its
    title, with its number behind it where there is one. Students who are not in the table keep their grades.

    Parameters
    ----------
    assignment : Assignment
    found : sequence of Result
    template : Path, optional
        Canvas's gradebook, as *Export* gives it.
    column : str, optional
        The title of the assignment in Canvas, if it is neither its name nor its title here.

    Raises
    ------
    UnusableInput
        When the template is no gradebook of Canvas's, or has no such column.
    """
    if template is None:
        return _own_canvas(assignment, found, column)
    header, *rows = read_table(template)
    places = columns(header)
    if "section" not in places or "id" not in places:
        raise UnusableInput(f"{template} is no gradebook of Canvas's, which has the columns ID and Section.")
    info = places["section"] + 1
    place = _canvas_column(assignment, header, info, template, column)
    table = Table([[*header[:info], header[place]]])
    possible = next((row for row in rows if row[0] == "Points Possible"), None)
    if possible and place < len(possible):
        table.rows.append(["    Points Possible", *possible[1:info], possible[place]])
        table.remarks += _other_maximum(possible[place], found, "Canvas")
    given = _matched(template, header, rows, found, table)
    table.rows += [[*_filled(row, info), points(result.total.score)] for row, result in given]
    return table


def _own_canvas(assignment: Assignment, found: Sequence[Result], column: str | None) -> Table:
    most = max((result.total.max_score for result in found), default=0.0)
    table = Table([("Student", "ID", "SIS User ID", "SIS Login ID", "Section", column or assignment.title)])
    table.rows.append(("    Points Possible", "", "", "", "", points(most)))
    for person, total, _ in found:
        if person.canvas or person.sid or person.login:
            name = person.name or person.student
            row = (name, person.canvas, person.sid, person.login, person.section, points(total.score))
            table.rows.append(row)
        else:
            table.left_out.append(person.student)
    return table


def _canvas_column(assignment: Assignment, header: Sequence[str], info: int, path: Path, column: str | None) -> int:
    """Find the column of the assignment in Canvas's gradebook."""
    wanted = [column] if column else [assignment.name, assignment.title, f"{assignment.name}: {assignment.title}"]
    folded = {name.casefold() for name in wanted}
    places = [
        place
        for place in range(info, len(header))
        if folded & {header[place].casefold(), _CANVAS_ID.sub("", header[place]).casefold()}
    ]
    if len(places) != 1:
        titles = ", ".join(shown(name) for name in header[info:] if _CANVAS_ID.search(name))
        what = "several columns" if places else "no column"
        raise UnusableInput(f"{path} has {what} called {' or '.join(wanted)}; name one with --column: {titles}.")
    return places[0]


def moodle(assignment: Assignment, found: Sequence[Result], template: Path | None, column: str | None) -> Table:
    """Make a grading worksheet for Moodle: *Upload grading worksheet*.

    Moodle finds students by the first column, and overwrites a grade only if it has not changed since the worksheet was
    downloaded, or if told to.

    Parameters
    ----------
    assignment : Assignment
    found : sequence of Result
    template : Path, optional
        The grading worksheet, as *Download grading worksheet* gives it.
    column : str, optional
        The column of grades, in a worksheet that is not in English.

    Raises
    ------
    UnusableInput
        When the template is no grading worksheet, or has no such column.
    """
    if template is None:
        table = Table([_MOODLE])
        for person, total, _ in found:
            if person.moodle:
                grade = (points(total.score), points(total.max_score), "Yes", "-", "-", "")
                who = (f"Participant {person.moodle}", person.name, person.sid, person.email, "")
                table.rows.append((*who, *grade))
            else:
                table.left_out.append(person.student)
        return table
    header, *rows = read_table(template)
    places = columns(header)
    place = places.get((column or "grade").casefold(), -1)
    if place < 0:
        raise UnusableInput(
            f'{template} has no column "{shown(column or "Grade")}"; name the one of grades with --column.'
        )
    table = Table([header])
    if "maximum grade" in places and rows:
        table.remarks += _other_maximum(rows[0][places["maximum grade"]], found, "Moodle")
    for row, result in _matched(template, header, rows, found, table):
        filled: list[str] = _filled(row, len(header))
        filled[place] = points(result.total.score)
        table.rows.append(filled)
    return table


def gradescope(assignment: Assignment, found: Sequence[Result], template: Path | None, column: str | None) -> Table:
    """Make a table with the columns in which Gradescope gives the grades of an assignment."""
    table = Table([_GRADESCOPE])
    for person, total, label in found:
        last, comma, first = person.name.partition(", ")
        if not comma:
            first, _, last = person.name.rpartition(" ")
        seconds = max(0, int((total.handed_in - total.due).total_seconds())) if total.handed_in else 0
        late = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        time = f"{total.handed_in:%Y-%m-%d %H:%M:%S} +0000" if total.handed_in else ""
        status = "Ungraded" if total.needs_manual_grade else "Graded"
        who = (first, last, person.sid, person.email, person.section)
        number = label.removeprefix("submission_")
        row = (*who, points(total.score), points(total.max_score), status, number, time, late, "", "")
        table.rows.append(row)
    return table


def plain(assignment: Assignment, found: Sequence[Result], template: Path | None, column: str | None) -> Table:
    """Make a table of everything: totals, what lateness takes off, decisions, and the points of each question."""
    names = [question.name for question in found[0].total.questions] if found else []
    head = ("student", "name", "email", "total", "of", "late penalty", "handed in (UTC)", "to be graded by hand")
    table = Table([(*head, "decisions", *names)])
    for person, total, _ in found:
        scores = {question.name: question.score for question in total.questions}
        time = f"{total.handed_in:%Y-%m-%d %H:%M:%S}" if total.handed_in else ""
        by_hand = "yes" if total.needs_manual_grade else "no"
        who = (person.student, person.name, person.email)
        result = (points(total.score), points(total.max_score), points(total.penalty), time, by_hand)
        each = [points(scores[name]) if name in scores else "" for name in names]
        table.rows.append((*who, *result, " ".join(total.notes), *each))
    return table


FORMATS: Final[dict[str, Callable[[Assignment, Sequence[Result], Path | None, str | None], Table]]] = {
    "canvas": canvas,
    "moodle": moodle,
    "gradescope": gradescope,
    "csv": plain,
}


def _matched(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], found: Sequence[Result], table: Table
) -> list[tuple[Sequence[str], Result]]:
    """Pair the rows of a template with results, and name the students who are in no row."""
    by_student = {result.person.student: result for result in found}
    ours = Roster(result.person for result in found)
    pairs = []
    for row, person in people_in(path, header, rows):
        # What the table's reader has made up as this person's name here must not be taken for a student's.
        known = ours.find(_without_student(person, by_student)).person
        if known and (result := by_student.pop(known.student, None)):
            pairs.append((row, result))
    table.left_out += sorted(by_student)
    return pairs


def _without_student(person: Person, known: dict[str, Result]) -> Person:
    fields = {name: getattr(person, name) for name in person.__struct_fields__}
    return person if person.student in known else Person(**(fields | {"student": ""}))


def _filled(row: Sequence[str], length: int) -> list[str]:
    """Return the first cells of a row, filled up with empty ones."""
    return [*row[:length], *[""] * (length - len(row))]


def _other_maximum(text: str, found: Sequence[Result], system: str) -> list[str]:
    """Say so where a system has other points for the assignment than the course."""
    ours = max((result.total.max_score for result in found), default=0.0)
    try:
        theirs = float(text.replace(",", "."))
    except ValueError:
        return []
    if not found or abs(theirs - ours) < 0.005:
        return []
    how = "the points are written as they are here"
    return [f"{system} has {points(theirs)} points for this assignment, and course.toml {points(ours)}; {how}."]
