"""Write the pages of a class, the students' apart from the instructor's.

``<out>/<assignment>/students`` can be published as it is: no page in it names anybody else, and the name of a student's
page cannot be guessed. ``<out>/<assignment>/class`` is for the instructor: the page of the class, a list that says
which page is whose, and a page for each pair of similar programs.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from utils.checks.course import FOLDER as GOLDENS

from ..course import Assignment, Course
from ..course.decisions import Decisions
from ..gradebook.rows import Row
from ..gradebook.totals import Total
from ..host.files import content, write_if_changed
from ..host.interruptions import as_interruption
from ..report import Report
from ..submission.similarity import Pair
from ..wording import one_line, points
from .page_of_class import PAIRS, class_page
from .pages import render, student_page
from .side_by_side import side_by_side_page
from .summary import StudentRow, misconceptions, student_row
from .terms import FILE as COUNTS
from .terms import counts_csv

STUDENTS, CLASS, SIMILAR = "students", "class", "similar"
LIST = "students.csv"
_BEFORE_DIGEST = b"<!-- made from "
_UNGUESSABLE = 20  # hexadecimal digits, 80 bits


def page_name(student: str, assignment: str, secret: bytes) -> str:
    """Choose the file name of a student's page, which nobody can guess who does not know the course's secret.

    It begins with the student's name, made plain, and has a part that depends on the student, the assignment and the
    secret. So it stays the same from run to run, no two students share a page, and who knows one of a student's pages
    does not know the next one.

    Parameters
    ----------
    student, assignment : str
        The names of the student and of the assignment.
    secret : bytes
        The course's secret.

    Examples
    --------
    >>> page_name("../Ada", "hw1", b"a secret of this course")
    'Ada-b1984ae3b29697d1decb.html'
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "_", student).strip("_")[:40] or "student"
    text = "\0".join(("feedback page", assignment, student)).encode("utf-8", "surrogatepass")
    return f"{plain}-{hmac.digest(secret, text, 'sha256').hex()[:_UNGUESSABLE]}.html"


def write(
    reports: Iterable[Report],
    course: Course,
    assignment: Assignment,
    out: Path,
    *,
    secret: bytes,
    rows: Iterable[Row] = (),
    totals: Iterable[Total] = (),
    pairs: Sequence[Pair] = (),
    files_of: Callable[[str], Mapping[str, bytes]] | None = None,
) -> Path:
    """Write the pages of a class. Each file is written atomically, and only where its content has changed.

    Parameters
    ----------
    reports : iterable of Report
        The reports on all submissions of the assignment. They are read one by one, and none is kept.
    course : Course
    assignment : Assignment
    out : Path
        The folder for feedback, such as ``build/feedback/`` in the course folder.
    secret : bytes
        The course's secret, for the names of the pages.
    rows : iterable of Row, default ()
        The gradebook's rows, which have the grades and the comments that people gave.
    totals : iterable of Total, default ()
        What students get in the end. Of a student who has none, the page shows what the program gave.
    pairs : sequence of Pair, default ()
        Submissions that are oddly similar, for the class's page.
    files_of : callable, optional
        ``files_of(student)`` returns the files of a submission. With it, similar programs are shown side by side.

    Returns
    -------
    Path
        The class's page, ``<out>/<assignment>/class/index.html``.

    Raises
    ------
    Interrupted
        When a file cannot be written, such as on a full disk.
    """
    folder = out / assignment.name
    known = {row.student: row for row in rows}
    final = {total.student: total for total in totals}
    # What decisions change about a student is in the student's total, so that other pages need not be made again.
    made_with = _code() + hashlib.sha256(repr(replace(course, decisions=Decisions())).encode()).digest()
    names: dict[str, str] = {}
    students: list[StudentRow] = []
    with as_interruption(folder):
        for report in reports:
            row = known.get(report.student)
            names[report.student] = page_name(report.student, assignment.name, secret)
            total = final.get(report.student)
            _write_student_page(folder / STUDENTS / names[report.student], report, course, row, total, made_with)
            students.append(student_row(report, assignment, total))
        # A web server that lists folders without an index would show everybody's page to everybody.
        write_if_changed(folder / STUDENTS / "index.html", render("nobody.html.j2", course=course).encode())
        write_if_changed(folder / CLASS / LIST, _list(students, names))
        found = misconceptions(students, course.root / GOLDENS)
        write_if_changed(folder / CLASS / COUNTS, counts_csv(found, len(students)))
        links = {student: f"../{STUDENTS}/{name}" for student, name in names.items()}
        index = folder / CLASS / "index.html"
        compared = (
            _write_side_by_side(folder / CLASS / SIMILAR, course, assignment, pairs, files_of) if files_of else {}
        )
        write_if_changed(index, class_page(students, course, assignment, links, pairs, compared).encode())
    return index


def _write_side_by_side(
    folder: Path,
    course: Course,
    assignment: Assignment,
    pairs: Sequence[Pair],
    files_of: Callable[[str], Mapping[str, bytes]],
) -> dict[Pair, str]:
    """Write a page for each of the most similar pairs, and delete those of an earlier run; return their URLs."""
    given = {path.name: path.read_bytes() for path in sorted((course.root / course.package).glob("*.py"))}
    urls = {}
    for pair in pairs[:PAIRS]:
        both = "\0".join((pair.one, pair.other)).encode("utf-8", "surrogatepass")
        urls[pair] = f"{SIMILAR}/{hashlib.sha256(both).hexdigest()[:16]}.html"
        page = side_by_side_page(pair, files_of(pair.one), files_of(pair.other), given, course, assignment)
        write_if_changed(folder.parent / urls[pair], page.encode())
    wanted = {folder.parent / url for url in urls.values()}
    for path in folder.glob("*.html"):
        if path not in wanted:
            path.unlink()
    return urls


def _write_student_page(
    path: Path, report: Report, course: Course, row: Row | None, total: Total | None, made_with: bytes
) -> None:
    """Write the page of a student, unless it is there and was made from the same report, grades and course.

    To make a page takes much longer than to read one. So its last line holds a digest of all that it was made from, and
    of the page itself.
    """
    answers = row.answers if row else ()
    inputs = made_with + _encoded((report, answers, total))
    present = content(path)
    if present is not None and present == _with_digest(present.rpartition(_BEFORE_DIGEST)[0], inputs):
        return
    write_if_changed(path, _with_digest(student_page(report, course, answers, total).encode(), inputs))


def _encoded(values: tuple[object, ...]) -> bytes:
    """Return values as bytes that are the same only for the same values."""
    try:
        return msgspec.json.encode(values)
    except UnicodeEncodeError:  # names of folders may hold surrogates; this takes ten times as long
        return repr(values).encode(errors="surrogatepass")


def _with_digest(page: bytes, inputs: bytes) -> bytes:
    return page + _BEFORE_DIGEST + hashlib.sha256(inputs + page).hexdigest().encode() + b" -->\n"


@cache
def _code() -> bytes:
    """Return a digest of the code and the templates that pages are made with."""
    place = Path(__file__).parent
    files = sorted(path for path in place.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    return hashlib.sha256(b"".join(path.read_bytes() for path in (*files, place.parent / "wording.py"))).digest()


def _list(students: Iterable[StudentRow], names: dict[str, str]) -> bytes:
    """Return the list of students as CSV: the name, the points, and the file name of the page."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("student", "points", "of", "page"))
    for row in sorted(students, key=lambda row: row.student):
        # A name that begins like a formula would be computed by a spreadsheet; an apostrophe says that it is text.
        name = one_line(row.student)
        name = f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
        table.writerow((name, points(row.score), points(row.max_score), names[row.student]))
    return text.getvalue().encode()
