"""HTML for one student, and HTML for the class.

The pages are made to be sent, printed and put on any web server: one file each, no script, nothing from elsewhere.
Everything that a submission may have had a hand in (names, hints, remarks) is untrusted: Jinja2 escapes it, after
`wording.visible` has made it harmless to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from utils.checks.course import FOLDER

from ..course import Course, Exercise
from ..gradebook.rows import Row, WrittenGrade
from ..host.files import write_if_changed
from ..report import Report
from ..submission.similarity import Pair
from ..wording import WORDING, VerdictName, one_line, points, visible
from . import summary

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")

_ADVICE: Final[dict[VerdictName, str]] = {
    "partial": "You are close: start with the first hint below.",
    "fail": "Start with the first hint below.",
    "error": "Find out where the error comes from before you look at any numbers.",
    "missing": "This one is waiting for you.",
    "timeout": "Look for a loop that never ends, or for one over numbers that numpy could do in a single line.",
    "killed": "Look for an array much larger than its inputs, or a call that ends Python.",
}


class Step(NamedTuple):
    """Something to do next: on which exercise, and how to begin."""

    exercise: Exercise
    advice: str


def next_steps(report: Report, course: Course, limit: int = 3) -> list[Step]:
    """What a student should turn to next.

    Parameters
    ----------
    report : Report
        What was found.
    course : Course
        The course; it knows which exercise builds on which.
    limit : int, optional
        How many steps at most; 3 by default.

    Returns
    -------
    list of Step
        Exercises that are not right yet but whose prerequisites are, in course.toml's order.
    """
    verdicts = summary.by_name(report)
    right = {name for name, verdict in verdicts.items() if verdict.verdict == "pass"}
    steps = [
        Step(exercise, _ADVICE[verdicts[exercise.name].verdict])
        for exercise in course[report.assignment].exercises
        if exercise.name in verdicts and exercise.name not in right and right.issuperset(exercise.requires)
    ]
    return steps[:limit]


def student_page(report: Report, course: Course, answers: Sequence[WrittenGrade] = (), penalty: float = 0.0) -> str:
    """The page of one student.

    Parameters
    ----------
    report : Report
        What was found.
    course : Course
        The course.
    answers : sequence of WrittenGrade, optional
        The answers that people grade, where the gradebook has them; none by default.
    penalty : float, optional
        Points lost for handing in late; 0 by default.

    Returns
    -------
    str
        A whole HTML document.
    """
    assignment = course[report.assignment]
    verdicts = summary.by_name(report)
    return _render(
        "student.html.j2",
        course=course,
        assignment=assignment,
        report=report,
        notebooks=[
            (notebook, [verdicts[e.name] for e in notebook.exercises if e.name in verdicts])
            for notebook in assignment.notebook
        ],
        steps=next_steps(report, course),
        answers=answers,
        penalty=penalty,
    )


def class_page(reports: Sequence[Report], course: Course, links: Mapping[str, str], pairs: Sequence[Pair] = ()) -> str:
    """The page of a class.

    Parameters
    ----------
    reports : sequence of Report
        All of one assignment; at least one.
    course : Course
        The course.
    links : mapping of str to str
        Where each student's page is, as a URL relative to this one; a student who is not in it gets no link.
    pairs : sequence of Pair, optional
        Submissions that are oddly similar; none by default.

    Returns
    -------
    str
        A whole HTML document.
    """
    assignment = course[reports[0].assignment]
    reports = sorted(reports, key=lambda report: report.student.casefold())
    rates = summary.pass_rates(reports, assignment)
    return _render(
        "class.html.j2",
        course=course,
        assignment=assignment,
        reports=reports,
        links=links,
        pairs=pairs,
        slowest=max((rate.slowest for rate in rates), default=0.0),
        rates=rates,
        misconceptions=summary.misconceptions(reports, course.root / FOLDER),
        attention=summary.needs_attention(reports),
        common_remarks=summary.common_remarks(reports),
        bins=summary.distribution(reports),
        median=summary.median_score(reports),
        max_score=max(report.max_score for report in reports),
        unconfined=[report.student for report in reports if report.sandbox == "none"],
    )


def page_name(student: str) -> str:
    """The file name of a student's page: the name itself where it is a plain one, else made plain and unique.

    Examples
    --------
    >>> page_name("ada")
    'ada.html'
    >>> page_name("../index")
    'index-dc8b8c.html'
    """
    if _PLAIN_NAME.fullmatch(student) and student == student.lower() and student != "index":
        return f"{student}.html"
    plain = re.sub(r"[^A-Za-z0-9]+", "_", student).strip("_")[:40] or "student"
    return f"{plain}-{sha256(student.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}.html"


def write(
    reports: Sequence[Report], course: Course, out: Path, rows: Iterable[Row] = (), pairs: Sequence[Pair] = ()
) -> Path:
    """Write the pages of a class; each file is replaced as a whole, and only where it changed.

    Parameters
    ----------
    reports : sequence of Report
        All of one assignment; at least one.
    course : Course
        The course.
    out : Path
        The folder for feedback, such as ``feedback/`` in the course folder.
    rows : iterable of Row, optional
        The gradebook's rows, for what people graded and for lateness; none by default.
    pairs : sequence of Pair, optional
        Submissions that are oddly similar, for the class's page; none by default.

    Returns
    -------
    Path
        The class's page, ``<out>/<assignment>/index.html``; the students' pages stand beside it.
    """
    folder = out / reports[0].assignment
    known = {row.student: row for row in rows}
    links = {report.student: page_name(report.student) for report in reports}
    for report in reports:
        row = known.get(report.student)
        page = student_page(report, course, row.answers if row else (), row.penalty if row else 0.0)
        write_if_changed(folder / links[report.student], page.encode())
    index = folder / "index.html"
    write_if_changed(index, class_page(reports, course, links, pairs).encode())
    return index


def breakable(name: str) -> Markup:
    """An exercise's name, escaped, that a narrow page may break behind a dot or an underscore."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", name))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: tuple[Callable[..., str], ...] = (points, visible, one_line, breakable)
    environment.filters.update({function.__name__: function for function in filters})
    environment.globals["WORDING"] = WORDING
    return environment


def _render(template: str, **values: object) -> str:
    return _ENVIRONMENT.get_template(template).render(values)


_ENVIRONMENT: Final = _environment()
