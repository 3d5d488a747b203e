"""Make the HTML page of a class, which a browser can search, filter and sort however many students there are.

The page is a single file. Its first rows are a plain table; the others lie in it as JSON, which a script of its own
shows page by page. No other script can run: the page's Content-Security-Policy names this one by its hash.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup

from utils.checks.course import FOLDER

from ..course import Assignment, Course
from ..submission.similarity import Pair
from ..wording import WORDING, VerdictName, one_line
from . import summary
from .pages import render
from .summary import Misconception, StudentRow
from .terms import earlier_terms

ROWS = 50  # of a page of the table
PAIRS = 20  # of similar submissions
NAMES = 10  # of a list of students; the table has the rest
_CODES: Final[dict[VerdictName | None, str]] = {None: "-", **{name: str(k) for k, name in enumerate(WORDING)}}


def class_page(
    students: Sequence[StudentRow],
    course: Course,
    assignment: Assignment,
    links: Mapping[str, str],
    pairs: Sequence[Pair] = (),
    compared: Mapping[Pair, str] = MappingProxyType({}),
) -> str:
    """Make the page of a class.

    Parameters
    ----------
    students : sequence of StudentRow
        A row for each submission of the assignment.
    course : Course
    assignment : Assignment
    links : mapping of str to str
        Student → URL of the student's page, relative to this page. A student who is missing here gets no link.
    pairs : sequence of Pair, default ()
        Submissions that are oddly similar.
    compared : mapping of Pair to str, default {}
        Pair → URL of the page that shows the two side by side.

    Returns
    -------
    str
        A whole HTML document.
    """
    attention = summary.needs_attention(students, assignment)
    urgency = {entry.row.student: entry.urgency for entry in attention}
    rows = sorted(students, key=lambda row: (urgency.get(row.student, len(WORDING)), row.student.casefold()))
    rates = summary.pass_rates(rows, assignment)
    misconceptions = summary.misconceptions(rows, course.root / FOLDER)
    terms, missing_terms = earlier_terms(course, assignment.name)
    reasons = {entry.row.student: " ".join(one_line(reason, 400) for reason in entry.reasons) for entry in attention}
    return render(
        "class.html.j2",
        course=course,
        assignment=assignment,
        rows=rows,
        shown=rows[:ROWS],
        names=NAMES,
        links=links,
        pairs=pairs,
        compared=compared,
        shown_pairs=PAIRS,
        slowest=max((rate.slowest for rate in rates), default=0.0),
        rates=rates,
        misconceptions=misconceptions,
        terms=terms,
        missing_terms=missing_terms,
        attention=attention,
        reasons=reasons,
        decisions=summary.decisions(sorted(students, key=lambda row: row.student.casefold())),
        common_remarks=summary.common_remarks(rows),
        bins=summary.score_distribution(rows),
        median=summary.median_score(rows),
        max_score=max((row.max_score for row in rows), default=0.0),
        unconfined=sum(row.sandbox == "none" for row in rows),
        unwritten=sum(row.needs_manual_grade for row in rows),
        data=_data(rows, assignment, misconceptions, links, reasons),
        script=Markup(_script()),
        script_hash=b64encode(sha256(_script().encode()).digest()).decode(),
    )


def _data(
    rows: Sequence[StudentRow],
    assignment: Assignment,
    misconceptions: Sequence[Misconception],
    links: Mapping[str, str],
    reasons: Mapping[str, str],
) -> dict[str, Any]:
    """Return what the script shows, made small: class.js says which item of a student's row is what."""
    number = {(entry.exercise, entry.name): k for k, entry in enumerate(misconceptions)}
    return {
        "rows": ROWS,
        "verdicts": [[wording.symbol, wording.words, name] for name, wording in WORDING.items()],
        "exercises": [[exercise.name, exercise.points] for exercise in assignment.exercises],
        "misconceptions": [entry.key for entry in misconceptions],
        "students": [
            [
                one_line(row.student),
                links.get(row.student, ""),
                round(row.score, 2),
                "".join(_CODES[verdict] for verdict in row.verdicts),
                [round(score, 2) for score in row.scores],
                [number[entry[:2]] for entry in row.misconceptions],
                reasons.get(row.student, ""),
                int(row.needs_manual_grade),
            ]
            for row in rows
        ],
    }


@cache
def _script() -> str:
    return (Path(__file__).parent / "templates" / "class.js").read_text("utf-8")
