"""Make the HTML page of one student, and set up what all pages have in common.

Each page is a single file that loads nothing from elsewhere, so that it can be sent, printed and put on any web server.
Only the class's page has a script. Text that a submission may have influenced (names, hints, remarks) is untrusted.
`wording.visible` makes its hidden characters visible, and Jinja2 then escapes it for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from utils.checks.places import read_places

from ..course import Course, Exercise
from ..gradebook.rows import WrittenGrade
from ..gradebook.totals import Total
from ..report import Report
from ..wording import WORDING, VerdictName, one_line, points, visible
from . import summary
from .book_links import in_book

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


def student_page(
    report: Report, course: Course, answers: Sequence[WrittenGrade] = (), total: Total | None = None
) -> str:
    """Make the page of one student.

    Parameters
    ----------
    report : Report
        The report on the student's submission.
    course : Course
        The course.
    answers : sequence of WrittenGrade, default ()
        The written answers, which people grade, as the gradebook has them.
    total : Total, optional
        What the student gets in the end. By default, the page shows what the program gave, and says so.

    Returns
    -------
    str
        A whole HTML document.
    """
    assignment = course[report.assignment]
    verdicts = summary.by_name(report)
    return render(
        "student.html.j2",
        course=course,
        assignment=assignment,
        report=report,
        notebooks=[
            (notebook, [verdicts[e.name] for e in notebook.exercises if e.name in verdicts])
            for notebook in assignment.notebook
        ],
        steps=next_steps(report, course),
        places=read_places(course.root),
        in_book=in_book,
        answers=answers,
        total=total,
        counted={question.name: question.score for question in total.questions} if total else {},
        sums=_sums(report, total) if total else [],
    )


def _sums(report: Report, total: Total) -> list[tuple[str, float]]:
    """Return what a total is made of; nothing where all of it was given by program and counts as it is."""
    names = {verdict.name for verdict in report.exercises}
    exercises = sum(question.score for question in total.questions if question.name in names)
    written = sum(question.score for question in total.questions if question.name not in names)
    parts = [("exercises", exercises), ("written answers", written), ("bonus", total.bonus), ("late", -total.penalty)]
    parts = [(what, number) for what, number in parts if abs(number) >= 0.005]
    return parts if len(parts) > 1 else []


def breakable(name: str) -> Markup:
    """Escape an exercise's name, and allow a line break after each dot and underscore, for narrow pages."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", name))


def grouped(number: int) -> str:
    """Write a count with commas between the thousands: ``"10,000"``."""
    return f"{number:,}"


def minute(time: datetime) -> str:
    """Write a time for people: ``"2027-02-05 23:59 UTC"``."""
    return f"{time:%Y-%m-%d %H:%M %Z}"


def _environment() -> Environment:
    """Set up Jinja2 with escaping, the filters and the verdicts' wording."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: tuple[Callable[..., str], ...] = (points, visible, one_line, breakable, grouped, minute)
    environment.filters.update({function.__name__: function for function in filters})
    environment.globals["WORDING"] = WORDING
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment


def render(template: str, **values: object) -> str:
    """Fill in one of the templates in the folder ``templates``."""
    return _ENVIRONMENT.get_template(template).render(values)


_ENVIRONMENT: Final = _environment()
