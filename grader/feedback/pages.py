"""Make the HTML pages of feedback: one for each student, and one for the class.

Each page is a single file without scripts that loads nothing from elsewhere, so that it can be sent, printed and put on
any web server. Text that a submission may have influenced (names, hints, remarks) is untrusted. `wording.visible` makes
its hidden characters visible, and Jinja2 then escapes it for HTML.
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
    """An exercise that a student should work on next, and a sentence on how to begin."""

    exercise: Exercise
    advice: str


def next_steps(report: Report, course: Course, limit: int = 3) -> list[Step]:
    """Choose the exercises that a student should work on next.

    Parameters
    ----------
    report : Report
        The report on the student's submission.
    course : Course
        The course, which says what each exercise builds on.
    limit : int, default 3
        The most steps to return.

    Returns
    -------
    list of Step
        Exercises that are not right yet although everything that they build on is, in the order of course.toml.
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
    """Make the page of one student.

    Parameters
    ----------
    report : Report
        The report on the student's submission.
    course : Course
        The course.
    answers : sequence of WrittenGrade, default ()
        The written answers, which people grade, as the gradebook has them.
    penalty : float, default 0
        Points taken off for handing in late.

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
    """Make the page of a class.

    Parameters
    ----------
    reports : sequence of Report
        The reports on all submissions of one assignment; at least one.
    course : Course
        The course.
    links : mapping of str to str
        Student → URL of the student's page, relative to this page. A student who is missing here gets no link.
    pairs : sequence of Pair, default ()
        Submissions that are oddly similar.

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
    """Choose the file name of a student's page.

    It is the student's name where that is plain and in lower case. Any other name is made plain and gets a part of its
    hash, so that no two students share a page, even on a file system that ignores case.

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
    """Write the pages of a class. Each file is written atomically, and only where its content has changed.

    Parameters
    ----------
    reports : sequence of Report
        The reports on all submissions of one assignment; at least one.
    course : Course
        The course.
    out : Path
        The folder for feedback, such as ``feedback/`` in the course folder.
    rows : iterable of Row, default ()
        The gradebook's rows, which have the grades that people gave and the penalties for lateness.
    pairs : sequence of Pair, default ()
        Submissions that are oddly similar, for the class's page.

    Returns
    -------
    Path
        The class's page, ``<out>/<assignment>/index.html``. The students' pages stand in the same folder.

    Raises
    ------
    OSError
        When a file cannot be written.
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
    """Escape an exercise's name, and allow a line break after each dot and underscore, for narrow pages."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", name))


def _environment() -> Environment:
    """Set up Jinja2 with escaping, the filters and the verdicts' wording."""
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
